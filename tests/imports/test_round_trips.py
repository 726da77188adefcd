"""Every kind that is imported exports its columns, and importing the export changes nothing."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from decimal import Decimal

import pytest

from matching.models import InvoicePayment, SupplierInvoice
from procure.exports import export_kinds
from procure.imports import find_import_kind, import_kinds
from procure.models import ExchangeRate
from purchasing.models import Budget, StockCount
from suppliers.models import (
    ApprovedVendor,
    BillOfMaterials,
    DecisionCandidate,
    Qualification,
    Sku,
    SourcingDecision,
    StrategyShare,
    Supplier,
)
from tests.factories import CategoryFactory, CategoryStrategyFactory
from tests.imports.support import (
    INVOICE_COLUMNS,
    RECEIPT_COLUMNS,
    counts,
    everything,
    exported,
    import_orders,
    table,
    take_in,
)
from tests.world import World

pytestmark = pytest.mark.django_db

AWKWARD = (
    "=1+1",
    "+x",
    "-5 %",
    "@home",
    "'quoted",
    "'=both",
    'say "hi", twice',
    "two\r\nlines",
    "ä;ö\tü",
)


@pytest.fixture
def full(world: World) -> World:
    """A company in which every kind has rows, with texts that are hard to write and to read."""
    with world.inside():
        for number, text in enumerate(AWKWARD):
            supplier = Supplier.objects.create(
                code=f"A{number}", name=text, legal_name=text, currency="EUR", status="archived"
            )
            category = CategoryFactory(
                code=f"C{number}", name=text, parent=world.boxes, criticality="low"
            )
            Qualification.objects.create(
                supplier=supplier, category=category, status="suspended", note=text
            )
            ApprovedVendor.objects.create(
                supplier=supplier, category=category, standing="backup", reason=text,
                valid_from=date(2025, 1, 1), valid_to=date(2025, 12, 31),
            )  # fmt: skip
            Sku.objects.create(
                code=f"-X{number}", description=text, category=category, unit="each",
                standard_cost=Decimal("1.5"), pack_size=text[:40],
            )  # fmt: skip
            StrategyShare.objects.create(
                strategy=CategoryStrategyFactory(category=category, objective=text),
                supplier=supplier, share_percent=Decimal("12.5") if number else None,
            )  # fmt: skip
            decision = SourcingDecision.objects.create(
                number=f"D-{number}", category=category, title=text, reason=text,
                decided_on=date(2026, 1, 1 + number), decided_by=world.people["sourcing_lead"],
            )  # fmt: skip
            for who in (supplier, world.northline):
                DecisionCandidate.objects.create(
                    decision=decision, supplier=who, is_chosen=who == supplier, currency="EUR",
                    note=text, unit_price=Decimal("1.25"), lead_time_p90=Decimal("12.5"),
                )  # fmt: skip
            SourcingDecision.objects.filter(number=f"D-{number - 1}").update(superseded_by=decision)
        ExchangeRate.objects.create(
            currency="EUR", per_currency="USD", rate=Decimal("1.0812"), valid_from="2026-01-01"
        )
        Budget.objects.create(
            cost_center="-X", period_start="2026-01-01", period_end="2026-03-31",
            amount=Decimal("1000.5"), currency="EUR",
        )  # fmt: skip
        BillOfMaterials.objects.create(
            product=world.shipper, component=world.divider, quantity=2, yield_percent="97.5"
        )
        for place in (world.reno, None):
            StockCount.objects.create(
                sku=world.divider, location=place, counted_quantity="12.5",
                counted_at="2026-05-04T10:00:00+02:00",
            )  # fmt: skip
    import_orders(world)
    receipts = ("R-1,H-1,1,60,2026-02-01,4,-damaged", "R-2,H-1,1,40,2026-02-03,,")
    columns = f"{RECEIPT_COLUMNS},quantity_rejected,reject_reason"
    assert not take_in(world, "receipts", table(columns, *receipts)).refused
    invoices = (
        "I-1,NORTH,2026-02-03,H-1,1,100,0.6,10,6,7.5,,,5",
        "I-1,NORTH,2026-02-03,H-1,2,40,0.1,,,,,,",
        "C-1,NORTH,2026-02-09,H-1,1,10,0.5,,,,credit,I-1,",
    )
    columns = f"{INVOICE_COLUMNS},tax_rate,tax_amount,freight_amount,kind,credits,prepaid_amount"
    assert not take_in(world, "invoices", table(columns, *invoices)).refused
    with world.inside():
        billed = SupplierInvoice.objects.get(number="I-1")
        for kind, amount in (("paid", 30), ("returned", -10)):
            InvoicePayment.objects.create(
                invoice=billed, kind=kind, amount=amount, paid_on="2026-02-20", reference="-T1"
            )
    return world


@pytest.mark.parametrize("kind", import_kinds())
def test_importing_the_export_changes_nothing(full: World, kind: str) -> None:
    content = exported(full, kind)
    rows = len(list(csv.reader(io.StringIO(content, newline="")))) - 1
    assert rows > 0
    before = everything(full)
    result = take_in(full, kind, content.encode())
    assert (counts(result), result.refused) == ((0, 0, rows, 0), [])
    assert everything(full) == before


@pytest.mark.parametrize("kind", import_kinds())
def test_the_export_has_exactly_the_columns_of_the_import(full: World, kind: str) -> None:
    header = exported(full, kind).splitlines()[0]
    assert header.split(",") == find_import_kind(kind).names
    records = json.loads(exported(full, kind, "json"))
    assert list(records[0]) == find_import_kind(kind).names


@pytest.mark.parametrize("kind", [kind.name for kind in export_kinds()])
def test_no_export_writes_a_formula(full: World, kind: str) -> None:
    for cells in csv.reader(io.StringIO(exported(full, kind), newline="")):
        for cell in cells:
            if not cell.startswith("-") or not cell[1:].replace(".", "").isdigit():
                assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\0"))


def test_decimals_are_text_and_absent_is_null_in_json(full: World) -> None:
    record = next(
        one
        for one in json.loads(exported(full, "match_exceptions", "json"))
        if one["check"] == "PRICE"
    )
    assert (record["invoice_number"], record["supplier_code"], record["po_number"]) == (
        "I-1", "NORTH", "H-1",
    )  # fmt: skip
    assert (record["line_no"], record["expected"], record["actual"]) == (1, "0.5", "0.6")
    assert (record["difference"], record["percent"], record["status"]) == ("0.1", "20", "open")
    assert record["closed_at"] is None


def test_orders_off_the_list_are_told_with_their_reason(full: World) -> None:
    (row,) = csv.DictReader(io.StringIO(exported(full, "list_exceptions"), newline=""))
    assert (row["po_number"], row["supplier_code"], row["origin"]) == ("H-2", "KESTREL", "imported")


def test_the_trail_is_told_whole(full: World) -> None:
    rows = list(csv.DictReader(io.StringIO(exported(full, "event_trail"), newline="")))
    kinds = [row["kind"] for row in rows]
    assert kinds.count("import.applied") == 3
    assert [int(row["event"]) for row in rows] == sorted(int(row["event"]) for row in rows)
