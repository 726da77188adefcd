"""What the detail pages show: who a supplier is to us, how a SKU is supplied, what is agreed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet

from procure.models import BusinessEvent
from procure.queries import timeline
from suppliers.agreements import AgreedPrice, price_steps
from suppliers.approved_vendors import STANDINGS, lacks_of_entries
from suppliers.models import (
    ApprovedVendor,
    Category,
    DecisionCandidate,
    PriceAgreement,
    PriceBreak,
    Qualification,
    Sku,
    SkuCost,
    Supplier,
)

EVENTS_SHOWN = 30
SKUS_SHOWN = 15


@dataclass(frozen=True, slots=True)
class Standing:
    """A supplier's place for one category or SKU: vetted how, listed how, and what takes effect
    away. Either part may be absent."""

    name: str
    category: Category
    sku: Sku | None
    qualification: Qualification | None
    entry: ApprovedVendor | None
    lack: str
    is_expired: bool


def supplier_standing_rows(
    supplier: Supplier, qualifications: Sequence[Qualification], on: date
) -> list[Standing]:
    """One row per category or SKU that the supplier is vetted or listed for."""
    entries = list(
        ApprovedVendor.objects.filter(
            Q(valid_to__isnull=True) | Q(valid_to__gte=on), supplier=supplier
        )
        .select_related("supplier", "category", "sku__category", "location")
        .order_by("category__name", "sku__code", "valid_from")
    )
    lacks = lacks_of_entries(entries, on)
    vetted = {one.category_id: one for one in qualifications}
    rows = [_listed_row(entry, vetted, lacks[entry.pk], on) for entry in entries]
    listed = {entry.category_id for entry in entries}
    rows += [
        Standing(one.category.name, one.category, None, one, None, "", _is_over(one, on))
        for one in qualifications
        if one.category_id not in listed
    ]
    return sorted(rows, key=lambda row: (row.sku is not None, row.name.casefold()))


def best_category(rows: Sequence[Standing], on: date) -> Category | None:
    """The category that the supplier stands best for, for a new order from its page."""
    in_effect = [
        (STANDINGS.index(row.entry.standing), row.entry.rank, row.name, row.category)
        for row in rows
        if row.entry and row.sku is None and not row.lack and row.entry.valid_from <= on
    ]
    return min(in_effect, key=lambda one: one[:3])[3] if in_effect else None


def usual_number(supplier: Supplier, on: date) -> str:
    """A number for a new agreement that is not taken: the supplier's code and the year."""
    first = f"{supplier.code}-{on.year}"
    taken = PriceAgreement.objects.filter(number__startswith=first).count()
    return f"{first}-{taken + 1}" if taken else first


def _listed_row(
    entry: ApprovedVendor, vetted: dict[int, Qualification], lack: str, on: date
) -> Standing:
    category = entry.sku.category if entry.sku is not None else entry.category
    assert category is not None
    nearest = next((vetted[one] for one in category.lineage if one in vetted), None)
    return Standing(
        str(entry.sku or category),
        category,
        entry.sku,
        nearest,
        entry,
        lack,
        nearest is not None and _is_over(nearest, on),
    )


def _is_over(qualification: Qualification, on: date) -> bool:
    return qualification.valid_to is not None and qualification.valid_to < on


@dataclass(frozen=True, slots=True)
class PricedSku:
    """A SKU as one supplier sells it: the agreed base price beside what was really paid."""

    sku: Sku
    agreed: AgreedPrice | None
    cost: SkuCost | None

    @property
    def difference_percent(self) -> Decimal | None:
        """What was paid last against the agreed price; positive is dearer."""
        if self.agreed is None or self.cost is None or not self.cost.last_price:
            return None
        if not self.agreed.unit_price:
            return None
        last_price: Decimal = self.cost.last_price
        return (last_price - self.agreed.unit_price) / self.agreed.unit_price * 100


def priced_skus(supplier: Supplier, on: date) -> tuple[list[PricedSku], int]:
    """The SKUs bought most from a supplier, or agreed with it, and how many there are."""
    costs = {
        cost.sku_id: cost
        for cost in SkuCost.objects.filter(supplier=supplier, currency=supplier.currency)
    }
    agreed = set(
        PriceBreak.objects.filter(agreement__supplier=supplier)
        .filter(Q(valid_to__isnull=True) | Q(valid_to__gte=on))
        .values_list("sku_id", flat=True)
    )
    ids = sorted(
        agreed | set(costs), key=lambda one: (-costs[one].lines if one in costs else 0, one)
    )
    shown = ids[:SKUS_SHOWN]
    skus = {one.pk: one for one in Sku.objects.filter(pk__in=shown)}
    steps = price_steps([supplier.pk], shown, on)
    rows = [
        PricedSku(skus[one], _base_price(steps.get((supplier.pk, one), ())), costs.get(one))
        for one in shown
    ]
    return rows, len(ids)


def _base_price(steps: Iterable[AgreedPrice]) -> AgreedPrice | None:
    return min(steps, key=lambda step: (step.minimum_quantity, step.unit_price), default=None)


def supplier_timeline(
    supplier: Supplier, agreements: Iterable[PriceAgreement]
) -> list[BusinessEvent]:
    """What happened to the supplier and its agreements, and where it was weighed in a decision,
    newest first: one statement."""
    weighed = DecisionCandidate.objects.filter(supplier=supplier)
    subjects: dict[str, list[int] | QuerySet[Any]] = {
        "suppliers.supplier": [supplier.pk],
        "suppliers.priceagreement": [agreement.pk for agreement in agreements],
        "suppliers.sourcingdecision": weighed.order_by().values("decision_id"),
    }
    return timeline(subjects, EVENTS_SHOWN)


@dataclass(frozen=True, slots=True)
class AgreedRow:
    """One step of an agreement, with where it stands today and what was paid last."""

    step: PriceBreak
    state: str
    cost: SkuCost | None


def agreed_rows(agreement: PriceAgreement, on: date) -> list[AgreedRow]:
    """Every price of an agreement, those of today first for each SKU, then what ended."""
    steps = list(
        agreement.breaks.select_related("sku__category").order_by("sku__code", "minimum_quantity")
    )
    costs = {
        cost.sku_id: cost
        for cost in SkuCost.objects.filter(
            supplier_id=agreement.supplier_id,
            currency=agreement.currency,
            sku__in=[step.sku_id for step in steps],
        )
    }
    rows = [AgreedRow(step, _state(step, on), costs.get(step.sku_id)) for step in steps]
    return sorted(rows, key=lambda row: row.state == "ended")


def _state(step: PriceBreak, on: date) -> str:
    if step.valid_from > on:
        return "future"
    return "ended" if step.valid_to is not None and step.valid_to < on else "current"


def sku_agreements(sku: Sku, on: date) -> list[PriceBreak]:
    """The prices agreed for a SKU that hold today or later, by supplier and quantity."""
    rows = PriceBreak.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gte=on),
        Q(agreement__valid_to__isnull=True) | Q(agreement__valid_to__gte=on),
        sku=sku,
    ).select_related("agreement__supplier")
    return list(rows.order_by("agreement__supplier__name", "agreement__number", "minimum_quantity"))
