"""Past invoices judged by the engine again, under the rules of today and under limits on trial.

    replay(trial, since=…, today=…, varied=…, ladder=…) -> Replay

Nothing is written and nobody is held up; a fixed number of statements reads at most MOST_INVOICES
invoices, the latest, once for all the rules they are judged by. All sides go through the same
engine and the same documents in order of arrival, each invoice against what those before it left,
so that only the limits make a difference:

- Prices, agreed prices and ordered quantities are those a hold named, where there was one, so that
  an order changed because of an invoice does not make that invoice right.
- Goods count as received to this day: what a later delivery released by itself needed nobody. What
  went back later counts only where the invoice was held for missing or rejected goods.
- What no limit decides (duplicates, bank details, an unknown unit and the like) held the invoice
  then and holds it on both sides.
- An invoice that was paid or approved in the end is billed on both sides, whoever approved it.
- What we wrote ourselves over what came is billed and not judged: no supplier's invoice was matched.
- Past the cap of a month, the supplier's later invoices of that month are judged without tolerance:
  when somebody would have reviewed it cannot be known.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from matching.ladders import Varied, limits_at, lowest
from matching.limits import Policy
from matching.models import SupplierInvoice, Tolerance
from matching.past import Past, past_invoices
from matching.rejudging import Judged, Judgement, judge, settled_by
from matching.results import Check
from matching.tolerances import policy_of


@dataclass(frozen=True, slots=True)
class Replayed:
    """One invoice under today's rules, on trial, and at each step of the ladder."""

    invoice: SupplierInvoice
    now: Judged
    on_trial: Judged
    steps: tuple[Judged, ...] = ()


@dataclass(frozen=True, slots=True)
class Replay:
    """The invoices that the limits on trial judge; `left` others have a rule of their own, and
    `awaiting` ones wait for their goods whatever the limits."""

    past: Past
    judged: Sequence[Replayed]
    left: int
    awaiting: int


def replay(
    rule: Tolerance,
    *,
    since: date,
    today: date,
    varied: Varied | None = None,
    ladder: Sequence[Decimal] = (),
    told: Callable[[int, int], None] = lambda done, of: None,
) -> Replay:
    """Judges the bills received since that day by today's rules, by them with this rule, and by
    them with this rule and its varied limit at each value of the ladder. Tells how many of these
    are done.

    What that limit at its lowest does not hold is judged once: it makes no difference there.
    """
    past = past_invoices(since, today)
    sides = [judge(past, past.rules)]
    settled: Judgement = {}
    wanted = [rule]
    if varied is not None:
        strictest = past.rules.instead(_with(rule, lowest(rule.limits, varied)))
        settled = settled_by(past, strictest, varied)
        wanted += [_with(rule, limits_at(rule.limits, varied, value)) for value in ladder]
    known: dict[Policy, Judgement] = {}
    for one in wanted:
        policy = policy_of(one)
        if policy not in known:
            known[policy] = judge(past, past.rules.instead(one), settled)
        sides.append(known[policy])
        told(len(sides), 1 + len(wanted))
    return _replayed(past, policy_of(rule).rule, sides)


def _with(rule: Tolerance, limits: dict[str, Any]) -> Tolerance:
    other = copy(rule)
    other.limits = limits
    return other


def _replayed(past: Past, name: str, sides: Sequence[Judgement]) -> Replay:
    """The bills that the rule of this name judges; those that wait for goods anyway are left."""
    judged, left, awaiting = [], 0, 0
    for invoice in past.invoices:
        if not _is_suppliers_bill(invoice):
            continue
        now, on_trial, *others = (side[invoice.pk] for side in sides)
        if name not in on_trial.rules:
            left += 1
        elif Check.AWAITING_RECEIPT in now.held and Check.AWAITING_RECEIPT in on_trial.held:
            awaiting += 1
        else:
            judged.append(Replayed(invoice, now, on_trial, tuple(others)))
    return Replay(past, judged, left, awaiting)


def _is_suppliers_bill(invoice: SupplierInvoice) -> bool:
    """Whether a supplier asked for money: no credit, and nothing that we wrote for it ourselves."""
    is_ours = invoice.origin == SupplierInvoice.Origin.SETTLED
    return invoice.kind == SupplierInvoice.Kind.INVOICE and not is_ours
