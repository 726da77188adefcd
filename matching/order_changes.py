"""Ending a hold by changing the order: “Raise the order to 105”, “Change the order price to 2.00”.

The change is purchasing's own proposal, with its approval. When it takes effect the invoice is
matched again and the hold clears by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_UP, Decimal

from django.db import transaction

from matching.authority import membership_of
from matching.models import Hold, SupplierInvoice, SupplierInvoiceLine
from matching.queries import lines_of
from matching.resolution import held_invoice, touch_invoice
from matching.results import Check
from procure.errors import BusinessRuleError
from procure.events import record
from procure.figures import money, quantity, unit_price
from procure.models import User
from procure.money import ZERO
from purchasing.change_content import awaited
from purchasing.change_lines import LineRevision
from purchasing.changing import propose_order_change
from purchasing.content import line_amount
from purchasing.models import OrderChange, PurchaseOrder, PurchaseOrderLine

CHANGEABLE = frozenset({Check.QTY_ORDERED, Check.PRICE, Check.LINE_AMOUNT})
GOODS_MISSING = frozenset({Check.QTY_RECEIVED, Check.AWAITING_RECEIPT, Check.QUALITY})
SMALLEST_PRICE = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class AskedLine:
    """One order line as the invoice bills it: what is to be delivered in all, and at which price."""

    line: PurchaseOrderLine
    quantity: Decimal
    price: Decimal

    @property
    def raises_quantity(self) -> bool:
        return self.quantity != awaited(self.line)

    @property
    def changes_price(self) -> bool:
        return bool(self.price != self.line.unit_price)

    @property
    def more(self) -> Decimal:
        """What it adds to the order's value."""
        currency, line = self.line.order.currency, self.line
        before = line_amount(awaited(line), line.unit_price, currency)
        return line_amount(self.quantity, self.price, currency) - before

    def revision(self, reason: str) -> LineRevision:
        return LineRevision(
            self.line.line_no,
            self.quantity if self.raises_quantity else None,
            self.price if self.changes_price else None,
            price_reason=reason if self.changes_price else "",
        )


@dataclass(frozen=True, slots=True)
class AskedChange:
    """The change of one issued order that ends an invoice's holds on it."""

    order: PurchaseOrder
    lines: list[AskedLine]
    is_waiting: bool = False

    @property
    def title(self) -> str:
        """As a buyer says it."""
        (first, *others) = self.lines
        if others or (first.raises_quantity and first.changes_price):
            return "Change the order as billed"
        if first.raises_quantity:
            return f"Raise the order to {quantity(first.quantity)}"
        return f"Change the order price to {unit_price(first.price)}"

    @property
    def consequence(self) -> str:
        """Which lines, and what they cost more."""
        numbers = ", ".join(str(asked.line.line_no) for asked in self.lines)
        noun = "line" if len(self.lines) == 1 else "lines"
        more = sum((asked.more for asked in self.lines), ZERO)
        currency = self.order.currency
        return (
            f"{self.order} {noun} {numbers}, {money(more, currency)} {currency} more. Goes through "
            "the order’s approval; the hold ends when the change takes effect."
        )


def asked_change(holds: Sequence[Hold], lines: Sequence[SupplierInvoiceLine]) -> AskedChange | None:
    """What would end the holds that an order change can end; `lines` are those of `lines_of`.

    None where goods are missing, since a credit or a corrected invoice is due then; where the order
    is not issued; and where several orders are concerned, each of which is changed on its own.
    """
    missing = {hold.order_line_id for hold in holds if hold.check_code in GOODS_MISSING}
    by_line: dict[int, dict[str, Decimal]] = {}
    for hold in holds:
        line_id = hold.order_line_id
        if line_id is not None and line_id not in missing and hold.check_code in CHANGEABLE:
            by_line.setdefault(line_id, {})[hold.check_code] = Decimal(hold.actual)
    linked = {line.order_line_id: line for line in lines if line.order_line_id in by_line}
    ordered = [line.order_line for line in linked.values()]
    if len({line.order_id for line in ordered}) != 1 or ordered[0].order.status != "issued":
        return None
    asked = [_as_billed(line, by_line[line.pk]) for line in ordered]
    asked = [one for one in asked if one.raises_quantity or one.changes_price]
    is_waiting = any(getattr(line, "order_is_changing", False) for line in linked.values())
    return AskedChange(ordered[0].order, asked, is_waiting) if asked else None


def _as_billed(line: PurchaseOrderLine, billed: dict[str, Decimal]) -> AskedLine:
    """Quantity and price that let the line pass; a line amount alone is met by the price."""
    wanted = max(billed.get(Check.QTY_ORDERED, ZERO), awaited(line))
    price = billed.get(Check.PRICE, Decimal(line.unit_price))
    amount = billed.get(Check.LINE_AMOUNT, ZERO)
    if wanted and line_amount(wanted, price, line.order.currency) < amount:
        price = (amount / wanted).quantize(SMALLEST_PRICE, rounding=ROUND_UP)
    return AskedLine(line, wanted, price)


@transaction.atomic
def change_order_as_billed(invoice: SupplierInvoice, *, reason: str, actor: User) -> OrderChange:
    """Proposes, in the buyer's name, the order change that ends the invoice's holds.

    Refused: nobody but who may write orders, nothing that an order change could end, and whatever
    purchasing refuses. Recorded on the order by the proposal, and on the invoice here.
    """
    if not membership_of(actor).may("orders.write"):
        raise BusinessRuleError("role", "Only a buyer changes an order. Ask them.")
    asked = asked_change(list(invoice.holds.filter(status=Hold.Status.OPEN)), lines_of(invoice))
    if asked is None:
        raise BusinessRuleError("no_change", "No change of the order would end this hold.")
    words = reason.strip() or f"{invoice.supplier} bills it so on invoice {invoice}"
    change = propose_order_change(
        asked.order,
        lines=[one.revision(words) for one in asked.lines],
        reason=words,
        revision_shown=asked.order.revision,
        actor=actor,
    )
    invoice, holds = held_invoice(invoice)
    ids = [hold.pk for hold in holds if hold.check_code in CHANGEABLE]
    Hold.objects.filter(pk__in=ids).update(outcome="order_change")
    touch_invoice(invoice)
    record(
        "hold.order_change_asked",
        invoice,
        actor=actor,
        summary=f"{asked.title}: {asked.order}, {change}, {change.get_status_display().lower()}.",
        order_id=asked.order.pk,
        change_id=change.pk,
    )
    return change
