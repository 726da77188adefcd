"""Receipts that were written in another system, imported with their lines."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from django.utils import timezone

from procure.columns import BIG_INTEGER, code, day, quantity, text, whole
from procure.imports import CREATED, UNCHANGED, Batch, Row, import_kind
from procure.models import Organization
from procure.money import ZERO, plain_decimal
from procure.tenancy import current_organization_id
from purchasing.models import Approval, GoodsReceipt, GoodsReceiptLine, PurchaseOrder
from purchasing.models import PurchaseOrderLine as OrderLine
from purchasing.queries import line_quantities
from purchasing.receiving import receipt_limit
from suppliers.rollups import StaleKey, mark_stale

Reason = GoodsReceiptLine.RejectReason

# What has to be equal on all rows of a receipt.
_HEAD = ("po_number", "received_date", "recorded_date")


@dataclass(slots=True)
class _Books:
    """What is stored about the orders and receipts that a chunk names."""

    orders: dict[str | None, PurchaseOrder]
    lines: dict[tuple[int, int], OrderLine]
    receipts: dict[str, GoodsReceipt]
    receipt_lines: dict[tuple[int, int], GoodsReceiptLine]

    def line(self, row: Row) -> OrderLine | None:
        order = self.orders.get(row["po_number"])
        return None if order is None else self.lines.get((order.pk, row["line_no"]))


@import_kind(
    "receipts",
    code("receipt_number", 60, required=True),
    code("po_number", 60, required=True),
    whole("line_no", least=1, required=True),
    quantity("quantity_received", above_zero=True, required=True),
    day("received_date", required=True),
    quantity("quantity_rejected"),
    text("reject_reason", 200),
    day("recorded_date"),
    whole("source_id", most=BIG_INTEGER),
    key=lambda row: (row["receipt_number"], row["po_number"], row["line_no"]),
    document=lambda row: row["receipt_number"],
)
def import_receipts(batch: Batch) -> None:
    """Receipts by number, each for one order; received is good and rejected together.

    A receipt that is here already is never changed: equal rows are unchanged, others refused.
    Refused too: an unknown order line, an order that is not issued, a day in the future, more
    rejected than received, more than the organization's limit, goods of an order that the
    importing person approved.
    """
    books = _read_books(batch)
    _refuse_mixed_heads(batch)
    for row in batch.open_rows:
        if books.line(row) is None:
            sentence = f"There is no line {row['line_no']} on an order “{row['po_number']}”."
            batch.refuse(row, "po_number", sentence)
    _settle_stored(batch, books)
    _refuse_wrong(batch, books)
    _refuse_over_limit(batch, books)
    _write(batch, books)


def _read_books(batch: Batch) -> _Books:
    orders = PurchaseOrder.objects.filter(number__in={row["po_number"] for row in batch.rows})
    locked = list(orders.select_for_update(no_key=True).order_by("pk"))
    lines = OrderLine.objects.filter(order__in=locked).select_for_update(no_key=True)
    numbers = {row["receipt_number"] for row in batch.rows}
    receipts = {one.number: one for one in GoodsReceipt.objects.filter(number__in=numbers)}
    receipt_lines = GoodsReceiptLine.objects.filter(receipt__in=receipts.values())
    return _Books(
        orders={order.number: order for order in locked},
        lines={(line.order_id, line.line_no): line for line in lines.order_by("pk")},
        receipts=receipts,
        receipt_lines={(line.receipt_id, line.order_line_id): line for line in receipt_lines},
    )


def _refuse_mixed_heads(batch: Batch) -> None:
    first: dict[str, Row] = {}
    for row in batch.rows:
        head = first.setdefault(row["receipt_number"], row)
        different = next((column for column in _HEAD if row[column] != head[column]), None)
        if different:
            sentence = f"The receipt has another {different} on line {head.line}."
            batch.refuse(row, different, sentence)


def _settle_stored(batch: Batch, books: _Books) -> None:
    """Says of every row what is odd, and of those of stored receipts whether they agree."""
    for row in batch.open_rows:
        order, line = books.orders[row["po_number"]], books.line(row)
        if order.issued_on and row["received_date"] < order.issued_on:
            batch.warn(row, "received_date", "The goods came before the order was placed.")
        if row["quantity_rejected"] and not row["reject_reason"]:
            batch.warn(row, "reject_reason", "No reason is given; “other” is kept.")
        receipt = books.receipts.get(row["receipt_number"])
        if receipt is None or line is None:
            continue
        stored = books.receipt_lines.get((receipt.pk, line.pk))
        if stored is not None and _agrees(row, receipt, stored):
            row.outcome = UNCHANGED
        else:
            batch.refuse(
                row,
                "receipt_number",
                "The receipt is posted with other content. Reverse it, or use another number.",
            )


def _agrees(row: Row, receipt: GoodsReceipt, stored: GoodsReceiptLine) -> bool:
    return (
        row["quantity_received"] == stored.received_quantity
        and rejected(row) == stored.rejected_quantity
        and row["received_date"] == receipt.received_on
        and (not stored.rejected_quantity or reason(row) == stored.reject_reason)
        and row["recorded_date"] in (None, receipt.recorded_on)
        and row["source_id"] in (None, stored.source_id)
    )


def rejected(row: Row) -> Decimal:
    """How much was refused at the door."""
    return row["quantity_rejected"] or ZERO


def reason(row: Row) -> str:
    """Why: a word of ours, or the file's own words."""
    return row["reject_reason"] or Reason.OTHER.value if rejected(row) else ""


