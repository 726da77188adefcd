"""What the price agreements said on many days at once, as imported history asks it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import F

from procure.money import round_price, round_quantity
from procure.units import canonical_unit
from suppliers.agreements import AgreedPrice, best_price
from suppliers.models import PriceBreak, UnitFactor

ONE = Decimal(1)


class HistoricPrice(NamedTuple):
    """A question: how much of a SKU an order took from a supplier on a day, in the SKU's unit."""

    order: Hashable
    supplier_id: int
    sku_id: int
    quantity: Decimal
    on: date


def agreed_over_time(
    wanted: Sequence[HistoricPrice],
) -> dict[tuple[Hashable, int], AgreedPrice]:
    """The best price per (order, sku_id) on the order's day, in two statements at most.

    As `agreed_prices`: quantities of one order are added up, per SKU unit, in the supplier's
    currency; what had no agreement on its day is absent.
    """
    if not wanted:
        return {}
    quantities: dict[tuple[Hashable, int], Decimal] = defaultdict(Decimal)
    for one in wanted:
        quantities[one.order, one.sku_id] += one.quantity
    rows = _rows(wanted)
    factors = _factors(
        {row["sku_id"] for group in rows.values() for row in group if not _same(row)}
    )
    found = {}
    for one in wanted:
        key = (one.order, one.sku_id)
        if key not in found:
            steps = _steps(rows.get((one.supplier_id, one.sku_id), ()), factors, one.on)
            found[key] = best_price(steps, quantities[key])
    return {key: price for key, price in found.items() if price is not None}


def _rows(wanted: Iterable[HistoricPrice]) -> dict[tuple[int, int], list[dict[str, Any]]]:
    """Every price of these suppliers and SKUs that began until the last day."""
    last = max(one.on for one in wanted)
    found: dict[tuple[int, int], list[dict[str, Any]]] = defaultdict(list)
    rows = PriceBreak.objects.filter(
        sku_id__in={one.sku_id for one in wanted},
        agreement__supplier_id__in={one.supplier_id for one in wanted},
        agreement__currency=F("agreement__supplier__currency"),
        agreement__valid_from__lte=last,
        valid_from__lte=last,
    ).values(
        *("id", "sku_id", "unit", "sku__unit", "unit_price", "minimum_quantity"),
        *("lead_time_days", "valid_from", "valid_to", "agreement_id", "agreement__number"),
        *("agreement__valid_from", "agreement__valid_to", "agreement__supplier_id"),
    )
    for row in rows:
        found[row["agreement__supplier_id"], row["sku_id"]].append(row)
    return found


def _same(row: dict[str, Any]) -> bool:
    return canonical_unit(row["unit"]) == canonical_unit(row["sku__unit"])


def _factors(sku_ids: Collection[int]) -> dict[tuple[int, str], list[UnitFactor]]:
    """The factors of these SKUs by unit, the latest first."""
    found: dict[tuple[int, str], list[UnitFactor]] = defaultdict(list)
    if sku_ids:
        for factor in UnitFactor.objects.filter(sku_id__in=sku_ids).order_by("-valid_from"):
            found[factor.sku_id, factor.unit].append(factor)
    return found


def _steps(
    rows: Iterable[dict[str, Any]],
    factors: dict[tuple[int, str], list[UnitFactor]],
    on: date,
) -> list[AgreedPrice]:
    steps = []
    for row in rows:
        ends = [end for end in (row["valid_to"], row["agreement__valid_to"]) if end]
        begins = max(row["valid_from"], row["agreement__valid_from"])
        factor = ONE if _same(row) else _factor_on(factors[row["sku_id"], row["unit"]], on)
        if begins > on or any(end < on for end in ends) or factor is None:
            continue
        steps.append(
            AgreedPrice(
                price_break_id=row["id"],
                agreement_id=row["agreement_id"],
                agreement_number=row["agreement__number"],
                unit_price=round_price(row["unit_price"] / factor),
                minimum_quantity=round_quantity(row["minimum_quantity"] * factor),
                lead_time_days=row["lead_time_days"],
                valid_to=min(ends, default=None),
            )
        )
    return steps


def _factor_on(factors: Iterable[UnitFactor], on: date) -> Decimal | None:
    return next((factor.factor for factor in factors if factor.valid_from <= on), None)
