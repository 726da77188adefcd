"""What is to be paid, as a table."""

from __future__ import annotations

from collections.abc import Iterator

from matching.payables import as_payables, payable_rows
from procure.exports import Cells, ExportOptions, export_kind


@export_kind(
    "payables",
    *("invoice_number", "supplier_code", "supplier", "kind", "invoice_date", "due_date"),
    *("discount_until", "discount_percent", "discount", "total", "approved", "credited", "open"),
    *("currency", "batch_number", "waits_for"),
)
def export_payables(_options: ExportOptions) -> Iterator[Cells]:
    """Every approved invoice with something open, and credits to take back, by due date."""
    for one in as_payables(payable_rows()):
        invoice = one.invoice
        yield (
            *(invoice.number, invoice.supplier.code, invoice.supplier.name, invoice.kind),
            *(invoice.invoiced_on, invoice.due_on, invoice.discount_until),
            *(invoice.early_discount_percent, one.discount, invoice.total_amount),
            *(invoice.approved_amount, invoice.credited, one.open_amount, invoice.currency),
            *(invoice.batch_number, one.waits),
        )
