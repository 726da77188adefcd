"""Who could supply what: every critical category and every SKU with its qualified sources.

A source is qualified and on the approved vendor list today: for every ship-to, or for the one that
is asked about, whose own entry counts before that for all. What is critical: a category of high
criticality, or one whose strategy asks for a number of sources; and the SKUs in it. A category that
only groups others, with nobody listed for all of it, is judged by those. The whole
list takes one statement, a page of it six more, however many SKUs and suppliers there are.
"""

from __future__ import annotations

import json
import math
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

from procure.models import Location
from procure.tenancy import current_organization_id
from purchasing.cover import COVER, cover_rows
from suppliers.approved_vendors import (
    STANDINGS,
    ListDecision,
    list_decisions,
    several_category_decisions,
)
from suppliers.category_reality import MONTHS, NINE_OF_TEN, months_before
from suppliers.finding import word_patterns
from suppliers.histograms import Days, quantile_of
from suppliers.models import ApprovedVendor, Category, Supplier

BELOW, SINGLE = "below", "single"

SCOPES = f"""
    WITH {COVER}, category AS (
        SELECT c.*, (
            SELECT s.minimum_sources FROM unnest(c.lineage) WITH ORDINALITY AS above(id, place)
            JOIN suppliers_categorystrategy s
                ON s.organization_id = c.organization_id AND s.category_id = above.id
            WHERE s.minimum_sources IS NOT NULL ORDER BY above.place LIMIT 1
        ) AS minimum
        FROM suppliers_category c WHERE c.organization_id = %(organization)s
    ), place AS (
        SELECT category.id AS category_id, above.id AS place_id, above.place
        FROM category, unnest(category.lineage) WITH ORDINALITY AS above(id, place)
    ), evidence AS (
        SELECT a.qualification_id, min(a.valid_to) AS ends
        FROM suppliers_criterionanswer a JOIN suppliers_qualificationcriterion c
            ON c.organization_id = a.organization_id AND c.id = a.criterion_id
        WHERE a.organization_id = %(organization)s AND a.outcome = 'met'
            AND c.is_mandatory AND c.retired_at IS NULL
        GROUP BY 1
    ), nearest AS (
        SELECT DISTINCT ON (place.category_id, q.supplier_id) place.category_id, q.supplier_id,
            q.status IN ('qualified', 'conditional')
                AND coalesce(q.valid_to, 'infinity') >= %(day)s::date
                AND coalesce(evidence.ends, 'infinity') >= %(day)s::date AS holds
        FROM place
        JOIN suppliers_qualification q
            ON q.organization_id = %(organization)s AND q.category_id = place.place_id
        LEFT JOIN evidence ON evidence.qualification_id = q.id
        ORDER BY place.category_id, q.supplier_id, place.place
    ), vetted AS (
        SELECT nearest.category_id, nearest.supplier_id FROM nearest
        JOIN suppliers_supplier s
            ON s.organization_id = %(organization)s AND s.id = nearest.supplier_id
        WHERE nearest.holds AND s.status = 'active'
    ), entry AS (
        SELECT DISTINCT ON (supplier_id, category_id, sku_id)
            supplier_id, category_id, sku_id, may_be_ordered
        FROM suppliers_approvedvendor
        WHERE organization_id = %(organization)s
            AND (location_id IS NULL OR location_id = %(ship_to)s::bigint)
            AND %(day)s::date BETWEEN valid_from AND coalesce(valid_to, 'infinity')
        ORDER BY supplier_id, category_id, sku_id, location_id NULLS LAST
    ), listed AS (
        SELECT DISTINCT ON (place.category_id, entry.supplier_id) place.category_id,
            entry.supplier_id, entry.may_be_ordered
        FROM place JOIN entry ON entry.category_id = place.place_id
        ORDER BY place.category_id, entry.supplier_id, place.place
    ), of_category AS (
        SELECT listed.category_id, array_agg(listed.supplier_id) AS sources
        FROM listed JOIN vetted USING (category_id, supplier_id)
        WHERE listed.may_be_ordered GROUP BY 1
    ), of_sku AS (
        SELECT entry.sku_id,
            array_agg(entry.supplier_id) FILTER (WHERE entry.may_be_ordered
                AND vetted.supplier_id IS NOT NULL
                AND NOT entry.supplier_id = ANY(coalesce(of_category.sources, '{{}}'))) AS added,
            array_agg(entry.supplier_id) FILTER (WHERE NOT entry.may_be_ordered) AS removed
        FROM entry JOIN suppliers_sku s
            ON s.organization_id = %(organization)s AND s.id = entry.sku_id
        LEFT JOIN vetted ON vetted.category_id = s.category_id
            AND vetted.supplier_id = entry.supplier_id
        LEFT JOIN of_category ON of_category.category_id = s.category_id
        GROUP BY 1
    ), shortest AS (
        SELECT place.place_id AS category_id, min(cover.days) AS days
        FROM place JOIN suppliers_sku s
            ON s.organization_id = %(organization)s AND s.category_id = place.category_id
        JOIN cover ON cover.sku_id = s.id WHERE s.is_active GROUP BY 1
    ), scope AS (
        SELECT 'category' AS kind, c.id AS category_id, NULL::bigint AS sku_id, c.public_id,
            c.code, c.name AS words, c.name AS category, c.lineage, c.criticality, c.minimum,
            coalesce(of_category.sources, '{{}}') AS sources, shortest.days,
            NULL::numeric AS counted, NULL::date AS counted_on, NULL::numeric AS on_hand,
            NULL::numeric AS open_quantity, NULL::numeric AS daily, '' AS unit
        FROM category c LEFT JOIN of_category ON of_category.category_id = c.id
        LEFT JOIN shortest ON shortest.category_id = c.id
        WHERE (c.criticality = 'high' OR c.minimum IS NOT NULL) AND (
            of_category.sources IS NOT NULL
            OR EXISTS (SELECT 1 FROM suppliers_sku s WHERE s.category_id = c.id AND s.is_active
                AND s.organization_id = %(organization)s)
            OR NOT EXISTS (SELECT 1 FROM category below WHERE below.lineage @> ARRAY[c.id]
                AND below.id <> c.id))
        UNION ALL
        SELECT 'sku', s.category_id, s.id, s.public_id, s.code, s.description, c.name, c.lineage,
            c.criticality, c.minimum,
            ARRAY(SELECT one FROM unnest(of_category.sources) AS one
                WHERE NOT one = ANY(coalesce(of_sku.removed, '{{}}')))
                || coalesce(of_sku.added, '{{}}'), cover.days,
            cover.counted, cover.counted_on, cover.on_hand, cover.open_quantity, cover.daily, s.unit
        FROM suppliers_sku s JOIN category c ON c.id = s.category_id
        JOIN cover ON cover.sku_id = s.id
        LEFT JOIN of_category ON of_category.category_id = s.category_id
        LEFT JOIN of_sku ON of_sku.sku_id = s.id
        WHERE s.organization_id = %(organization)s AND s.is_active
    ), judged AS (
        SELECT *, cardinality(sources) AS held,
            criticality = 'high' OR minimum IS NOT NULL AS is_critical
        FROM scope
    ), ordered AS (
        SELECT *, CASE WHEN is_critical AND held < coalesce(minimum, 1) THEN 'below'
            WHEN held = 1 THEN 'single' ELSE '' END AS gap FROM judged
    )
    SELECT kind, category_id, sku_id, public_id, code, words, category, criticality, minimum,
        sources, days, counted, counted_on, on_hand, open_quantity, daily, unit, is_critical, gap
    FROM ordered
    WHERE (code || ' ' || words) ILIKE ALL(%(patterns)s::text[])
        AND (%(category)s::bigint IS NULL OR lineage @> ARRAY[%(category)s::bigint])
        AND (%(kind)s = '' OR kind = %(kind)s)
        AND (NOT %(critical)s OR is_critical)
        AND (%(gap)s = '' OR gap = %(gap)s)
    ORDER BY array_position(ARRAY['below', 'single', ''], gap), NOT is_critical, kind,
        days NULLS LAST, code
"""

