"""A merge beside somebody who orders or captures at the same instant: nothing is left behind under
the merged record. With its control."""

from __future__ import annotations

import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from matching.capture import capture_invoice
from matching.captured import CapturedLine
from matching.models import SupplierInvoice
from purchasing.models import PurchaseOrder
from purchasing.ordering import lock_order
from suppliers import merging
from suppliers.merging import merge_suppliers
from suppliers.models import SupplierMerge
from tests.conftest import log_in_as
from tests.matching.paying import an_order
from tests.safety.crowd import at_once
from tests.world import World, make_world

pytestmark = pytest.mark.django_db(transaction=True)


def merge(world: World) -> SupplierMerge:
    """Northline, from which everything is bought, goes into Kestrel."""
    return merge_suppliers(
        world.northline,
        remaining=world.kestrel,
        reason="One",
        actor=world.people["sourcing_lead"],
    )


def capture(world: World) -> SupplierInvoice:
    line = CapturedLine(quantity=Decimal(1), unit_price=Decimal(5), description="Boxes")
    return capture_invoice(
        supplier=world.northline,
        number="INV-1",
        invoiced_on=timezone.localdate(),
        currency="USD",
        lines=[line],
        actor=world.people["ap_clerk"],
    )


def first_then(world: World, first: Callable[[World], Any], then: Callable[[World], Any]) -> Any:
    """The second begins when the first has written and not committed yet."""
    written, finished = threading.Event(), threading.Event()

    def leading() -> Any:
        with world.inside():
            done = first(world)
            written.set()
            finished.wait(1)
        return done

    def following() -> Any:
        written.wait(10)
        with world.inside():
            done = then(world)
        finished.set()
        return done

    return at_once([leading, following])


def left_behind(world: World) -> int:
    with world.inside():
        return int(SupplierInvoice.objects.filter(supplier=world.northline).count())


def test_a_merge_waits_for_the_invoice_that_is_being_captured_and_takes_it_along() -> None:
    world = make_world()
    answers = first_then(world, capture, merge)
    assert [type(one) for one in answers] == [SupplierInvoice, SupplierMerge]
    assert left_behind(world) == 0


def test_control_without_the_lock_on_the_key_the_invoice_is_left_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = make_world()
    monkeypatch.setattr(merging, "lock_key", lambda merged: None)
    first_then(world, capture, merge)
    assert left_behind(world) == 1


def test_an_invoice_that_comes_during_a_merge_is_refused_by_the_database() -> None:
    world = make_world()
    merged, refused = first_then(world, merge, capture)
    assert isinstance(merged, SupplierMerge)
    assert isinstance(refused, OperationalError)
    assert getattr(refused.__cause__, "sqlstate", "") == "40001"
    assert left_behind(world) == 0


def test_control_without_the_guard_it_is_kept_under_the_merged_record() -> None:
    world = make_world()
    trigger = "matching_supplierinvoice_not_merged"
    table = "matching_supplierinvoice"
    as_owner(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
    try:
        first_then(world, merge, capture)
        assert left_behind(world) == 1
    finally:
        as_owner(f"ALTER TABLE {table} ENABLE TRIGGER {trigger}")


def as_owner(statement: str) -> None:
    """Runs a statement that the application's role may not."""
    log_in_as("owner")
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
    finally:
        log_in_as("runtime")


def test_an_order_issued_beside_a_merge_goes_to_the_remaining_record() -> None:
    world = make_world()
    with world.inside():
        order = an_order(world, (world.shipper, 100, "0.612"))

    def look(world: World) -> str:
        return str(lock_order(PurchaseOrder(pk=order.pk)).supplier)

    _, seen = first_then(world, merge, look)
    assert seen == "Kestrel Pack"
