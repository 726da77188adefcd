"""The engine's word on past invoices under one set of rules, as the tolerance lab asks for it.

    judge(past, rules, settled)  -> what holds each invoice, and what limits let pass on it
    settled_by(past, …, varied)  -> the part of it that one limit cannot change

What is assumed of the past is told in `replaying.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Set
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache

from matching.ladders import Varied
from matching.ledger import PAYABLE, Ledger
from matching.limits import Policy, Status
from matching.models import SupplierInvoice
from matching.past import Past, Then
from matching.results import Check, CheckResult, MatchOutcome
from matching.terms import OrderLineTerms, OrderStatus, OrderTerms
from matching.three_way import compare
from matching.tolerances import RulesOnTrial
from procure.money import ZERO, round_money

LIMITED = frozenset({
    Check.PRICE, Check.CONTRACT_PRICE, Check.QTY_ORDERED, Check.QTY_RECEIVED,
    Check.AWAITING_RECEIPT, Check.LINE_AMOUNT, Check.CHARGE, Check.TAX, Check.HEADER_CAP,
    Check.SAMPLE,
})  # fmt: skip
GOODS = frozenset({Check.QTY_RECEIVED, Check.QUALITY})


@dataclass(frozen=True, slots=True)
class Judged:
    """One invoice under one set of rules; money in its own currency.

    `let_pass` is what limits let pass without anybody looking: nothing where it is held.
    `accepted` is what limits let pass in the words of a rule's caps. `is_past_cap`: the month's cap
    was passed before it, so that it was judged without tolerance. `orders` are those it means.
    """

    held: tuple[str, ...]
    let_pass: Decimal
    rules: frozenset[str]
    accepted: Decimal
    is_past_cap: bool
    orders: tuple[str, ...]


Judgement = Mapping[int, Judged]  # by the id of the invoice


class _MonthlyCaps:
    """What limits let pass per supplier and month, as invoices arrive, and who is past the cap."""

    def __init__(self, past: Past, rules: RulesOnTrial) -> None:
        self._past = past
        self._rules = rules
        self._accepted: dict[tuple[int, int, int], Decimal] = defaultdict(lambda: ZERO)

    def is_passed(self, invoice: SupplierInvoice) -> bool:
        """Whether so much was accepted before it that it is judged without tolerance."""
        cap = _cap_of(self._rules, invoice)
        accepted = round_money(self._accepted[_month(invoice)], self._past.currency)
        return cap is not None and accepted > cap

    def add(self, invoice: SupplierInvoice, accepted: Decimal) -> None:
        """Counts what was accepted on an invoice; what has no rate is left out."""
        money = self._past.in_own_currency(accepted, invoice.currency)
        self._accepted[_month(invoice)] += money or ZERO


def _cap_of(rules: RulesOnTrial, invoice: SupplierInvoice) -> Decimal | None:
    return rules.policy(invoice.supplier_id, None, (), invoice.received_on).leakage_cap


def _month(invoice: SupplierInvoice) -> tuple[int, int, int]:
    return invoice.supplier_id, invoice.received_on.year, invoice.received_on.month


def judge(past: Past, rules: RulesOnTrial, settled: Judgement | None = None) -> Judgement:
    """Every invoice by the engine, in order of arrival, but for those that are settled already."""
    feed = past.feed.under(rules)
    ledger = Ledger(feed, past.earlier)
    caps = _MonthlyCaps(past, rules)
    known, judged = settled or {}, {}
    for invoice in past.in_order:
        then, is_exact = past.then.get(invoice.pk, Then()), caps.is_passed(invoice)
        if invoice.pk in known:
            judged[invoice.pk] = _marked(known[invoice.pk], is_exact)
            continue
        orders = tuple(_as_then(order, then, is_exact) for order in ledger.orders(invoice))
        terms = replace(
            feed.invoice_terms(invoice),
            creditable=ledger.creditable(invoice),
            supplier_status=None,  # as it stands today; what it was then is among the holds
            bank_change=None,
            billed_account=None,
        )
        policy = feed.header_policy(invoice, orders)
        outcome = compare(terms, orders, _exact(policy) if is_exact else policy)
        one = judged[invoice.pk] = _judged(outcome, orders, then, is_exact)
        is_billed = invoice.status in PAYABLE or not one.held
        ledger.remember(invoice, outcome)
        if is_billed:
            ledger.bill(invoice, outcome)
            caps.add(invoice, outcome.accepted)
        ledger.share_charges(invoice, terms, orders, outcome, is_payable=is_billed)
    return judged


def _marked(one: Judged, is_past_cap: bool) -> Judged:
    return one if one.is_past_cap is is_past_cap else replace(one, is_past_cap=is_past_cap)


def settled_by(past: Past, strictest: RulesOnTrial, varied: Varied) -> Judgement:
    """What is judged alike whatever the varied limit lets pass, under rules where that is nothing.

    Where it holds nothing then, it has no difference to decide on. An invoice is settled with all
    that share its orders, since one moves what the next may bill. Where a monthly cap may end the
    supplier's tolerance, it is settled only if no limit lets anything pass.
    """
    judged = judge(past, strictest)

    def is_open(invoice: SupplierInvoice) -> bool:
        one = judged[invoice.pk]
        has_cap = not varied.moves or _cap_of(strictest, invoice) is not None
        lets_pass = one.accepted or one.let_pass or LIMITED.intersection(one.held)
        return bool(varied.moves.intersection(one.held) or (has_cap and lets_pass))

    leads: dict[Hashable, Hashable] = {}

    def lead(one: Hashable) -> Hashable:
        while (other := leads.get(one, one)) != one:
            leads[one] = leads.get(other, other)
            one = other
        return one

    for invoice in past.invoices:
        for other in (*judged[invoice.pk].orders, invoice.credits_id):
            if other is not None:
                leads[lead(other)] = lead(invoice.pk)
    open_ones = {lead(invoice.pk) for invoice in past.invoices if is_open(invoice)}
    return {pk: one for pk, one in judged.items() if lead(pk) not in open_ones}


@lru_cache(maxsize=256)
def _exact(policy: Policy) -> Policy:
    """The policy without tolerance under its own name, by which what it judges is found."""
    return replace(policy.without_tolerance("past the cap"), rule=policy.rule)


def _as_then(order: OrderTerms, then: Then, is_exact: bool) -> OrderTerms:
    """The order as the invoice found it: not closed yet, and not yet changed because of it."""
    lines = tuple(
        _line_as_then(
            line, then.expected.get((str(order.number), line.line), {}), then.checks, is_exact
        )
        for line in order.lines
    )
    if order.status is OrderStatus.ISSUED and lines == order.lines:
        return order
    return replace(order, status=OrderStatus.ISSUED, lines=lines)


def _line_as_then(
    line: OrderLineTerms, expected: Mapping[str, Decimal], checks: Set[str], is_exact: bool
) -> OrderLineTerms:
    if not (expected or is_exact or line.returned):
        return line
    quantity = expected.get(Check.QTY_ORDERED)
    return replace(
        line,
        unit_price=expected.get(Check.PRICE, line.unit_price),
        agreed_price=expected.get(Check.CONTRACT_PRICE, line.agreed_price),
        quantity=line.quantity if quantity is None else quantity,
        cancelled=line.cancelled if quantity is None else ZERO,
        returned=line.returned if checks & GOODS else ZERO,
        policy=_exact(line.policy) if is_exact and line.policy else line.policy,
    )


def _judged(
    outcome: MatchOutcome, orders: Iterable[OrderTerms], then: Then, is_exact: bool
) -> Judged:
    others = then.checks - LIMITED
    held = {hold.check.value for hold in outcome.holds} | others
    return Judged(
        held=tuple(sorted(held)),
        let_pass=ZERO if held else money_let_pass(outcome.results),
        rules=frozenset(result.rule for result in outcome.results if result.rule),
        accepted=outcome.accepted,
        is_past_cap=is_exact,
        orders=tuple(str(order.number) for order in orders),
    )


def money_let_pass(results: Iterable[CheckResult]) -> Decimal:
    """What an invoice that nothing holds bills above order, receipt and agreement.

    The largest difference of each order line, since they overlap, then charges and tax. Rounding
    of a line's amount is not counted.
    """
    per_line: dict[tuple[str | None, str | None], Decimal] = defaultdict(lambda: ZERO)
    whole: dict[tuple[str | None, str | None], Decimal] = {}
    total = ZERO
    for result in results:
        place, over = (result.order, result.line), max(_over(result), ZERO)
        if result.check in (Check.CHARGE, Check.TAX):
            total += over
        elif result.check is not Check.LINE_AMOUNT or result.status is Status.WITHIN_TOLERANCE:
            per_line[place] = max(per_line[place], over)
        else:
            whole[place] = over
    return total + sum(
        (max(over, whole.get(place, ZERO)) for place, over in per_line.items() if over), ZERO
    )


def _over(result: CheckResult) -> Decimal:
    """What a check found too much, in money."""
    if result.check not in LIMITED or not result.difference or result.difference < 0:
        return ZERO
    if result.check in (Check.PRICE, Check.CONTRACT_PRICE):
        return result.amount or ZERO
    return result.at_stake
