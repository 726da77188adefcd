"""Supplier scorecards: figures over a period, and the score they make.

A period adds up stored cells for its whole months and asks the documents for its edge days, so
it is exact to the day. Figures are unrounded here; rounding is for the table and the screen.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import DecimalField
from django.utils import timezone

from matching.cells import (
    ADDED,
    PLAIN,
    Cell,
    Days,
    Documents,
    Span,
    edge_cells,
    month_of,
    stored_cells,
)
from matching.periods import Parts, months_back, parts_of, period_of
from matching.scoring import grade_of, score_of, share
from procure.exchange import Rates, rates_on
from procure.models import Organization
from procure.money import ZERO, round_half_up
from suppliers import rollups
from suppliers.histograms import count_of, deviation_of, mean_of, median_of, quantile_of
from suppliers.models import Scorecard, Supplier
from suppliers.score_rules import Scoring, scoring_on

MONTHS_SHOWN = 12


_PLACES = {
    column.name: column.decimal_places
    for column in Scorecard._meta.concrete_fields
    if isinstance(column, DecimalField)
}


@dataclass(slots=True)
class Figures:
    """What the cells of a supplier's period add up to, and the measures drawn from it."""

    added: dict[str, Any] = field(default_factory=lambda: dict.fromkeys(ADDED, 0))
    late_days: Days = field(default_factory=Counter)
    lead_times: Days = field(default_factory=Counter)
    spend: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    variances: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    expected: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    def add(self, cell: Cell) -> None:
        for name in ADDED:
            self.added[name] += getattr(cell, name)
        self.late_days.update(cell.late_days)
        self.lead_times.update(cell.lead_times)
        self.spend[cell.key.currency] += cell.spend
        self.variances[cell.key.currency] += cell.invoice_over - cell.invoice_under
        self.expected[cell.key.currency] += cell.invoice_expected

    @property
    def lines_due(self) -> int:
        return int(self.added["lines_due"])

    @property
    def lines_on_time(self) -> int:
        return int(self.added["lines_on_time"])

    @property
    def invoices(self) -> int:
        return int(self.added["invoices"])

    def measures(self) -> dict[str, Decimal | None]:
        """Every share and statistic by its column name, unrounded; None where no data is."""
        got = self.added
        return {
            "on_time_percent": share(self.lines_on_time, self.lines_due),
            "in_full_percent": share(got["lines_in_full"], self.lines_due),
            "otif_percent": share(got["lines_on_time_in_full"], self.lines_due),
            "fill_rate_percent": share(got["first_received_quantity"], got["ordered_quantity"]),
            "late_days_mean": mean_of(self.late_days),
            "late_days_median": median_of(self.late_days),
            "lead_time_mean": mean_of(self.lead_times),
            "lead_time_median": median_of(self.lead_times),
            "lead_time_p90": quantile_of(self.lead_times, Decimal("0.9")),
            "lead_time_deviation": deviation_of(self.lead_times),
            "lead_time_adherence_percent": share(
                got["lines_within_lead_time"], got["lines_with_agreed_lead_time"]
            ),
            "rejected_ppm": _per_million(got["rejected_quantity"], got["received_quantity"]),
            "invoice_accuracy_percent": share(got["accurate_invoices"], self.invoices),
            "price_to_agreement_percent": share(
                got["lines_at_agreed_price"], got["lines_with_agreement"]
            ),
        }

    @property
    def lead_time_n(self) -> int:
        return count_of(self.lead_times)


def _per_million(part: Decimal, whole: Decimal) -> Decimal | None:
    return 1_000_000 * part / whole if whole else None


def figures_by_period(
    documents: Documents, spans: Sequence[Span], cells: Sequence[Cell] | None = None
) -> dict[tuple[int, int], Figures]:
    """Figures per (supplier, index of the span): one statement for cells, three for edge days.

    `cells` are the stored ones unless given.
    """
    if cells is None:
        cells = stored_cells(suppliers=documents.suppliers, names=PLAIN)
    parts = [parts_of(span) for span in spans]
    found: dict[tuple[int, int], Figures] = defaultdict(Figures)
    for cell in cells:
        for index, part in enumerate(parts):
            if part.holds_month(cell.key.month):
                found[cell.key.supplier_id, index].add(cell)
    for index, cell in edge_days(documents, parts, {cell.key.month for cell in cells}):
        found[cell.key.supplier_id, index].add(cell)
    return found


def edge_days(
    documents: Documents, parts: Sequence[Parts], months: Collection[date], *, delivery: bool = True
) -> Iterable[tuple[int, Cell]]:
    """What the documents say of the edge days, per index of its part; months without a cell
    have no documents either and are not asked."""
    edges = sorted(
        {
            edge
            for part in parts
            for edge in part.edges
            if edge.first is not None and month_of(edge.first) in months
        }
    )
    found = dict(zip(edges, edge_cells(documents, edges, delivery=delivery), strict=True))
    for index, part in enumerate(parts):
        for edge in part.edges:
            for cell in found.get(edge, ()):
                yield index, cell


