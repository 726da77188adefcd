"""Goods received and not invoiced, on each day of a story that was worked out by hand."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from decimal import Decimal

from django.utils import timezone

from matching.capture import void_invoice
from matching.grni import owed_totals, received_not_invoiced
from procure.exports import ExportOptions, export
from procure.models import ExchangeRate
from purchasing.receiving import ReturnedLine, post_return, reverse_receipt
from suppliers.models import PriceBreak
from tests.matching.paying import an_order, billed, credit, held_by, invoice, receive
from tests.world import World


def may(day: int) -> date:
    return date(2026, 5, day)


def owed_on(day: date) -> list[tuple[str, int, Decimal, Decimal]]:
    return [
        (line.order_number, line.line_no, line.quantity, line.amount)
        for line in received_not_invoiced(day)
    ]


def told(world: World) -> None:
    """100 ordered at 1.255: 60 come on the 4th with 10 rejected, 30 on the 6th by mistake, 40 are
    billed on the 10th, 15 go back on the 12th, 5 are credited on the 14th, 20 are billed on the
    16th. Today the mistake is reversed and the second invoice voided."""
    PriceBreak.objects.all().delete()
    clerk, receiver = world.people["ap_clerk"], world.people["receiver"]
    order = an_order(world, (world.shipper, 100, "1.255"))
    receive(world, order, (1, 50, 10), received_on=may(4))
    wrong = receive(world, order, (1, 30), received_on=may(6))
    invoice(world, "A", billed(1, 40, "1.255"), received_on=may(10))
    post_return(
        order,
        lines=[ReturnedLine(1, Decimal(15))],
        returned_on=may(12),
        reason="Torn",
        actor=receiver,
    )
    credit(world, "C", "A", billed(1, 5, "1.255"), received_on=may(14))
    two = invoice(world, "B", billed(1, 20, "1.255"), received_on=may(16))
    reverse_receipt(wrong, reason="Wrong order", actor=receiver)
    void_invoice(two, reason="Twice", actor=clerk)


def test_owed_is_exact_before_and_after_each_document(inside: World) -> None:
    told(inside)
    today = timezone.localdate()
    worked_out = {
        may(3): (),
        may(4): ((50, "62.75"),),  # the 10 rejected are not owed
        may(6): ((80, "100.40"),),
        may(10): ((40, "50.20"),),
        may(12): ((35, "43.93"),),  # 43.925: of the 15 that went back 10 were the rejected ones
        may(14): ((40, "50.20"),),
        may(16): ((20, "25.10"),),
        today - timedelta(days=1): ((20, "25.10"),),
        today: ((10, "12.55"),),  # less 30 that never came, and 20 are not billed after all
    }
    for day, owed in worked_out.items():
        wanted = [("PO-1", 1, Decimal(quantity), Decimal(amount)) for quantity, amount in owed]
        assert owed_on(day) == wanted, day
    credit(inside, "C2", "A", billed(1, 35, "1.255"), received_on=today)
    assert owed_on(today) == [("PO-1", 1, Decimal(45), Decimal("56.48"))]  # 56.475


def test_what_looks_like_a_repetition_bills_nothing(inside: World) -> None:
    order = an_order(inside, (inside.shipper, 100, "0.5"))
    receive(inside, order, (1, 60), received_on=may(4))
    for number in ("INV-10", "INV-1O"):
        twice = invoice(inside, number, billed(1, 40, "0.5"), received_on=may(10))
    assert held_by(twice) == ["DUPLICATE_SUSPECT"]
    assert owed_on(timezone.localdate()) == [("PO-1", 1, Decimal(20), Decimal("10.00"))]


def test_totals_are_in_the_organizations_currency_by_the_rate_of_the_day(inside: World) -> None:
    for rate, since in (("1.10", may(1)), ("1.20", may(9))):
        ExchangeRate.objects.create(
            currency="EUR", per_currency="USD", rate=Decimal(rate), valid_from=since
        )
    euros = an_order(inside, (inside.shipper, 10, "0.333"), currency="EUR")
    receive(inside, euros, (1, 10), received_on=may(4))
    pounds = an_order(inside, (inside.shipper, 1, 2), number="PO-2", currency="GBP")
    receive(inside, pounds, (1, 1), received_on=may(4))
    for day, base in ((8, Decimal("3.66")), (9, Decimal("4.00"))):
        totals = owed_totals(received_not_invoiced(may(day)), "USD", may(day))
        assert [(one.currency, one.amount, one.base_amount) for one in totals] == [
            ("EUR", Decimal("3.33"), base),
            ("GBP", Decimal("2.00"), None),
        ]
    text = export("grni", ExportOptions(as_of=may(9)), "csv")
    row = next(csv.DictReader(io.StringIO(text)))
    assert (row["as_of"], row["po_number"], row["amount"], row["base_amount"]) == (
        "2026-05-09", "PO-1", "3.33", "4",
    )  # fmt: skip
