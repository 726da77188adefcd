"""The worked cases of the match, played through orders, receipts and invoices."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from matching.holds import Cause
from matching.models import Hold, SupplierInvoice
from matching.rematching import rematch_order_lines
from matching.tolerances import set_tolerance
from procure.models import Organization
from purchasing.models import PurchaseOrder, PurchaseOrderLine
from purchasing.receiving import ReturnedLine, post_return, reverse_receipt
from suppliers.models import PriceBreak, UnitFactor
from tests.factories import SkuFactory
from tests.matching.paying import (
    DAY,
    an_order,
    billed,
    credit,
    held_by,
    invoice,
    links,
    open_holds,
    receive,
    status_of,
)
from tests.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_agreement(inside: World) -> None:
    PriceBreak.objects.all().delete()


def limits(**changes: object) -> None:
    """The organization's rule, with these limits instead of the defaults."""
    set_tolerance(limits=changes, valid_from=date(2020, 1, 1), actor=None)


def rematch(order: PurchaseOrder, words: str) -> None:
    rematch_order_lines(order.lines.values_list("pk", flat=True), Cause(words))


def test_five_percent_over_passes_a_limit_of_five_percent(inside: World) -> None:
    limits(price={"mode": "limit", "percent": "5"})
    order = an_order(inside, (inside.shipper, 10, "1.00"))
    receive(inside, order, (1, 10))
    paid = invoice(inside, "INV-1", billed(1, 10, "1.05"))
    assert status_of(paid) == "approved"
    (check,) = [each for each in paid.match_results.get().checks if each["check"] == "PRICE"]
    assert (check["status"], check["percent"]) == ("within_tolerance", "5")
    assert check["rule"] == "T-1 v1"


def test_the_third_small_overcharge_passes_the_line_amount_limit_no_more(inside: World) -> None:
    limits(
        price={"mode": "limit", "percent": "10"},
        line_amount={"mode": "limit", "percent": "15", "amount": "500"},
        quantity_ordered={"mode": "off"},
        quantity_received={"mode": "off"},
        header_cap="100000",
    )
    an_order(inside, (inside.shipper, 1000, 10))
    first = invoice(inside, "A", billed(1, 800, "10.80"), invoiced_on=date(2026, 5, 4))
    second = invoice(inside, "B", billed(1, 100, "10.80"), invoiced_on=date(2026, 5, 14))
    third = invoice(inside, "C", billed(1, 200, "10.80"), invoiced_on=date(2026, 5, 24))
    assert (status_of(first), status_of(second)) == ("approved", "approved")
    assert open_holds(third) == [("LINE_AMOUNT", "10000", "11880")]


def test_a_price_over_its_percent_is_held_though_the_line_amount_passes(inside: World) -> None:
    limits(
        price={"mode": "limit", "percent": "2"},
        line_amount={"mode": "limit", "percent": "10"},
    )
    order = an_order(inside, (inside.shipper, 10, 40))
    receive(inside, order, (1, 10))
    held = invoice(inside, "INV-1", billed(1, 10, 41))
    assert open_holds(held) == [("PRICE", "40", "41")]
    hold = held.holds.get()
    assert (hold.difference, hold.percent, hold.amount_at_stake) == ("1", "2.5", Decimal(10))
    assert (hold.owner_role, hold.rule) == ("buyer", "2 %, T-1 v1")


def test_what_was_billed_before_counts_against_what_was_received(inside: World) -> None:
    order = an_order(inside, (inside.shipper, 10, 1))
    receive(inside, order, (1, 5))
    invoice(inside, "A", billed(1, 2, 1))
    held = invoice(inside, "B", billed(1, 4, 1))
    assert open_holds(held) == [("QTY_RECEIVED", "5", "6")]


@pytest.mark.parametrize(("combine", "expected"), [("both", "open"), ("either", "approved")])
def test_a_line_within_one_of_two_limits(inside: World, combine: str, expected: str) -> None:
    limits(
        price={"mode": "off"},
        line_amount={"mode": "limit", "percent": "2", "amount": "100", "combine": combine},
        header_cap="1000",
    )
    order = an_order(inside, (inside.shipper, 9, 1000))
    receive(inside, order, (1, 9))
    assert status_of(invoice(inside, "A", billed(1, 9, 1000, amount=Decimal(9150)))) == expected


def test_a_charge_nobody_expected_is_held_by_a_percent_alone(inside: World) -> None:
    limits(charge={"mode": "limit", "percent": "25"})
    order = an_order(inside, (inside.shipper, 10, 1))
    receive(inside, order, (1, 10))
    held = invoice(inside, "A", billed(1, 10, 1), charges={"freight": Decimal(25)})
    assert open_holds(held) == [("CHARGE", "0", "25")]


