"""Whom to order from: suppliers ranked for the lines of an order.

The ranking is open: four weights that anyone can read (`RANKING_WEIGHTS`), each supplier's points
beside them. Approved suppliers always come before others, whatever the points; the number of
statements does not depend on suppliers or lines.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import NamedTuple

from django.utils import timezone

from procure.money import ZERO, round_half_up, round_money
from suppliers.approved_vendors import (
    ListDecision,
    category_decisions,
    lineage_of,
    list_decisions,
    worst,
)
from suppliers.models import (
    ApprovedVendor,
    Category,
    PriceBreak,
    Qualification,
    Scorecard,
    Sku,
    SkuCost,
    Supplier,
)
from suppliers.pricing import (
    AGREEMENT,
    LAST_PAID,
    QUOTE,
    LinePrice,
    PriceBook,
    WantedLine,
    line_prices,
    quantities_of,
)
from suppliers.quoted_prices import who_quoted
from suppliers.ranking_words import fallback_since, price_basis
from suppliers.score_rules import RANK, WARN, Scoring, scoring_of_version

__all__ = [
    "RANKING_WEIGHTS",
    "LinePrice",
    "RankedSupplier",
    "WantedLine",
    "line_prices",
    "line_rankings",
    "supplier_ranking",
]

MOST_UNAPPROVED = 8
"""Suppliers that are not approved are shown to be seen, not to be searched."""

ENOUGH_LINES = 8
"""Below so many lines due, an on-time share says too little to be called a record."""


class Weight(NamedTuple):
    """A part of the ranking: how many points it can give, and how they are given."""

    name: str
    points: int
    rule: str


COST = Weight(
    "Cost", 40, "All points for the lowest approved order cost, two fewer per percent above it."
)
ON_TIME = Weight(
    "On time",
    30,
    "All points from 95% of lines on time in 12 months, none at 80% or below; half when nothing was due.",
)
ARRIVAL = Weight(
    "Arrival",
    20,
    "All points when it arrives by the needed-by date, four fewer per day late; half when the lead time is unknown.",
)
STANDING = Weight("Standing", 10, "Preferred 10, approved 5, backup none.")
RANKING_WEIGHTS = (COST, ON_TIME, ARRIVAL, STANDING)  # fmt: skip
STANDING_POINTS = {"preferred": 10, "approved": 5}


@dataclass(frozen=True, slots=True)
class RankedSupplier:
    """A supplier's row in the ranking, everything a buyer compares.

    `order_cost` is for all lines in the supplier's currency, None when a line has no price;
    `difference_percent` is against the lowest approved cost. `on_time_percent`, `lines_due` and
    `months` are its record over 12 months, `prices` one per SKU. `days_early` is negative when it arrives too late.
    `points` is the sum of `parts`, one per weight; with `falls_behind` its grade puts it behind
    the other approved ones whatever the points, and with `is_warned` the reasons say the grade.
    """

    supplier: Supplier
    decision: ListDecision
    basis: str
    reasons: tuple[str, ...] = ()
    order_cost: Decimal | None = None
    compared_cost: Decimal | None = None
    unpriced_lines: int = 0
    difference_percent: Decimal | None = None
    is_lowest_approved: bool = False
    on_time_percent: Decimal | None = None
    lines_due: int = 0
    months: tuple[object, ...] = ()
    lead_time_days: int | None = None
    lead_time_source: str = ""
    arrives_on: date | None = None
    days_early: int | None = None
    grade: str = ""
    falls_behind: bool = False
    is_warned: bool = False
    parts: tuple[Decimal, ...] = ()
    prices: tuple[LinePrice, ...] = ()

    @property
    def unit_price(self) -> Decimal | None:
        """The price of the first SKU asked for, as a page of one SKU shows it."""
        return self.prices[0].unit_price if self.prices else None

    @property
    def standing(self) -> str:
        return self.decision.standing

    @property
    def is_approved(self) -> bool:
        return self.decision.is_approved

    @property
    def is_suggested(self) -> bool:
        return self.decision.is_suggested

    @property
    def points(self) -> Decimal:
        return sum(self.parts, ZERO)

    @property
    def sentence(self) -> str:
        """The one line under the name: what the price rests on, then why it stands here."""
        return " · ".join(part for part in (self.basis, *self.reasons) if part)


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What was read for all candidates at once."""

    decisions: Mapping[int, ListDecision]
    book: PriceBook
    scorecards: dict[int, Scorecard]
    scoring: Scoring
    category_lead_time: int | None
    needed_on: date | None
    on: date


