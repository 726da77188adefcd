"""What can be exported about orders and receipts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.utils import timezone

from procure.exports import Cells, ExportOptions, export_kind
from procure.units import canonical_unit
from purchasing.commitments import commitment_progress
from purchasing.coverage import Asked, coverage_rows, with_sources
from purchasing.list_exceptions import exception_lines
from purchasing.models import GoodsReceipt, GoodsReceiptLine, PurchaseOrder
from purchasing.models import PurchaseOrderLine as OrderLine

Status = PurchaseOrder.Status
SENT = (Status.ISSUED, Status.CLOSED)


@export_kind("purchase_orders")
def export_purchase_orders(_options: ExportOptions) -> Iterator[Cells]:
    """The lines of every order that was issued, closed ones included."""
    lines = (
        OrderLine.objects.filter(order__status__in=SENT)
        .select_related("order__supplier", "sku")
        .order_by("order__number", "line_no")
    )
    for line in lines.iterator():
        order, supplier = line.order, line.order.supplier
        assert supplier is not None
        yield (
            *(order.number, line.line_no, supplier.code, line.sku.code, line.ordered_quantity),
            *(line.unit_price, order.currency, order.issued_on, line.promised_on),
            *(line.requested_on, canonical_unit(line.unit), order.incoterm),
            *(order.ship_to_country, line.amount, line.source_id),
        )


@export_kind("receipts")
def export_receipts(_options: ExportOptions) -> Iterable[Cells]:
    """The lines of every posted receipt; reversed ones and returns are left out."""
    return (
        GoodsReceiptLine.objects.filter(
            receipt__status=GoodsReceipt.Status.POSTED, receipt__kind=GoodsReceipt.Kind.RECEIPT
        )
        .order_by("receipt__number", "order_line__line_no")
        .values_list(
            *("receipt__number", "order_line__order__number", "order_line__line_no"),
            *("received_quantity", "receipt__received_on", "rejected_quantity"),
            *("reject_reason", "receipt__recorded_on", "source_id"),
        )
    )


@export_kind(
    "list_exceptions",
    *("po_number", "line_no", "supplier_code", "supplier", "sku", "category_code", "order_date"),
    *("amount", "currency", "origin", "status", "reason", "explanation", "ordered_by"),
)
def export_list_exceptions(_options: ExportOptions) -> Iterator[Cells]:
    """Order lines off the approved vendor list or from a provisional supplier, with the reason
    that was given."""
    for line in exception_lines().order_by("order__number", "line_no").iterator():
        order, supplier = line.order, line.order.supplier
        assert supplier is not None
        yield (
            *(order.number, line.line_no, supplier.code, supplier.name, line.sku.code),
            *(line.sku.category.code, order.issued_on, line.amount, order.currency),
            *(order.origin, order.status, order.off_list_reason, order.off_list_explanation),
            order.created_by and order.created_by.email,
        )


@export_kind(
    "volume_commitments",
    *("commitment_number", "supplier_code", "supplier", "category_code", "sku"),
    *("agreement_number", "measure", "committed", "unit", "currency", "starts_on", "ends_on"),
    *("status", "called_off", "received", "expected", "pace_percent", "projected"),
    *("projected_end", "shortfall", "as_of"),
)
def export_volume_commitments(options: ExportOptions) -> Iterator[Cells]:
    """What is committed to suppliers, and how far the orders are with it on the day."""
    on = options.as_of or timezone.localdate()
    for one in commitment_progress(on):
        yield (
            *(one.number, one.supplier_code, one.supplier, one.category_code, one.sku),
            *(one.agreement_number, one.measure, one.committed, one.unit, one.currency),
            *(one.starts_on, one.ends_on, one.status, one.called_off, one.received),
            *(one.expected, one.pace_percent, one.projected, one.projected_end),
            *(one.shortfall, on),
        )


@export_kind(
    "coverage",
    *("kind", "code", "name", "category", "criticality", "minimum_sources", "qualified_sources"),
    *("gap", "sources", "agreed_days_least", "agreed_days_most", "lead_time_p90_least"),
    *("lead_time_p90_most", "lead_time_n", "days_of_cover", "as_of"),
)
def export_coverage(options: ExportOptions) -> Iterator[Cells]:
    """Critical categories and every SKU in use with their sources today, gaps first.

    `sources` is CODE:standing, best first; lead times are over those that are not preferred.
    """
    on = options.as_of or timezone.localdate()
    rows = coverage_rows(Asked(), on)
    with_sources(rows, on)
    for row in rows:
        sources = ";".join(f"{one.supplier.code}:{one.decision.standing}" for one in row.sources)
        yield (
            *(row.kind, row.code, row.words, row.category, row.criticality, row.minimum),
            *(row.held, row.gap, sources, *(row.agreed_range or (None, None))),
            *(*(row.actual_range or (None, None)), row.actual_n, row.days, on),
        )
