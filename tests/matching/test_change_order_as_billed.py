"""From a hold to the order change that ends it: one click, the approval, and the hold clears."""

from __future__ import annotations

from decimal import Decimal

import pytest

from matching.models import Hold, SupplierInvoice
from matching.order_changes import asked_change, change_order_as_billed
from matching.queries import lines_of
from matching.reactions import match_after_order_change
from procure.errors import BusinessRuleError
from procure.models import BusinessEvent
from purchasing.change_content import change_hash
from purchasing.changing import approve_order_change
from purchasing.models import PurchaseOrder, PurchaseOrderLine
from tests.matching.paying import (
    an_order,
    billed,
    held_by,
    holding_nothing_changed,
    invoice,
    receive,
    status_of,
)
from tests.purchasing.buying import a_rule
from tests.world import World

pytestmark = pytest.mark.django_db
D = Decimal


def held(world: World, came: object, *lines: object) -> SupplierInvoice:
    world.agreement.breaks.all().delete()
    order = an_order(world, (world.shipper, 100, 1))
    receive(world, order, (1, came))
    return invoice(world, "A", *lines)


def titles(of: SupplierInvoice) -> list[str]:
    asked = asked_change(list(of.holds.filter(status="open")), lines_of(of))
    return [] if asked is None else [asked.title]


def test_the_order_is_raised_and_the_hold_ends_by_itself(inside: World) -> None:
    a_rule()
    of = held(inside, 105, billed(1, 105, 1))
    assert titles(of) == ["Raise the order to 105"]
    change = change_order_as_billed(of, reason="", actor=inside.people["buyer"])
    assert (change.status, held_by(of)) == ("waiting", ["QTY_ORDERED"])
    shown = change_hash(change, list(change.lines.all()))
    approve_order_change(
        change, content_hash_shown=shown, comment="", actor=inside.people["approver"]
    )
    assert PurchaseOrderLine.objects.get().ordered_quantity == 105
    match_after_order_change(list(BusinessEvent.objects.filter(kind="purchase_order.revised")))
    assert status_of(of) == "approved"
    assert Hold.objects.get(invoice=of).closed_because == "order change PO-1, revision 2"


def test_a_price_is_changed_to_what_is_billed(inside: World) -> None:
    of = held(inside, 100, billed(1, 100, 2))
    assert titles(of) == ["Change the order price to 2.00"]
    change_order_as_billed(of, reason="Kraft went up", actor=inside.people["buyer"])
    line = PurchaseOrderLine.objects.get()
    assert (line.unit_price, line.amount, line.price_reason) == (2, 200, "Kraft went up")
    match_after_order_change(list(BusinessEvent.objects.filter(kind="purchase_order.revised")))
    assert status_of(of) == "approved"


def test_goods_that_did_not_come_ask_for_a_credit_not_for_a_change(inside: World) -> None:
    of = held(inside, 90, billed(1, 105, 1))
    assert held_by(of) == ["QTY_ORDERED", "QTY_RECEIVED"]
    assert titles(of) == []
    before = holding_nothing_changed(of)
    with pytest.raises(BusinessRuleError) as refusal:
        change_order_as_billed(of, reason="", actor=inside.people["buyer"])
    assert refusal.value.code == "no_change"
    assert holding_nothing_changed(of) == before


def test_only_a_buyer_changes_an_order(inside: World) -> None:
    of = held(inside, 105, billed(1, 105, 1))
    before = holding_nothing_changed(of)
    with pytest.raises(BusinessRuleError) as refusal:
        change_order_as_billed(of, reason="", actor=inside.people["ap_clerk"])
    assert refusal.value.code == "role"
    assert holding_nothing_changed(of) == before


def test_the_queue_offers_it_with_its_consequence(world: World) -> None:
    with world.inside():
        a_rule()
        of = held(world, 105, billed(1, 105, 1))
        PurchaseOrder.objects.update(issued_by=world.people["buyer"])
    address = world.url(f"exceptions/{of.public_id}/")
    page = world.client("buyer").get(address).content.decode()
    assert "Raise the order to 105" in page
    assert "PO-1 line 1, 5.00 USD more." in page
    assert "A buyer can raise the order to 105." in world.client("ap_clerk").get(
        address
    ).content.decode()  # fmt: skip
    answer = world.client("buyer").post(f"{address}resolve/", {"choice": "change_order"})
    assert answer.status_code == 302
    again = world.client("buyer").get(address).content.decode()
    assert "A change of this order waits for approval" in again
