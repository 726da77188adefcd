"""The suppliers that a sourcing decision weighs, with their figures on the day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from procure.figures import long_date
from suppliers.approved_vendors import (
    ListDecision,
    category_decisions,
    lineage_of,
    list_decisions,
)
from suppliers.models import (
    Category,
    Qualification,
    Scorecard,
    Sku,
    SkuCost,
    Supplier,
)
from suppliers.pricing import LinePrice, PriceBook, WantedLine

ONE_UNIT = Decimal(1)


@dataclass(frozen=True, slots=True)
class FiguresOfTheDay:
    """What is known of some suppliers for a category or SKU on a day, read at once."""

    listed: Mapping[int, ListDecision]
    qualifications: Mapping[int, Qualification]
    scorecards: Mapping[int, Scorecard]
    prices: Mapping[int, LinePrice]
    landed: Mapping[int, Decimal | None]

    @classmethod
    def read(
        cls,
        suppliers: Sequence[Supplier],
        category: Category,
        sku: Sku | None,
        on: date,
        ship_to: int | None = None,
    ) -> FiguresOfTheDay:
        """The figures of these suppliers, in twelve statements or fewer for any number."""
        ids = [one.pk for one in suppliers]
        cards = Scorecard.objects.filter(supplier_id__in=ids, period=Scorecard.Period.YEAR)
        return cls(
            listed=_listed(ids, category, sku, on, ship_to),
            qualifications=_nearest_qualifications(ids, sku.category if sku else category),
            scorecards={card.supplier_id: card for card in cards},
            prices=_prices(suppliers, sku, on),
            landed=_landed(suppliers, sku),
        )

    def of(self, supplier: Supplier) -> dict[str, Any]:
        """The figures as a candidate's columns."""
        listed = self.listed[supplier.pk]
        price = self.prices.get(supplier.pk)
        return {
            "unit_price": price.unit_price if price else None,
            "landed_price": self.landed.get(supplier.pk),
            "currency": supplier.currency,
            "qualification": _words(self.qualifications.get(supplier.pk)),
            "standing": listed.standing_words,
            **_record(self.scorecards.get(supplier.pk)),
        }


def _record(card: Scorecard | None) -> dict[str, Any]:
    if card is None:
        return {}
    return {
        "on_time_percent": card.on_time_percent,
        "lines_due": card.lines_due,
        "lead_time_p90": card.lead_time_p90,
        "lead_time_n": card.lead_time_n,
        "score": card.score,
        "grade": card.grade,
    }


def _listed(
    ids: Sequence[int], category: Category, sku: Sku | None, on: date, ship_to: int | None
) -> Mapping[int, ListDecision]:
    if sku is None:
        return category_decisions(ids, category, on, ship_to=ship_to)
    answers = list_decisions([(one, sku.pk) for one in ids], on, ship_to=ship_to)
    return {one: answers[one, sku.pk] for one in ids}


def _nearest_qualifications(ids: Sequence[int], category: Category) -> dict[int, Qualification]:
    """Each supplier's qualification for the category, else for the nearest above it."""
    lineage = lineage_of(category)
    rows = Qualification.objects.filter(supplier_id__in=ids, category_id__in=lineage)
    nearest_last = sorted(rows, key=lambda one: -lineage.index(one.category_id))
    return {one.supplier_id: one for one in nearest_last}


def _words(qualification: Qualification | None) -> str:
    if qualification is None:
        return "Not vetted"
    status = qualification.get_status_display()
    until = f" until {long_date(qualification.valid_to)}" if qualification.valid_to else ""
    return f"{status}{until}"


def _prices(suppliers: Sequence[Supplier], sku: Sku | None, on: date) -> dict[int, LinePrice]:
    """What one unit costs from each; a standard cost is ours, not a supplier's price."""
    if sku is None:
        return {}
    book = PriceBook.open(suppliers, [WantedLine(sku.pk, ONE_UNIT)], on)
    found = {one.pk: book.prices(one)[sku.pk] for one in suppliers}
    return {pk: price for pk, price in found.items() if price.source != "standard"}


def _landed(suppliers: Sequence[Supplier], sku: Sku | None) -> dict[int, Decimal | None]:
    if sku is None:
        return {}
    currencies = {one.pk: one.currency for one in suppliers}
    costs = SkuCost.objects.filter(sku=sku, supplier_id__in=currencies)
    return {
        cost.supplier_id: cost.landed_price
        for cost in costs
        if cost.supplier_id is not None and cost.currency == currencies[cost.supplier_id]
    }
