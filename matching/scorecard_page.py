"""One supplier's scorecard as the screen shows it: tiles, months, how the score is built.

Everything comes from two statements: the cells of the months shown and the stored scorecards. The
documents behind the figures are `matching.evidence`'s.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from typing import Any

from django.db.models import F, FilteredRelation, OuterRef, Q, QuerySet, Subquery

from matching.cells import Cell, Span, as_of_day, month_of, stored_months
from matching.misses import PARTIES
from matching.periods import Period, month_end, months_back, parts_of, period_of
from matching.scorecards import MONTHS_SHOWN, Figures, before_words, scorecard_row
from matching.scoring import ScorePart, score_parts, wilson_interval
from procure.charts import Month, MonthChart
from procure.exchange import Rates
from procure.figures import days as days_words
from procure.figures import decimal_of, percent
from procure.models import Organization
from procure.money import allocate, round_half_up
from suppliers.models import (
    ApprovedVendor,
    PriceAgreement,
    Scorecard,
    ScoreRules,
    SkuCost,
    StaleRollup,
    Supplier,
)
from suppliers.score_rules import AS_COLUMN, Scoring, scoring_from_column

STEP = Decimal("0.1")
PERIOD_WORDS = {"90d": "90 days", "365d": "12 months", "all": "All time"}


@dataclass(frozen=True, slots=True)
class View:
    """A measure as a tile and a chart; `count` is the column it is measured on."""

    key: str
    words: str
    column: str
    count: str
    count_words: str
    is_share: bool = True
    chart_words: str = ""


VIEWS = (
    View("on-time", "On time", "on_time_percent", "lines_due", "lines due", chart_words="On-time deliveries by month"),
    View("lead-time", "Lead time", "lead_time_median", "lead_time_n", "lines", False, "Median lead time by month"),
    View("fill-rate", "Fill rate", "fill_rate_percent", "lines_due", "lines due", chart_words="Fill rate of first deliveries by month"),
    View("invoice-accuracy", "Invoice accuracy", "invoice_accuracy_percent", "invoices", "invoices", chart_words="Accurate invoices by month"),
    View("price", "Price to agreement", "price_to_agreement_percent", "lines_with_agreement", "lines on agreement", chart_words="Lines at the agreed price by month"),
)  # fmt: skip
# What the misses are counted on: charted and listed like a tile, but none.
MISSES = View("otif", "On time in full", "otif_percent", "lines_due", "lines due", chart_words="On time in full by month")  # fmt: skip
VIEW_BY_KEY = {view.key: view for view in (*VIEWS, MISSES)}


@dataclass(frozen=True, slots=True)
class Tile:
    """A measure with its target, its change and what it is measured on."""

    view: View
    value: Decimal | None
    change: Decimal | None
    count: int
    months: Sequence[Decimal | None]
    interval: tuple[Decimal, Decimal] | None
    target: int | None
    is_current: bool

    @property
    def tone(self) -> str:
        """Whether the change is for the better."""
        if not self.change:
            return ""
        return "ok" if (self.change > 0) == self.view.is_share else "bad"

    @property
    def spark_tone(self) -> str:
        return "bad" if self.tone == "bad" else ""


@dataclass(frozen=True, slots=True)
class BuiltPart:
    """A line of "how the score is built": its points are rounded so that they add up."""

    part: ScorePart
    points: Decimal

    @property
    def tone(self) -> str:
        return "warn" if self.part.points is not None and self.part.points < 75 else ""


def listed_supplier(organization: Organization, on: date) -> QuerySet[Supplier]:
    """Suppliers with what stands in the head: pending since when, the agreement in force, and the
    rules their cards are scored by."""
    pending = StaleRollup.objects.filter(supplier_id=OuterRef("pk")).order_by("marked_at")
    agreement = PriceAgreement.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gte=on),
        supplier_id=OuterRef("pk"),
        valid_from__lte=on,
    ).order_by("-valid_from")
    scored_by = Scorecard.objects.filter(supplier_id=OuterRef(OuterRef("pk")))
    rules = ScoreRules.objects.filter(version__in=scored_by.values("rules_version"))
    suppliers: QuerySet[Supplier] = Supplier.objects.annotate(
        rules=Subquery(rules.values(column=AS_COLUMN)[:1]),
        pending_since=Subquery(pending.values("marked_at")[:1]),
        agreement_number=Subquery(agreement.values("number")[:1]),
        agreement_to=Subquery(agreement.values("valid_to")[:1]),
    )
    return suppliers


class ScorecardPage:
    """What the screen of one supplier and period needs to know."""

    def __init__(
        self,
        organization: Organization,
        supplier: Supplier,
        *,
        code: str,
        key: str,
        month: date | None,
        is_whole: bool,
    ) -> None:
        self.organization, self.supplier = organization, supplier
        self.as_of = as_of_day(organization)
        self.view = VIEW_BY_KEY.get(key, VIEWS[0])
        self.picked, self.is_whole = month, is_whole
        self.stored = {card.period: card for card in supplier.scorecards.all()}
        self.period: Period = period_of(code or self._usual_period(), self.as_of, self.as_of)

    def _usual_period(self) -> str:
        """Twelve months, unless nothing happened in them."""
        year = self.stored.get(Scorecard.Period.YEAR)
        has_any = year is not None and (year.lines_due or year.invoices)
        return Scorecard.Period.YEAR if has_any or not self.stored else Scorecard.Period.ALL

    @property
    def is_trailing(self) -> bool:
        return self.period.code in Scorecard.Period.values

    @property
    def period_words(self) -> str:
        return PERIOD_WORDS.get(self.period.code, self.period.code)

    @cached_property
    def cells(self) -> list[Cell]:
        """The supplier's months, each added up over its SKUs: one statement."""
        return stored_months(self.supplier.pk)

    @cached_property
    def months(self) -> list[date]:
        """The first days of the months charted: twelve up to the end of the period."""
        known = [cell.key.month for cell in self.cells]
        last = month_of(self.period.days.last or self.as_of)
        if self.period.code == Scorecard.Period.ALL and known:
            last = max(known)
        return [months_back(last, back) for back in reversed(range(MONTHS_SHOWN))]

    @cached_property
    def by_month(self) -> dict[date, Figures]:
        found: dict[date, Figures] = {}
        for cell in self.cells:
            found.setdefault(cell.key.month, Figures()).add(cell)
        return found

    @cached_property
    def card(self) -> Scorecard:
        """The period's figures: stored for the trailing ones, added up for calendar ones."""
        if self.is_trailing:
            return self.stored.get(self.period.code) or Scorecard(
                supplier=self.supplier, currency=self.supplier.currency, as_of=self.as_of
            )
        now, before = self._figures(self.period.days), self._figures(self.period.before or Span())
        card = scorecard_row(now, self.scoring, Rates({}), self.supplier.currency)
        card.before = before_words(before, self.scoring)
        card.as_of = self.as_of
        return card

    @cached_property
    def scoring(self) -> Scoring:
        """The version of the rules that the supplier's cards are scored by."""
        return scoring_from_column(getattr(self.supplier, "rules", None))

    def _figures(self, days: Span) -> Figures:
        part, found = parts_of(days), Figures()
        for cell in self.cells:
            if part.holds_month(cell.key.month):
                found.add(cell)
        return found

    @cached_property
    def tiles(self) -> list[Tile]:
        return [self._tile(view) for view in VIEWS]

    def _tile(self, view: View) -> Tile:
        value = getattr(self.card, view.column)
        before = decimal_of(self.card.before.get(view.column))
        return Tile(
            view=view,
            value=value,
            change=value - before if value is not None and before is not None else None,
            count=int(getattr(self.card, view.count) or 0),
            months=[self._monthly(view, month)[0] for month in self.months],
            interval=self._interval(view, value),
            target=self.scoring.target(view.column),
            is_current=view == self.view,
        )

    def _interval(self, view: View, value: Decimal | None) -> tuple[Decimal, Decimal] | None:
        """How sure a share of counted documents is; a share of units has no such sample."""
        if value is None or view.key in {"lead-time", "fill-rate"}:
            return None
        count = int(getattr(self.card, view.count))
        return wilson_interval(int(round_half_up(value * count / 100, 0)), count)

    @cached_property
    def _by_month(self) -> dict[date, dict[str, Any]]:
        return {
            month: {**figures.added, **figures.measures(), "lead_time_n": figures.lead_time_n}
            for month in self.months
            if (figures := self.by_month.get(month)) is not None
        }

    def _monthly(self, view: View, month: date) -> tuple[Decimal | None, int]:
        found = self._by_month.get(month)
        return (found[view.column], int(found[view.count])) if found else (None, 0)

    @cached_property
    def month(self) -> date | None:
        """The month whose documents are listed: the one picked, else the latest that has any;
        None for the whole period."""
        if self.is_whole or self.picked is not None:
            return self.picked
        return max((m for m in self.months if self._monthly(self.view, m)[1]), default=None)

    @cached_property
    def days(self) -> Span:
        """The days whose documents are listed: the month, else the period."""
        if self.month is None:
            return self.period.days
        return Span(self.month, month_end(self.month))

    def chart(self, addresses: Mapping[date, str]) -> MonthChart:
        """The measure by month; `addresses` are where picking a month leads."""
        view = self.view
        target = self.scoring.target(view.column)
        return MonthChart(
            title=view.chart_words,
            months=[self._charted(month, addresses[month]) for month in self.months],
            target=None if target is None else Decimal(target),
            target_label=f"target {percent(Decimal(target), 0)}" if target is not None else "",
            unit="%" if view.is_share else " d",
            ceiling=100 if view.is_share else None,
            volume_label="lines" if view.key != "invoice-accuracy" else "bills",
            swap="#scorecard",
        )

    def _charted(self, month: date, address: str) -> Month:
        value, count = self._monthly(self.view, month)
        words = percent(value, 0) if self.view.is_share else days_words(value)
        target = self.scoring.target(self.view.column)
        return Month(
            name=f"{month:%b}",
            title=f"{month:%B %Y}: {words}, {count} {self.view.count_words}",
            value=value,
            count=count,
            url=address,
            label=words,
            missed=value is not None and target is not None and value < target,
            selected=month == self.month,
        )

    @property
    def misses(self) -> list[tuple[str, str, int]]:
        """Who missed how many lines of the period: key, words, number."""
        card = self.card
        counts = (card.misses_by_supplier, card.misses_by_carrier, card.misses_by_us)
        return [(key, words, n) for (key, words, _), n in zip(PARTIES, counts, strict=True)]

    @cached_property
    def built(self) -> list[BuiltPart]:
        """The parts of the score; their points, to a tenth, add up to the score shown."""
        parts = score_parts(
            {one.name: getattr(self.card, one.name) for one in self.scoring.measures}, self.scoring
        )
        shown = self.score_shown or Decimal(0)
        points = allocate(shown, [part.contribution for part in parts], STEP)
        return [BuiltPart(part, each) for part, each in zip(parts, points, strict=True)]

    @property
    def score_shown(self) -> Decimal | None:
        return None if self.card.score is None else round_half_up(self.card.score, 1)

    @property
    def score_before(self) -> Decimal | None:
        return decimal_of(self.card.before.get("score"))

    @cached_property
    def falls_three_times(self) -> bool:
        """Whether the on-time share fell in each of the last three months with lines due."""
        shares = [
            share
            for month in self.months
            if month <= month_of(self.as_of)
            and (share := self._monthly(VIEWS[0], month)[0]) is not None
        ]
        last = shares[-4:]
        return len(last) == 4 and all(later < earlier for earlier, later in pairwise(last))

    @cached_property
    def calendar(self) -> list[str]:
        """The quarters and months that may be picked, the latest first."""
        months = sorted({month for month in self.by_month if month <= month_of(self.as_of)})
        quarters = {f"{month.year}-Q{(month.month + 2) // 3}" for month in months}
        return sorted(quarters, reverse=True)[:8] + [f"{m:%Y-%m}" for m in reversed(months)][:24]


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another approved supplier of the category; `cost` compares the SKUs that both sold us."""

    supplier: Supplier
    standing: str
    on_time: Decimal | None
    lead_time: Decimal | None
    grade: str
    cost: Decimal | None
    is_self: bool


def approved_entries(supplier: Supplier, on: date) -> list[ApprovedVendor]:
    """Who is approved on that day for the categories this supplier is approved for, with their
    twelve months' scorecard: one statement."""
    valid = ApprovedVendor.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gte=on), valid_from__lte=on, category__isnull=False
    )
    own = valid.filter(supplier=supplier).values("category_id")
    return list(
        valid.filter(category_id__in=Subquery(own))
        .annotate(
            card=FilteredRelation(
                "supplier__scorecards", condition=Q(supplier__scorecards__period="365d")
            ),
            on_time=F("card__on_time_percent"),
            lead_time=F("card__lead_time_median"),
            grade=F("card__grade"),
        )
        .select_related("supplier", "category")
        .order_by("rank", "supplier__name")
    )


