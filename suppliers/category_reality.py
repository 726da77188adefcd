"""What a category's buying really was, beside what its strategy wants of it.

Figures are of whole months, the running one included, over every SKU of the category and below;
money is brought into the organization's currency by today's rates. Two statements, three with
other currencies, however many suppliers, SKUs and months there are.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Q

from procure.exchange import Rates, rates_on
from procure.figures import long_date, percent
from procure.money import HUNDRED, ZERO
from procure.tenancy import current_organization_id
from suppliers.approved_vendors import ListDecision, category_decisions
from suppliers.histograms import Days, quantile_of
from suppliers.models import ApprovedVendor, Category, Qualification, Supplier
from suppliers.strategy import EffectiveStrategy
from suppliers.validity import valid_on

MONTHS = 12
NINE_OF_TEN = Decimal("0.9")
SHARE_MARGIN = Decimal(10)
"""Points by which an actual share may be off its target before it is called a gap."""

BOUGHT = """
    WITH sku AS (
        SELECT s.id FROM suppliers_sku s
        JOIN suppliers_category c ON c.organization_id = s.organization_id AND c.id = s.category_id
        WHERE s.organization_id = %(organization)s AND c.lineage @> ARRAY[%(category)s]::bigint[]
    ), cell AS (
        SELECT p.* FROM suppliers_performancecell p JOIN sku ON sku.id = p.sku_id
        WHERE p.organization_id = %(organization)s
            AND p.month BETWEEN %(before)s AND %(last)s
    ), times AS (
        SELECT supplier_id, jsonb_object_agg(day, times) AS lead_times FROM (
            SELECT cell.supplier_id, one.key AS day, sum(one.value::int) AS times
            FROM cell, jsonb_each_text(cell.lead_times) AS one
            WHERE cell.month >= %(first)s GROUP BY 1, 2
        ) AS counted GROUP BY 1
    ), bought AS (
        SELECT supplier_id, sku_id, currency,
            sum(spend) FILTER (WHERE month >= %(first)s) AS spend,
            sum(lines_due) FILTER (WHERE month >= %(first)s) AS lines_due,
            sum(lines_on_time) FILTER (WHERE month >= %(first)s) AS lines_on_time,
            sum(cost_amount) FILTER (WHERE month >= %(first)s) AS cost,
            nullif(sum(cost_quantity) FILTER (WHERE month >= %(first)s), 0) AS quantity,
            sum(cost_amount) FILTER (WHERE month < %(first)s)
                / nullif(sum(cost_quantity) FILTER (WHERE month < %(first)s), 0) AS old_price
        FROM cell GROUP BY 1, 2, 3
    )
    SELECT b.supplier_id, b.currency, coalesce(sum(b.spend), 0) AS spend,
        coalesce(sum(b.lines_due), 0) AS lines_due,
        coalesce(sum(b.lines_on_time), 0) AS lines_on_time,
        sum(b.cost) FILTER (WHERE b.quantity * b.old_price > 0) AS cost_of_known,
        sum(b.quantity * b.old_price) FILTER (WHERE b.quantity * b.old_price > 0) AS at_old_price,
        count(*) FILTER (WHERE b.quantity * b.old_price > 0) AS skus_of_known,
        sum(b.cost) FILTER (WHERE b.quantity * k.agreed_price > 0) AS cost_of_agreed,
        sum(b.quantity * k.agreed_price) FILTER (WHERE b.quantity * k.agreed_price > 0)
            AS at_agreed_price,
        count(*) FILTER (WHERE b.quantity * k.agreed_price > 0) AS skus_of_agreed,
        (SELECT lead_times FROM times WHERE times.supplier_id = b.supplier_id) AS lead_times
    FROM bought b LEFT JOIN suppliers_skucost k ON k.organization_id = %(organization)s
        AND k.sku_id = b.sku_id AND k.supplier_id = b.supplier_id AND k.currency = b.currency
    GROUP BY 1, 2 ORDER BY 1, 2
