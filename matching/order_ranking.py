"""Which order an invoice may bill that names none: ranked, with the reason of the rank in words.

ranked_orders(invoice, lines)                      four statements, whatever the supplier has
take_order(invoice, order=…, actor=…)              bills it and matches again
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum

from matching.feeding import references
from matching.holds import Cause
from matching.ledger import PAYABLE
from matching.models import SupplierInvoice, SupplierInvoiceLine
from matching.rematching import lock_orders_of, match_invoices
from matching.resolution import require_payer, touch_invoice
from matching.telling import tell_matched
from procure.documents import lock, require_status
from procure.errors import BusinessRuleError
from procure.events import record
from procure.figures import money, quantity, short_date
from procure.models import User
from procure.money import ZERO
from purchasing.models import PurchaseOrder, PurchaseOrderLine
from purchasing.queries import LineQuantities, line_quantities

MOST_LOOKED_AT = 60  # the latest issued orders of the supplier
MOST_SHOWN = 5
LIKELY = 60  # of 100: enough to be suggested
PLAUSIBLE = 20
SAME_PRICE = Decimal("0.01")
NEAR = Decimal("0.20")
BILLED_WITHIN_DAYS = 120  # of the order; a later invoice is likelier another order's


@dataclass(frozen=True, slots=True)
class RankedOrder:
    """An order that the invoice may bill; `rank` is of 100."""

    order: PurchaseOrder
    rank: int
    open_amount: Decimal
    reasons: Sequence[str]

    @property
    def because(self) -> str:
        """Why it stands where it stands, as a sentence."""
        words = ", ".join(self.reasons)
        return f"{words[0].upper()}{words[1:]}." if words else ""


@dataclass(slots=True)
class _Open:
    """An order line with what can still be billed on it."""

    line: PurchaseOrderLine
    quantity: Decimal
    came: LineQuantities
    billed: Decimal

    @property
    def amount(self) -> Decimal:
        worth: Decimal = self.quantity * self.line.unit_price
        return worth


def ranked_orders(
    invoice: SupplierInvoice, lines: Sequence[SupplierInvoiceLine]
) -> list[RankedOrder]:
    """The issued orders of the supplier that fit best, those it names already left out."""
    named = {*references(invoice.order_reference), *references(invoice.found_reference)}
    orders = list(
        PurchaseOrder.objects.filter(supplier=invoice.supplier_id, status="issued")
        .exclude(number__in=named)
        .order_by("-issued_on", "-pk")[:MOST_LOOKED_AT]
    )
    open_lines = _open_lines(orders)
    stray = [line for line in lines if line.order_line_id is None and not line.charge_code]
    net = sum((line.amount for line in stray), ZERO)
    found = [_rank(invoice, stray, net, order, open_lines[order.pk]) for order in orders]
    fitting = [one for one in found if one.rank >= PLAUSIBLE]
    return sorted(fitting, key=lambda one: (-one.rank, -one.order.pk))[:MOST_SHOWN]


def _open_lines(orders: Sequence[PurchaseOrder]) -> Mapping[int, Sequence[_Open]]:
    lines = list(
        PurchaseOrderLine.objects.filter(order__in=orders).select_related("sku").order_by("pk")
    )
    ids = [line.pk for line in lines]
    came = line_quantities(ids)
    billed: dict[int, Decimal] = dict(
        SupplierInvoiceLine.objects.filter(
            order_line__in=ids, invoice__kind="invoice", invoice__status__in=PAYABLE
        )
        .values_list("order_line_id")
        .annotate(total=Sum("matched_quantity"))
        .order_by()
    )
    found: dict[int, list[_Open]] = defaultdict(list)
    for line in lines:
        before = billed.get(line.pk) or ZERO
        left = max(line.ordered_quantity - line.cancelled_quantity - before, ZERO)
        found[line.order_id].append(_Open(line, left, came[line.pk], before))
    return found


def _rank(
    invoice: SupplierInvoice,
    stray: Sequence[SupplierInvoiceLine],
    net: Decimal,
    order: PurchaseOrder,
    lines: Sequence[_Open],
) -> RankedOrder:
    """Lines weigh 50 of 100, the amount 30, goods that wait for a bill 10, the dates 10."""
    by_item = sum(any(_same_item(one, other) for other in lines) for one in stray)
    by_price = sum(
        not any(_same_item(one, other) for other in lines)
        and any(_same_price(one, other) for other in lines)
        for one in stray
    )
    reasons, rank = [], 0
    count = len(stray)
    if by_item:
        rank += round(50 * by_item / count)
        reasons.append(f"{by_item} of {count} lines fit by item" if count > 1 else "fits by item")
    if by_price:
        rank += round(40 * by_price / count)
        fitting = f"{by_price} of {count} lines fit" if count > 1 else "fits"
        reasons.append(f"{fitting} by quantity and price")
    open_amount = sum((line.amount for line in lines), ZERO)
    words, points = _amounts(net, open_amount, invoice.currency)
    rank += points
    reasons += [words] if points else []
    unbilled = sum((max(line.came.net_received - line.billed, ZERO) for line in lines), ZERO)
    if rank and unbilled:
        rank += 10
        reasons.append(f"{quantity(unbilled)} received and not billed")
    if rank and order.issued_on and _is_before(order.issued_on, invoice.invoiced_on):
        rank += 10
        reasons.append(f"ordered {short_date(order.issued_on)}")
    if order.currency != invoice.currency:
        rank //= 2
        reasons.append(f"but in {order.currency}")
    return RankedOrder(order, rank, open_amount, reasons)


def _same_item(billed: SupplierInvoiceLine, ordered: _Open) -> bool:
    line = ordered.line
    pairs = (
        (billed.sku_code, line.sku.code),
        (billed.supplier_sku, line.supplier_sku),
        (billed.gtin, line.sku.gtin),
    )
    return any(one and one.upper() == (other or "").upper() for one, other in pairs)


def _same_price(billed: SupplierInvoiceLine, ordered: _Open) -> bool:
    price = ordered.line.unit_price
    near = abs(billed.unit_price - price) <= SAME_PRICE * price
    return bool(price and near and billed.quantity <= ordered.quantity)


def _amounts(net: Decimal, open_amount: Decimal, currency: str) -> tuple[str, int]:
    """What the amounts say, and 30 points for the same one, fewer the more they differ."""
    if not net or not open_amount:
        return "", 0
    apart = abs(open_amount - net) / max(open_amount, net)
    if apart <= SAME_PRICE / 10:
        return f"{money(open_amount, currency)} open to bill, the same amount", 30
    if apart <= NEAR:
        return f"{money(open_amount, currency)} open to bill", round(30 * (1 - apart / NEAR))
    return "", 0


def _is_before(ordered: date, invoiced: date) -> bool:
    return 0 <= (invoiced - ordered).days <= BILLED_WITHIN_DAYS


@transaction.atomic
def take_order(invoice: SupplierInvoice, *, order: PurchaseOrder, actor: User) -> SupplierInvoice:
    """Says that the invoice bills this order, too, and matches again; its own words stay.

    Refused: nobody but accounts payable, an invoice that is not open, an order of another supplier
    or one that was not issued.
    """
    require_payer(actor)
    lock_orders_of([invoice.pk], [order.pk])
    order, invoice = lock(order), lock(invoice)
    require_status(invoice, SupplierInvoice.Status.OPEN)
    if order.supplier_id != invoice.supplier_id:
        raise BusinessRuleError("supplier", "That order went to another supplier.", "choice")
    require_status(order, PurchaseOrder.Status.ISSUED)
    taken = references(invoice.found_reference)
    if order.number in taken:
        return invoice
    invoice.found_reference = ", ".join([*taken, str(order.number)])[:300]
    invoice.save(update_fields=["found_reference"])
    touch_invoice(invoice)
    cause = Cause(f"the order {order} that {actor} found")
    (matched,) = match_invoices([invoice.pk], cause)
    if matched.is_changed:
        tell_matched([matched], cause, actor)
    else:
        record("supplier_invoice.order_found", invoice, actor=actor, summary=f"Bills {order}.")
    return matched.invoice