# Per asked scope and supplier: lead times agreed and taken, and the last order.
RECORDS = """
    WITH pair AS (
        SELECT * FROM unnest(%(places)s::int[], %(suppliers)s::bigint[]) AS p(place, supplier_id)
    ), scope AS (
        SELECT * FROM unnest(%(sku_places)s::int[], %(skus)s::bigint[]) AS s(place, sku_id)
        UNION ALL
        SELECT asked.place, s.id
        FROM unnest(%(category_places)s::int[], %(categories)s::bigint[]) AS asked(place, id)
        JOIN suppliers_category c
            ON c.organization_id = %(organization)s AND c.lineage @> ARRAY[asked.id]
        JOIN suppliers_sku s ON s.organization_id = %(organization)s AND s.category_id = c.id
    ), agreed AS (
        SELECT pair.place, pair.supplier_id, min(step.lead_time_days) AS least,
            max(step.lead_time_days) AS most
        FROM pair JOIN scope USING (place)
        JOIN suppliers_pricebreak step
            ON step.organization_id = %(organization)s AND step.sku_id = scope.sku_id
        JOIN suppliers_priceagreement a ON a.organization_id = %(organization)s
            AND a.id = step.agreement_id AND a.supplier_id = pair.supplier_id
        WHERE %(day)s::date BETWEEN step.valid_from AND coalesce(step.valid_to, 'infinity')
            AND %(day)s::date BETWEEN a.valid_from AND coalesce(a.valid_to, 'infinity')
        GROUP BY 1, 2
    ), times AS (
        SELECT place, supplier_id, jsonb_object_agg(days, lines) AS lead_times FROM (
            SELECT pair.place, pair.supplier_id, taken.key AS days, sum(taken.value::int) AS lines
            FROM pair JOIN scope USING (place)
            JOIN suppliers_performancecell cell ON cell.organization_id = %(organization)s
                AND cell.sku_id = scope.sku_id AND cell.supplier_id = pair.supplier_id
                AND cell.month >= %(since)s::date
            CROSS JOIN jsonb_each_text(cell.lead_times) AS taken
            GROUP BY 1, 2, 3
        ) AS counted GROUP BY 1, 2
    ), latest AS (
        SELECT DISTINCT ON (pair.place, pair.supplier_id) pair.place, pair.supplier_id,
            o.public_id, o.number, o.issued_on
        FROM pair JOIN scope USING (place)
        JOIN purchasing_purchaseorderline line
            ON line.organization_id = %(organization)s AND line.sku_id = scope.sku_id
        JOIN purchasing_purchaseorder o ON o.organization_id = %(organization)s
            AND o.id = line.order_id AND o.supplier_id = pair.supplier_id
        WHERE o.status IN ('issued', 'closed') AND o.issued_on IS NOT NULL
        ORDER BY pair.place, pair.supplier_id, o.issued_on DESC, o.id DESC
    )
    SELECT pair.place, pair.supplier_id, agreed.least, agreed.most, times.lead_times,
        latest.public_id, latest.number, latest.issued_on
    FROM pair LEFT JOIN agreed USING (place, supplier_id)
    LEFT JOIN times USING (place, supplier_id) LEFT JOIN latest USING (place, supplier_id)
"""


