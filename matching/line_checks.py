"""Checks 7 to 12 on one order line, and the comparison of a credit with what it credits.

Everything is cumulative: what was billed before plus all lines of this invoice that link to the
order line, held or not. There is one result per order line and check; it stands on the invoice
line that passes the limit and carries the figures of the final state.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from matching.limits import EXACT as EXACT_LIMIT
from matching.limits import Limit, MatchLevel, Mode, Policy, Status
from matching.normalising import NetLine, NormalisedLine
from matching.results import Check, CheckResult
from matching.terms import OrderLineTerms, OrderStatus, OrderTerms
from procure.money import ZERO, minor_unit, round_money, round_price, round_quantity

_INSPECTED = (MatchLevel.FOUR_WAY,)
_RECEIVED = (MatchLevel.THREE_WAY, MatchLevel.FOUR_WAY)


@dataclass(slots=True)
class BilledLine:
    """One order line with the lines of this invoice that bill it.

    ``net`` are all of them, ``normalised`` those whose unit could be converted. The checks note
    in ``price_limits`` up to which price each invoice line is supported.
    """

    order: OrderTerms
    line: OrderLineTerms
    policy: Policy
    currency_differs: bool
    received_at: date | None
    net: list[NetLine] = field(default_factory=list)
    normalised: list[NormalisedLine] = field(default_factory=list)
    accepted_price_money: Decimal = ZERO
    price_limits: dict[int, Decimal] = field(default_factory=dict)

    @property
    def currency(self) -> str:
        """The order's currency, in which the line's money is counted."""
        return self.order.currency

    @property
    def match_level(self) -> MatchLevel:
        """The line's own level, else that of its policy."""
        return self.line.match_level or self.policy.match_level

    @property
    def awaits_receipt(self) -> bool:
        """Whether the goods may still come: nothing ever did, or the window is still open."""
        line = self.line
        if self.order.status is OrderStatus.CLOSED:
            return False
        if not line.received:
            return True
        if line.due is None or self.received_at is None:
            return False
        return (self.received_at - line.due).days <= line.early_late_days

    def quantity_steps(self) -> list[tuple[int, Decimal]]:
        """Position and quantity of each invoice line."""
        return [(line.position, line.quantity) for line in self.normalised]

    def amount_steps(self) -> list[tuple[int, Decimal]]:
        """Position and net amount of each invoice line; an unknown unit does not hide it."""
        return [(line.position, line.net_amount) for line in self.net]


def check_billed_line(billed: BilledLine) -> Iterator[CheckResult]:
    """Run checks 7 to 12 that the order line's match level asks for."""
    level = billed.match_level
    if level is MatchLevel.NONE:
        return
    if billed.normalised:
        if not billed.currency_differs:
            yield from _price_results(billed)
        yield _ordered_result(billed)
        if level in _RECEIVED:
            received = _received_result(billed)
            yield received
            if level in _INSPECTED and received.check is not Check.AWAITING_RECEIPT:
                yield _quality_result(billed)
    if not billed.currency_differs:
        yield _line_amount_result(billed)


def check_credited_line(
    billed: BilledLine, quantity: Decimal, amount: Decimal
) -> Iterator[CheckResult]:
    """Compare a credit with what is left of its invoice on this order line; no tolerance."""
    if billed.normalised:
        yield _cumulative(
            billed,
            Check.QTY_ORDERED,
            EXACT_LIMIT,
            quantity,
            ZERO,
            billed.quantity_steps(),
        )
    if not billed.currency_differs:
        yield _cumulative(
            billed, Check.LINE_AMOUNT, EXACT_LIMIT, amount, ZERO, billed.amount_steps()
        )


def _price_results(billed: BilledLine) -> Iterator[CheckResult]:
    line, policy = billed.line, billed.policy
    price = _price_result(billed, Check.PRICE, round_price(line.unit_price), policy.price)
    yield price
    if line.agreed_price is not None:
        agreed = round_price(line.agreed_price)
        yield _price_result(billed, Check.CONTRACT_PRICE, agreed, policy.contract_price)


def _price_result(billed: BilledLine, check: Check, expected: Decimal, limit: Limit) -> CheckResult:
    """Judge each invoice line's price; the first failing one stands for the order line."""
    chosen: tuple[int, Status, NormalisedLine, Decimal] | None = None
    at_stake = ZERO
    for line in billed.normalised:
        money = line.money_over(expected)
        status = _price_status(line, limit, expected, money)
        rounded = round_money(money, billed.currency)
        if status is Status.HOLD:
            at_stake += max(rounded, ZERO)
            lowest = billed.price_limits.get(line.position, expected)
            billed.price_limits[line.position] = min(lowest, expected)
        elif status is Status.WITHIN_TOLERANCE and check is Check.PRICE:
            billed.accepted_price_money += max(rounded, ZERO)
        rank = _SEVERITY[status]
        if chosen is None or rank > chosen[0]:
            chosen = rank, status, line, rounded
    assert chosen is not None, "A price is checked only where a line is billed."
    _, status, line, rounded = chosen
    return CheckResult(
        check=check,
        status=status,
        order=billed.order.number,
        line=billed.line.line,
        invoice_line=line.position,
        expected=expected,
        actual=line.unit_price,
        difference=line.unit_price - expected,
        amount=rounded,
        at_stake=at_stake,
        rule=billed.policy.rule,
        limit=str(limit),
    )


