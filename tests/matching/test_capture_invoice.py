"""Taking in an invoice: kept as written, matched at once, refused in words."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from matching.capture import CapturedInvoice, CapturedLine, capture_invoices
from matching.models import SupplierInvoice, SupplierInvoiceLine
from procure.errors import BusinessRuleError
from procure.models import BusinessEvent
from suppliers.models import StaleRollup
from tests.matching.paying import (
    DAY,
    a_dear_invoice,
    an_order,
    billed,
    credit,
    invoice,
    open_holds,
    receive,
    status_of,
)
from tests.world import World

pytestmark = pytest.mark.django_db


def test_an_invoice_is_kept_as_written_and_matched_at_once(inside: World) -> None:
    order = an_order(inside, (inside.shipper, 10, "0.612"), (inside.divider, 5, "0.089"))
    receive(inside, order, (1, 10), (2, 5))
    kept = invoice(
        inside,
        " Inv/88213 ",
        billed(1, 10, "0.612"),
        billed(2, 5, "0.089", description="Divider"),
        tax_amount=Decimal("1.00"),
    )
    kept.refresh_from_db()
    assert (kept.number, kept.number_key, kept.normalised_number) == (
        "Inv/88213",
        "INV88213",
        "1NV88213",
    )
    assert (kept.status, kept.is_touchless) == ("approved", True)
    assert (kept.total_amount, kept.approved_amount) == (Decimal("7.57"), Decimal("7.57"))
    assert kept.due_on == DAY + timedelta(days=inside.northline.payment_terms_days)
    lines = SupplierInvoiceLine.objects.filter(invoice=kept).order_by("position")
    assert [line.order_line.line_no for line in lines] == [1, 2]
    assert [line.matched_amount for line in lines] == [Decimal("6.12"), Decimal("0.45")]
    result = kept.match_results.get()
    assert (result.outcome, result.disputed_amount) == ("matched", 0)
    (event,) = BusinessEvent.objects.filter(kind__startswith="supplier_invoice.")
    assert event.kind == "supplier_invoice.captured"
    assert event.summary == "Matched 2 of 2 lines, approved for payment."


def test_capturing_marks_the_suppliers_month_and_the_billed_skus_stale(inside: World) -> None:
    order = an_order(inside, (inside.shipper, 10, 1))
    receive(inside, order, (1, 10))
    StaleRollup.objects.all().delete()
    invoice(inside, "A", billed(1, 10, 1))
    keys = set(StaleRollup.objects.values_list("supplier_id", "sku_id", "month"))
    northline = inside.northline.pk
    assert keys == {
        (northline, None, date(2026, 5, 1)),
        (northline, inside.shipper.pk, None),
    }


@pytest.mark.parametrize("spelling", ["INV-1", "inv 1", "INV/1", "Inv.1", "i n v 1", "INV_1"])
def test_a_number_is_taken_in_any_spelling(inside: World, spelling: str) -> None:
    an_order(inside, (inside.shipper, 10, 1))
    invoice(inside, "INV-1", billed(1, 1, 1))
    before = BusinessEvent.objects.count()
    with pytest.raises(BusinessRuleError) as refused:
        invoice(inside, spelling, billed(1, 1, 1))
    assert (refused.value.code, refused.value.field) == ("duplicate_number", "number")
    assert refused.value.message.startswith(
        "Northline Packaging has billed under this number already: invoice INV-1"
    )
    assert SupplierInvoice.objects.count() == 1
    assert BusinessEvent.objects.count() == before


def test_another_suppliers_number_is_free(inside: World) -> None:
    invoice(inside, "INV-1", billed(1, 1, 1))
    invoice(inside, "INV-1", billed(1, 1, 1), supplier=inside.kestrel)
    assert SupplierInvoice.objects.count() == 2


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"number": "---"}, "number"),
        ({"lines": []}, "lines"),
        ({"currency": "usd"}, "currency"),
        ({"due_on": date(2026, 5, 3)}, "due_on"),
        ({"invoiced_on": date(9999, 12, 31)}, "invoiced_on"),
        ({"invoiced_on": date(1, 1, 1)}, "invoiced_on"),
        ({"received_on": date(2201, 1, 1)}, "received_on"),
        ({"received_on": timezone.localdate() + timedelta(days=3)}, "received_on"),
        (
            {"lines": [CapturedLine(Decimal(1), Decimal(1), tax_rate=Decimal(101))]},
            "line-1-tax_rate",
        ),
        ({"charge_tax_rates": {"freight": Decimal(101)}}, "charge_tax_rates"),
        (
            {"lines": [CapturedLine(Decimal(1), Decimal(20), discount=Decimal(21))]},
            "line-1-discount",
        ),
        ({"kind": "credit"}, "credits_number"),
        ({"kind": "credit", "credits_number": "X-9"}, "credits_number"),
        ({"lines": [CapturedLine(Decimal(-1), Decimal(1))]}, "line-1-quantity"),
        ({"lines": [CapturedLine(Decimal("NaN"), Decimal(1))]}, "line-1-quantity"),
        ({"lines": [CapturedLine(Decimal(1), Decimal(10) ** 12)]}, "line-1-unit_price"),
        ({"charges": {"freight": Decimal(-1)}}, "charges"),
        ({"taxes": {"19": Decimal(2)}, "tax_amount": Decimal(1)}, "tax_amount"),
    ],
)
def test_what_no_invoice_can_be_is_refused_at_its_field(
    inside: World, changes: dict[str, object], field: str
) -> None:
    given = {
        "supplier": inside.northline,
        "number": "INV-1",
        "invoiced_on": DAY,
        "currency": "USD",
        "lines": [billed(1, 1, 1)],
    }
    with pytest.raises(BusinessRuleError) as refused:
        capture_invoices([CapturedInvoice(**{**given, **changes})], actor=None)
    assert refused.value.field == field
    assert not SupplierInvoice.objects.exists()


def test_of_many_invoices_all_are_taken_or_none(inside: World) -> None:
    both = [
        CapturedInvoice(inside.northline, number, DAY, "USD", [billed(1, 1, 1)])
        for number in ("A-1", "a1")
    ]
    with pytest.raises(BusinessRuleError, match="stands here twice"):
        capture_invoices(both, actor=None)
    assert not SupplierInvoice.objects.exists()


def test_an_unknown_order_holds_the_invoice_by_its_words(inside: World) -> None:
    held = invoice(inside, "A", CapturedLine(Decimal(1), Decimal(5)), order_reference="PO-404")
    assert open_holds(held) == [("NO_PO", "", "PO-404")]
    assert held.holds.get().owner_role == "ap_clerk"


def test_a_line_with_a_charge_code_is_a_charge(inside: World) -> None:
    order = an_order(inside, (inside.shipper, 10, "0.612"))
    receive(inside, order, (1, 10))
    freight = CapturedLine(Decimal(1), Decimal(60), charge_code="Freight")
    held = invoice(inside, "A", freight, billed(1, 10, "0.612"))
    assert open_holds(held) == [("CHARGE", "0", "60")]
    assert held.holds.get().code == "freight"


def test_a_charge_billed_before_counts(inside: World) -> None:
    order = an_order(inside, (inside.shipper, 10, "0.612"))
    receive(inside, order, (1, 10))
    first = invoice(inside, "A", billed(1, 5, "0.612"), charges={"freight": Decimal(30)})
    assert status_of(first) == "approved"
    held = invoice(inside, "B", billed(1, 5, "0.612"), charges={"freight": Decimal(25)})
    assert open_holds(held) == [("CHARGE", "0", "55")]


def test_a_held_invoice_says_how_much_is_supported(inside: World) -> None:
    held = a_dear_invoice(inside)
    result = held.match_results.get()
    assert (result.ordered_amount, result.supported_amount, result.disputed_amount) == (10, 10, 10)


def test_a_credit_finds_its_invoice_in_another_spelling(inside: World) -> None:
    order = an_order(inside, (inside.shipper, 10, 1))
    receive(inside, order, (1, 10))
    paid = invoice(inside, "INV-1", billed(1, 10, 1))
    note = credit(inside, "CN-1", "inv 1", billed(1, 2, 1))
    assert note.credits_id == paid.pk


def test_the_database_keeps_what_was_captured(inside: World) -> None:
    kept = invoice(inside, "A", billed(1, 10, 1))
    for change in ({"total_amount": 1}, {"number": "B"}, {"charges": {"freight": "1"}}):
        with pytest.raises(DatabaseError, match="not edited"), transaction.atomic():
            SupplierInvoice.objects.filter(pk=kept.pk).update(**change)
    with pytest.raises(DatabaseError, match="not edited"), transaction.atomic():
        SupplierInvoiceLine.objects.filter(invoice=kept).update(quantity=1)
    with pytest.raises(DatabaseError, match="not edited"), transaction.atomic():
        SupplierInvoiceLine.objects.filter(invoice=kept).delete()