def supplier_ranking(
    *,
    category: Category,
    lines: Sequence[WantedLine],
    needed_on: date | None,
    on: date,
    ship_to: int | None = None,
    including: Collection[int] = (),
) -> list[RankedSupplier]:
    """The suppliers for these lines, best first; approved ones whose entry says not to suggest
    them after those, and the ones that are not approved last.

    Without lines, the category as a whole is judged. `including` keeps a picked supplier in the
    answer even when it would not be a candidate. Archived suppliers are left out.
    """
    lineage = lineage_of(category)
    suppliers = _candidates(lineage, lines, including)
    decisions = _decisions([one.pk for one in suppliers], category, lines, on, ship_to)
    days = _nearest_days(lineage, _lead_times_of(lineage))
    evidence = _gather(suppliers, decisions, days, lines, needed_on, on)
    rows = [_row(supplier, evidence) for supplier in suppliers]
    ranked = _with_points(rows)
    suggested = [row for row in ranked if row.is_suggested]
    unsuggested = [row for row in ranked if row.is_approved and not row.is_suggested]
    others = [row for row in ranked if not row.is_approved]
    kept = [
        row
        for place, row in enumerate(others)
        if place < MOST_UNAPPROVED or row.supplier.pk in including
    ]
    return [
        *_with_reasons(suggested),
        *(replace(row, reasons=("only when chosen",)) for row in unsuggested),
        *(_said_missing(row) for row in kept),
    ]


def line_rankings(
    skus: Collection[Sku],
    quantities: Mapping[int, Decimal],
    *,
    ship_to: Mapping[int, int],
    without: int,
    on: date,
) -> dict[int, list[RankedSupplier]]:
    """The same ranking for each SKU by itself, as if the supplier `without` were not there.

    `ship_to` says where a SKU goes, by their ids: who is approved for other places only is not
    approved here. Where nobody is approved, those with a price of their own that may be ordered
    from with a reason are there, last. The SKUs come with their category. Fourteen statements at most.
    """
    lines = [WantedLine(sku.pk, quantities[sku.pk]) for sku in skus]
    lineages = {sku.pk: lineage_of(sku.category) for sku in skus}
    above = {one for lineage in lineages.values() for one in lineage}
    found = [one for one in _candidates(above, lines, ()) if one.pk != without]
    pairs = [(one.pk, sku.pk) for one in found for sku in skus]
    answers = list_decisions(pairs, on, ship_to_of_sku=ship_to)
    evidence = _gather(found, {}, None, lines, None, on)
    days = _lead_times_of(above)
    rankings = {}
    for sku in skus:
        decisions = {one.pk: answers[one.pk, sku.pk] for one in found}
        own = replace(
            evidence,
            decisions=decisions,
            book=evidence.book.only(sku.pk),
            category_lead_time=_nearest_days(lineages[sku.pk], days),
        )
        approved = [one for one in found if decisions[one.pk].is_approved]
        others = [] if approved else [one for one in found if not decisions[one.pk].is_blocked]
        rows = [_row(one, own) for one in approved or others]
        rankings[sku.pk] = _with_points([row for row in rows if approved or _has_price(row)])
    return rankings


def _has_price(row: RankedSupplier) -> bool:
    return any(price.source in {AGREEMENT, QUOTE, LAST_PAID} for price in row.prices)


def _candidates(
    lineage: Collection[int], lines: Sequence[WantedLine], including: Collection[int]
) -> list[Supplier]:
    """Everyone on the list or vetted for the categories, or with a price for one of the SKUs."""
    sku_ids = [line.sku_id for line in lines]
    listed = ApprovedVendor.objects.filter(category_id__in=lineage)
    listed_for_skus = ApprovedVendor.objects.filter(sku_id__in=sku_ids)
    vetted = Qualification.objects.filter(category_id__in=lineage)
    agreed = PriceBreak.objects.filter(sku_id__in=sku_ids).order_by()
    bought = SkuCost.objects.filter(sku_id__in=sku_ids, supplier_id__isnull=False)
    listed_above = ApprovedVendor.objects.filter(category__skus__in=sku_ids)
    ids = listed.values_list("supplier_id").union(
        listed_for_skus.values_list("supplier_id"),
        listed_above.values_list("supplier_id"),
        vetted.values_list("supplier_id"),
        agreed.values_list("agreement__supplier_id"),
        bought.values_list("supplier_id"),
        who_quoted(sku_ids, timezone.localdate()).values_list("supplier_id"),
    )
    wanted = {supplier_id for (supplier_id,) in ids} | set(including)
    return list(Supplier.objects.filter(pk__in=wanted).exclude(status__in=Supplier.GONE))