class Asked(NamedTuple):
    """What narrows the list: words, a category with all below it, and what is a gap."""

    text: str = ""
    category: Category | None = None
    kind: str = ""
    critical: bool = False
    gap: str = ""
    ship_to: Location | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """A qualified source of a category or SKU, with its lead times and the last order there.

    `days` are how long lines of the last 12 months took; `agreed` the least and the most days
    that its agreements say.
    """

    supplier: Supplier
    decision: ListDecision
    agreed: tuple[int, int] | None = None
    days: Days = field(default_factory=Counter)
    order_public_id: uuid.UUID | None = None
    order_number: str = ""
    ordered_on: date | None = None

    @property
    def is_preferred(self) -> bool:
        return self.decision.standing == ApprovedVendor.Standing.PREFERRED

    @property
    def lead_time(self) -> Decimal | None:
        """Days within which nine of ten lines came."""
        return quantile_of(self.days, NINE_OF_TEN)

    @property
    def lead_time_n(self) -> int:
        return sum(self.days.values())


@dataclass(slots=True)
class CoverageRow:
    """A critical category or a SKU; `days` are of cover, of a category the shortest of its SKUs."""

    kind: str
    category_id: int
    sku_id: int | None
    public_id: uuid.UUID
    code: str
    words: str
    category: str
    criticality: str
    minimum: int | None
    source_ids: list[int]
    days: Decimal | None
    counted: Decimal | None
    counted_on: date | None
    on_hand: Decimal | None
    open_quantity: Decimal | None
    daily: Decimal | None
    unit: str
    is_critical: bool
    gap: str
    sources: list[Source] = field(default_factory=list)

    @property
    def held(self) -> int:
        """How many qualified sources there are."""
        return len(self.source_ids)

    @property
    def whole_days(self) -> int | None:
        return None if self.days is None else math.floor(self.days)

    @property
    def main(self) -> Source | None:
        """Whom it hangs on first: the best standing."""
        return self.sources[0] if self.sources else None

    @property
    def ends_before_backup(self) -> bool:
        """Whether it runs out before the slowest backup could deliver."""
        known = [one[1] for one in (self.agreed_range, self.actual_range) if one]
        return self.days is not None and bool(known) and self.days < max(known)

    @property
    def backups(self) -> list[Source]:
        """Who is left when the preferred ones stop; without a preferred one, all after the first."""
        others = [one for one in self.sources if not one.is_preferred]
        return others if len(others) < len(self.sources) else others[1:]

    @property
    def agreed_range(self) -> tuple[int, int] | None:
        """The least and the most agreed days over the backups."""
        known = [one.agreed for one in self.backups if one.agreed]
        return (min(one[0] for one in known), max(one[1] for one in known)) if known else None

    @property
    def actual_range(self) -> tuple[Decimal, Decimal] | None:
        """The shortest and the longest p90 over the backups."""
        known = [one.lead_time for one in self.backups if one.lead_time is not None]
        return (min(known), max(known)) if known else None

    @property
    def actual_n(self) -> int:
        """How many lines of the backups the p90s are measured on."""
        return sum(one.lead_time_n for one in self.backups)


