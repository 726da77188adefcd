"""How much of an invoice the order, the receipts and the agreement support.

What is supported may be paid although the rest is held: the quantity that came, at the lowest
price that was agreed. What a hold keeps back is in dispute; the two always add up to what is
invoiced.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from matching.limits import Status
from matching.line_checks import BilledLine
from matching.normalising import NetLine, NormalisedLine
from matching.results import Check, CheckResult, MatchedAmounts
from matching.terms import InvoiceTerms, OrderTerms
from procure.money import HUNDRED, ZERO, round_money

_QUANTITY_CHECKS = frozenset(
    {Check.QTY_ORDERED, Check.AWAITING_RECEIPT, Check.QTY_RECEIVED, Check.QUALITY}
)


def supported_line_amounts(
    billed: BilledLine, results: Iterable[CheckResult]
) -> dict[int, Decimal]:
    """Return the supported net amount of each invoice line of one order line.

    What is too much is taken off the last lines first, as they are the ones that passed the
    limit. A line whose unit is unknown supports nothing.
    """
    excess_quantity = excess_amount = ZERO
    for result in results:
        if result.status is Status.HOLD and result.difference is not None:
            if result.check in _QUANTITY_CHECKS:
                excess_quantity = max(excess_quantity, result.difference)
            elif result.check is Check.LINE_AMOUNT:
                excess_amount = result.difference
    supported = {line.position: ZERO for line in billed.net}
    for line in reversed(billed.normalised):
        refused = min(excess_quantity, line.quantity)
        excess_quantity -= refused
        price = billed.price_limits.get(line.position)
        supported[line.position] = _supported(line, refused, price, billed.currency)
    invoiced = sum((line.net_amount for line in billed.net), ZERO)
    too_much = excess_amount - (invoiced - sum(supported.values(), ZERO))
    for line in reversed(billed.normalised):
        if too_much <= 0:
            break
        cut = min(too_much, max(supported[line.position], ZERO))
        supported[line.position] -= cut
        too_much -= cut
    return supported


def matched_amounts(
    invoice: InvoiceTerms,
    lines: Sequence[NetLine],
    supported_lines: Mapping[int, Decimal],
    bases: Mapping[Decimal, Decimal],
    results: Sequence[CheckResult],
    ordered: Decimal,
) -> MatchedAmounts:
    """Add lines, charges and tax up to what the invoice asks for, split in two."""
    held = [result for result in results if result.status is Status.HOLD]
    charges = sum(invoice.charges.values(), ZERO)
    net = sum((line.net_amount for line in lines), ZERO) + charges
    invoiced = net + invoice.tax if invoice.total is None else invoice.total
    disputed_charges = sum((r.at_stake for r in held if r.check is Check.CHARGE), ZERO)
    disputed_net = disputed_charges + sum(
        (line.net_amount - supported_lines.get(line.position, ZERO) for line in lines),
        ZERO,
    )
    disputed_tax = _disputed_tax(invoice, lines, supported_lines, bases, disputed_net, net)
    disputed_tax += sum((r.at_stake for r in held if r.check is Check.TAX), ZERO)
    over_cap = sum((r.at_stake for r in held if r.check is Check.HEADER_CAP), ZERO)
    supported = net - disputed_net + invoice.tax - min(disputed_tax, invoice.tax) - over_cap
    if any(r.check is Check.DUPLICATE_SUSPECT for r in held):
        supported = ZERO
    supported = min(supported, invoiced) if invoiced < 0 else max(min(supported, invoiced), ZERO)
    return MatchedAmounts(ordered, invoiced, supported, invoiced - supported)


def ordered_amount(billed: Iterable[BilledLine], orders: Iterable[OrderTerms]) -> Decimal:
    """Return the value of the order lines that are billed, with the charges expected."""
    value = sum(
        (round_money(b.line.billable_quantity * b.line.unit_price, b.currency) for b in billed),
        ZERO,
    )
    return value + sum((sum(order.charges.values(), ZERO) for order in orders), ZERO)


def _supported(
    line: NormalisedLine, refused: Decimal, price: Decimal | None, currency: str
) -> Decimal:
    """Return what is supported of a line when so much is refused and a price is the highest."""
    if not refused and price is None:
        return line.net_amount
    kept = line.quantity - refused
    worth = line.net_amount * kept / line.quantity if price is None else kept * price
    return min(round_money(worth, currency), line.net_amount)


def _disputed_tax(
    invoice: InvoiceTerms,
    lines: Sequence[NetLine],
    supported_lines: Mapping[int, Decimal],
    bases: Mapping[Decimal, Decimal],
    disputed_net: Decimal,
    net: Decimal,
) -> Decimal:
    """Return the tax on what is in dispute: by rate where lines have one, else in proportion."""
    if not bases:
        if not net or not invoice.tax:
            return ZERO
        return round_money(invoice.tax * disputed_net / net, invoice.currency)
    disputed: dict[Decimal, Decimal] = {}
    for line in lines:
        rate = line.written.tax_rate
        if rate is not None:
            refused = line.net_amount - supported_lines.get(line.position, ZERO)
            disputed[rate] = disputed.get(rate, ZERO) + refused
    return sum(
        (round_money(base * rate / HUNDRED, invoice.currency) for rate, base in disputed.items()),
        ZERO,
    )