def _gather(
    suppliers: Sequence[Supplier],
    decisions: Mapping[int, ListDecision],
    category_lead_time: int | None,
    lines: Sequence[WantedLine],
    needed_on: date | None,
    on: date,
) -> _Evidence:
    ids = [supplier.pk for supplier in suppliers]
    found = Scorecard.objects.filter(supplier_id__in=ids, period=Scorecard.Period.YEAR)
    scorecards = {card.supplier_id: card for card in found}
    version = max((card.rules_version for card in scorecards.values()), default=1)
    return _Evidence(
        decisions=decisions,
        book=PriceBook.open(suppliers, lines, on),
        scorecards=scorecards,
        scoring=scoring_of_version(version),
        category_lead_time=category_lead_time,
        needed_on=needed_on,
        on=on,
    )


def _decisions(
    ids: Sequence[int],
    category: Category,
    lines: Sequence[WantedLine],
    on: date,
    ship_to: int | None,
) -> Mapping[int, ListDecision]:
    """The worst answer over the lines governs the order."""
    skus = list(quantities_of(lines))
    if not skus:
        return category_decisions(ids, category, on, ship_to=ship_to)
    answers = list_decisions([(one, sku) for one in ids for sku in skus], on, ship_to=ship_to)
    return {one: worst([answers[one, sku] for sku in skus]) for one in ids}


def _lead_times_of(lineage: Collection[int]) -> dict[int, int]:
    rows = Category.objects.filter(pk__in=lineage, lead_time_days__isnull=False)
    return dict(rows.values_list("pk", "lead_time_days"))


def _nearest_days(lineage: Iterable[int], days: Mapping[int, int]) -> int | None:
    """The category's own lead time, else that of the nearest one above that has it."""
    return next((days[one] for one in lineage if one in days), None)


def _row(supplier: Supplier, evidence: _Evidence) -> RankedSupplier:
    book = evidence.book
    prices = book.prices(supplier)
    unpriced = sum(price.unit_price is None for price in prices.values())
    is_priced = bool(prices) and not unpriced
    currency = supplier.currency
    card = evidence.scorecards.get(supplier.pk)
    lead_time, source = _lead_time(prices, card, evidence.category_lead_time)
    arrives_on = None if lead_time is None else evidence.on + timedelta(days=lead_time)
    needed_on = evidence.needed_on
    grade = card.grade if card else ""
    return RankedSupplier(
        supplier=supplier,
        decision=evidence.decisions[supplier.pk],
        basis=price_basis(prices.values()),
        order_cost=_order_cost(prices, book, currency) if is_priced else None,
        compared_cost=_compared(prices, book, currency) if is_priced else None,
        unpriced_lines=unpriced,
        prices=tuple(prices.values()),
        on_time_percent=card.on_time_percent if card else None,
        lines_due=card.lines_due if card else 0,
        grade=grade,
        falls_behind=evidence.scoring.follows(RANK, grade),
        is_warned=evidence.scoring.follows(WARN, grade),
        months=tuple(card.months) if card else (),
        lead_time_days=lead_time,
        lead_time_source=source,
        arrives_on=arrives_on,
        days_early=(needed_on - arrives_on).days if needed_on and arrives_on else None,
    )


def _order_cost(prices: Mapping[int, LinePrice], book: PriceBook, currency: str) -> Decimal:
    amounts = (
        round_money(price.unit_price * book.quantities[sku_id], currency)
        for sku_id, price in prices.items()
        if price.unit_price is not None
    )
    return sum(amounts, ZERO)


def _compared(prices: Mapping[int, LinePrice], book: PriceBook, currency: str) -> Decimal | None:
    """The cost unrounded in the organization's currency, so that a tie is a tie."""
    exact = (
        price.unit_price * book.quantities[sku_id]
        for sku_id, price in prices.items()
        if price.unit_price is not None
    )
    return book.rates.convert(sum(exact, ZERO), currency, book.currency)


