"""Receipts that are settled from several sides at one instant: what came is billed once. With its
control."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from matching import settling_receipts
from matching.models import SettlementTerms, SupplierInvoice
from matching.settling_receipts import settle_receipts
from tests.matching.test_receipt_settlement import came, ordered, terms_of
from tests.safety.crowd import Meeting, at_once, refusals
from tests.world import World, make_world

pytestmark = pytest.mark.django_db(transaction=True)


def due(world: World) -> SettlementTerms:
    """Ten pieces that have aged."""
    with world.inside():
        terms = terms_of(world)
        came(world, ordered(world), 10)
    return terms


def settle(world: World, terms: SettlementTerms) -> Any:
    with world.inside():
        return settle_receipts(terms, actor=None)


def documents(world: World) -> int:
    with world.inside():
        return SupplierInvoice.objects.count()


def test_four_runs_at_once_bill_what_came_once() -> None:
    world = make_world()
    terms = due(world)
    assert refusals(at_once([partial(settle, world, terms)] * 4)) == []
    assert documents(world) == 1


def test_control_without_the_locks_it_is_billed_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    world, meeting = make_world(), Meeting(2)
    terms, read = due(world), settling_receipts.due_lines

    def read_together(supplier_ids: list[int]) -> Any:
        found = read(supplier_ids)
        meeting.wait()
        return found

    monkeypatch.setattr(settling_receipts, "lock", lambda terms: terms)
    monkeypatch.setattr(settling_receipts, "_lock_orders_of", lambda terms: None)
    monkeypatch.setattr(settling_receipts, "due_lines", read_together)
    at_once([partial(settle, world, terms)] * 2)
    assert documents(world) == 2
