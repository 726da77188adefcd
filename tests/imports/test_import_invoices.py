from __future__ import annotations

import io
import zipfile
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from matching.models import Hold, SupplierInvoice
from procure.events import work_off
from tests.imports.support import (
    INVOICE_COLUMNS,
    ORDER_COLUMNS,
    ORDER_ROWS,
    RECEIPT_COLUMNS,
    counts,
    everything,
    import_orders,
    refusals,
    table,
    take_in,
    workbook,
)
from tests.world import World

pytestmark = pytest.mark.django_db

HEAD = f"{INVOICE_COLUMNS},tax_rate,tax_amount,freight_amount,due_date,total"
ROWS = (
    "I-1,NORTH,2026-02-03,H-1,1,100,0.5,10,5.32,,2026-03-05,58.52",
    "I-1,NORTH,2026-02-03,H-1,2,40,0.08,10,,,,",
)


@pytest.fixture(autouse=True)
def orders(world: World) -> None:
    import_orders(world)


def receive(world: World, *rows: str) -> None:
    result = take_in(world, "receipts", table(RECEIPT_COLUMNS, *rows))
    assert not result.refused


def holds(world: World) -> set[tuple[str, str]]:
    with world.inside():
        found = Hold.objects.filter(status="open").values_list("invoice__number", "check_code")
        return set(found)


def test_an_invoice_is_captured_as_written_and_matched_at_once(world: World) -> None:
    receive(world, "R-1,H-1,1,100,2026-02-01", "R-1,H-1,2,40,2026-02-01")
    clerk = world.people["ap_clerk"]
    assert counts(take_in(world, "invoices", table(HEAD, *ROWS), actor=clerk)) == (2, 0, 0, 0)
    with world.inside():
        invoice = SupplierInvoice.objects.get()
        lines = list(invoice.lines.select_related("order_line").order_by("position"))
    assert (invoice.number, invoice.supplier_id, invoice.origin, invoice.captured_by_id) == (
        "I-1", world.northline.pk, "imported", clerk.pk,
    )  # fmt: skip
    assert (invoice.invoiced_on, invoice.received_on, invoice.due_on) == (
        date(2026, 2, 3), date(2026, 2, 3), date(2026, 3, 5),
    )  # fmt: skip
    assert (invoice.tax_amount, invoice.taxes, invoice.total_amount) == (
        Decimal("5.32"), {"10": "5.32"}, Decimal("58.52"),
    )  # fmt: skip
    assert (invoice.status, invoice.order_reference) == ("approved", "H-1")
    assert [(line.amount, line.order_line.line_no) for line in lines] == [
        (Decimal(50), 1), (Decimal("3.2"), 2),
    ]  # fmt: skip


def test_what_was_paid_before_is_taken_from_the_sum_of_the_parts(world: World) -> None:
    receive(world, "R-1,H-1,1,100,2026-02-01")
    columns = f"{INVOICE_COLUMNS},total,prepaid_amount"
    rows = (
        "I-1,NORTH,2026-02-03,H-1,1,50,0.5,15,10",
        "I-2,NORTH,2026-02-03,H-1,1,20,0.5,10.04,-0.04",
        "I-3,NORTH,2026-02-03,H-1,1,30,0.5,5,",
    )
    assert counts(take_in(world, "invoices", table(columns, *rows))) == (3, 0, 0, 0)
    assert holds(world) == {("I-3", "HEADER_BALANCE")}
    with world.inside():
        told = SupplierInvoice.objects.order_by("number").values_list(
            "prepaid_amount", "total_amount"
        )
        assert list(told) == [
            (Decimal(10), Decimal(15)), (Decimal("-0.04"), Decimal("10.04")), (0, Decimal(5)),
        ]  # fmt: skip


def test_a_workbook_of_invoices_is_the_same_as_its_csv(world: World) -> None:
    rows = [line.split(",") for line in (HEAD, *ROWS)]
    assert counts(take_in(world, "invoices", workbook(*rows))) == (2, 0, 0, 0)
    assert counts(take_in(world, "invoices", table(HEAD, *ROWS))) == (0, 0, 2, 0)


