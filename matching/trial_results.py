"""What a trial of limits found, counted per supplier and category, as it is kept on the trial.

Money is in the organization's currency by the rates of the day of the trial; invoices in a currency
from which no rate leads are counted, their money is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from matching.einvoices.document import from_json, to_json
from matching.past import Past
from matching.rejudging import Judged
from matching.replaying import Replay, Replayed
from procure.money import HUNDRED, ZERO, round_money

SEVERAL, NONE = ("several", "Several categories"), ("none", "No order line")


@dataclass(frozen=True, slots=True)
class Side:
    """Under one set of rules: invoices that nobody had to look at, and what limits let pass.

    `past_cap` invoices came after their supplier's cap of the month was passed.
    """

    touchless: int
    let_pass: Decimal
    past_cap: int = 0


@dataclass(frozen=True, slots=True)
class Compared:
    """The invoices of one supplier or category on both sides; `key` is its address, if any.

    `steps` are the same at each value of the trial's ladder.
    """

    key: str
    name: str
    count: int
    now: Side
    on_trial: Side
    steps: tuple[Side, ...] = ()

    def rate(self, side: Side) -> Decimal | None:
        """Percent of the invoices that nothing holds on this side."""
        return HUNDRED * side.touchless / self.count if self.count else None

    @property
    def rate_now(self) -> Decimal | None:
        """Percent of the invoices that nothing holds under today's rules."""
        return self.rate(self.now)

    @property
    def rate_on_trial(self) -> Decimal | None:
        """Percent of the invoices that nothing would hold under the limits on trial."""
        return self.rate(self.on_trial)

    @property
    def gain(self) -> int:
        """How many invoices more pass untouched; negative where the limits are tighter."""
        return self.on_trial.touchless - self.now.touchless

    @property
    def more_let_pass(self) -> Decimal:
        """How much more money is let pass."""
        return self.on_trial.let_pass - self.now.let_pass


@dataclass(frozen=True, slots=True)
class ChangedInvoice:
    """An invoice that is held on one side only, with what holds it there."""

    invoice_id: int
    supplier: str
    category: str
    held_now: tuple[str, ...]
    held_on_trial: tuple[str, ...]
    let_pass: Decimal


@dataclass(frozen=True, slots=True)
class TrialResult:
    """The whole answer. `is_cut`: there were more invoices than are read, `since` says how far
    back it reaches. `left` invoices have a nearer rule, `awaiting` ones wait for their goods.
    `ladder` holds the values that one limit was tried at, the `steps` of what is compared;
    `value_now` and `value_on_trial` are its own ones, if it has one."""

    since: date
    is_cut: bool
    left: int
    awaiting: int
    unrated: int
    total: Compared
    suppliers: tuple[Compared, ...]
    categories: tuple[Compared, ...]
    changed: tuple[ChangedInvoice, ...]
    ladder: tuple[Decimal, ...] = ()
    value_now: Decimal | None = None
    value_on_trial: Decimal | None = None

    def as_json(self) -> dict[str, Any]:
        """As the trial keeps it."""
        kept: dict[str, Any] = to_json(self)
        return kept


def result_of(kept: Mapping[str, Any]) -> TrialResult:
    """What `as_json` wrote."""
    return from_json(TrialResult, kept)


@dataclass(frozen=True, slots=True)
class _Counted:
    """One invoice with where it counts and its money, converted."""

    both: Replayed
    supplier: tuple[str, str]
    category: tuple[str, str]
    let_pass: tuple[Decimal, ...]  # now, on trial, and at each step

    @property
    def sides(self) -> tuple[Judged, ...]:
        return (self.both.now, self.both.on_trial, *self.both.steps)


def count(replay: Replay, *, since: date) -> TrialResult:
    """Adds the judged invoices up."""
    past = replay.past
    currency = past.currency
    rows = [_counted(both, past) for both in replay.judged]
    per_supplier: dict[tuple[str, str], list[_Counted]] = {}
    per_category: dict[tuple[str, str], list[_Counted]] = {}
    for row in rows:
        per_supplier.setdefault(row.supplier, []).append(row)
        per_category.setdefault(row.category, []).append(row)
    first = min((one.received_on for one in past.invoices), default=since)
    return TrialResult(
        since=first if past.is_cut else since,
        is_cut=past.is_cut,
        left=replay.left,
        awaiting=replay.awaiting,
        unrated=sum(past.in_own_currency(ZERO, one.both.invoice.currency) is None for one in rows),
        total=_compared(("", "All"), rows, currency),
        suppliers=_most_changed(per_supplier, currency),
        categories=_most_changed(per_category, currency),
        changed=tuple(
            _changed(row, currency)
            for row in rows
            if bool(row.both.now.held) != bool(row.both.on_trial.held)
        ),
    )


def _counted(both: Replayed, past: Past) -> _Counted:
    invoice = both.invoice
    return _Counted(
        both=both,
        supplier=(str(invoice.supplier.public_id), invoice.supplier.name),
        category=_category(both, past),
        let_pass=tuple(
            past.in_own_currency(side.let_pass, invoice.currency) or ZERO
            for side in (both.now, both.on_trial, *both.steps)
        ),
    )


def _category(both: Replayed, past: Past) -> tuple[str, str]:
    """The category of all its lines, if they have one in common."""
    found = {
        (str(category.public_id), category.name)
        for line in past.lines.get(both.invoice.pk, ())
        if line.order_line_id is not None
        and (category := past.categories.get(line.order_line_id)) is not None
    }
    if len(found) == 1:
        return found.pop()
    return SEVERAL if found else NONE


def _most_changed(
    groups: Mapping[tuple[str, str], list[_Counted]], currency: str
) -> tuple[Compared, ...]:
    """Where the limits change most stands first, then where there are most invoices."""
    compared = (_compared(key, rows, currency) for key, rows in groups.items())
    return tuple(
        sorted(compared, key=lambda one: (-abs(one.gain), -one.more_let_pass, -one.count, one.name))
    )


def _compared(key: tuple[str, str], rows: Iterable[_Counted], currency: str) -> Compared:
    rows = list(rows)
    width = len(rows[0].sides) if rows else 2
    now, on_trial, *steps = (_side(rows, place, currency) for place in range(width))
    return Compared(*key, count=len(rows), now=now, on_trial=on_trial, steps=tuple(steps))


def _side(rows: Sequence[_Counted], place: int, currency: str) -> Side:
    judged = [row.sides[place] for row in rows]
    return Side(
        touchless=sum(not one.held for one in judged),
        let_pass=round_money(sum((row.let_pass[place] for row in rows), ZERO), currency),
        past_cap=sum(one.is_past_cap for one in judged),
    )


def _changed(row: _Counted, currency: str) -> ChangedInvoice:
    return ChangedInvoice(
        invoice_id=row.both.invoice.pk,
        supplier=row.supplier[0],
        category=row.category[0],
        held_now=row.both.now.held,
        held_on_trial=row.both.on_trial.held,
        let_pass=round_money(row.let_pass[1] or row.let_pass[0], currency),
    )
