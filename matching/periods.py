"""Periods of a scorecard: all time, the trailing 365 and 90 days, a quarter, a month.

A period counts what fell due in it, by what the documents say now. One that reaches the present
is open at its end: a line delivered ahead of its day counts when it has come, not later.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from matching.cells import Span, month_of
from procure.errors import BusinessRuleError
from suppliers.models import Scorecard

TRAILING_DAYS = {Scorecard.Period.YEAR: 365, Scorecard.Period.QUARTER: 90}
_QUARTER = re.compile(r"(\d{4})-Q([1-4])")
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True)
class Period:
    """A period by its code, with its days and those of the equally long one before."""

    code: str
    days: Span
    before: Span | None


@dataclass(frozen=True, slots=True)
class Parts:
    """A span as whole months (first days, None is open) and the single days at its edges."""

    first_month: date | None
    last_month: date | None
    edges: tuple[Span, ...]

    def holds_month(self, month: date) -> bool:
        after = self.first_month is None or month >= self.first_month
        return after and (self.last_month is None or month <= self.last_month)


def month_end(day: date) -> date:
    """The last day of its month."""
    return day.replace(day=monthrange(day.year, day.month)[1])


def next_month(day: date) -> date:
    """The first day of the month after."""
    return month_end(day) + timedelta(days=1)


def months_back(month: date, count: int) -> date:
    """The first day of the month that lies so many months before."""
    index = month.year * 12 + month.month - 1 - count
    return date(index // 12, index % 12 + 1, 1)


def parts_of(days: Span) -> Parts:
    """Splits a span into whole months and edge days."""
    first, last = days
    if first and last and month_of(first) == month_of(last):
        if first.day == 1 and last == month_end(last):
            return Parts(first, first, ())
        return Parts(next_month(first), first, (days,))
    edges = []
    first_month, last_month = first, last and month_of(last)
    if first and first.day != 1:
        edges.append(Span(first, month_end(first)))
        first_month = next_month(first)
    if last and last != month_end(last):
        edges.append(Span(month_of(last), last))
        last_month = months_back(month_of(last), 1)
    return Parts(first_month, last_month, tuple(edges))


def period_of(code: str, as_of: date, today: date) -> Period:
    """The period of that code as of a day; another word than the known ones is refused."""
    if code == Scorecard.Period.ALL:
        return Period(code, _cut(Span(), as_of, today), None)
    if code in TRAILING_DAYS:
        length = timedelta(days=TRAILING_DAYS[Scorecard.Period(code)])
        first = as_of - length + timedelta(days=1)
        before = Span(first - length, first - timedelta(days=1))
        return Period(code, _cut(Span(first), as_of, today), before)
    if found := _QUARTER.fullmatch(code):
        first = date(int(found[1]), int(found[2]) * 3 - 2, 1)
        return _calendar_period(code, first, 3, as_of, today)
    if found := _MONTH.fullmatch(code):
        return _calendar_period(code, date(int(found[1]), int(found[2]), 1), 1, as_of, today)
    raise BusinessRuleError(
        "unknown_period",
        f"“{code}” is no period. Use all, 365d, 90d, a quarter as 2026-Q3 or a month as 2026-09.",
        "period",
    )


def _calendar_period(code: str, first: date, months: int, as_of: date, today: date) -> Period:
    last = month_end(months_back(first, 1 - months))
    before = Span(months_back(first, months), first - timedelta(days=1))
    return Period(code, _cut(Span(first, last), as_of, today), before)


def _cut(days: Span, as_of: date, today: date) -> Span:
    """Days after a past `as_of` are left out."""
    if as_of >= today:
        return days
    return Span(days.first, min(days.last or as_of, as_of))
