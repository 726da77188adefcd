"""Past invoices judged by the engine again, under the rules of today and under limits on trial.

    replay(trial, today) -> Replay

Nothing is written and nobody is held up; a fixed number of statements reads at most MOST_INVOICES
invoices, the latest. Both sides go through the same engine and the same documents in order of
arrival, each invoice against what those before it left, so that only the limits make a difference:

- Prices, agreed prices and ordered quantities are those a hold named, where there was one, so that
  an order changed because of an invoice does not make that invoice right.
- Goods count as received to this day: what a later delivery released by itself needed nobody. What
  went back later counts only where the invoice was held for missing or rejected goods.
- What no limit decides (duplicates, bank details, an unknown unit and the like) held the invoice
  then and holds it on both sides.
- An invoice that was paid or approved in the end is billed on both sides, whoever approved it.
- What we wrote ourselves over what came is billed and not judged: no supplier's invoice was matched.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import cached_property

from matching.feeding import Feed, InvoiceLines, LockedOrders, names_of, read_orders
from matching.ledger import PAYABLE, Ledger
from matching.limits import Status
from matching.models import Hold, SupplierInvoice, SupplierInvoiceLine, Tolerance
from matching.results import Check, CheckResult, MatchOutcome
from matching.terms import OrderLineTerms, OrderStatus, OrderTerms
from matching.three_way import compare
from matching.tolerances import RulesOnTrial, policy_of
from procure.figures import decimal_of
from procure.money import ZERO
from suppliers.models import Category

MOST_INVOICES = 3000
LIMITED = frozenset({
    Check.PRICE, Check.CONTRACT_PRICE, Check.QTY_ORDERED, Check.QTY_RECEIVED,
    Check.AWAITING_RECEIPT, Check.LINE_AMOUNT, Check.CHARGE, Check.TAX, Check.HEADER_CAP,
    Check.SAMPLE,
})  # fmt: skip
GOODS = frozenset({Check.QTY_RECEIVED, Check.QUALITY})
CHANGED_SINCE = (Check.PRICE, Check.CONTRACT_PRICE, Check.QTY_ORDERED)
Place = tuple[str, str]  # an order's number and its line


@dataclass(slots=True)
class Then:
    """What held one invoice in its time: every check, and the figures it was compared with."""

    checks: set[str] = field(default_factory=set)
    expected: dict[Place, dict[str, Decimal]] = field(default_factory=lambda: defaultdict(dict))


@dataclass(frozen=True)
class Past:
    """The invoices of a period with all that the engine asks about them."""

    invoices: Sequence[SupplierInvoice]
    lines: InvoiceLines
    orders: LockedOrders
    then: Mapping[int, Then]
    is_cut: bool

    @cached_property
    def categories(self) -> dict[int, Category]:
        """The category of every order line, by id."""
        return {line.pk: line.sku.category for line in self.orders.all_lines}


@dataclass(frozen=True, slots=True)
class Judged:
    """One invoice under one set of rules; money in its own currency.

    `let_pass` is what limits let pass without anybody looking: nothing where it is held.
    """

    held: tuple[str, ...]
    let_pass: Decimal
    rules: frozenset[str]


@dataclass(frozen=True, slots=True)
class Replayed:
    """One invoice on both sides."""

    invoice: SupplierInvoice
    now: Judged
    on_trial: Judged


@dataclass(frozen=True, slots=True)
class Replay:
    """The invoices that the limits on trial judge; `left` others have a rule of their own, and
    `awaiting` ones wait for their goods whatever the limits."""

    past: Past
    judged: Sequence[Replayed]
    left: int
    awaiting: int


def replay(rule: Tolerance, *, since: date, today: date) -> Replay:
    """Judges the bills received since that day by today's rules, and by them with this rule."""
    past = past_invoices(since)
    now = _judge(past, RulesOnTrial(today))
    on_trial = _judge(past, RulesOnTrial(today, rule))
    name = policy_of(rule).rule
    judged, left, awaiting = [], 0, 0
    for invoice in past.invoices:
        if not _is_suppliers_bill(invoice):
            continue
        both = Replayed(invoice, now[invoice.pk], on_trial[invoice.pk])
        if name not in both.on_trial.rules:
            left += 1
        elif (
            Check.AWAITING_RECEIPT in both.now.held and Check.AWAITING_RECEIPT in both.on_trial.held
        ):
            awaiting += 1
        else:
            judged.append(both)
    return Replay(past, judged, left, awaiting)