def alternatives(supplier: Supplier, entries: Sequence[ApprovedVendor]) -> list[Alternative]:
    """The suppliers of the entries' first category, this one among them; one statement."""
    own = [entry for entry in entries if entry.supplier_id == supplier.pk]
    if not own:
        return []
    of_category: dict[int, Any] = {}
    for entry in entries:
        if entry.category_id == own[0].category_id:
            of_category.setdefault(entry.supplier_id, entry)
    costs = _relative_costs(supplier.pk, list(of_category))
    return [
        Alternative(
            supplier=entry.supplier,
            standing=entry.get_standing_display(),
            on_time=entry.on_time,
            lead_time=entry.lead_time,
            grade=entry.grade or "",
            cost=costs.get(entry.supplier_id),
            is_self=entry.supplier_id == supplier.pk,
        )
        for entry in of_category.values()
    ]


def _relative_costs(supplier_id: int, others: Sequence[int]) -> dict[int, Decimal]:
    """How much dearer, in percent, each would have been for the quantities bought here."""
    rows = SkuCost.objects.filter(
        sku_id__in=Subquery(SkuCost.objects.filter(supplier_id=supplier_id).values("sku_id")),
        supplier_id__in=others,
        average_price__isnull=False,
    ).values_list("supplier_id", "sku_id", "currency", "average_price", "received_quantity")
    own = {
        (sku, currency): (price, bought)
        for s, sku, currency, price, bought in rows
        if s == supplier_id
    }
    here: dict[int, Decimal] = {}
    there: dict[int, Decimal] = {}
    for other, sku_id, currency, price, _ in rows:
        if other == supplier_id or (sku_id, currency) not in own:
            continue
        paid, bought = own[sku_id, currency]
        here[other] = here.get(other, Decimal(0)) + paid * bought
        there[other] = there.get(other, Decimal(0)) + price * bought
    return {
        other: 100 * (there[other] - here[other]) / here[other] for other in here if here[other]
    }


def standing_words(supplier: Supplier, entries: Sequence[ApprovedVendor]) -> str:
    """As "Preferred for Corrugate, Film": the best standing and its categories."""
    own = [entry for entry in entries if entry.supplier_id == supplier.pk]
    for standing in ApprovedVendor.Standing:
        names = [
            entry.category.name for entry in own if entry.standing == standing and entry.category
        ]
        if names:
            return f"{standing.label} for {', '.join(names[:3])}"
    return ""
