"""What the bank says as a table: a row per invoice paid or returned, or per supplier of a batch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matching.bank_reports import BankReport, read_statement, record_payments
from matching.invoice_numbers import plain_number
from matching.models import InvoicePayment, PaymentBatchLine, SupplierInvoice
from procure.columns import choice, code, code_key, day, decimal
from procure.errors import BusinessRuleError
from procure.exports import Cells, ExportOptions, export_kind
from procure.imports import CREATED, UNCHANGED, Batch, Row, import_kind
from procure.money import ZERO
from suppliers.models import Supplier
from suppliers.references import known_suppliers

Kind = InvoicePayment.Kind


@dataclass(frozen=True, slots=True)
class _Said:
    """One row with the reports it stands for."""

    row: Row
    reports: list[BankReport]


@import_kind(
    "payments",
    code("invoice_number", 80),
    code("batch_number", 60),
    code("supplier_code", 60, required=True),
    day("paid_on", required=True),
    decimal("amount", places=4, digits=18, required=True),
    code("reference", 140),
    choice("status", Kind.values),
    key=lambda row: row.line,
    order=lambda row: row["status"] == Kind.RETURNED,
)
def import_payments(batch: Batch) -> None:
    """Payments and returned payments by supplier and invoice, or by supplier and payment batch.

    A row without an invoice number pays all that the batch has for the supplier, to the cent.
    Refused: an invoice that is unknown, held or void, more than is open, a return of what was
    never paid, and the same report with another amount.
    """
    suppliers = known_suppliers(batch)
    invoices = _invoices(batch.open_rows, suppliers)
    lines = _batch_lines(batch.open_rows)
    said = [
        _Said(row, reports)
        for row in batch.open_rows
        if (reports := _reports(batch, row, suppliers, invoices, lines))
    ]
    taken = _takeable(batch, said)
    record_payments([report for one in taken for report in one.reports], actor=batch.actor)


def _takeable(batch: Batch, said: Sequence[_Said]) -> list[_Said]:
    """The rows that can be taken one after the other; the others are refused with the sentence."""
    statement = read_statement({report.invoice_id for one in said for report in one.reports})
    taken = []
    for one in said:
        try:
            is_new = [statement.take(report, batch.actor) for report in one.reports]
        except BusinessRuleError as error:
            batch.refuse(one.row, error.field or "amount", error.message)
            continue
        batch.settle([one.row], CREATED if any(is_new) else UNCHANGED)
        taken.append(one)
    return taken


def _invoices(
    rows: Sequence[Row], suppliers: dict[str, Supplier]
) -> dict[tuple[int, str], SupplierInvoice]:
    found = SupplierInvoice.objects.filter(
        supplier__in={supplier.pk for supplier in suppliers.values()},
        number_key__in={plain_number(row["invoice_number"] or "") for row in rows},
    ).exclude(status=SupplierInvoice.Status.VOID)
    return {(invoice.supplier_id, invoice.number_key): invoice for invoice in found}


def _batch_lines(rows: Sequence[Row]) -> dict[tuple[str, int], list[PaymentBatchLine]]:
    numbers = {row["batch_number"] for row in rows if row["batch_number"]}
    found: dict[tuple[str, int], list[PaymentBatchLine]] = defaultdict(list)
    lines = PaymentBatchLine.objects.filter(batch__number__in=numbers).exclude(
        status=PaymentBatchLine.Status.TAKEN_OUT
    )
    for line in lines.select_related("batch").order_by("pk"):
        found[line.batch.number, line.supplier_id].append(line)
    return found


def _reports(
    batch: Batch,
    row: Row,
    suppliers: dict[str, Supplier],
    invoices: dict[tuple[int, str], SupplierInvoice],
    lines: dict[tuple[str, int], list[PaymentBatchLine]],
) -> list[BankReport]:
    supplier = suppliers[code_key(row["supplier_code"])]
    given: dict[str, Any] = {
        "paid_on": row["paid_on"],
        "kind": row["status"] or Kind.PAID,
        "reference": row["reference"] or "",
    }
    if row["invoice_number"]:
        invoice = invoices.get((supplier.pk, plain_number(row["invoice_number"])))
        if invoice is None:
            batch.refuse(row, "invoice_number", f"{supplier} has no invoice of this number here.")
            return []
        return [BankReport(invoice_id=invoice.pk, amount=row["amount"], **given)]
    of_batch = lines.get((row["batch_number"] or "", supplier.pk), [])
    if not of_batch:
        batch.refuse(row, "batch_number", f"Give the invoice's number, or a batch with {supplier}.")
        return []
    total = sum((line.amount for line in of_batch), ZERO)
    if total != row["amount"]:
        sentence = f"The batch has {total.normalize():f} for {supplier}. Give a row per invoice."
        batch.refuse(row, "amount", sentence)
        return []
    return [
        BankReport(invoice_id=line.invoice_id, amount=line.amount, **given) for line in of_batch
    ]


@export_kind("payments")
def export_payments(_options: ExportOptions) -> list[Cells]:
    """Every payment and return that was reported, in the order of the reports."""
    payments = InvoicePayment.objects.select_related("invoice__supplier", "line__batch")
    return [
        (
            *(one.invoice.number, one.line and one.line.batch.number),
            *(one.invoice.supplier.code, one.paid_on),
            abs(one.amount) if one.kind == Kind.RETURNED else one.amount,
            *(one.reference, one.kind),
        )
        for one in payments.order_by("pk")
    ]