_SEVERITY = {Status.PASS: 0, Status.INFO: 1, Status.WITHIN_TOLERANCE: 2, Status.HOLD: 3}


def _price_status(line: NormalisedLine, limit: Limit, expected: Decimal, money: Decimal) -> Status:
    if line.quantity or not money:
        return limit.judge(expected, line.unit_price - expected, money)
    # Money for no goods: no price can be formed, so only an amount limit can let it pass.
    return limit.judge(ZERO, money)


def _ordered_result(billed: BilledLine) -> CheckResult:
    return _cumulative(
        billed,
        Check.QTY_ORDERED,
        billed.policy.quantity_ordered,
        round_quantity(billed.line.billable_quantity),
        round_quantity(billed.line.billed_quantity),
        billed.quantity_steps(),
    )


def _received_result(billed: BilledLine) -> CheckResult:
    """Compare with what was received; what may still come is awaited, without tolerance."""
    line = billed.line
    limit = billed.policy.received_limit(line.unit)
    base, before = (
        round_quantity(line.received_net),
        round_quantity(line.billed_quantity),
    )
    steps = billed.quantity_steps()
    check = Check.QTY_RECEIVED
    total = before + sum((quantity for _, quantity in steps), ZERO)
    if total > base and limit.mode is not Mode.OFF and billed.awaits_receipt:
        check, limit = Check.AWAITING_RECEIPT, EXACT_LIMIT
    return _cumulative(billed, check, limit, base, before, steps)


def _quality_result(billed: BilledLine) -> CheckResult:
    return _cumulative(
        billed,
        Check.QUALITY,
        EXACT_LIMIT,
        round_quantity(billed.line.accepted),
        round_quantity(billed.line.billed_quantity),
        billed.quantity_steps(),
    )


def _line_amount_result(billed: BilledLine) -> CheckResult:
    line = billed.line
    return _cumulative(
        billed,
        Check.LINE_AMOUNT,
        billed.policy.line_amount,
        round_money(line.billable_quantity * line.unit_price, billed.currency),
        line.billed_amount,
        billed.amount_steps(),
        slack=minor_unit(billed.currency),
    )


def _cumulative(
    billed: BilledLine,
    check: Check,
    limit: Limit,
    base: Decimal,
    before: Decimal,
    steps: Sequence[tuple[int, Decimal]],
    *,
    slack: Decimal = ZERO,
) -> CheckResult:
    """Judge what was billed before plus all steps; ``slack`` per step is rounding, not variance."""

    def judge(total: Decimal, count: int) -> Status:
        difference = total - base
        if ZERO < difference <= slack * count:
            return Status.PASS
        return limit.judge(base, difference)

    total = before + sum((value for _, value in steps), ZERO)
    status = judge(total, len(steps))
    difference = total - base
    return CheckResult(
        check=check,
        status=status,
        order=billed.order.number,
        line=billed.line.line,
        invoice_line=_crossing(judge, before, steps, status),
        expected=base,
        actual=total,
        difference=difference,
        at_stake=_at_stake(billed, check, difference),
        rule=billed.policy.rule,
        limit=str(limit),
    )


def _crossing(
    judge: Callable[[Decimal, int], Status],
    before: Decimal,
    steps: Sequence[tuple[int, Decimal]],
    final: Status,
) -> int:
    """Return the position of the first step at which the final status was reached."""
    total = before
    for count, (position, value) in enumerate(steps, 1):
        total += value
        if count == len(steps) or judge(total, count) is final:
            return position
    raise AssertionError("A cumulative check needs at least one step.")


def _at_stake(billed: BilledLine, check: Check, difference: Decimal) -> Decimal:
    """Value what is too much: money as it is, a quantity at this invoice's price."""
    if difference <= 0:
        return ZERO
    invoiced = sum((line.net_amount for line in billed.net), ZERO)
    if check is Check.LINE_AMOUNT:
        return min(difference, invoiced)
    quantity = sum((line.quantity for line in billed.normalised), ZERO)
    if difference >= quantity:
        return invoiced
    return round_money(invoiced * difference / quantity, billed.currency)
