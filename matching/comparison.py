"""An invoice beside its order and its receipts, line by line, with only the wrong cells marked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from matching.models import Hold, MatchResult, SupplierInvoice, SupplierInvoiceLine
from matching.results import Check
from procure.figures import decimal_of, percent, quantity
from procure.money import ZERO
from purchasing.models import GoodsReceipt, GoodsReceiptLine, PurchaseOrder

QUANTITY_WORDS = {
    Check.QTY_ORDERED: "qty over order",
    Check.AWAITING_RECEIPT: "not received yet",
    Check.QTY_RECEIVED: "qty over receipt",
    Check.QUALITY: "qty over accepted",
}
PRICE_WORDS = {Check.PRICE: "price over order", Check.CONTRACT_PRICE: "price over agreement"}
OTHER_WORDS = {
    Check.LINE_AMOUNT: "amount over order",
    Check.LINE_UNMATCHED: "no order line",
    Check.NO_PO: "no order",
    Check.UOM_UNKNOWN: "unit has no factor",
    Check.CHARGE: "charge not expected",
    Check.TAX: "tax differs",
}


@dataclass(slots=True)
class ComparedLine:
    """One row of the comparison. Quantities and prices are in the order line's unit."""

    name: str
    description: str = ""
    position: int | None = None
    order: str = ""
    unit: str = ""
    ordered: Decimal | None = None
    ordered_price: Decimal | None = None
    received: Decimal | None = None  # what was accepted of it
    rejected: Decimal = ZERO
    billed_before: Decimal = ZERO
    invoiced: Decimal | None = None
    price: Decimal | None = None
    amount: Decimal | None = None
    over: Decimal = ZERO
    words: list[str] = field(default_factory=list)
    bad_cells: dict[str, str] = field(default_factory=dict)
    based_on: str = ""
    is_unlinked: bool = False

    @property
    def is_match(self) -> bool:
        return not self.words

    @property
    def invoiced_difference(self) -> str:
        """What stands under the invoiced quantity when it is wrong: +40."""
        return _signed(self.bad_cells.get("invoiced", ""))

    @property
    def price_difference(self) -> str:
        """What stands under the invoiced price when it is wrong: +2.5%."""
        return _signed(self.bad_cells.get("price", ""))


@dataclass(slots=True)
class Comparison:
    """The whole table with the documents in its head."""

    lines: list[ComparedLine]
    orders: list[PurchaseOrder]
    receipts: list[GoodsReceipt]
    receipt_lines: list[GoodsReceiptLine]
    promised_on: date | None

    @property
    def differences(self) -> int:
        """How many rows differ."""
        return sum(not line.is_match for line in self.lines)


def _signed(difference: str) -> str:
    kind, _, figure = difference.partition(":")
    if kind == "percent":
        return percent(figure, signed=True) if figure else ""
    return quantity(figure, signed=True) if figure else ""


def compare_documents(
    invoice: SupplierInvoice,
    lines: Sequence[SupplierInvoiceLine],
    holds: Iterable[Hold],
    checks: Sequence[Mapping[str, Any]],
    disputed: Mapping[int, Decimal],
) -> Comparison:
    """Builds the table from lines, open holds and the last match's checks: one statement."""
    linked = [line.order_line_id for line in lines if line.order_line_id is not None]
    receipt_lines = receipt_lines_of(linked)
    came: dict[int, list[GoodsReceiptLine]] = defaultdict(list)
    for receipt_line in receipt_lines:
        came[receipt_line.order_line_id].append(receipt_line)
    by_position: dict[int | None, list[Hold]] = defaultdict(list)
    for hold in holds:
        position = next((line.position for line in lines if line.pk == hold.invoice_line_id), None)
        by_position[position].append(hold)
    goods_position = 0
    settled = _settled_words(invoice)
    rows = []
    for line in lines:
        if line.charge_code:
            continue
        goods_position += 1
        over = disputed.get(goods_position, ZERO)
        before = _billed_before(goods_position, line, checks)
        row = _row(line, came.get(line.order_line_id or 0, []), before)
        _mark(row, by_position.get(line.position, []), over)
        _settle(row, over, settled)
        if row.is_unlinked and not row.words:
            row.words, row.over = ["no order line"], line.amount
        rows.append(row)
    rows += _charge_rows(invoice, lines, by_position[None], checks)
    rows += _tax_rows(invoice, by_position[None], checks)
    linked_lines = [line.order_line for line in lines if line.order_line is not None]
    promised = [line.promised_on for line in linked_lines if line.promised_on is not None]
    return Comparison(
        lines=rows,
        orders=list({line.order_id: line.order for line in linked_lines}.values()),
        receipts=list({line.receipt_id: line.receipt for line in receipt_lines}.values()),
        receipt_lines=receipt_lines,
        promised_on=max(promised, default=None),
    )


def disputed_by_position(result: MatchResult | None) -> dict[int, Decimal]:
    """What of each line is in dispute, by the engine's position."""
    lines = result.lines if result else []
    return {line["position"]: Decimal(line["in_dispute"]) for line in lines}


def receipt_lines_of(order_line_ids: Sequence[int]) -> list[GoodsReceiptLine]:
    """What came of these order lines on posted receipts, with who posted it: one statement."""
    if not order_line_ids:
        return []
    return list(
        GoodsReceiptLine.objects.filter(
            order_line_id__in=order_line_ids, receipt__status=GoodsReceipt.Status.POSTED
        )
        .select_related("receipt__posted_by", "order_line__sku")
        .order_by("receipt__received_on", "pk")
    )