def test_an_invoice_before_any_receipt_waits_and_clears_by_itself(inside: World) -> None:
    order = an_order(inside, (inside.shipper, 10, 1))
    waiting = invoice(inside, "A", billed(1, 10, 1))
    assert open_holds(waiting) == [("AWAITING_RECEIPT", "0", "10")]
    receipt = receive(inside, order, (1, 10))
    rematch(order, f"receipt {receipt.number}")
    assert status_of(waiting) == "approved"
    hold = waiting.holds.get()
    assert (hold.status, hold.closed_because) == ("cleared", f"receipt {receipt.number}")
    assert waiting.match_results.get().released_by == f"receipt {receipt.number}"
    assert SupplierInvoice.objects.get(pk=waiting.pk).is_touchless


def test_more_than_ordered_is_held_though_the_dock_took_it(inside: World) -> None:
    order = an_order(inside, (inside.shipper, 100, 1))
    receive(inside, order, (1, 105))
    held = invoice(inside, "A", billed(1, 105, 1))
    assert open_holds(held) == [("QTY_ORDERED", "100", "105")]


def test_a_line_closed_short_and_billed_in_full_is_held_twice(inside: World) -> None:
    order = an_order(inside, (inside.shipper, 10, 1))
    receive(inside, order, (1, 6))
    PurchaseOrderLine.objects.filter(order=order).update(cancelled_quantity=4)
    held = invoice(inside, "A", billed(1, 10, 1))
    assert open_holds(held) == [("QTY_ORDERED", "6", "10"), ("QTY_RECEIVED", "6", "10")]


def test_a_paid_invoice_stays_paid_when_goods_go_back_and_the_next_is_held(inside: World) -> None:
    order = an_order(inside, (inside.shipper, 10, 1))
    receive(inside, order, (1, 8))
    first = invoice(inside, "A", billed(1, 6, 1))
    SupplierInvoice.objects.filter(pk=first.pk).update(status="paid")
    post_return(
        order,
        lines=[ReturnedLine(1, Decimal(3))],
        returned_on=DAY,
        reason="Crushed",
        actor=inside.people["receiver"],
    )
    rematch_order_lines(
        order.lines.values_list("pk", flat=True), Cause("return"), approved_too=True
    )
    assert status_of(first) == "paid"
    later = invoice(inside, "B", billed(1, 2, 1))
    assert open_holds(later) == [("QTY_RECEIVED", "5", "8")]


def test_on_a_price_of_zero_only_an_amount_can_let_something_pass(inside: World) -> None:
    limits(price={"mode": "limit", "percent": "5", "amount": "3"})
    order = an_order(inside, (inside.shipper, 10, 0))
    receive(inside, order, (1, 10))
    assert status_of(invoice(inside, "A", billed(1, 2, "1.50"))) == "approved"
    assert held_by(invoice(inside, "B", billed(1, 2, "1.51"))) == ["PRICE"]


def test_one_sku_on_two_lines_goes_to_the_first_still_open(inside: World) -> None:
    order = an_order(inside, (inside.shipper, 10, 1), (inside.shipper, 10, 2))
    receive(inside, order, (1, 10), (2, 10))
    by_sku = {"sku_code": "ctn-12-kr"}
    first = invoice(inside, "A", billed("", 10, 1, **by_sku))
    second = invoice(inside, "B", billed("", 10, 2, **by_sku))
    assert (links(first), links(second)) == ([1], [2])
    assert (status_of(first), status_of(second)) == ("approved", "approved")


def test_one_invoice_over_two_orders_is_checked_per_line_and_once_at_its_head(
    inside: World,
) -> None:
    one = an_order(inside, (inside.shipper, 10, 1), number="PO-1")
    two = an_order(inside, (inside.divider, 10, 1), number="PO-2")
    receive(inside, one, (1, 10))
    receive(inside, two, (1, 4))
    held = invoice(
        inside, "A", billed(1, 10, 1), billed(1, 10, 1, order="po-2"), total_amount=Decimal(30)
    )
    assert open_holds(held) == [("QTY_RECEIVED", "4", "10"), ("HEADER_BALANCE", "20", "30")]


def test_a_credit_is_never_more_than_its_invoice_billed(inside: World) -> None:
    order = an_order(inside, (inside.shipper, 10, 1))
    receive(inside, order, (1, 10))
    invoice(inside, "A", billed(1, 10, 1))
    first = credit(inside, "C-1", "A", billed(1, 6, 1))
    assert status_of(first) == "approved"
    held = credit(inside, "C-2", "A", billed(1, 6, 1))
    assert open_holds(held) == [("LINE_AMOUNT", "4", "6"), ("QTY_ORDERED", "4", "6")]


def test_a_price_only_credit_leaves_the_quantity_billed(inside: World) -> None:
    order = an_order(inside, (inside.shipper, 10, 2))
    receive(inside, order, (1, 10))
    invoice(inside, "A", billed(1, 10, 2))
    assert status_of(credit(inside, "C", "A", billed(1, 0, 0, amount=Decimal(5)))) == "approved"
    again = invoice(inside, "B", billed(1, 1, 2), invoiced_on=date(2026, 6, 4))
    assert open_holds(again) == [("QTY_ORDERED", "10", "11"), ("QTY_RECEIVED", "10", "11")]


