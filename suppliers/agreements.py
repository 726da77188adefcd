"""Price agreements: what a supplier's agreed price for a quantity is.

Prices are found for many suppliers and SKUs at once and always come back per the SKU's own unit,
in the supplier's currency. A row agreed per another unit is converted by the unit factor valid
on the day; without one it is no price, because guessing a factor would be.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import F, OuterRef, Subquery

from procure.money import round_price, round_quantity
from suppliers.models import PriceBreak, UnitFactor
from suppliers.validity import valid_on

Pair = tuple[int, int]  # supplier, SKU


class WantedPrice(NamedTuple):
    """A question for a price: supplier, SKU and how much of it, in the SKU's unit."""

    supplier_id: int
    sku_id: int
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class AgreedPrice:
    """The agreed unit price for a quantity, per the SKU's unit, in the supplier's currency.

    `next_quantity` and `next_price` are the nearest cheaper step above the quantity, if any;
    `valid_to` is the earlier end of the agreement and the row, None when both are open.
    """

    price_break_id: int
    agreement_id: int
    agreement_number: str
    unit_price: Decimal
    minimum_quantity: Decimal
    lead_time_days: int | None
    valid_to: date | None
    next_quantity: Decimal | None = None
    next_price: Decimal | None = None


def agreed_prices(wanted: Sequence[WantedPrice], on: date) -> dict[Pair, AgreedPrice]:
    """The best valid price per (supplier_id, sku_id), in one statement however many are wanted.

    In each agreement the highest step within the quantity counts; among agreements the lowest
    price. Wanted rows of one pair are added up: the lines of an order reach a step together.
    A pair without a valid price for its quantity is absent.
    """
    quantities: dict[Pair, Decimal] = defaultdict(Decimal)
    for supplier_id, sku_id, quantity in wanted:
        quantities[supplier_id, sku_id] += quantity
    steps = price_steps({pair[0] for pair in quantities}, {pair[1] for pair in quantities}, on)
    found = {pair: best_price(steps.get(pair, ()), total) for pair, total in quantities.items()}
    return {pair: price for pair, price in found.items() if price is not None}


def price_steps(
    supplier_ids: Collection[int], sku_ids: Collection[int], on: date
) -> Mapping[Pair, list[AgreedPrice]]:
    """Every step that these suppliers' agreements have for these SKUs on that day: one statement."""
    steps: dict[Pair, list[AgreedPrice]] = defaultdict(list)
    for row in _valid_breaks(supplier_ids, sku_ids, on):
        factor: Decimal = row["factor"]
        ends = [end for end in (row["valid_to"], row["agreement__valid_to"]) if end]
        steps[row["agreement__supplier_id"], row["sku_id"]].append(
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


def best_price(steps: Iterable[AgreedPrice], quantity: Decimal) -> AgreedPrice | None:
    """The price that holds for the quantity, with the nearest cheaper step above it."""
    reached: dict[int, AgreedPrice] = {}
    above: list[AgreedPrice] = []
    for step in steps:
        if step.minimum_quantity > quantity:
            above.append(step)
            continue
        known = reached.get(step.agreement_id)
        if known is None or step.minimum_quantity > known.minimum_quantity:
            reached[step.agreement_id] = step
    if not reached:
        return None
    best = min(reached.values(), key=lambda step: (step.unit_price, step.price_break_id))
    cheaper = [step for step in above if step.unit_price < best.unit_price]
    following = min(
        cheaper, key=lambda step: (step.minimum_quantity, step.unit_price), default=None
    )
    if following is None:
        return best
    return _with_next(best, following)


def _with_next(best: AgreedPrice, following: AgreedPrice) -> AgreedPrice:
    return AgreedPrice(
        price_break_id=best.price_break_id,
        agreement_id=best.agreement_id,
        agreement_number=best.agreement_number,
        unit_price=best.unit_price,
        minimum_quantity=best.minimum_quantity,
        lead_time_days=best.lead_time_days,
        valid_to=best.valid_to,
        next_quantity=following.minimum_quantity,
        next_price=following.unit_price,
    )


def _valid_breaks(
    supplier_ids: Collection[int], sku_ids: Collection[int], on: date
) -> Iterable[dict[str, Any]]:
    factor = UnitFactor.objects.filter(
        sku_id=OuterRef("sku_id"), unit=OuterRef("unit"), valid_from__lte=on
    ).order_by("-valid_from")
    rows = (
        PriceBreak.objects.filter(
            valid_on(on),
            valid_on(on, "agreement__"),
            sku_id__in=sku_ids,
            agreement__supplier_id__in=supplier_ids,
            agreement__currency=F("agreement__supplier__currency"),
        )
        .annotate(stored_factor=Subquery(factor.values("factor")[:1]))
        .values(
            "id",
            "sku_id",
            "unit",
            "sku__unit",
            "unit_price",
            "minimum_quantity",
            "lead_time_days",
            "valid_to",
            "agreement_id",
            "agreement__number",
            "agreement__valid_to",
            "agreement__supplier_id",
            "stored_factor",
        )
    )
    for row in rows:
        same = row["unit"].casefold() == row["sku__unit"].casefold()
        row["factor"] = Decimal(1) if same else row["stored_factor"]
        if row["factor"] is not None:
            yield row
