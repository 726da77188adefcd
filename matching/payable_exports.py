"""What is to be paid, and what is owed without a bill, as tables."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils import timezone

from matching.grni import in_base, received_not_invoiced
from matching.payables import as_payables, payable_rows
from procure.exchange import rates_on
from procure.exports import Cells, ExportOptions, export_kind
from procure.models import Organization
from procure.tenancy import current_organization_id


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


@export_kind(
    "grni",
    *("as_of", "supplier_code", "supplier", "po_number", "line_no", "sku", "description"),
    *("last_received_on", "accepted", "invoiced", "quantity", "unit", "unit_price", "amount"),
    *("currency", "base_amount", "base_currency"),
)
def export_grni(options: ExportOptions) -> Iterator[Cells]:
    """Goods received and not invoiced on a day, per order line; today unless `as_of` says another."""
    as_of = options.as_of or timezone.localdate()
    base = Organization.objects.get(pk=current_organization_id()).currency
    rates = rates_on(as_of)
    for line in received_not_invoiced(as_of):
        yield (
            *(as_of, line.supplier_code, line.supplier, line.order_number, line.line_no, line.sku),
            *(line.description, line.last_received_on, line.accepted, line.billed, line.quantity),
            *(line.unit, line.unit_price, line.amount, line.currency),
            *(in_base(line.amount, line.currency, base, rates), base),
        )
