"""What a matched invoice adds to what is billed, and a matched credit takes from it.

bill(orders, invoice, outcome)      -> the orders after it; a held one changes nothing
billed_by_line(outcome)             -> {(order, line): (quantity, amount)}
share_charges(invoice, orders)      -> charges per order, expected ones filled first
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from matching.results import MatchOutcome
from matching.terms import InvoiceTerms, OrderLineTerms, OrderTerms
from procure.money import ZERO

LineKey = tuple[str | None, str]
QuantityAndAmount = tuple[Decimal, Decimal]


def billed_by_line(outcome: MatchOutcome) -> dict[LineKey, QuantityAndAmount]:
    """Add up quantity (in the order line's unit) and net amount per order line."""
    billed: dict[LineKey, QuantityAndAmount] = {}
    for line in outcome.lines:
        if line.line is not None:
            key = (line.order, line.line)
            quantity, amount = billed.get(key, (ZERO, ZERO))
            billed[key] = (quantity + (line.quantity or ZERO), amount + line.net_amount)
    return billed


def bill(
    orders: Sequence[OrderTerms], invoice: InvoiceTerms, outcome: MatchOutcome
) -> tuple[OrderTerms, ...]:
    """Return the orders with the invoice billed; what a credit gives back is billed no longer."""
    if outcome.outcome != "matched":
        return tuple(orders)
    sign = -1 if invoice.is_credit else 1
    billed = billed_by_line(outcome)
    touched = {number for number, _ in billed}
    linked = [order for order in orders if order.number in touched]
    if not linked and len(orders) == 1:
        linked = list(orders)
    charges = share_charges(invoice, linked)
    return tuple(
        _bill_order(order, billed, charges.get(order.number, {}), sign) for order in orders
    )


def share_charges(
    invoice: InvoiceTerms, orders: Sequence[OrderTerms]
) -> dict[str | None, dict[str, Decimal]]:
    """Give each order of the invoice its charges: up to what it expects, the rest to the last.

    A credit's charges go back where charges were billed.
    """
    shared: dict[str | None, dict[str, Decimal]] = {order.number: {} for order in orders}
    for code, charge in invoice.charges.items():
        left = charge
        for order in orders:
            billed = order.billed_charges.get(code, ZERO)
            room = billed if invoice.is_credit else order.charges.get(code, ZERO) - billed
            part = left if order is orders[-1] else min(left, max(room, ZERO))
            shared[order.number][code] = part
            left -= part
    return shared


def _bill_order(
    order: OrderTerms,
    billed: Mapping[LineKey, QuantityAndAmount],
    charges: Mapping[str, Decimal],
    sign: int,
) -> OrderTerms:
    lines = tuple(
        _bill_line(line, billed[order.number, line.line], sign)
        if (order.number, line.line) in billed
        else line
        for line in order.lines
    )
    codes = {*order.billed_charges, *charges}
    return replace(
        order,
        lines=lines,
        billed_charges={
            code: order.billed_charges.get(code, ZERO) + sign * charges.get(code, ZERO)
            for code in codes
        },
    )


def _bill_line(line: OrderLineTerms, billed: QuantityAndAmount, sign: int) -> OrderLineTerms:
    quantity, amount = billed
    return replace(
        line,
        billed_quantity=line.billed_quantity + sign * quantity,
        billed_amount=line.billed_amount + sign * amount,
    )