def coverage_rows(asked: Asked, on: date) -> list[CoverageRow]:
    """Every critical category and SKU in use, gaps first, without their sources' records."""
    values = {
        "organization": current_organization_id(),
        "day": on,
        "without": None,
        "patterns": word_patterns(asked.text),
        "category": asked.category and asked.category.pk,
        "kind": asked.kind,
        "critical": asked.critical,
        "gap": asked.gap,
        "ship_to": asked.ship_to and asked.ship_to.pk,
    }
    return [CoverageRow(*row) for row in cover_rows(SCOPES, values)]


def with_sources(rows: Sequence[CoverageRow], on: date, *, ship_to: Location | None = None) -> None:
    """Fills in the sources of some rows, best standing first, in six statements."""
    suppliers = Supplier.objects.in_bulk({one for row in rows for one in row.source_ids})
    decisions = _decisions(rows, on, ship_to.pk if ship_to else None)
    records = _records(rows, on)
    for place, row in enumerate(rows):
        found = []
        for supplier_id in row.source_ids:
            agreed_least, agreed_most, times, *order = records[place, supplier_id]
            public_id, number, issued_on = order
            found.append(
                Source(
                    supplier=suppliers[supplier_id],
                    decision=decisions[place, supplier_id],
                    agreed=None if agreed_least is None else (agreed_least, agreed_most),
                    days=_days(times),
                    order_public_id=public_id,
                    order_number=number or "",
                    ordered_on=issued_on,
                )
            )
        found.sort(key=lambda one: (STANDINGS.index(one.decision.standing), one.supplier.name))
        row.sources = found


def _decisions(
    rows: Sequence[CoverageRow], on: date, ship_to: int | None
) -> dict[tuple[int, int], ListDecision]:
    """What the approved vendor list says of each row's sources, by the row's place and supplier."""
    skus = {(one, row.sku_id) for row in rows if row.sku_id for one in row.source_ids}
    of_skus = list_decisions(skus, on, ship_to=ship_to) if skus else {}
    asked = {row.category_id for row in rows if not row.sku_id}
    categories = Category.objects.in_bulk(asked)
    pairs = [
        (one, categories[row.category_id])
        for row in rows
        if not row.sku_id
        for one in row.source_ids
    ]
    of_categories = several_category_decisions(pairs, on, ship_to=ship_to)
    return {
        (place, one): of_skus[one, row.sku_id]
        if row.sku_id
        else of_categories[one, row.category_id]
        for place, row in enumerate(rows)
        for one in row.source_ids
    }


def _records(rows: Sequence[CoverageRow], on: date) -> dict[tuple[int, int], Sequence[Any]]:
    pairs = [(place, one) for place, row in enumerate(rows) for one in row.source_ids]
    skus = [(place, row.sku_id) for place, row in enumerate(rows) if row.sku_id]
    categories = [(place, row.category_id) for place, row in enumerate(rows) if not row.sku_id]
    values = {
        "organization": current_organization_id(),
        "day": on,
        "since": months_before(on.replace(day=1), MONTHS - 1),
        "places": [place for place, _one in pairs],
        "suppliers": [one for _place, one in pairs],
        "sku_places": [place for place, _one in skus],
        "skus": [one for _place, one in skus],
        "category_places": [place for place, _one in categories],
        "categories": [one for _place, one in categories],
    }
    return {(place, one): rest for place, one, *rest in _rows(RECORDS, values)}


def _rows(statement: str, values: dict[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def _days(stored: Any) -> Days:
    found = json.loads(stored) if isinstance(stored, str) else stored or {}
    return Counter({int(day): int(times) for day, times in found.items()})