"""


@dataclass(slots=True)
class SupplierReality:
    """One supplier in a category: what is wanted of it, and what was.

    `target_percent` and `share_percent` are of value. Indexes are 100 at the price compared with:
    what was paid for the same SKUs and quantities in the twelve months before, and what is agreed
    today. `lead_time` is the days within which nine of ten lines came.
    """

    supplier: Supplier
    listed: ListDecision
    is_preferred: bool = False
    target_percent: Decimal | None = None
    spend: Decimal | None = ZERO
    share_percent: Decimal | None = None
    lines_due: int = 0
    lines_on_time: int = 0
    days: Days = field(default_factory=Counter)
    within_percent: Decimal | None = None
    year_index: Decimal | None = None
    year_skus: int = 0
    agreed_index: Decimal | None = None
    agreed_skus: int = 0

    @property
    def on_time_percent(self) -> Decimal | None:
        return _share(self.lines_on_time, self.lines_due)

    @property
    def lead_time(self) -> Decimal | None:
        return quantile_of(self.days, NINE_OF_TEN)

    @property
    def lead_time_n(self) -> int:
        return sum(self.days.values())

    @property
    def is_source(self) -> bool:
        """Whether it counts as a qualified source: on the list, and vetted."""
        return self.listed.is_approved and self.listed.is_qualified

    @property
    def difference(self) -> Decimal | None:
        """Points of the actual share over its target."""
        if self.target_percent is None or self.share_percent is None:
            return None
        return self.share_percent - self.target_percent


@dataclass(frozen=True, slots=True)
class CategoryReality:
    """A category's suppliers beside its strategy, in one currency, from `first` month to `last`."""

    rows: list[SupplierReality]
    first: date
    last: date
    currency: str
    spend: Decimal
    unconverted: int
    gaps: list[str]

    @property
    def sources(self) -> int:
        return sum(row.is_source for row in self.rows)

    @property
    def lines_due(self) -> int:
        return sum(row.lines_due for row in self.rows)

    @property
    def on_time_percent(self) -> Decimal | None:
        return _share(sum(row.lines_on_time for row in self.rows), self.lines_due)


def category_reality(
    category: Category, strategy: EffectiveStrategy, currency: str, on: date
) -> CategoryReality:
    """The category's last twelve months beside its strategy; six statements, seven with rates."""
    first = months_before(on.replace(day=1), MONTHS - 1)
    bought = _bought(category, first, on)
    suppliers = category_suppliers(category, {*strategy.shares, *bought}, on)
    listed = category_decisions([one.pk for one in suppliers], category, on)
    foreign = any(row["currency"] != currency for rows in bought.values() for row in rows)
    rates = rates_on(on) if foreign else Rates({})
    rows = [
        _row(one, listed[one.pk], strategy, bought.get(one.pk, ()), currency, rates)
        for one in suppliers
    ]
    total = sum((row.spend for row in rows if row.spend is not None), ZERO)
    for row in rows:
        row.share_percent = None if row.spend is None else _share(row.spend, total)
    rows.sort(key=_importance)
    reality = CategoryReality(
        rows=rows,
        first=first,
        last=on,
        currency=currency,
        spend=total,
        unconverted=sum(row.spend is None for row in rows),
        gaps=[],
    )
    reality.gaps.extend(strategy_gaps(strategy, reality, on))
    return reality


def months_before(first_day: date, months: int) -> date:
    """The first day of the month so many months earlier."""
    year, month = divmod(first_day.year * 12 + first_day.month - 1 - months, 12)
    return date(year, month + 1, 1)


def _bought(category: Category, first: date, last: date) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(
            BOUGHT,
            {
                "organization": current_organization_id(),
                "category": category.pk,
                "before": months_before(first, MONTHS),
                "first": first,
                "last": last,
            },
        )
        names = [column.name for column in cursor.description]
        for values in cursor.fetchall():
            row = dict(zip(names, values, strict=True))
            found[row["supplier_id"]].append(row)
    return found


