"""Bring an invoice line to the order line's unit and to a net price, keeping what was written.

The line's net amount is trusted, not a recomputed quantity x price: where the two are more than
one minor unit apart, the net price is amount / quantity. A header discount is spread over the
lines by net value, to the cent. Nothing is rounded before it has been converted.
"""

from dataclasses import dataclass
from decimal import Decimal

from matching.terms import InvoiceLineTerms, InvoiceTerms, OrderLineTerms
from procure.money import (
    EXACT,
    ZERO,
    allocate,
    minor_unit,
    round_money,
    round_price,
    round_quantity,
)


@dataclass(frozen=True, slots=True)
class NetLine:
    """One invoice line in its own unit: what is really asked for it.

    ``written_amount`` is net of the line's discount, ``net_amount`` also of its share of the
    header discount. ``price`` is exact (not yet rounded) and for one unit.
    """

    position: int
    written: InvoiceLineTerms
    written_price: Decimal
    written_amount: Decimal
    net_amount: Decimal
    price: Decimal
    price_from_amount: bool


@dataclass(frozen=True, slots=True)
class NormalisedLine:
    """The same line in the order line's unit; quantity to 4, price to 6 decimals."""

    net: NetLine
    quantity: Decimal
    unit_price: Decimal
    exact_quantity: Decimal
    exact_price: Decimal
    is_converted: bool

    @property
    def position(self) -> int:
        """Position on the invoice, from 1."""
        return self.net.position

    @property
    def net_amount(self) -> Decimal:
        """What is asked for the line, all discounts taken off."""
        return self.net.net_amount

    def money_over(self, price: Decimal) -> Decimal:
        """Return the line's money above (or below) what it would cost at ``price``.

        A line without quantity has no price: all its money is above.
        """
        if not self.quantity:
            return self.net_amount
        return round_price(self.exact_quantity * (self.exact_price - price))


def net_lines(invoice: InvoiceTerms) -> list[NetLine]:
    """Work out what each line asks for, after its own and the header's discount."""
    written = [_written_amount(line, invoice.currency) for line in invoice.lines]
    if invoice.discount:
        shares = allocate(invoice.discount, written, minor_unit(invoice.currency))
        net = [amount - share for amount, share in zip(written, shares, strict=True)]
    else:
        net = written
    smallest = minor_unit(invoice.currency)
    return [
        _net_line(position, line, written[position - 1], net[position - 1], smallest)
        for position, line in enumerate(invoice.lines, 1)
    ]


def normalise(line: NetLine, order_line: OrderLineTerms) -> NormalisedLine | None:
    """Convert to the order line's unit; None where no factor is known: never guessed."""
    quantity, price = line.written.quantity, line.price
    ratio = conversion(line.written, order_line)
    if ratio is None:
        return None
    numerator, denominator = ratio
    converted = numerator != denominator
    if converted:
        quantity = EXACT.divide(quantity * numerator, denominator)
        price = EXACT.divide(price * denominator, numerator)
    rounded_quantity, rounded_price = round_quantity(quantity), round_price(price)
    exact = converted or line.price_from_amount
    return NormalisedLine(
        net=line,
        quantity=rounded_quantity,
        unit_price=rounded_price,
        exact_quantity=quantity if exact else rounded_quantity,
        exact_price=price if exact else rounded_price,
        is_converted=converted,
    )


def conversion(
    line: InvoiceLineTerms, order_line: OrderLineTerms
) -> tuple[Decimal, Decimal] | None:
    """Return the ratio from the invoice's unit to the order line's, None when there is none."""
    unit = order_line.unit if line.unit is None else line.unit
    return order_line.unit_factors.ratio(unit, order_line.unit)


def _written_amount(line: InvoiceLineTerms, currency: str) -> Decimal:
    if line.amount is not None:
        return line.amount
    return round_money(line.quantity * _unit_price(line), currency) - line.discount


def _unit_price(line: InvoiceLineTerms) -> Decimal:
    if line.unit_price is None:
        return ZERO
    if line.price_base_quantity == 1:
        return line.unit_price
    return EXACT.divide(line.unit_price, line.price_base_quantity)


def _net_line(
    position: int,
    line: InvoiceLineTerms,
    written: Decimal,
    net: Decimal,
    smallest: Decimal,
) -> NetLine:
    price = written_price = _unit_price(line)
    computed = (line.quantity * price).quantize(smallest, context=EXACT)
    from_amount = bool(line.quantity) and (
        line.unit_price is None or abs(computed - net) > smallest
    )
    if from_amount:
        price = EXACT.divide(net, line.quantity)
    return NetLine(position, line, written_price, written, net, price, from_amount)
