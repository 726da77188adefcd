"""The agreed price of order lines on their order's day, and the unit factors of their SKUs.

The fourth price, which a three-way match cannot see. It is read from the agreements each time, so
that an amended agreement counts at the next match; two statements for any number of orders.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from functools import cached_property, lru_cache

from django.utils import timezone

from procure.money import ZERO, round_price, round_quantity
from procure.units import NO_FACTORS, UnitFactors, canonical_unit
from purchasing.models import PurchaseOrder, PurchaseOrderLine
from suppliers.agreements import AgreedPrice, best_price
from suppliers.models import PriceAgreement, PriceBreak, UnitFactor


def order_day(order: PurchaseOrder) -> date | None:
    """The day whose agreements count: issued, else submitted or drafted; history may not know."""
    if order.issued_on is not None:
        return order.issued_on
    if order.origin == PurchaseOrder.Origin.IMPORTED:
        return None
    return timezone.localdate(order.submitted_at or order.created_at)


class AgreedTerms:
    """Agreements and unit factors that concern a set of orders."""

    def __init__(self, orders: Iterable[PurchaseOrder], lines: Sequence[PurchaseOrderLine]) -> None:
        self._days = {order.pk: order_day(order) for order in orders}
        self._breaks: dict[tuple[int, int], list[PriceBreak]] = defaultdict(list)
        self._agreements: dict[int, PriceAgreement] = {}
        self._wanted: dict[tuple[int, int], Decimal] = defaultdict(lambda: ZERO)
        for line in lines:
            self._wanted[line.order_id, line.sku_id] += line.ordered_quantity
        self._skus = {line.sku_id for line in lines}
        self._prices: dict[int, Decimal | None] = {}
        if self._skus:
            self._read(self._skus, {line.order.supplier_id for line in lines})

    @cached_property
    def _factors(self) -> dict[int, list[UnitFactor]]:
        """All factors of the SKUs, the latest first; read when units differ, which is rare."""
        factors: dict[int, list[UnitFactor]] = defaultdict(list)
        for factor in (
            UnitFactor.objects.filter(sku_id__in=self._skus)
            .select_related("sku")
            .order_by("-valid_from")
        ):
            factors[factor.sku_id].append(factor)
        return factors

    def _read(self, skus: set[int], suppliers: set[int | None]) -> None:
        days = [day for day in self._days.values() if day is not None]
        if not days:
            return
        for step in PriceBreak.objects.filter(
            sku_id__in=skus,
            agreement__supplier_id__in=suppliers,
            valid_from__lte=max(days),
            agreement__valid_from__lte=max(days),
        ).select_related("agreement", "sku"):
            self._breaks[step.agreement.supplier_id, step.sku_id].append(step)
            self._agreements[step.agreement_id] = step.agreement

    def agreement_price(self, line: PurchaseOrderLine) -> AgreedPrice | None:
        """The agreement's price for the line in its unit, None where there is none.

        The lines of an order with one SKU reach a step together, as when they were priced.
        """
        day, supplier_id = self._days[line.order_id], line.order.supplier_id
        if day is None or supplier_id is None:
            return None
        steps = [
            _in_unit(step, ratio)
            for step in self._breaks.get((supplier_id, line.sku_id), ())
            if _is_valid(step, day)
            and step.agreement.currency == line.order.currency
            and (ratio := self._ratio(step, line, day))
        ]
        return best_price(steps, self._wanted[line.order_id, line.sku_id])

    def agreement_of(self, price: AgreedPrice) -> PriceAgreement:
        """The agreement that a price comes from."""
        return self._agreements[price.agreement_id]

    def _ratio(
        self, step: PriceBreak, line: PurchaseOrderLine, day: date
    ) -> tuple[Decimal, Decimal] | None:
        same = NO_FACTORS.ratio(step.unit, line.unit)
        return same or self.factors(line.sku_id, day).ratio(step.unit, line.unit)

    def price(self, line: PurchaseOrderLine) -> Decimal | None:
        """The agreed unit price on the order's day; without a known day, the one kept on the line."""
        if self._days[line.order_id] is None:
            kept: Decimal | None = line.agreed_price
            return kept
        if line.pk not in self._prices:
            agreed = self.agreement_price(line)
            self._prices[line.pk] = None if agreed is None else agreed.unit_price
        return self._prices[line.pk]

    def factors(self, sku_id: int, on: date) -> UnitFactors:
        """The SKU's factors valid on a day; equal ones are one object, for the engine's caches."""
        known = self._factors.get(sku_id)
        if not known:
            return NO_FACTORS
        valid: dict[str, tuple[str, str, Decimal]] = {}
        for factor in known:
            if factor.valid_from <= on:
                unit = canonical_unit(factor.unit)
                own = canonical_unit(factor.sku.unit)
                valid.setdefault(unit, (unit, own, factor.factor))
        return _factors_of(tuple(valid.values()))


@lru_cache(maxsize=1024)
def _factors_of(factors: tuple[tuple[str, str, Decimal], ...]) -> UnitFactors:
    return UnitFactors(factors)


def _is_valid(step: PriceBreak, day: date) -> bool:
    return all(
        entry.valid_from <= day and (entry.valid_to is None or day <= entry.valid_to)
        for entry in (step, step.agreement)
    )


def _in_unit(step: PriceBreak, ratio: tuple[Decimal, Decimal]) -> AgreedPrice:
    numerator, denominator = ratio
    return AgreedPrice(
        price_break_id=step.pk,
        agreement_id=step.agreement_id,
        agreement_number=step.agreement.number,
        unit_price=round_price(step.unit_price * denominator / numerator),
        minimum_quantity=round_quantity(step.minimum_quantity * numerator / denominator),
        lead_time_days=step.lead_time_days,
        valid_to=min(filter(None, (step.valid_to, step.agreement.valid_to)), default=None),
    )
