"""What can be exported about invoices, the differences they were held for, and results."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from matching.imports import FREIGHT
from matching.models import Hold, SupplierInvoice, SupplierInvoiceLine
from matching.result_exports import (
    SCORECARD_COLUMNS,
    SKU_COST_COLUMNS,
    scorecard_rows,
    sku_cost_rows,
)
from procure.exports import Cells, ExportOptions, export_kind
from procure.models import Organization
from procure.tenancy import current_organization_id
from procure.units import canonical_unit


@export_kind("invoices")
def export_invoices(_options: ExportOptions) -> Iterator[Cells]:
    """The lines of every invoice and credit note that is not void."""
    lines = (
        SupplierInvoiceLine.objects.exclude(invoice__status=SupplierInvoice.Status.VOID)
        .select_related("invoice__supplier")
        .order_by("invoice__supplier__code_key", "invoice__number", "invoice_id", "position")
    )
    for line in lines.iterator():
        invoice = line.invoice
        freight = invoice.charges.get(FREIGHT)
        yield (
            *(invoice.number, invoice.supplier.code, invoice.invoiced_on, line.order_number),
            *(line.order_line_no, line.sku_code, line.supplier_sku, line.quantity),
            *(line.unit_price, line.amount, line.discount, line.tax_rate),
            *(canonical_unit(line.unit), invoice.kind, invoice.credits_number),
            *(invoice.received_on, invoice.tax_amount, Decimal(freight) if freight else None),
            *(invoice.currency, invoice.due_on, invoice.total_amount),
            invoice.prepaid_amount or None,
        )


@export_kind(
    "match_exceptions",
    *("invoice_number", "supplier_code", "po_number", "line_no", "check", "expected", "actual"),
    *("difference", "percent", "amount_at_stake", "status", "owner_role", "outcome", "reason"),
    *("opened_at", "closed_at"),
)
def export_match_exceptions(_options: ExportOptions) -> Iterator[Cells]:
    """Every hold there ever was, open ones and closed ones."""
    holds = Hold.objects.select_related(
        "invoice__supplier", "order", "order_line__order", "invoice_line"
    ).order_by("opened_at", "pk")
    for hold in holds.iterator():
        line = hold.order_line
        order = hold.order or (line and line.order)
        yield (
            *(hold.invoice.number, hold.invoice.supplier.code, order and order.number),
            *(line and line.line_no, hold.check_code, _figure(hold.expected)),
            *(_figure(hold.actual), _figure(hold.difference), _figure(hold.percent)),
            *(hold.amount_at_stake, hold.status, hold.owner_role, hold.outcome, hold.reason),
            *(hold.opened_at, hold.closed_at),
        )


def _figure(text: str) -> Decimal | str | None:
    """A figure as a number, words as text, nothing as nothing."""
    if not text:
        return None
    try:
        return Decimal(text) if text.strip("-0123456789.") == "" else text
    except ArithmeticError:
        return text


@export_kind("scorecards", *SCORECARD_COLUMNS)
def export_scorecards(options: ExportOptions) -> Iterator[Cells]:
    """One row per supplier over the period, from the documents as they are now."""
    organization = Organization.objects.get(pk=current_organization_id())
    for row in scorecard_rows(organization, period=options.period, as_of=options.as_of):
        yield tuple(row.values())


@export_kind("sku_costs", *SKU_COST_COLUMNS)
def export_sku_costs(_options: ExportOptions) -> Iterator[Cells]:
    """One row per SKU and supplier, and one per SKU over all of them."""
    organization = Organization.objects.get(pk=current_organization_id())
    for row in sku_cost_rows(organization):
        yield tuple(row.values())
