"""Property 6: what is approved is what the approver was shown, also while it is being edited."""

from __future__ import annotations

import threading
from decimal import Decimal
from typing import Any

import pytest

from purchasing import approving
from purchasing.approving import withdraw_purchase_order
from purchasing.content import content_hash
from purchasing.models import Approval, PurchaseOrder, PurchaseOrderLine
from purchasing.ordering import submit_purchase_order
from tests.purchasing.buying import a_rule, approve, submitted
from tests.safety.crowd import Meeting, at_once, read_without_locks, refusals, rounds
from tests.world import World, make_world

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = rounds(12, 1000)
Status = PurchaseOrder.Status


def edit(world: World, order: PurchaseOrder) -> None:
    """Takes the order back, orders ten times as much of its first line, and submits it again."""
    with world.inside():
        buyer = world.people["buyer"]
        draft = withdraw_purchase_order(order, actor=buyer)
        first = PurchaseOrderLine.objects.filter(order=draft).earliest("line_no")
        first.ordered_quantity *= 10
        first.amount *= 10
        first.save(update_fields=["ordered_quantity", "amount"])
        submit_purchase_order(draft, revision_shown=draft.revision, actor=buyer)


def approved_something_else(world: World, order: PurchaseOrder) -> bool:
    """Whether the order counts as approved with content that no approval names."""
    with world.inside():
        fresh = PurchaseOrder.objects.get(pk=order.pk)
        if fresh.status != Status.APPROVED:
            return False
        now = content_hash(fresh, fresh.lines.all())
        return not Approval.objects.filter(
            order=fresh, revision=fresh.revision, status="approved", content_hash=now
        ).exists()


def approve_and_edit_at_once(world: World, order: PurchaseOrder) -> list[str]:
    with world.inside():
        shown = content_hash(order, order.lines.all())

    def decide() -> None:
        with world.inside():
            approve(order, world.people["approver"], content_hash_shown=shown)

    return refusals(at_once([decide, lambda: edit(world, order)]))


def test_an_approval_and_an_edit_at_once_never_mix() -> None:
    world = make_world()
    with world.inside():
        a_rule()
    for _ in range(ROUNDS):
        with world.inside():
            order = submitted(world)
        refused = approve_and_edit_at_once(world, order)
        assert refused in ([], ["changed_meanwhile"])
        assert not approved_something_else(world, order)
        with world.inside():
            fresh = PurchaseOrder.objects.get(pk=order.pk)
            assert (fresh.status, fresh.revision) == (Status.SUBMITTED, 2)
            statuses = Approval.objects.filter(order=order).order_by("revision")
            first = "void" if refused else "approved"
            assert [approval.status for approval in statuses] == [first, "waiting"]


def test_control_without_the_lock_unseen_content_is_approved(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = make_world()
    with world.inside():
        a_rule()
        order = submitted(world)
    has_read, has_edited = threading.Event(), threading.Event()
    ask_list, edit_now = approving.ask_list, edit

    def pause_between_reading_and_writing(*args: Any) -> object:
        has_read.set()
        assert has_edited.wait(20)
        return ask_list(*args)

    def edit_meanwhile(world: World, order: PurchaseOrder) -> None:
        assert has_read.wait(20)
        edit_now(world, order)
        has_edited.set()

    read_without_locks(monkeypatch, approving, Meeting(1))
    monkeypatch.setattr(approving, "ask_list", pause_between_reading_and_writing)
    monkeypatch.setitem(globals(), "edit", edit_meanwhile)
    assert approve_and_edit_at_once(world, order) == []
    assert approved_something_else(world, order)
    with world.inside():
        line = PurchaseOrderLine.objects.get(order=order, line_no=1)
        assert line.ordered_quantity == Decimal(1000)
