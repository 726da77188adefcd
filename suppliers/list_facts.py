"""What the approved vendor list knows: the facts that its decisions are made from, in one statement."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from procure.prepared import prepared
from procure.tenancy import current_organization_id
from suppliers.agreements import Pair

FACTS = """
WITH asked AS (
    SELECT sku.id, category.off_list_rule, category.name,
        CASE WHEN category.lineage = '{}' THEN ARRAY[category.id] ELSE category.lineage END
            AS lineage
    FROM suppliers_sku sku JOIN suppliers_category category
        ON category.organization_id = sku.organization_id AND category.id = sku.category_id
    WHERE sku.organization_id = %(organization)s::bigint AND sku.id = ANY(%(skus)s::bigint[])
),
place AS (
    SELECT unnest(lineage) AS id FROM asked UNION SELECT unnest(%(categories)s::bigint[])
)
SELECT
(
    SELECT json_agg(json_build_array(id, lineage, off_list_rule, name)) FROM asked
),
(
    SELECT json_agg(json_build_array(id, status)) FROM suppliers_supplier
    WHERE organization_id = %(organization)s::bigint AND id = ANY(%(suppliers)s::bigint[])
),
(
    SELECT json_agg(
        json_build_array(
            id, supplier_id, sku_id, category_id, location_id, standing, may_be_suggested,
            may_be_ordered, needs_justification, valid_from, valid_to
        ) ORDER BY valid_from
    ) FROM suppliers_approvedvendor
    WHERE organization_id = %(organization)s::bigint AND supplier_id = ANY(%(suppliers)s::bigint[])
        AND valid_from <= %(last)s::date
        AND (sku_id = ANY(%(skus)s::bigint[]) OR category_id IN (SELECT id FROM place))
        AND (location_id IS NULL OR location_id = ANY(%(ship_tos)s::bigint[]))
),
(
    SELECT json_agg(
        json_build_array(
            q.supplier_id, q.category_id, q.status, q.valid_to, q.note, category.name, (
                SELECT min(answer.valid_to) FROM suppliers_criterionanswer answer
                JOIN suppliers_qualificationcriterion criterion
                    ON criterion.organization_id = answer.organization_id
                    AND criterion.id = answer.criterion_id
                WHERE answer.organization_id = q.organization_id
                    AND answer.qualification_id = q.id AND answer.outcome = 'met'
                    AND criterion.is_mandatory AND criterion.retired_at IS NULL
            )
        )
    ) FROM suppliers_qualification q JOIN suppliers_category category
        ON category.organization_id = q.organization_id AND category.id = q.category_id
    WHERE q.organization_id = %(organization)s::bigint
        AND q.supplier_id = ANY(%(suppliers)s::bigint[])
        AND q.category_id IN (SELECT id FROM place)
)
"""


class Scope(NamedTuple):
    """What is asked for: a SKU with its category's lineage, or a category alone."""

    sku_id: int | None
    lineage: tuple[int, ...]
    rule: str
    name: str


EntryKey = tuple[int, int | None, int | None, int | None]  # supplier, SKU, category, ship-to


class Entry(NamedTuple):
    """An entry of the approved vendor list, for a SKU or a category, perhaps for one ship-to."""

    pk: int
    supplier_id: int
    sku_id: int | None
    category_id: int | None
    location_id: int | None
    standing: str
    may_be_suggested: bool
    may_be_ordered: bool
    needs_justification: bool
    valid_from: date
    valid_to: date | None

    @property
    def key(self) -> EntryKey:
        return self.supplier_id, self.sku_id, self.category_id, self.location_id


class Vetting(NamedTuple):
    """A supplier's qualification for a category, by its name; its mandatory evidence may end
    before it does."""

    status: str
    valid_to: date | None
    note: str
    place: str
    evidence_ends: date | None


@dataclass(frozen=True, slots=True)
class ListFacts:
    """What was read: SKUs' scopes, suppliers' status, entries by their begin, qualifications.

    `places` are the ids of all categories that count: those asked about and above the SKUs.
    """

    places: set[int]
    scopes: dict[int, Scope]
    suppliers: dict[int, str]
    entries: list[Entry]
    qualifications: dict[Pair, Vetting]


def list_facts(
    suppliers: Collection[int],
    last: date,
    *,
    skus: Collection[int] = (),
    categories: Collection[int] = (),
    ship_tos: Collection[int] = (),
) -> ListFacts:
    """The facts about these suppliers, for SKUs with all categories above them and for categories.

    Entries that begin after `last` are left out, and those for other places than `ship_tos`;
    one statement for any number of anything.
    """
    values = {
        "organization": current_organization_id(),
        "suppliers": list(suppliers),
        "skus": list(skus),
        "categories": list(categories),
        "last": last,
        "ship_tos": list(ship_tos),
    }
    ((scopes, states, entries, vettings),) = prepared(FACTS, values)
    return ListFacts(
        places={*categories, *(place for _, lineage, *_ in scopes or () for place in lineage)},
        scopes={
            sku_id: Scope(sku_id, tuple(lineage), rule, name)
            for sku_id, lineage, rule, name in scopes or ()
        },
        suppliers=dict(states or ()),
        entries=[
            Entry._make((*values, date.fromisoformat(begin), _day(end)))
            for *values, begin, end in entries or ()
        ],
        qualifications={
            (supplier_id, category_id): Vetting(status, _day(end), note, place, _day(evidence))
            for supplier_id, category_id, status, end, note, place, evidence in vettings or ()
        },
    )


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
