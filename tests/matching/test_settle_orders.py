"""An order closes by itself when all is received and billed, and opens when that is undone."""

from __future__ import annotations

from decimal import Decimal

import pytest

from matching.capture import void_invoice
from matching.reactions import settle_after_goods_and_bills
from matching.settling import settle_orders
from procure.errors import BusinessRuleError
from procure.models import BusinessEvent
from purchasing.change_lines import LineRevision
from purchasing.changing import propose_order_change
from purchasing.closing import close_settled_order
from purchasing.models import PurchaseOrder
from purchasing.ordering import close_line_short, close_purchase_order
from purchasing.receiving import ReturnedLine, post_return, reverse_receipt
from tests.matching.paying import billed, credit, held_by, invoice, status_of
from tests.purchasing.buying import a_rule, issued, receive, today
from tests.world import World

pytestmark = pytest.mark.django_db
HALF = Decimal("0.612")


@pytest.fixture
def order(inside: World) -> PurchaseOrder:
    """100 shippers at 0.612 and 40 dividers at 0.089, issued."""
    return issued(inside)


def bill(world: World, order: PurchaseOrder, number: str, *came: tuple[int, object]) -> object:
    prices = {1: HALF, 2: Decimal("0.089")}
    lines = [billed(no, quantity, prices[no], order=order.number) for no, quantity in came]
    return invoice(world, number, *lines, invoiced_on=today())


def settled(order: PurchaseOrder) -> str:
    """What the reaction to all that happened makes of it, run twice."""
    kinds = ("goods_receipt.posted", "supplier_invoice.captured", "supplier_invoice.voided",
             "goods_receipt.reversed", "goods_receipt.returned")  # fmt: skip
    events = list(BusinessEvent.objects.filter(kind__in=kinds))
    for _ in range(2):
        settle_after_goods_and_bills(events)
    return PurchaseOrder.objects.get(pk=order.pk).status


def test_the_last_invoice_closes_it_once_and_as_the_system(
    inside: World, order: PurchaseOrder
) -> None:
    receive(inside, order, (1, 100), (2, 40))
    bill(inside, order, "A", (1, 60))
    assert settled(order) == "issued"
    bill(inside, order, "B", (1, 40), (2, 40))
    assert settled(order) == "closed"
    (event,) = BusinessEvent.objects.filter(kind="purchase_order.closed")
    assert (event.actor, event.summary) == (None, "Everything was received and billed.")


def test_a_line_closed_short_is_not_awaited(inside: World, order: PurchaseOrder) -> None:
    receive(inside, order, (1, 100))
    close_line_short(order, line_no=2, reason="Not needed", actor=inside.people["buyer"])
    bill(inside, order, "A", (1, 100))
    assert settled(order) == "closed"


def test_a_held_invoice_or_a_waiting_change_keeps_it_open(
    inside: World, order: PurchaseOrder
) -> None:
    receive(inside, order, (1, 100), (2, 40))
    held = bill(inside, order, "A", (1, 101))
    bill(inside, order, "B", (1, 100), (2, 40))
    assert settled(order) == "issued"
    void_invoice(held, reason="Wrong", actor=inside.people["ap_clerk"])
    a_rule()
    propose_order_change(
        order, lines=[LineRevision(1, Decimal(120))], reason="More", actor=inside.people["buyer"]
    )
    assert settled(order) == "issued"


def test_a_reversed_receipt_opens_it_again(inside: World, order: PurchaseOrder) -> None:
    receipt = receive(inside, order, (1, 100), (2, 40))
    bill(inside, order, "A", (1, 100), (2, 40))
    assert settled(order) == "closed"
    reverse_receipt(receipt, reason="Other order", actor=inside.people["receiver"])
    assert settled(order) == "issued"
    event = BusinessEvent.objects.get(kind="purchase_order.reopened")
    assert event.summary.startswith("Not all is here any more, after")
    receive(inside, order, (1, 100), (2, 40))
    assert settled(order) == "closed"


@pytest.mark.parametrize("origin", PurchaseOrder.Origin.values)
def test_goods_that_go_back_open_it_for_their_replacement(
    inside: World, order: PurchaseOrder, origin: str
) -> None:
    PurchaseOrder.objects.update(origin=origin)
    receipt = receive(inside, order, (1, 100), (2, 40))
    bill(inside, order, "A", (1, 100), (2, 40))
    assert settled(order) == "closed"
    post_return(
        order,
        lines=[ReturnedLine(1, Decimal(5))],
        returned_on=receipt.received_on,
        reason="Torn",
        actor=inside.people["receiver"],
    )
    assert settled(order) == "issued"


def test_a_credit_on_a_closed_order_is_not_held(inside: World, order: PurchaseOrder) -> None:
    receive(inside, order, (1, 100), (2, 40))
    bill(inside, order, "A", (1, 100), (2, 40))
    assert settled(order) == "closed"
    back = credit(inside, "CN-1", "A", billed(1, 5, HALF, order=order.number), invoiced_on=today())
    assert (status_of(back), held_by(back)) == ("approved", [])
    late = bill(inside, order, "C", (1, 5))
    assert "PO_STATUS" in held_by(late)


def test_what_a_person_closed_stays_closed(inside: World, order: PurchaseOrder) -> None:
    receipt = receive(inside, order, (1, 100), (2, 40))
    close_purchase_order(order, reason="", actor=inside.people["buyer"])
    reverse_receipt(receipt, reason="Other order", actor=inside.people["receiver"])
    assert settled(order) == "closed"


def test_it_is_never_closed_on_old_figures(inside: World, order: PurchaseOrder) -> None:
    receive(inside, order, (1, 100))
    lines = [line.pk for line in order.lines.all()]
    for code, billed_lines in (("open", lines), ("open", [])):
        with pytest.raises(BusinessRuleError) as refusal:
            close_settled_order(order, billed_lines=billed_lines, actor=None)
        assert refusal.value.code == code
    receive(inside, order, (2, 40))
    with pytest.raises(BusinessRuleError) as refusal:
        close_settled_order(order, billed_lines=lines[:1], actor=None)
    assert refusal.value.code == "unbilled"
    settle_orders([order.pk])
    assert PurchaseOrder.objects.get(pk=order.pk).status == "issued"
