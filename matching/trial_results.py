"""What a trial of limits found, counted per supplier and category, as it is kept on the trial.

Money is in the organization's currency by the rates of the day of the trial; invoices in a currency
from which no rate leads are counted, their money is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from matching.einvoices.document import from_json, to_json
from matching.replaying import Judged, Past, Replay, Replayed
from procure.exchange import Rates
from procure.money import ZERO, round_money

HUNDRED = Decimal(100)
SEVERAL, NONE = "Several categories", "No order line"


@dataclass(frozen=True, slots=True)
class Side:
    """Under one set of rules: invoices that nobody had to look at, and what limits let pass."""

    touchless: int
    let_pass: Decimal


@dataclass(frozen=True, slots=True)
class Compared:
    """The invoices of one supplier or category on both sides; `key` is its address, if any."""

    key: str
    name: str
    count: int
    now: Side
    on_trial: Side

    @property
    def rate_now(self) -> Decimal | None:
        """Percent of the invoices that nothing holds under today's rules."""
        return HUNDRED * self.now.touchless / self.count if self.count else None

    @property
    def rate_on_trial(self) -> Decimal | None:
        """Percent of the invoices that nothing would hold under the limits on trial."""
        return HUNDRED * self.on_trial.touchless / self.count if self.count else None

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
    back it reaches. `left` invoices have a nearer rule, `awaiting` ones wait for their goods."""

    since: date
    is_cut: bool
    left: int
    awaiting: int
    unrated: int
    total: Compared
    suppliers: tuple[Compared, ...]
    categories: tuple[Compared, ...]
    changed: tuple[ChangedInvoice, ...]

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
    let_pass_now: Decimal
    let_pass_on_trial: Decimal


def count(replay: Replay, *, since: date, currency: str, rates: Rates) -> TrialResult:
    """Adds the judged invoices up."""
    rows = [_counted(both, replay.past, currency, rates) for both in replay.judged]
    per_supplier: dict[tuple[str, str], list[_Counted]] = {}
    per_category: dict[tuple[str, str], list[_Counted]] = {}
    for row in rows:
        per_supplier.setdefault(row.supplier, []).append(row)
        per_category.setdefault(row.category, []).append(row)
    first = min((one.received_on for one in replay.past.invoices), default=since)
    return TrialResult(
        since=first if replay.past.is_cut else since,
        is_cut=replay.past.is_cut,
        left=replay.left,
        awaiting=replay.awaiting,
        unrated=sum(
            rates.convert(ZERO, one.both.invoice.currency, currency) is None for one in rows
        ),
        total=_compared(("", "All"), rows, currency),
        suppliers=_most_changed(per_supplier, currency),
        categories=_most_changed(per_category, currency),
        changed=tuple(
            _changed(row, currency)
            for row in rows
            if bool(row.both.now.held) != bool(row.both.on_trial.held)
        ),
    )


def _counted(both: Replayed, past: Past, currency: str, rates: Rates) -> _Counted:
    invoice = both.invoice

    def money(side: Judged) -> Decimal:
        return rates.convert(side.let_pass, invoice.currency, currency) or ZERO

    return _Counted(
        both=both,
        supplier=(str(invoice.supplier.public_id), invoice.supplier.name),
        category=_category(both, past),
        let_pass_now=money(both.now),
        let_pass_on_trial=money(both.on_trial),
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
    return ("", SEVERAL if found else NONE)


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
    return Compared(
        *key,
        count=len(rows),
        now=Side(
            sum(not row.both.now.held for row in rows),
            round_money(sum((row.let_pass_now for row in rows), ZERO), currency),
        ),
        on_trial=Side(
            sum(not row.both.on_trial.held for row in rows),
            round_money(sum((row.let_pass_on_trial for row in rows), ZERO), currency),
        ),
    )


def _changed(row: _Counted, currency: str) -> ChangedInvoice:
    return ChangedInvoice(
        invoice_id=row.both.invoice.pk,
        supplier=row.supplier[0],
        category=row.category[0],
        held_now=row.both.now.held,
        held_on_trial=row.both.on_trial.held,
        let_pass=round_money(row.let_pass_on_trial or row.let_pass_now, currency),
    )