def _is_suppliers_bill(invoice: SupplierInvoice) -> bool:
    """Whether a supplier asked for money: no credit, and nothing that we wrote for it ourselves."""
    is_ours = invoice.origin == SupplierInvoice.Origin.SETTLED
    return invoice.kind == SupplierInvoice.Kind.INVOICE and not is_ours


def past_invoices(since: date) -> Past:
    """Invoices and credits received since that day, the latest where there are too many."""
    known = (
        SupplierInvoice.objects.filter(received_on__gte=since, matched_at__isnull=False)
        .exclude(status=SupplierInvoice.Status.VOID)
        .select_related("supplier")
    )
    latest = list(known.order_by("-received_on", "-pk")[: MOST_INVOICES + 1])
    invoices = latest[:MOST_INVOICES]
    lines: dict[int, list[SupplierInvoiceLine]] = defaultdict(list)
    ids = [invoice.pk for invoice in invoices]
    for line in SupplierInvoiceLine.objects.filter(invoice_id__in=ids).order_by(
        "invoice_id", "position"
    ):
        lines[line.invoice_id].append(line)
    names = {name for one in invoices for name in names_of(one, lines.get(one.pk, ()))}
    linked = {line.order_line_id for rows in lines.values() for line in rows if line.order_line_id}
    return Past(
        invoices=invoices,
        lines=lines,
        orders=read_orders(names, linked),
        then=_held_then(ids),
        is_cut=len(latest) > MOST_INVOICES,
    )


def _held_then(invoice_ids: Collection[int]) -> dict[int, Then]:
    then: dict[int, Then] = defaultdict(Then)
    rows = (
        Hold.objects.filter(invoice_id__in=invoice_ids)
        .order_by("pk")
        .values_list(
            "invoice_id", "check_code", "expected", "order_line__order__number",
            "order_line__line_no",
        )
    )  # fmt: skip
    for invoice_id, check, expected, order, line_no in rows:
        held = then[invoice_id]
        held.checks.add(check)
        figure = decimal_of(expected) if check in CHANGED_SINCE else None
        if order and figure is not None:
            held.expected[order, str(line_no)].setdefault(check, figure)
    return then


def _judge(past: Past, rules: RulesOnTrial) -> dict[int, Judged]:
    """Every invoice by the engine, in order of arrival."""
    feed = Feed(past.invoices, past.lines, past.orders, rules)
    ledger = Ledger(feed)
    judged = {}
    for invoice in sorted(past.invoices, key=lambda one: (one.received_on, one.pk)):
        then = past.then.get(invoice.pk, Then())
        orders = tuple(_as_then(order, then) for order in ledger.orders(invoice))
        terms = replace(
            feed.invoice_terms(invoice),
            creditable=ledger.creditable(invoice),
            supplier_status=None,  # as it stands today; what it was then is among the holds
            bank_change=None,
            billed_account=None,
        )
        outcome = compare(terms, orders, feed.header_policy(invoice, orders))
        one = judged[invoice.pk] = _judged(outcome, then)
        is_billed = invoice.status in PAYABLE or not one.held
        ledger.remember(invoice, outcome)
        if is_billed:
            ledger.bill(invoice, outcome)
        ledger.share_charges(invoice, terms, orders, outcome, is_payable=is_billed)
    return judged


def _as_then(order: OrderTerms, then: Then) -> OrderTerms:
    """The order as the invoice found it: not closed yet, and not yet changed because of it."""
    lines = tuple(
        _line_as_then(line, then.expected.get((str(order.number), line.line), {}), then.checks)
        for line in order.lines
    )
    return replace(order, status=OrderStatus.ISSUED, lines=lines)


def _line_as_then(
    line: OrderLineTerms, expected: Mapping[str, Decimal], checks: Set[str]
) -> OrderLineTerms:
    quantity = expected.get(Check.QTY_ORDERED)
    return replace(
        line,
        unit_price=expected.get(Check.PRICE, line.unit_price),
        agreed_price=expected.get(Check.CONTRACT_PRICE, line.agreed_price),
        quantity=line.quantity if quantity is None else quantity,
        cancelled=line.cancelled if quantity is None else ZERO,
        returned=line.returned if checks & GOODS else ZERO,
    )


def _judged(outcome: MatchOutcome, then: Then) -> Judged:
    others = then.checks - LIMITED
    held = {hold.check.value for hold in outcome.holds} | others
    return Judged(
        held=tuple(sorted(held)),
        let_pass=ZERO if held else money_let_pass(outcome.results),
        rules=frozenset(result.rule for result in outcome.results if result.rule),
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