def typed_sheet() -> list[list[Any]]:
    """The same invoice as a spreadsheet keeps it: days and figures, not their text."""
    day = datetime(2026, 2, 3)  # noqa: DTZ001 - a workbook knows no zone
    return [
        HEAD.split(","),
        ["I-1", "NORTH", day, "H-1", 1, 100, 0.5, 10, 5.32, None, date(2026, 3, 5), 58.52],
        ["I-1", "NORTH", day, "H-1", 2, 40.0, 0.08, 10.0, None, None, None, None],
    ]


def test_days_and_figures_of_a_workbook_need_no_notation(world: World) -> None:
    """What is said about the notation of text does not touch them: 0.5 is no 5, 3 Feb no 2 March."""
    sheet = workbook(*typed_sheet())
    taken = take_in(world, "invoices", sheet, date_format="DD.MM.YYYY", decimal_comma=True)
    assert counts(taken) == (2, 0, 0, 0)
    assert counts(take_in(world, "invoices", table(HEAD, *ROWS))) == (0, 0, 2, 0)


def worked_out(content: bytes) -> bytes:
    """As a spreadsheet program saves it: beside the formula in F2 its result."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            kept = old.read(name)
            if name.endswith("sheet1.xml"):
                assert kept.count(b"<f>50*2</f><v></v>") == 1
                kept = kept.replace(b"<f>50*2</f><v></v>", b"<f>50*2</f><v>100</v>")
            new.writestr(name, kept)
    return out.getvalue()


def test_a_formula_is_read_as_its_result_and_refused_without_one(world: World) -> None:
    rows = typed_sheet()
    rows[1][5] = "=50*2"
    before = everything(world)
    assert refusals(take_in(world, "invoices", workbook(*rows))) == [
        (1, "file", "Cell F2 is a formula that was never worked out. Open the workbook in a "
                    "spreadsheet program, save it there, and send it again."),
    ]  # fmt: skip
    assert everything(world) == before
    assert counts(take_in(world, "invoices", worked_out(workbook(*rows)))) == (2, 0, 0, 0)
    assert counts(take_in(world, "invoices", table(HEAD, *ROWS))) == (0, 0, 2, 0)


def spoiled(name: str, content: bytes) -> bytes:
    """A sound workbook of invoices with one more part."""
    out = io.BytesIO(workbook(*typed_sheet()))
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("xl/x.xml", b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>",
         "The workbook declares XML entities and is not opened."),
        ("xl/x.bin", b"0" * 60_000_000, "The workbook unpacks into too much. Save it as CSV."),
    ],
)  # fmt: skip
def test_a_hostile_workbook_of_invoices_is_refused_on_the_screen(
    world: World, name: str, content: bytes, sentence: str
) -> None:
    before = everything(world)
    sent = SimpleUploadedFile("invoices.xlsx", spoiled(name, content))
    answer = world.client("admin").post(
        world.url("imports/new/"), {"kind": "invoices", "file": sent}
    )
    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    assert everything(world) == before


def test_a_difference_is_imported_and_held_and_a_receipt_clears_it(world: World) -> None:
    take_in(world, "invoices", table(HEAD, *ROWS))
    assert holds(world) == {("I-1", "AWAITING_RECEIPT")}
    receive(world, "R-1,H-1,1,100,2026-02-01", "R-1,H-1,2,40,2026-02-01")
    work_off(world.organization.pk)
    assert holds(world) == set()
    with world.inside():
        assert SupplierInvoice.objects.get().status == "approved"


def test_an_order_that_comes_after_its_invoice_is_found(world: World) -> None:
    row = "I-2,KESTREL,2026-02-03,H-8,1,5,0.1"
    take_in(world, "invoices", table(INVOICE_COLUMNS, row))
    assert ("I-2", "NO_PO") in holds(world)
    order = "H-8,1,KESTREL,DIV-12-SB,5,0.1,2026-01-07,2026-02-09"
    take_in(world, "purchase_orders", table(ORDER_COLUMNS, order))
    work_off(world.organization.pk)
    assert holds(world) == {("I-2", "AWAITING_RECEIPT")}


def test_the_same_content_is_unchanged_and_other_content_refused(world: World) -> None:
    take_in(world, "invoices", table(HEAD, *ROWS))
    before = everything(world)
    assert counts(take_in(world, "invoices", table(HEAD, *ROWS))) == (0, 0, 2, 0)
    others = (
        ROWS[0].replace(",100,0.5,", ",99,0.5,"),
        ROWS[0].replace("58.52", "60.00"),
        ROWS[0].replace("I-1,", "i 1,"),
        ROWS[0].replace("2026-02-03", "2026-02-04"),
    )
    for other in others:
        rest = (
            ROWS[1].replace("I-1", other.split(",")[0]).replace("2026-02-03", other.split(",")[2])
        )
        result = take_in(world, "invoices", table(HEAD, other, rest))
        assert [line for line, _, _ in refusals(result)] == [2, 3]
        assert "billed under this number already: I-1" in refusals(result)[0][2]
    assert counts(take_in(world, "invoices", table(HEAD, ROWS[0]))) == (0, 0, 0, 1)
    assert everything(world) == before


def test_a_credit_note_may_stand_before_its_invoice(world: World) -> None:
    columns = f"{INVOICE_COLUMNS},kind,credits"
    rows = (
        "C-1,NORTH,2026-02-09,H-1,1,10,0.5,credit,I-1",
        "I-1,NORTH,2026-02-03,H-1,1,100,0.5,,",
    )
    assert counts(take_in(world, "invoices", table(columns, *rows))) == (2, 0, 0, 0)
    with world.inside():
        credit = SupplierInvoice.objects.get(kind="credit")
        assert credit.credits.number == "I-1"


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        ("I-9,NOBODY,2026-02-03,H-1,1,1,1,,", "supplier_code", "no supplier"),
        ("---,NORTH,2026-02-03,H-1,1,1,1,,", "invoice_number", "letter or a digit"),
        ("I-9,NORTH,2026-02-30,H-1,1,1,1,,", "invoice_date", "not a day"),
        ("I-9,NORTH,2026-02-03,H-1,1,,1,,", "quantity", "missing"),
        ("I-9,NORTH,2026-02-03,H-1,1,1,1e400,,", "unit_price", "plain number"),
        ("I-9,NORTH,2026-02-03,H-1,1,1,1,bill,", "kind", "none of invoice, credit"),
        ("I-9,NORTH,2026-02-03,H-1,1,1,1,credit,", "credits", "Name the invoice"),
        ("I-9,NORTH,2026-02-03,H-1,1,1,1,credit,I-7", "credits", "no such invoice"),
    ],
)
def test_what_is_no_invoice_is_refused(world: World, row: str, column: str, words: str) -> None:
    before = everything(world)
    good = "I-1,NORTH,2026-02-03,H-1,1,100,0.5,,"
    result = take_in(world, "invoices", table(f"{INVOICE_COLUMNS},kind,credits", good, row))
    ((line, name, message),) = refusals(result)
    assert (line, name) == (3, column)
    assert words in message
    assert everything(world) == before


def test_what_is_for_the_whole_invoice_is_equal_on_all_rows(world: World) -> None:
    rows = (ROWS[0], ROWS[1].replace(",10,,,,", ",10,5.41,,,"))
    result = take_in(world, "invoices", table(HEAD, *rows))
    assert refusals(result) == [(3, "tax_amount", "The invoice has another tax_amount on line 2.")]


def test_partial_leaves_an_invoice_with_a_refused_row_out_whole(world: World) -> None:
    rows = (ROWS[0], ROWS[1].replace(",40,0.08,", ",forty,0.08,"))
    other = "I-2,NORTH,2026-02-03,H-1,1,1,0.5,,,,,"
    result = take_in(world, "invoices", table(HEAD, *rows, other), partial=True)
    assert counts(result) == (1, 0, 0, 2)
    with world.inside():
        assert SupplierInvoice.objects.get().number == "I-2"


def test_a_billed_line_takes_no_other_content_from_an_order_file(world: World) -> None:
    take_in(world, "invoices", table(HEAD, *ROWS))
    result = take_in(
        world, "purchase_orders", table(ORDER_COLUMNS, ORDER_ROWS[0].replace(",100,", ",120,"))
    )
    assert [name for _, name, _ in refusals(result)] == ["po_number"]


def test_the_number_of_statements_does_not_depend_on_the_invoices(world: World) -> None:
    def statements(prefix: str, number: int) -> int:
        rows = (f"{prefix}{n},NORTH,2026-02-03,H-1,1,1,0.5" for n in range(number))
        with CaptureQueriesContext(connection) as queries:
            take_in(world, "invoices", table(INVOICE_COLUMNS, *rows))
        return len(queries)

    assert statements("A", 5) == statements("B", 60)
