"""An invoice that names no order we know: found by its words, or ranked for the clerk."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from matching.capture import CapturedLine
from matching.models import SupplierInvoice
from matching.order_ranking import ranked_orders, take_order
from matching.order_words import numbers_in
from matching.queries import lines_of
from procure.errors import BusinessRuleError
from purchasing.models import GoodsReceipt, PurchaseOrder
from purchasing.ordering import cancel_purchase_order
from suppliers.models import PriceBreak
from tests.matching.paying import (
    DAY,
    an_order,
    billed,
    held_by,
    holding_nothing_changed,
    invoice,
    links,
    receive,
    status_of,
)
from tests.world import World

pytestmark = pytest.mark.django_db


def received(world: World, number: str = "PO-1042", quantity: int = 10) -> PurchaseOrder:
    PriceBreak.objects.all().delete()
    order = an_order(world, (world.shipper, quantity, 1), number=number)
    receive(world, order, (1, quantity), delivery_note=f"LS-{number[3:]}")
    return order


@pytest.mark.parametrize(
    "said",
    [
        {"note": "As per your P.O. no. 1042, thank you"},
        {"note": "Lieferschein LS-1042"},
        {"despatch_reference": "ls-1042"},
        {"order_reference": "1042"},
        {"order_reference": "po 1042 / Reno"},
    ],
    ids=str,
)
def test_the_order_is_found_in_what_the_invoice_says(inside: World, said: dict[str, str]) -> None:
    received(inside)
    found = invoice(inside, "A", billed("", 10, 1, order="", sku_code="CTN-12-KR"), **said)
    assert (found.status, found.found_reference, links(found)) == ("approved", "PO-1042", [1])
    assert status_of(found) == "approved"


def test_it_is_found_by_our_receipt_and_in_a_line(inside: World) -> None:
    received(inside)
    ours = GoodsReceipt.objects.get().number
    line = CapturedLine(Decimal(10), Decimal(1), description=f"Goods of {ours}")
    assert invoice(inside, "A", line).status == "approved"


def test_what_is_found_says_when_an_invoice_without_a_due_day_is_due(inside: World) -> None:
    order = received(inside)
    PurchaseOrder.objects.filter(pk=order.pk).update(payment_terms_days=75)
    line = billed("", 5, 1, order="", sku_code="CTN-12-KR")
    undated = invoice(inside, "A", line, note="Lieferschein LS-1042")
    dated = invoice(inside, "B", line, note="PO-1042", due_on=DAY + timedelta(days=9))
    assert (undated.due_on - undated.invoiced_on).days == 75
    assert dated.due_on == DAY + timedelta(days=9)


def test_another_suppliers_order_is_not_found_in_words(inside: World) -> None:
    an_order(inside, (inside.shipper, 10, 1), number="PO-7", supplier=inside.kestrel)
    lost = invoice(inside, "A", billed("", 10, 1, order=""), note="Your order PO-7")
    assert (lost.found_reference, held_by(lost)) == ("", ["NO_PO"])


def test_what_is_no_number_is_not_looked_for() -> None:
    assert numbers_in("Please pay at once to our new account") == []
    assert numbers_in("Ref. PO1042") == ["PO1042", "PO-1042"]


def test_one_invoice_over_two_orders_and_two_invoices_for_one(inside: World) -> None:
    received(inside, "PO-1")
    received(inside, "PO-2")
    both = invoice(
        inside, "A", billed(1, 10, 1, order=""), billed(1, 4, 1, order=""),
        note="Orders PO-1 and PO-2",
    )  # fmt: skip
    assert both.found_reference == "PO-1, PO-2"
    first = invoice(inside, "B", billed(1, 5, 1, order="PO-1"))
    page = inside.client("ap_clerk").get(inside.url(f"invoices/{first.public_id}/"))
    assert page.status_code == 200


def test_orders_are_ranked_with_the_reason_in_words(inside: World) -> None:
    received(inside, "PO-1", quantity=900)
    an_order(inside, (inside.divider, 10, "0.5"), number="PO-2")
    lost = invoice(inside, "A", CapturedLine(Decimal(900), Decimal(1), sku_code="CTN-12-KR"))
    assert held_by(lost) == ["NO_PO"]
    (best,) = ranked_orders(lost, lines_of(lost))
    assert (str(best.order), best.rank) == ("PO-1", 100)
    assert best.because == (
        "Fits by item, 900.00 open to bill, the same amount, 900 received and not billed, "
        "ordered May 4."
    )


def test_ranking_costs_the_same_for_two_orders_and_for_twenty(inside: World) -> None:
    lost = invoice(inside, "A", CapturedLine(Decimal(9), Decimal(1), sku_code="CTN-12-KR"))
    counts = []
    for number in range(20):
        an_order(inside, (inside.shipper, 10, 1), number=f"PO-{number}")
        if number in (1, 19):
            lines = lines_of(lost)
            with CaptureQueriesContext(connection) as captured:
                assert len(ranked_orders(lost, lines)) == min(number + 1, 5)
            counts.append(len(captured))
    assert counts == [4, 4]


def test_one_key_takes_the_order_and_the_invoice_is_matched(inside: World) -> None:
    order = received(inside)
    lost = invoice(inside, "A", CapturedLine(Decimal(10), Decimal(1)), order_reference="X-9")
    clerk = inside.client("ap_clerk")
    page = clerk.get(inside.url(f"exceptions/{lost.public_id}/")).content.decode()
    assert f'value="take_order/{order.public_id}" checked' in page
    answer = clerk.post(
        inside.url(f"exceptions/{lost.public_id}/resolve/"),
        {"choice": f"take_order/{order.public_id}"},
        follow=True,
    )
    assert "matches PO-1042 and is approved for payment" in answer.content.decode()
    kept = SupplierInvoice.objects.get(pk=lost.pk)
    assert (kept.order_reference, kept.found_reference, kept.is_touchless) == (
        "X-9", "PO-1042", False,
    )  # fmt: skip


def test_another_suppliers_order_is_not_taken(inside: World) -> None:
    other = an_order(inside, (inside.shipper, 1, 1), number="PO-K", supplier=inside.kestrel)
    lost = invoice(inside, "A", CapturedLine(Decimal(5), Decimal(1)), invoiced_on=DAY)
    before = holding_nothing_changed(lost)
    with pytest.raises(BusinessRuleError, match="another supplier"):
        take_order(lost, order=other, actor=inside.people["ap_clerk"])
    with pytest.raises(BusinessRuleError, match="Only accounts payable"):
        take_order(lost, order=other, actor=inside.people["buyer"])
    assert holding_nothing_changed(lost) == before


def test_an_order_cancelled_while_it_was_on_the_screen_is_not_taken(inside: World) -> None:
    on_screen = an_order(inside, (inside.shipper, 1, 1), number="PO-7")
    lost = invoice(inside, "A", CapturedLine(Decimal(5), Decimal(1)), invoiced_on=DAY)
    cancel_purchase_order(
        PurchaseOrder.objects.get(pk=on_screen.pk), reason="late", actor=inside.people["buyer"]
    )
    before = holding_nothing_changed(lost)
    with pytest.raises(BusinessRuleError, match="order is cancelled"):
        take_order(lost, order=on_screen, actor=inside.people["ap_clerk"])
    assert holding_nothing_changed(lost) == before