def _row(
    line: SupplierInvoiceLine, came: Sequence[GoodsReceiptLine], before: Decimal
) -> ComparedLine:
    ordered = line.order_line
    if ordered is None:
        return ComparedLine(
            name=line.supplier_sku or line.sku_code or line.description or f"Line {line.position}",
            description=line.description,
            position=line.position,
            unit=line.unit,
            invoiced=line.quantity,
            price=line.unit_price,
            amount=line.amount,
            is_unlinked=True,
        )
    received = sum((r.received_quantity for r in came), ZERO)
    rejected = sum((r.rejected_quantity for r in came), ZERO)
    returned = sum((r.returned_quantity for r in came), ZERO)
    return ComparedLine(
        name=ordered.sku.code,
        description=ordered.description,
        position=line.position,
        order=str(ordered.order),
        unit=ordered.unit,
        ordered=ordered.ordered_quantity - ordered.cancelled_quantity,
        ordered_price=ordered.unit_price,
        received=min(received - returned, received - rejected),
        rejected=rejected,
        billed_before=before,
        invoiced=line.quantity if line.matched_quantity is None else line.matched_quantity,
        price=line.unit_price if line.matched_price is None else line.matched_price,
        amount=line.amount,
    )


def _billed_before(
    position: int, line: SupplierInvoiceLine, checks: Sequence[Mapping[str, Any]]
) -> Decimal:
    """What other invoices billed of the order line: the cumulative figure less this line's."""
    for check in checks:
        if check["check"] == Check.QTY_ORDERED and check.get("invoice_line") == position:
            total = decimal_of(check.get("actual")) or ZERO
            return max(total - (line.matched_quantity or ZERO), ZERO)
    return ZERO


def _mark(row: ComparedLine, holds: Sequence[Hold], over: Decimal) -> None:
    """Marks the wrong cells with the difference under the value, and what payment rests on."""
    for hold in sorted(holds, key=_size, reverse=True):
        check = Check(hold.check_code)
        if check in QUANTITY_WORDS:
            row.words.append(QUANTITY_WORDS[check])
            row.bad_cells.setdefault("invoiced", f"quantity:{hold.difference}")
            row.based_on = row.based_on or ("ordered" if check == Check.QTY_ORDERED else "received")
        elif check in PRICE_WORDS:
            if not set(row.words) & set(PRICE_WORDS.values()):
                row.words.append(PRICE_WORDS[check])
            row.bad_cells.setdefault("price", f"percent:{hold.percent}")
            row.based_on = row.based_on or "price"
        else:
            row.words.append(OTHER_WORDS.get(check, str(check)))
            row.bad_cells.setdefault("amount", "")
    if row.words:
        row.over = over


def _settled_words(invoice: SupplierInvoice) -> str:
    """What became of a difference of an approved invoice that no hold keeps open any more."""
    if invoice.approved_amount is None:
        return ""
    return "claimed" if invoice.approved_amount < invoice.total_amount else "accepted"


def _settle(row: ComparedLine, over: Decimal, settled: str) -> None:
    """A difference that a person decided about is no match: it was claimed or accepted."""
    if over > 0 and settled and not row.words:
        row.words, row.over = [settled], over


def _settled_size(checks: Sequence[Mapping[str, Any]], check: Check, code: str = "") -> Decimal:
    """The difference that a check of charges or tax found beyond its limit."""
    found = (
        decimal_of(one.get("at_stake")) or ZERO
        for one in checks
        if one["check"] == check and one.get("status") == "hold" and code in ("", one.get("code"))
    )
    return sum(found, ZERO)


def _size(hold: Hold) -> Decimal:
    """How large a difference is, so that the largest of a cell is the one shown."""
    return abs(decimal_of(hold.difference) or ZERO)


def _charge_rows(
    invoice: SupplierInvoice,
    lines: Sequence[SupplierInvoiceLine],
    holds: Sequence[Hold],
    checks: Sequence[Mapping[str, Any]],
) -> list[ComparedLine]:
    charged = {code: decimal_of(amount) or ZERO for code, amount in invoice.charges.items()}
    for line in lines:
        if line.charge_code:
            charged[line.charge_code] = charged.get(line.charge_code, ZERO) + line.amount
    expected = {
        check.get("code"): decimal_of(check.get("expected"))
        for check in checks
        if check["check"] == Check.CHARGE
    }
    rows = []
    for code, amount in sorted(charged.items()):
        row = ComparedLine(
            name=code.capitalize(), description="Charge", price=amount, amount=amount
        )
        row.ordered_price = expected.get(code)
        _mark_header(row, [h for h in holds if h.check_code == Check.CHARGE and h.code == code])
        _settle(row, _settled_size(checks, Check.CHARGE, code), _settled_words(invoice))
        rows.append(row)
    return rows


def _tax_rows(
    invoice: SupplierInvoice, holds: Sequence[Hold], checks: Sequence[Mapping[str, Any]]
) -> list[ComparedLine]:
    if not invoice.tax_amount:
        return []
    row = ComparedLine(name="Tax", price=invoice.tax_amount, amount=invoice.tax_amount)
    row.description = ", ".join(f"{rate}%" for rate in invoice.taxes)
    expected = [decimal_of(c.get("expected")) or ZERO for c in checks if c["check"] == Check.TAX]
    row.ordered_price = sum(expected, ZERO) if expected else None
    _mark_header(row, [hold for hold in holds if hold.check_code == Check.TAX])
    _settle(row, _settled_size(checks, Check.TAX), _settled_words(invoice))
    return [row]


def _mark_header(row: ComparedLine, holds: Sequence[Hold]) -> None:
    for hold in holds:
        row.words.append(OTHER_WORDS[Check(hold.check_code)])
        row.bad_cells["price"] = f"amount:{hold.difference}"
        row.over += hold.amount_at_stake
