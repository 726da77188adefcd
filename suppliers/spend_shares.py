"""How much of what we buy a supplier sells us: its share of the value per category and per SKU.

Value is of the lines due in twelve whole months, the running one included, as on the scorecards;
money is brought into one currency by today's rates.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection

from procure.exchange import Rates, rates_on
from procure.money import ZERO
from procure.tenancy import current_organization_id
from suppliers.category_reality import MONTHS, months_before
from suppliers.models import Supplier

SHARES = """
    WITH mine AS (
        SELECT DISTINCT sku_id FROM suppliers_performancecell
        WHERE organization_id = %(organization)s AND supplier_id = %(supplier)s
            AND month BETWEEN %(first)s AND %(last)s AND sku_id IS NOT NULL
    ), wanted AS (
        SELECT DISTINCT category_id FROM suppliers_sku
        WHERE organization_id = %(organization)s AND id IN (SELECT sku_id FROM mine)
    ), cell AS (
        SELECT s.category_id, p.sku_id, p.currency, sum(p.spend) AS whole,
            sum(p.spend) FILTER (WHERE p.supplier_id = %(supplier)s) AS own
        FROM suppliers_performancecell p
        JOIN suppliers_sku s ON s.organization_id = p.organization_id AND s.id = p.sku_id
        WHERE p.organization_id = %(organization)s AND p.month BETWEEN %(first)s AND %(last)s
            AND s.category_id IN (SELECT category_id FROM wanted)
        GROUP BY 1, 2, 3
    )
    SELECT c.id, NULL, c.name, c.public_id, cell.currency,
        coalesce(sum(cell.own), 0), coalesce(sum(cell.whole), 0)
    FROM cell
    JOIN suppliers_category c ON c.organization_id = %(organization)s AND c.id = cell.category_id
    GROUP BY 1, 3, 4, 5
    UNION ALL
    SELECT NULL, sku_id, '', NULL, currency, coalesce(own, 0), coalesce(whole, 0)
    FROM cell WHERE sku_id IN (SELECT sku_id FROM mine)
    ORDER BY 3, 1, 2, 5
"""


@dataclass(slots=True)
class SpendShare:
    """What was bought from a supplier, and from everybody; None when a rate is missing."""

    name: str = ""
    public_id: uuid.UUID | None = None
    spend: Decimal | None = ZERO
    whole: Decimal | None = ZERO

    @property
    def share_percent(self) -> Decimal | None:
        if self.spend is None or not self.whole:
            return None
        return self.spend / self.whole * 100


@dataclass(slots=True)
class SupplierShares:
    """A supplier's shares in `currency` since `first`, categories with the most value in front."""

    currency: str
    first: date
    categories: list[SpendShare] = field(default_factory=list)
    skus: Mapping[int, SpendShare] = field(default_factory=dict)


def supplier_shares(supplier: Supplier, currency: str, on: date) -> SupplierShares:
    """Shares of twelve months: one statement, two where other currencies are involved."""
    first = months_before(on.replace(day=1), MONTHS - 1)
    with connection.cursor() as cursor:
        cursor.execute(
            SHARES,
            {
                "organization": current_organization_id(),
                "supplier": supplier.pk,
                "first": first,
                "last": on,
            },
        )
        rows = cursor.fetchall()
    rates = rates_on(on) if any(row[4] != currency for row in rows) else Rates({})
    categories: dict[int, SpendShare] = {}
    skus: dict[int, SpendShare] = {}
    for category_id, sku_id, name, public_id, paid_in, own, whole in rows:
        kept, key = (skus, sku_id) if category_id is None else (categories, category_id)
        share = kept.setdefault(key, SpendShare(name, public_id))
        if own:
            share.spend = _plus(share.spend, rates.convert(own, paid_in, currency))
        share.whole = _plus(share.whole, rates.convert(whole, paid_in, currency))
    ordered = sorted(categories.values(), key=lambda one: (-(one.spend or ZERO), one.name))
    return SupplierShares(currency, first, [one for one in ordered if one.spend != ZERO], skus)


def _plus(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else one + other


TREE_SPEND = """
    SELECT above.id, p.currency, sum(p.spend) AS spend
    FROM suppliers_performancecell p
    JOIN suppliers_sku s ON s.organization_id = p.organization_id AND s.id = p.sku_id
    JOIN suppliers_category c ON c.organization_id = s.organization_id AND c.id = s.category_id
    CROSS JOIN LATERAL unnest(c.lineage) AS above(id)
    WHERE p.organization_id = %(organization)s AND p.month BETWEEN %(first)s AND %(last)s
        AND p.spend <> 0
    GROUP BY 1, 2
"""


def category_spends(currency: str, on: date) -> dict[int, Decimal | None]:
    """Value of twelve months by category, those below it included; None when a rate is missing.

    One statement, two where other currencies are involved; a category nothing was bought of is
    absent.
    """
    asked: dict[str, Any] = {
        "organization": current_organization_id(),
        "first": months_before(on.replace(day=1), MONTHS - 1),
        "last": on,
    }
    with connection.cursor() as cursor:
        cursor.execute(TREE_SPEND, asked)
        rows = cursor.fetchall()
    rates = rates_on(on) if any(row[1] != currency for row in rows) else Rates({})
    spends: dict[int, Decimal | None] = {}
    for category_id, paid_in, spend in rows:
        before, value = spends.get(category_id, ZERO), rates.convert(spend, paid_in, currency)
        spends[category_id] = None if before is None or value is None else before + value
    return spends
