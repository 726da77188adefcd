"""What holds for a category: its strategy with what it inherits, its qualified sources, its reviews.

Everything here is asked for many categories at once, in a fixed number of statements.
"""

from __future__ import annotations

import calendar
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from procure.models import User
from suppliers.approved_vendors import lacks_of_entries
from suppliers.models import (
    Category,
    CategoryStrategy,
    Qualification,
    SkuSubstitute,
    StrategyShare,
    Supplier,
)
from suppliers.queries import entries_in_force

FIELD_WORDS = {
    "objective": "objective",
    "minimum_sources": "number of sources",
    "lead_time_days": "lead time",
    "review_months": "review rhythm",
    "owner": "owner",
    "shares": "preferred suppliers",
}


@dataclass(frozen=True, slots=True)
class EffectiveStrategy:
    """A category's strategy, with what the nearest categories above say where it says nothing.

    `inherited` names, per field, the category that a value comes from when it is not the own one.
    """

    category: Category
    own: CategoryStrategy | None
    objective: str
    minimum_sources: int | None
    lead_time_days: int | None
    review_months: int | None
    owner: User | None
    shares: Mapping[int, Decimal | None]
    inherited: Mapping[str, str]

    @property
    def is_set(self) -> bool:
        """Whether it says anything at all."""
        return self.own is not None or bool(self.inherited)

    @property
    def inherited_words(self) -> str:
        """What comes from above, as "Lead time from Packaging, owner from Packaging"."""
        words = [f"{FIELD_WORDS[name]} from {place}" for name, place in self.inherited.items()]
        text = ", ".join(words)
        return text[:1].upper() + text[1:]

    @property
    def next_review_on(self) -> date | None:
        """When it is to be looked at again; only a strategy of its own has a review."""
        if self.own is None or self.review_months is None:
            return None
        return months_after(self.own.reviewed_on, self.review_months)


def months_after(day: date, months: int) -> date:
    """The same day so many months later, or the last of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def strategies_of(categories: Collection[Category]) -> dict[int, EffectiveStrategy]:
    """The strategy that holds for each category, in two statements."""
    wanted = {one for category in categories for one in category.lineage or [category.pk]}
    stored = {
        one.category_id: one
        for one in CategoryStrategy.objects.filter(category_id__in=wanted).select_related(
            "owner", "category"
        )
    }
    shares: dict[int, dict[int, Decimal | None]] = defaultdict(dict)
    rows = StrategyShare.objects.filter(strategy__category_id__in=wanted)
    for category_id, supplier_id, share in rows.values_list(
        "strategy__category_id", "supplier_id", "share_percent"
    ):
        shares[category_id][supplier_id] = share
    return {one.pk: _effective(one, stored, shares) for one in categories}


INHERITED = tuple(name for name in FIELD_WORDS if name != "shares")


def _effective(
    category: Category,
    stored: Mapping[int, CategoryStrategy],
    shares: Mapping[int, dict[int, Decimal | None]],
) -> EffectiveStrategy:
    lineage = category.lineage or [category.pk]
    line = [stored[one] for one in lineage if one in stored]
    values: dict[str, Any] = {}
    inherited: dict[str, str] = {}
    for name in INHERITED:
        source = next((one for one in line if getattr(one, name) not in (None, "")), None)
        values[name] = getattr(source, name) if source else ("" if name == "objective" else None)
        if source is not None and source.category_id != category.pk:
            inherited[name] = source.category.name
    shared = next((one for one in line if shares.get(one.category_id)), None)
    if shared is not None and shared.category_id != category.pk:
        inherited["shares"] = shared.category.name
    return EffectiveStrategy(
        category=category,
        own=stored.get(category.pk),
        shares=shares.get(shared.category_id, {}) if shared else {},
        inherited=inherited,
        **values,
    )


def qualified_sources(categories: Iterable[Category], on: date) -> dict[int, list[Supplier]]:
    """Who is on the list and qualified for each category on that day, best standing first.

    An entry or qualification counts for everything below it; a supplier that was never put
    through qualification is no qualified source. Five statements.
    """
    tree = list(categories)
    wanted = {one for category in tree for one in category.lineage or [category.pk]}
    entries = entries_in_force(on, categories=Category.objects.filter(pk__in=wanted))
    lacks = lacks_of_entries(entries, on)
    vetted = set(
        Qualification.objects.filter(
            category_id__in=wanted, status__in=Qualification.USABLE
        ).values_list("supplier_id", "category_id")
    )
    found: dict[int, list[Supplier]] = {}
    for category in tree:
        lineage = category.lineage or [category.pk]
        sources: dict[int, Supplier] = {}
        for entry in entries:
            is_vetted = any((entry.supplier_id, one) in vetted for one in lineage)
            if entry.category_id in lineage and not lacks[entry.pk] and is_vetted:
                sources.setdefault(entry.supplier_id, entry.supplier)
        found[category.pk] = list(sources.values())
    return found


def category_substitutes(category: Category, most: int = 50) -> list[SkuSubstitute]:
    """What may stand in for the SKUs of a category and below, in one statement."""
    rows = SkuSubstitute.objects.filter(sku__category__lineage__contains=[category.pk])
    return list(rows.select_related("sku", "substitute").order_by("sku__code", "pk")[:most])


def reviews_until(last_day: date) -> list[EffectiveStrategy]:
    """Strategies whose review is due by that day, the oldest first, in three statements."""
    categories = list(Category.objects.filter(strategies__isnull=False))
    due = [
        one
        for one in strategies_of(categories).values()
        if one.next_review_on is not None and one.next_review_on <= last_day
    ]
    return sorted(due, key=lambda one: (one.next_review_on, one.category.name))