def test_a_credit_releases_the_held_invoice_it_credits(inside: World) -> None:
    order = an_order(inside, (inside.shipper, 10, 1))
    receive(inside, order, (1, 6))
    held = invoice(inside, "A", billed(1, 10, 1))
    assert held_by(held) == ["QTY_RECEIVED"]
    credit(inside, "C-7", "A", billed(1, 4, 1))
    assert status_of(held) == "approved"
    assert held.holds.get().closed_because == "credit C-7"
    receive(inside, order, (1, 4))
    rest = invoice(inside, "B", billed(1, 4, 1), invoiced_on=date(2026, 6, 4))
    assert status_of(rest) == "approved"


def test_cases_ordered_and_eaches_billed_are_one_thing(inside: World) -> None:
    sku = SkuFactory(code="JAR", unit="CS", category=inside.boxes)
    other = SkuFactory(code="LID", unit="EA", category=inside.boxes)
    UnitFactor.objects.create(sku=other, unit="CS", factor=Decimal(12), valid_from=date(2020, 1, 1))
    order = an_order(inside, (other, 120, 1), (sku, 10, 12))
    receive(inside, order, (1, 120), (2, 10))
    assert status_of(invoice(inside, "A", billed(1, 10, 12, unit="CS"))) == "approved"
    unknown = invoice(inside, "X-77", billed(2, 120, 1, unit="EA"), invoiced_on=date(2026, 5, 20))
    assert open_holds(unknown) == [("UOM_UNKNOWN", "CS", "EA")]


def test_two_invoices_take_one_receipt_in_the_order_they_came(inside: World) -> None:
    order = an_order(inside, (inside.shipper, 20, 1))
    first = invoice(inside, "A", billed(1, 10, 1), received_on=date(2026, 5, 5))
    second = invoice(inside, "B", billed(1, 8, 1), received_on=date(2026, 5, 6))
    receive(inside, order, (1, 10))
    rematch(order, "receipt GR-1")
    assert (status_of(first), status_of(second)) == ("approved", "open")
    assert held_by(second) == ["QTY_RECEIVED"]


def test_an_invoice_held_for_something_else_reserves_no_receipt(inside: World) -> None:
    order = an_order(inside, (inside.shipper, 20, 1))
    dear = invoice(inside, "A", billed(1, 10, 9), received_on=date(2026, 5, 5))
    second = invoice(inside, "B", billed(1, 8, 1), received_on=date(2026, 5, 6))
    receive(inside, order, (1, 10))
    rematch(order, "receipt GR-1")
    assert (status_of(dear), status_of(second)) == ("open", "approved")
    assert held_by(dear) == ["PRICE", "QTY_RECEIVED"] or held_by(dear) == ["PRICE"]


def test_rejected_goods_hold_as_quality(inside: World) -> None:
    order = an_order(inside, (inside.shipper, 100, 1))
    receive(inside, order, (1, 60, 40))
    held = invoice(inside, "A", billed(1, 100, 1))
    assert open_holds(held) == [("QUALITY", "60", "100")]
    assert held.holds.get().owner_role == "receiver"


def test_a_reversed_receipt_takes_an_approval_back(inside: World) -> None:
    order = an_order(inside, (inside.shipper, 10, 1))
    receipt = receive(inside, order, (1, 10))
    approved = invoice(inside, "A", billed(1, 10, 1))
    assert status_of(approved) == "approved"
    reverse_receipt(receipt, reason="Wrong order", actor=inside.people["receiver"])
    rematch_order_lines(
        order.lines.values_list("pk", flat=True), Cause("reversal"), approved_too=True
    )
    assert status_of(approved) == "open"
    assert held_by(approved) == ["AWAITING_RECEIPT"]


def test_matching_again_changes_nothing(inside: World) -> None:
    order = an_order(inside, (inside.shipper, 10, 1))
    receive(inside, order, (1, 5))
    held = invoice(inside, "A", billed(1, 10, "1.50"))
    before = list(Hold.objects.order_by("pk").values())
    result = held.match_results.values("checks", "lines", "disputed_amount").get()
    for _ in range(2):
        (again,) = rematch_order_lines(order.lines.values_list("pk", flat=True), Cause("nothing"))
        assert not again.is_changed
    assert list(Hold.objects.order_by("pk").values()) == before
    assert held.match_results.values("checks", "lines", "disputed_amount").get() == result


def test_the_agreed_price_of_the_order_day_is_the_fourth_price(inside: World) -> None:
    PriceBreak.objects.create(
        agreement=inside.agreement,
        sku=inside.shipper,
        unit="EA",
        unit_price=Decimal("0.90"),
        valid_from=date(2020, 1, 1),
    )
    order = an_order(inside, (inside.shipper, 10, 1))
    receive(inside, order, (1, 10))
    held = invoice(inside, "A", billed(1, 10, 1))
    assert open_holds(held) == [("CONTRACT_PRICE", "0.9", "1")]


def test_an_organization_may_have_no_rule_of_its_own(inside: World) -> None:
    assert Organization.objects.filter(pk=inside.organization.pk).exists()
    order = an_order(inside, (inside.shipper, 100, 1))
    receive(inside, order, (1, 100))
    assert status_of(invoice(inside, "A", billed(1, 100, "1.01"))) == "approved"