def _lead_time(
    prices: Mapping[int, LinePrice], card: Scorecard | None, category_days: int | None
) -> tuple[int | None, str]:
    """The slowest agreed line, else the median of what really happened, else the category's."""
    agreed = [
        price.agreed_lead_time_days
        for price in prices.values()
        if price.agreed_lead_time_days is not None
    ]
    if agreed and len(agreed) == len(prices):
        return max(agreed), "agreement"
    if card is not None and card.lead_time_median is not None:
        whole = card.lead_time_median.to_integral_value(ROUND_CEILING)
        return max([int(whole), *agreed]), "record"
    if category_days is not None:
        return max([category_days, *agreed]), "category"
    return (max(agreed), "agreement") if agreed else (None, "")


def _with_points(rows: Sequence[RankedSupplier]) -> list[RankedSupplier]:
    """Each row with its points, approved first, most points first, then cost and name."""
    costs = [row.compared_cost for row in rows if row.is_suggested and row.compared_cost]
    lowest = min(costs, default=None)
    pointed = [_pointed(row, lowest) for row in rows]
    return sorted(
        pointed,
        key=lambda row: (
            not row.is_approved,
            row.decision.is_blocked,
            row.falls_behind,
            -row.points,
            row.compared_cost is None,
            row.compared_cost or ZERO,
            row.supplier.name,
        ),
    )


def _pointed(row: RankedSupplier, lowest: Decimal | None) -> RankedSupplier:
    above = None
    if lowest and row.compared_cost is not None:
        above = (row.compared_cost - lowest) / lowest * 100
    return replace(
        row,
        difference_percent=None if above is None else round_half_up(above, 1),
        is_lowest_approved=row.is_suggested and above == 0,
        parts=(
            _cost_points(above),
            _on_time_points(row.on_time_percent),
            _arrival_points(row.arrives_on, row.days_early),
            Decimal(STANDING_POINTS.get(row.standing, 0)),
        ),
    )


def _within(points: Decimal, weight: Weight) -> Decimal:
    return round_half_up(min(max(points, ZERO), Decimal(weight.points)), 1)


def _cost_points(percent_above: Decimal | None) -> Decimal:
    if percent_above is None:
        return ZERO
    return _within(COST.points - 2 * percent_above, COST)


def _on_time_points(share: Decimal | None) -> Decimal:
    if share is None:
        return Decimal(ON_TIME.points) / 2
    return _within((share - 80) * ON_TIME.points / 15, ON_TIME)


def _arrival_points(arrives_on: date | None, days_early: int | None) -> Decimal:
    if arrives_on is None:
        return Decimal(ARRIVAL.points) / 2
    late = max(-(days_early or 0), 0)
    return _within(Decimal(ARRIVAL.points - 4 * late), ARRIVAL)


def _with_reasons(rows: Sequence[RankedSupplier]) -> list[RankedSupplier]:
    """What sets each approved supplier apart from the others."""
    records = [
        row.on_time_percent
        for row in rows
        if row.on_time_percent is not None and row.lines_due >= ENOUGH_LINES
    ]
    best_record = max(records) if len(records) > 1 else None
    arrivals = [row.arrives_on for row in rows if row.arrives_on]
    earliest = min(arrivals) if len(set(arrivals)) > 1 else None

    def reasons(row: RankedSupplier) -> tuple[str, ...]:
        found = (
            (row.is_warned or row.falls_behind)
            and f"grade {row.grade} over 12 months{', so it ranks behind' * row.falls_behind}",
            len(rows) == 1 and "only approved supplier",
            len(rows) > 1 and row.is_lowest_approved and "lowest approved cost",
            row.lines_due >= ENOUGH_LINES
            and row.on_time_percent == best_record
            and "best on-time record of those approved",
            row.standing == ApprovedVendor.Standing.BACKUP
            and fallback_since(row.decision.listed_since, row.decision.is_qualified),
            row.arrives_on == earliest and earliest is not None and "shortest lead time",
            row.unpriced_lines and f"no price for {row.unpriced_lines} lines",
            row.decision.warning.rstrip("."),
        )
        return tuple(str(one) for one in found if one)[:2]

    return [replace(row, reasons=reasons(row)) for row in rows]


def _said_missing(row: RankedSupplier) -> RankedSupplier:
    history = () if row.lines_due else ("no history",)
    missing = row.decision.missing.rstrip(".")
    return replace(row, reasons=(*history, missing[:1].lower() + missing[1:]))