def amount_in_one_currency(
    amounts: Mapping[str, Decimal], preferred: str, rates: Rates
) -> tuple[Decimal | None, str]:
    """The sum in the one currency it is all in, else in the preferred one; None without a rate."""
    given = {currency: amount for currency, amount in amounts.items() if amount}
    if len(given) <= 1:
        currency = next(iter(given), None) or next(iter(amounts), preferred)
        return given.get(currency, ZERO), currency
    total = ZERO
    for currency, amount in given.items():
        converted = rates.convert(amount, currency, preferred)
        if converted is None:
            return None, preferred
        total += converted
    return total, preferred


def invoice_variance(figures: Figures, preferred: str, rates: Rates) -> Decimal | None:
    """(billed - expected) / expected as a ratio; None when nothing was expected."""
    expected, _ = amount_in_one_currency(figures.expected, preferred, rates)
    variance, _ = amount_in_one_currency(figures.variances, preferred, rates)
    return variance / expected if expected and variance is not None else None


def refresh_scorecards(
    organization: Organization, supplier_ids: Collection[int], as_of: date
) -> None:
    """Computes and stores the scorecards of these suppliers; their results must be locked."""
    rollups.store_scorecards(supplier_ids, scorecards_of(organization, supplier_ids, as_of))


def scorecards_of(
    organization: Organization,
    supplier_ids: Collection[int] | None,
    as_of: date,
    cells: Sequence[Cell] | None = None,
) -> list[Scorecard]:
    """The three kept periods of every supplier that has results, from stored or given cells."""
    documents = Documents(organization, as_of, suppliers=supplier_ids)
    periods = [period_of(code, as_of, as_of) for code in Scorecard.Period.values]
    spans = [period.days for period in periods] + [p.before for p in periods if p.before]
    this_month = month_of(as_of)
    months = [months_back(this_month, back) for back in reversed(range(MONTHS_SHOWN))]
    spans += [Span(month, months_back(month, -1) - timedelta(days=1)) for month in months]
    figures = figures_by_period(documents, spans, cells)
    rates, scoring = rates_on(as_of), scoring_on(as_of)
    currencies = dict(Supplier.objects.values_list("pk", "currency"))
    cards = []
    for supplier_id in sorted({supplier_id for supplier_id, _ in figures}):
        of_span = [figures.get((supplier_id, index), Figures()) for index in range(len(spans))]
        shares = [
            _text(share(month.lines_on_time, month.lines_due)) for month in of_span[-MONTHS_SHOWN:]
        ]
        befores = iter(of_span[len(periods) : -MONTHS_SHOWN])
        for period, now in zip(periods, of_span, strict=False):
            card = scorecard_row(now, scoring, rates, currencies[supplier_id])
            card.supplier_id, card.period, card.months = supplier_id, period.code, shares
            card.as_of = as_of
            card.before = before_words(next(befores), scoring) if period.before else {}
            cards.append(card)
    return cards


def scorecard_row(figures: Figures, scoring: Scoring, rates: Rates, currency: str) -> Scorecard:
    """Figures rounded as the table keeps them, without supplier and period."""
    measures = figures.measures()
    score = score_of(measures, scoring)
    spend, spend_currency = amount_in_one_currency(figures.spend, currency, rates)
    card = Scorecard(
        lines_due=figures.lines_due,
        lines_on_time=figures.lines_on_time,
        lines_missed=figures.lines_due - figures.added["lines_on_time_in_full"],
        misses_by_us=figures.added["misses_by_us"],
        misses_by_carrier=figures.added["misses_by_carrier"],
        lead_time_n=figures.lead_time_n,
        invoices=figures.invoices,
        lines_with_agreement=figures.added["lines_with_agreement"],
        currency=spend_currency,
        grade=grade_of(score, figures.lines_due, scoring),
        rules_version=scoring.version,
        computed_at=timezone.now(),
    )
    rounded = {
        **measures,
        "score": score,
        "spend": spend,
        "invoice_variance": invoice_variance(figures, currency, rates),
    }
    for name, value in rounded.items():
        setattr(card, name, None if value is None else round_half_up(value, _PLACES[name]))
    return card


def before_words(figures: Figures, scoring: Scoring) -> dict[str, Any]:
    """The measures of the period before as JSON: decimals as text, absent ones null."""
    measures = figures.measures()
    score = score_of(measures, scoring)
    words: dict[str, Any] = {name: _text(value) for name, value in measures.items()}
    return {
        **words,
        "score": _text(score),
        "grade": grade_of(score, figures.lines_due, scoring),
        "lines_due": figures.lines_due,
        "invoices": figures.invoices,
    }


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(round_half_up(value, 4))
