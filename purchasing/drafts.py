"""Lines as they enter a draft: priced, named, and refused when they cannot be ordered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils import timezone

from procure.errors import BusinessRuleError
from procure.money import ZERO, round_price, round_quantity
from purchasing.content import line_amount
from purchasing.models import PurchaseOrder, PurchaseOrderLine
from suppliers.models import Sku
from suppliers.pricing import LinePrice, PriceBook, WantedLine

MOST_LINES = 1000
MOST_QUANTITY = Decimal(10) ** 12
MOST_PRICE = Decimal(10) ** 11

_Source = PurchaseOrderLine.PriceSource


@dataclass(frozen=True, slots=True)
class OrderedLine:
    """A line as a buyer gives it: `quantity` and `unit_price` per the SKU's unit.

    Without a price the supplier's agreement, the last price paid or the standard cost fills it.
    """

    sku: Sku
    quantity: Decimal
    unit_price: Decimal | None = None
    price_reason: str = ""
    requested_on: date | None = None


def new_lines(
    order: PurchaseOrder, wanted: Sequence[OrderedLine], *, first_line_no: int
) -> list[PurchaseOrderLine]:
    """Unsaved lines with price, source and amount; one price look-up for all of them."""
    if first_line_no + len(wanted) - 1 > MOST_LINES:
        raise BusinessRuleError(
            "too_many_lines", f"An order holds {MOST_LINES} lines at most.", "lines"
        )
    lines = [
        PurchaseOrderLine(
            order=order,
            line_no=line_no,
            sku=ordered.sku,
            description=ordered.sku.description,
            ordered_quantity=checked_quantity(ordered.quantity),
            unit=ordered.sku.unit,
            unit_price=ZERO,
            requested_on=ordered.requested_on or order.needed_on,
            price_reason=ordered.price_reason.strip(),
        )
        for line_no, ordered in enumerate(wanted, start=first_line_no)
    ]
    prices = prices_for(order, lines)
    for line, ordered in zip(lines, wanted, strict=True):
        set_price(line, prices.get(line.sku_id), ordered.unit_price, order.currency)
    return lines


def prices_for(order: PurchaseOrder, lines: Iterable[PurchaseOrderLine]) -> Mapping[int, LinePrice]:
    """What the order's supplier asks for these lines today, by SKU id; nothing without one."""
    wanted = [WantedLine(line.sku_id, line.ordered_quantity) for line in lines]
    if order.supplier is None or not wanted:
        return {}
    book = PriceBook.open([order.supplier], wanted, timezone.localdate())
    return book.prices(order.supplier)


def set_price(
    line: PurchaseOrderLine,
    known: LinePrice | None,
    entered: Decimal | None,
    currency: str,
) -> None:
    """Sets price, source and amount: the entered price, else the best one known, else zero.

    What the agreement says is kept beside it, also when another price was entered.
    """
    line.price_break_id = known.price_break_id if known else None
    line.quotation_line_id = known.quotation_line_id if known else None
    line.agreed_price = known.agreed_price if known else None
    line.agreed_lead_time_days = known.agreed_lead_time_days if known else None
    suggested = known.unit_price if known else None
    if entered is not None and (suggested is None or entered != suggested):
        line.unit_price = checked_price(entered)
        line.price_source = _Source.ENTERED
    else:
        line.unit_price = suggested if suggested is not None else ZERO
        line.price_source = _Source(known.source if known and known.source else "entered")
    line.amount = line_amount(line.ordered_quantity, line.unit_price, currency)


def checked_quantity(quantity: Decimal) -> Decimal:
    """Above zero, four places, and small enough to be kept."""
    if quantity.is_finite() and quantity >= MOST_QUANTITY:
        raise _too_large("ordered_quantity")
    if not quantity.is_finite() or quantity <= ZERO:
        raise BusinessRuleError("quantity", "Give a quantity above zero.", "ordered_quantity")
    rounded = round_quantity(quantity)
    if rounded != quantity:
        raise BusinessRuleError(
            "quantity_places", "A quantity has four decimals at most.", "ordered_quantity"
        )
    return rounded


def _too_large(field: str) -> BusinessRuleError:
    return BusinessRuleError("too_large", "This is more than one line can hold. Check it.", field)


def checked_price(price: Decimal) -> Decimal:
    """Not below zero, six places, and small enough to be kept."""
    if price.is_finite() and price >= MOST_PRICE:
        raise _too_large("unit_price")
    if not price.is_finite() or price < ZERO:
        raise BusinessRuleError("unit_price", "A price cannot be below zero.", "unit_price")
    return round_price(price)


def is_price_edited(line: PurchaseOrderLine) -> bool:
    """Whether the line's price was moved away from the agreed one."""
    return line.agreed_price is not None and line.unit_price != line.agreed_price