def _refuse_wrong(batch: Batch, books: _Books) -> None:
    approved = _approved_by_actor(batch, books)
    today = timezone.localdate()
    for row in batch.open_rows:
        order = books.orders[row["po_number"]]
        if order.status != PurchaseOrder.Status.ISSUED:
            status = order.get_status_display().lower()
            batch.refuse(row, "po_number", f"The order is {status}; goods need it to be issued.")
        elif order.pk in approved:
            sentence = "You approved this order; somebody else receives its goods."
            batch.refuse(row, "po_number", sentence)
        elif row["received_date"] > today:
            batch.refuse(row, "received_date", "The day lies in the future.")
        elif rejected(row) > row["quantity_received"]:
            batch.refuse(row, "quantity_rejected", "More was rejected than received.")


def _approved_by_actor(batch: Batch, books: _Books) -> set[int]:
    if batch.actor is None:
        return set()
    approvals = Approval.objects.filter(
        order__in=books.orders.values(),
        status=Approval.Status.APPROVED,
        decided_by=batch.actor,
    )
    return set(approvals.values_list("order_id", flat=True))


def _refuse_over_limit(batch: Batch, books: _Books) -> None:
    """The limit of the receiving form, over what is here and the rows before."""
    organization = Organization.objects.get(pk=current_organization_id())
    lines = {row.line: books.line(row) for row in batch.open_rows}
    here = line_quantities({line.pk for line in lines.values() if line})
    coming: dict[int, Decimal] = defaultdict(Decimal)
    for row in batch.open_rows:
        line = lines[row.line]
        assert line is not None
        limit = receipt_limit(line, organization)
        total = here[line.pk].net_received + coming[line.pk] + row["quantity_received"]
        if limit is None or total <= limit:
            coming[line.pk] += row["quantity_received"]
            continue
        sentence = (
            f"With this {plain_decimal(total)} would be received of "
            f"{plain_decimal(line.ordered_quantity - line.cancelled_quantity)} ordered."
        )
        if organization.over_receipt == Organization.OverReceipt.REFUSE:
            batch.refuse(row, "quantity_received", sentence)
        else:
            coming[line.pk] += row["quantity_received"]
            batch.warn(row, "quantity_received", sentence)


def _write(batch: Batch, books: _Books) -> None:
    documents = batch.whole_documents()
    receipts = [_new_receipt(rows[0], books, batch) for rows in documents]
    GoodsReceipt.objects.bulk_create(receipts)
    new: list[GoodsReceiptLine] = []
    stale: set[StaleKey] = set()
    for receipt, rows in zip(receipts, documents, strict=True):
        for row in rows:
            line = books.line(row)
            assert line is not None
            new.append(_new_line(receipt, line, row))
            order = books.orders[row["po_number"]]
            assert order.supplier_id is not None
            stale.add(StaleKey(order.supplier_id, line.sku_id))
        batch.settle(rows, CREATED)
    GoodsReceiptLine.objects.bulk_create(new)
    mark_stale(stale)
    batch.announce("received_line_ids", (line.order_line_id for line in new))


def _new_receipt(row: Row, books: _Books, batch: Batch) -> GoodsReceipt:
    return GoodsReceipt(
        number=row["receipt_number"],
        order=books.orders[row["po_number"]],
        received_on=row["received_date"],
        recorded_on=row["recorded_date"],
        origin=PurchaseOrder.Origin.IMPORTED,
        posted_by=batch.actor,
    )


def _new_line(receipt: GoodsReceipt, line: OrderLine, row: Row) -> GoodsReceiptLine:
    return GoodsReceiptLine(
        receipt=receipt,
        order_line=line,
        received_quantity=row["quantity_received"],
        rejected_quantity=rejected(row),
        rejects_known=row["quantity_rejected"] is not None,
        reject_reason=reason(row),
        source_id=row["source_id"],
    )
