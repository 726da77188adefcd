"""Figures of holds as a person reads them: kept as plain numbers, shown with their unit."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from matching.hold_figures import compared, limit_in_words, limit_of, terms_in_words
from matching.models import Hold, MatchResult
from matching.page import held_page
from matching.queries import held_item
from procure.figures import quantity
from procure.models import Membership
from purchasing.models import PurchaseOrderLine
from tests.matching.paying import DAY, an_order, billed, invoice, receive
from tests.world import World


@pytest.mark.parametrize(
    ("check", "shown"),
    [
        ("QTY_RECEIVED", ("3,960\u00a0kg", "4,000\u00a0kg")),
        ("PRICE", ("3,960.00", "4,000.00")),
        ("TAX", ("3,960.00", "4,000.00")),
        ("HEADER_CAP", ("3,960.00", "4,000.00")),
        ("NO_PO", ("3960", "4000")),  # an order's number is no quantity
        ("PO_SUPPLIER", ("3960", "4000")),
    ],
)
def test_a_figure_is_written_by_what_it_measures(check: str, shown: tuple[str, str]) -> None:
    line = PurchaseOrderLine(organization_id=1, unit="KGM")
    hold = Hold(
        organization_id=1, check_code=check, expected="3960", actual="4000", order_line=line
    )
    assert compared(hold, "USD") == "expected {}, found {}".format(*shown)


def test_what_is_missing_is_left_out_and_a_text_stays() -> None:
    stray = Hold(organization_id=1, check_code="LINE_UNMATCHED", actual="X-1")
    assert compared(stray, "USD") == "found X-1"
    assert compared(Hold(organization_id=1, check_code="SAMPLE"), "USD") == ""
    freight = Hold(organization_id=1, check_code="CHARGE", expected="0", actual="1250")
    assert compared(freight, "JPY") == "expected 0, found 1,250"


@pytest.mark.parametrize(
    ("kept", "shown"),
    [
        ("2 % and 1050, T-14 v3", "2\u00a0% and 1,050.00, T-14 v3"),
        ("1.5 % or 25", "1.5\u00a0% or 25.00"),
        ("0.05, default", "0.05, default"),
        ("2 % and 50, below 3 % and 1000", "2\u00a0% and 50.00, below 3\u00a0% and 1,000.00"),
        ("below 1.5 %, T-1 v1", "below 1.5\u00a0%, T-1 v1"),
        ("5 % at 1000 and more", "5\u00a0% at 1,000.00 and more"),
        ("exact, T-2 v1, 4 boxes", "exact, T-2 v1, 4 boxes"),
        ("", ""),
    ],
)
def test_only_the_limit_is_written_anew_and_a_percent_sign_stays_with_its_number(
    kept: str, shown: str
) -> None:
    assert limit_in_words(kept) == shown


def test_the_limit_of_a_quantity_is_a_quantity() -> None:
    assert limit_in_words("2 % and 1000", quantity) == "2\u00a0% and 1,000"
    assert (
        limit_of(Hold(organization_id=1, check_code="QTY_ORDERED", rule="1000, default"), "USD")
        == "1,000, default"
    )
    assert (
        limit_of(Hold(organization_id=1, check_code="CHARGE", rule="1000, default"), "USD")
        == "1,000.00, default"
    )


@pytest.mark.django_db
def test_a_due_date_before_the_orders_terms_is_told_and_holds_nothing(inside: World) -> None:
    order = an_order(inside, (inside.shipper, 10, "0.612"), payment_terms_days=45)
    receive(inside, order, (1, 10))
    asked = invoice(inside, "INV-1", billed(1, 10, "0.612"), due_on=DAY + timedelta(days=10))
    on_time = invoice(inside, "INV-2", billed(1, 10, "2"), due_on=DAY + timedelta(days=45))
    checks = MatchResult.objects.get(invoice=asked).checks
    words = terms_in_words(checks)
    assert words == [
        "It is due on May 14, 2026, 35 days earlier than by the terms of order PO-1 (Jun 18, 2026)."
    ]
    assert asked.status == "approved"
    assert asked.approved_amount == Decimal("6.12")
    assert terms_in_words(MatchResult.objects.get(invoice=on_time).checks) == []
    silent = invoice(inside, "INV-3", billed(1, 10, "2"))
    assert silent.due_on == DAY + timedelta(days=45)
    MatchResult.objects.filter(invoice=on_time).update(checks=checks)
    clerk = Membership.objects.get(user=inside.people["ap_clerk"])
    page = held_page(held_item(on_time), clerk, [])
    assert words[0] in [note.text for note in page.evidence]
