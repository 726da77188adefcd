"""Periods: whole months from cells, edge days from documents, exact to the day."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from matching.cells import Documents, Span
from matching.draining import drain
from matching.periods import parts_of, period_of
from matching.result_exports import SCORECARD_COLUMNS, scorecard_rows
from matching.scorecards import figures_by_period
from procure.errors import BusinessRuleError
from suppliers.models import Scorecard
from tests.results.trade import Trade, day

TODAY = date(2026, 6, 15)


@pytest.mark.parametrize(
    ("code", "as_of", "first", "last", "before"),
    [
        ("all", TODAY, None, None, None),
        ("all", date(2026, 2, 3), None, date(2026, 2, 3), None),
        ("365d", TODAY, date(2025, 6, 16), None, (date(2024, 6, 16), date(2025, 6, 15))),
        ("90d", date(2026, 5, 30), date(2026, 3, 2), date(2026, 5, 30), (date(2025, 12, 2), date(2026, 3, 1))),
        ("2026-Q1", TODAY, date(2026, 1, 1), date(2026, 3, 31), (date(2025, 10, 1), date(2025, 12, 31))),
        ("2026-02", TODAY, date(2026, 2, 1), date(2026, 2, 28), (date(2026, 1, 1), date(2026, 1, 31))),
        ("2026-02", date(2026, 2, 9), date(2026, 2, 1), date(2026, 2, 9), (date(2026, 1, 1), date(2026, 1, 31))),
    ],
)  # fmt: skip
def test_a_period_has_its_days_and_those_before(
    code: str, as_of: date, first: date | None, last: date | None, before: tuple[date, date] | None
) -> None:
    period = period_of(code, as_of, TODAY)
    assert period.days == Span(first, last)
    assert period.before == (before and Span(*before))


@pytest.mark.parametrize("code", ["", "year", "2026-Q5", "2026-13", "2026-1", "2026-Q1 "])
def test_another_word_is_no_period(code: str) -> None:
    with pytest.raises(BusinessRuleError, match="is no period"):
        period_of(code, TODAY, TODAY)


@pytest.mark.parametrize("length", [1, 2, 27, 28, 31, 32, 59, 90, 365])
def test_months_and_edges_cover_a_span_exactly_once(length: int) -> None:
    for start in range(0, 70, 3):
        first = date(2026, 1, 1) + timedelta(days=start)
        span = Span(first, first + timedelta(days=length - 1))
        parts = parts_of(span)
        covered = []
        for offset in range(-40, length + 40):
            here = first + timedelta(days=offset)
            times = parts.holds_month(here.replace(day=1))
            times += sum(edge.first <= here <= edge.last for edge in parts.edges)
            covered.append((span.first <= here <= span.last, times))
        assert set(covered) == {(True, 1), (False, 0)}


def test_a_window_counts_each_day_and_not_one_more(trade: Trade) -> None:
    organization = trade.world.organization
    for due in ("01-31", "02-01", "03-15", "03-16", "04-10", "06-15", "06-20"):
        trade.receive(trade.order(due=due), 100, due if due < "06-16" else "06-10")
    drain(organization.pk)
    documents = Documents(organization, TODAY)
    northline = trade.world.northline.pk

    def lines_due(first: str | None, last: str | None) -> int:
        span = Span(first and day(first), last and day(last))
        found = figures_by_period(documents, [span]).get((northline, 0))
        return found.lines_due if found else 0

    assert lines_due(None, None) == 7
    assert lines_due("02-01", "03-15") == 2
    assert lines_due("02-02", "03-14") == 0
    assert lines_due("03-15", "03-15") == 1
    assert lines_due("03-16", None) == 4
    assert lines_due("04-11", "06-15") == 1


def test_stored_periods_trail_the_day_and_remember_the_one_before(trade: Trade) -> None:
    organization = trade.world.organization
    drain(organization.pk)
    organization.refresh_from_db()
    today = organization.rollups_as_of
    for days_ago, late in ((10, 0), (80, 0), (89, 4), (90, 0), (200, 1)):
        due = today - timedelta(days=days_ago)
        line = trade.order(due=str(due), issued=None)
        trade.receive(line, 100, str(due + timedelta(days=late)))
    drain(organization.pk)
    cards = {card.period: card for card in Scorecard.objects.filter(supplier=trade.world.northline)}
    assert {code: (card.lines_due, card.lines_on_time) for code, card in cards.items()} == {
        "all": (5, 3),
        "365d": (5, 3),
        "90d": (3, 2),
    }
    assert cards["90d"].on_time_percent == Decimal("66.6667")
    assert cards["90d"].before["lines_due"] == 1
    assert cards["90d"].before["on_time_percent"] == "100.0000"
    assert len(cards["all"].months) == 12
    assert cards["all"].grade == ""


def test_export_rows_are_unrounded_and_absent_figures_are_none(trade: Trade) -> None:
    for received_on in ("03-10", "03-10", "03-12"):
        trade.receive(trade.order(), 100, received_on)
    drain(trade.world.organization.pk)
    rows = {
        row["supplier_code"]: row
        for row in scorecard_rows(trade.world.organization, period="2026-03")
    }
    assert set(rows) == {"NORTH", "KESTREL"}
    north = rows["NORTH"]
    assert tuple(north) == SCORECARD_COLUMNS
    assert north["on_time_percent"] == Decimal(200) / 3
    assert (north["lines_due"], north["spend"], north["late_days_median"]) == (3, 300, 2)
    assert north["invoice_accuracy_percent"] is None
    assert north["grade"] is None
    assert rows["KESTREL"]["lines_due"] == 0
    assert rows["KESTREL"]["on_time_percent"] is None