def category_suppliers(category: Category, ids: Iterable[int], on: date) -> list[Supplier]:
    """Everyone on the list today, vetted, wanted or bought from; archived ones only when bought."""
    lineage = category.lineage or [category.pk]
    entries = ApprovedVendor.objects.filter(valid_on(on), category_id__in=lineage)
    vetted = Qualification.objects.filter(category_id__in=lineage)
    rows = Supplier.objects.filter(
        Q(pk__in=set(ids))
        | Q(pk__in=entries.values("supplier_id"), status=Supplier.Status.ACTIVE)
        | Q(pk__in=vetted.values("supplier_id"), status=Supplier.Status.ACTIVE)
    )
    return list(rows)


def _row(
    supplier: Supplier,
    listed: ListDecision,
    strategy: EffectiveStrategy,
    bought: Iterable[Mapping[str, Any]],
    currency: str,
    rates: Rates,
) -> SupplierReality:
    row = SupplierReality(
        supplier,
        listed,
        is_preferred=supplier.pk in strategy.shares,
        target_percent=strategy.shares.get(supplier.pk),
    )
    for one in bought:
        spend = rates.convert(one["spend"], one["currency"], currency)
        row.spend = None if spend is None or row.spend is None else row.spend + spend
        row.lines_due += int(one["lines_due"])
        row.lines_on_time += int(one["lines_on_time"])
        if one["at_old_price"]:
            row.year_index = HUNDRED * one["cost_of_known"] / one["at_old_price"]
            row.year_skus = one["skus_of_known"]
        if one["at_agreed_price"]:
            row.agreed_index = HUNDRED * one["cost_of_agreed"] / one["at_agreed_price"]
            row.agreed_skus = one["skus_of_agreed"]
        row.days = row.days or _days(one["lead_times"])
    if strategy.lead_time_days is not None:
        within = sum(n for days, n in row.days.items() if days <= strategy.lead_time_days)
        row.within_percent = _share(within, row.lead_time_n)
    return row


def _days(stored: Any) -> Days:
    found = json.loads(stored) if isinstance(stored, str) else stored or {}
    return Counter({int(day): int(times) for day, times in found.items()})


def _importance(row: SupplierReality) -> tuple[bool, Decimal, bool, Decimal, str]:
    return (
        not row.is_preferred,
        -(row.target_percent or ZERO),
        not row.listed.is_approved,
        -(row.spend or ZERO),
        row.supplier.name,
    )


def _share(part: Decimal | int, whole: Decimal | int) -> Decimal | None:
    return HUNDRED * part / whole if whole else None


def strategy_gaps(strategy: EffectiveStrategy, reality: CategoryReality, on: date) -> list[str]:
    """Where reality is off the strategy, in sentences; what the strategy leaves open is no gap."""
    gaps = []
    wanted = strategy.minimum_sources
    if wanted is not None and reality.sources < wanted:
        noun = "source" if wanted == 1 else "sources"
        gaps.append(f"Needs {wanted} qualified {noun}, has {reality.sources}.")
    elif wanted is None and strategy.is_set and not reality.sources:
        gaps.append("No supplier is a qualified source, and the strategy sets no minimum.")
    for row in reality.rows:
        gaps.extend(_gaps_of(row, strategy))
    review = strategy.next_review_on
    if review is not None and review <= on:
        gaps.append(f"The review was due on {long_date(review)}.")
    return gaps


def _gaps_of(row: SupplierReality, strategy: EffectiveStrategy) -> Iterable[str]:
    name = row.supplier.name
    if row.is_preferred and not row.listed.is_approved:
        yield f"{name} is preferred by the strategy, but: {row.listed.missing}"
    difference = row.difference
    if difference is not None and abs(difference) > SHARE_MARGIN:
        yield (
            f"{name} has {percent(row.share_percent, 0)} of the value, "
            f"the target is {percent(row.target_percent, 0)}."
        )
    limit, lead_time = strategy.lead_time_days, row.lead_time
    if row.is_preferred and limit is not None and lead_time is not None and lead_time > limit:
        yield (
            f"{name} needs {lead_time:.0f} days for nine of ten lines, the requirement is {limit} "
            f"({row.lead_time_n} lines)."
        )
    if row.spend and not row.listed.is_approved and not row.is_preferred:
        yield f"{percent(row.share_percent, 0)} of the value went to {name}, which is not approved."
