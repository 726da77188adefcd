from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from procure.errors import BusinessRuleError
from procure.models import BusinessEvent, Membership, Organization
from purchasing.models import GoodsReceipt, GoodsReceiptLine, PurchaseOrder
from purchasing.queries import line_quantities
from purchasing.receiving import ReceivedLine, ReturnedLine, post_return, reverse_receipt
from suppliers.models import StaleRollup
from tests.purchasing.buying import a_rule, issued, receive, today
from tests.world import World


@pytest.fixture
def order(inside: World) -> PurchaseOrder:
    return issued(inside)


def refused(
    world: World, order: PurchaseOrder, *came: object, **changes: object
) -> BusinessRuleError:
    before = GoodsReceipt.objects.count(), BusinessEvent.objects.count()
    with pytest.raises(BusinessRuleError) as refusal:
        receive(world, order, *came, **changes)  # type: ignore[arg-type]
    assert (GoodsReceipt.objects.count(), BusinessEvent.objects.count()) == before
    return refusal.value


def send_back(world: World, order: PurchaseOrder, quantity: int) -> GoodsReceipt:
    return post_return(
        order,
        lines=[ReturnedLine(1, Decimal(quantity))],
        returned_on=today(),
        reason="Crushed",
        actor=world.people["receiver"],
    )


def test_a_partial_receipt_with_a_rejection(inside: World, order: PurchaseOrder) -> None:
    line = ReceivedLine(1, Decimal(56), Decimal(4), "damaged")
    receipt = receive(inside, order, line, (2, 0), delivery_note=" LS-1 ")
    assert (receipt.number, receipt.delivery_note) == ("GR-1001", "LS-1")
    kept = receipt.lines.get()
    assert (kept.received_quantity, kept.rejected_quantity) == (Decimal(60), Decimal(4))
    sums = line_quantities([kept.order_line_id])[kept.order_line_id]
    assert (sums.received, sums.accepted) == (60, 56)
    assert BusinessEvent.objects.get(kind="goods_receipt.posted").payload == {
        "order_id": order.pk,
        "supplier_id": inside.northline.pk,
        "line_ids": [kept.order_line_id],
    }


def test_due_and_received_months_become_stale(inside: World, order: PurchaseOrder) -> None:
    StaleRollup.objects.all().delete()
    receive(inside, order, (1, 10))
    assert set(StaleRollup.objects.values_list("sku", "month")) == {
        (inside.shipper.pk, day.replace(day=1)) for day in (order.needed_on, today())
    }


def test_the_limit_is_exact(inside: World, order: PurchaseOrder) -> None:
    refusal = refused(inside, order, (1, "105.0001"))
    assert refusal.code == "over_receipt"
    assert "105 more can be received" in refusal.message
    receive(inside, order, (1, "100"))
    receive(inside, order, (1, "5.0000"))
    assert refused(inside, order, (1, "0.0001")).field == "line-1-good"


@pytest.mark.parametrize("mode", ["none", "warn"])
def test_an_organization_may_take_more(inside: World, order: PurchaseOrder, mode: str) -> None:
    Organization.objects.update(over_receipt=mode)
    receive(inside, order, (1, 500))
    summary = BusinessEvent.objects.get(kind="goods_receipt.posted").summary
    assert ("More than the limit on line 1." in summary) == (mode == "warn")


def test_what_cannot_be_is_refused(inside: World, order: PurchaseOrder) -> None:
    assert refused(inside, order, (1, 0)).code == "nothing"
    assert refused(inside, order, (9, 1)).code == "line"
    assert refused(inside, order, (1, 1), (1, 1)).code == "line"
    assert refused(inside, order, (1, -1)).code == "quantity"
    assert refused(inside, order, (1, "NaN")).code == "quantity"
    assert refused(inside, order, (1, "0.00001")).code == "quantity"
    tomorrow = today() + timedelta(days=1)
    assert refused(inside, order, (1, 1), received_on=tomorrow).code == "future"
    unexplained = ReceivedLine(1, Decimal(1), Decimal(1))
    assert refused(inside, order, unexplained).field == "line-1-reason"


def test_who_approved_an_order_does_not_receive_it(inside: World) -> None:
    a_rule()
    order = issued(inside)
    approver = inside.people["approver"]
    Membership.objects.filter(user=approver).update(roles=["approver", "receiver"])
    assert refused(inside, order, (1, 1), actor=approver).code == "separation_of_duties"


def test_goods_go_back_up_to_what_is_here(inside: World, order: PurchaseOrder) -> None:
    receive(inside, order, (1, 60))
    with pytest.raises(BusinessRuleError, match="60 can go back"):
        send_back(inside, order, 61)
    returned = send_back(inside, order, 60)
    assert returned.kind == "return"
    line_id = returned.lines.get().order_line_id
    assert line_quantities([line_id])[line_id].net_received == 0
    receive(inside, order, (1, 105))


def test_a_reversal_asks_why_and_happens_once(inside: World, order: PurchaseOrder) -> None:
    receipt = receive(inside, order, (1, 100))
    receiver = inside.people["receiver"]
    with pytest.raises(BusinessRuleError, match="Say why"):
        reverse_receipt(receipt, reason="", actor=receiver)
    reversed_one = reverse_receipt(receipt, reason="Wrong order", actor=receiver)
    assert (reversed_one.status, reversed_one.reversal_reason) == ("reversed", "Wrong order")
    assert GoodsReceiptLine.objects.count() == 1
    line_id = receipt.lines.get().order_line_id
    assert line_quantities([line_id])[line_id].received == 0
    with pytest.raises(BusinessRuleError, match="This receipt is reversed"):
        reverse_receipt(receipt, reason="Again", actor=receiver)
    assert BusinessEvent.objects.filter(kind="goods_receipt.reversed").count() == 1
    receive(inside, order, (1, 105))


def test_a_receipt_whose_goods_went_back_stands(inside: World, order: PurchaseOrder) -> None:
    receipt = receive(inside, order, (1, 60))
    returned = send_back(inside, order, 1)
    receiver = inside.people["receiver"]
    with pytest.raises(BusinessRuleError, match="Reverse the return first"):
        reverse_receipt(receipt, reason="Wrong order", actor=receiver)
    reverse_receipt(returned, reason="It stayed", actor=receiver)
    reverse_receipt(receipt, reason="Wrong order", actor=receiver)
