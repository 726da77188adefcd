"""Price agreements: what a supplier's agreed price for a quantity is.

Prices are found for many suppliers and SKUs at once and always come back per the SKU's own unit,
in the supplier's currency. A row agreed per another unit is converted by the unit factor valid
on the day; without one it is no price, because guessing a factor would be.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from procure.money import round_price, round_quantity
from procure.prepared import prepared
from procure.tenancy import current_organization_id

Pair = tuple[int, int]  # supplier, SKU

STEPS = """
SELECT agreement.supplier_id, step.sku_id, step.unit, sku.unit,
    CASE WHEN step.unit <> sku.unit THEN (
        SELECT factor FROM suppliers_unitfactor AS known
        WHERE known.organization_id = %(organization)s::bigint AND known.sku_id = step.sku_id
            AND known.unit = step.unit AND known.valid_from <= %(day)s::date
        ORDER BY known.valid_from DESC LIMIT 1
    ) END,
    step.id, agreement.id, agreement.number, step.unit_price, step.minimum_quantity,
    step.lead_time_days, least(step.valid_to, agreement.valid_to), step.minimum_order_quantity,
    step.order_multiple
FROM suppliers_pricebreak step
JOIN suppliers_priceagreement agreement
    ON agreement.organization_id = step.organization_id AND agreement.id = step.agreement_id
JOIN suppliers_supplier supplier
    ON supplier.organization_id = step.organization_id AND supplier.id = agreement.supplier_id
JOIN suppliers_sku sku ON sku.organization_id = step.organization_id AND sku.id = step.sku_id
WHERE step.organization_id = %(organization)s::bigint
    AND step.sku_id = ANY(%(skus)s::bigint[])
    AND agreement.supplier_id = ANY(%(suppliers)s::bigint[])
    AND agreement.currency = supplier.currency
    AND %(day)s::date BETWEEN step.valid_from AND coalesce(step.valid_to, 'infinity')
    AND %(day)s::date BETWEEN agreement.valid_from AND coalesce(agreement.valid_to, 'infinity')
ORDER BY step.sku_id, step.minimum_quantity, step.valid_from
"""
ONE = Decimal(1)


class WantedPrice(NamedTuple):
    """A question for a price: supplier, SKU and how much of it, in the SKU's unit."""

    supplier_id: int
    sku_id: int
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class AgreedPrice:
    """The agreed unit price for a quantity, per the SKU's unit, in the supplier's currency.

    `next_quantity` and `next_price` are the nearest cheaper step above the quantity, if any;
    `valid_to` is the earlier end of the agreement and the row, None when both are open. Less than
    `least` is not sold, and only whole multiples of `multiple`; None where nothing is said.
    """

    price_break_id: int
    agreement_id: int
    agreement_number: str
    unit_price: Decimal
    minimum_quantity: Decimal
    lead_time_days: int | None
    valid_to: date | None
    least: Decimal | None = None
    multiple: Decimal | None = None
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
    values = {
        "organization": current_organization_id(),
        "suppliers": list(supplier_ids),
        "skus": list(sku_ids),
        "day": on,
    }
    steps: dict[Pair, list[AgreedPrice]] = defaultdict(list)
    for supplier_id, sku_id, unit, own_unit, stored_factor, *step in prepared(STEPS, values):
        price_break_id, agreement_id, number, price, minimum, lead_time_days, *others = step
        valid_to, least, multiple = others
        factor = ONE if unit.casefold() == own_unit.casefold() else stored_factor
        if factor is None:
            continue
        steps[supplier_id, sku_id].append(
            AgreedPrice(
                price_break_id=price_break_id,
                agreement_id=agreement_id,
                agreement_number=number,
                unit_price=round_price(price / factor),
                minimum_quantity=round_quantity(minimum * factor),
                lead_time_days=lead_time_days,
                valid_to=valid_to,
                least=least and round_quantity(least * factor),
                multiple=multiple and round_quantity(multiple * factor),
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
    return replace(best, next_quantity=following.minimum_quantity, next_price=following.unit_price)
