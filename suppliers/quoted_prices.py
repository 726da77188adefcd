"""What suppliers quoted, as a price to order at: below agreements, above what was last paid.

Only quotes of a request that is decided count, whether they won or not: until then a price might
give away a sealed offer or forestall the choice. Of each supplier its last version counts, to the
day that it holds; a late one only when it won, one that was not confirmed after a change never.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from django.db.models import QuerySet

from procure.money import round_price, round_quantity
from procure.prepared import prepared
from procure.tenancy import current_organization_id
from suppliers.agreements import Pair
from suppliers.models import QuotationLine, QuotationRequest

QUOTED = """
SELECT quotation.supplier_id, asked.sku_id, asked.unit, sku.unit,
    CASE WHEN asked.unit <> sku.unit THEN (
        SELECT factor FROM suppliers_unitfactor AS known
        WHERE known.organization_id = %(organization)s::bigint AND known.sku_id = asked.sku_id
            AND known.unit = asked.unit AND known.valid_from <= %(day)s::date
        ORDER BY known.valid_from DESC LIMIT 1
    ) END,
    offered.id, request.number, quotation.valid_to, offered.lead_time_days,
    step.minimum_quantity, step.unit_price
FROM suppliers_quotationrequestline asked
JOIN suppliers_quotationrequest request
    ON request.organization_id = asked.organization_id AND request.id = asked.request_id
JOIN suppliers_quotationline offered
    ON offered.organization_id = asked.organization_id AND offered.request_line_id = asked.id
JOIN suppliers_quotation quotation
    ON quotation.organization_id = offered.organization_id AND quotation.id = offered.quotation_id
JOIN suppliers_supplier supplier
    ON supplier.organization_id = asked.organization_id AND supplier.id = quotation.supplier_id
JOIN suppliers_sku sku ON sku.organization_id = asked.organization_id AND sku.id = asked.sku_id
CROSS JOIN LATERAL (
    SELECT offered.minimum_quantity, offered.unit_price
    UNION ALL
    SELECT further.minimum_quantity, further.unit_price FROM suppliers_quotationbreak further
    WHERE further.organization_id = offered.organization_id AND further.line_id = offered.id
) step
WHERE asked.organization_id = %(organization)s::bigint
    AND asked.sku_id = ANY(%(skus)s::bigint[])
    AND quotation.supplier_id = ANY(%(suppliers)s::bigint[])
    AND request.status = 'awarded'
    AND quotation.currency = supplier.currency
    AND quotation.valid_to >= %(day)s::date
    AND coalesce(quotation.confirmed_at, quotation.submitted_at)
        >= coalesce(request.changed_at, '-infinity')
    AND NOT EXISTS (
        SELECT FROM suppliers_quotation later
        WHERE later.organization_id = quotation.organization_id
            AND later.invitation_id = quotation.invitation_id
            AND later.version > quotation.version
    )
    AND (NOT quotation.is_late OR EXISTS (
        SELECT FROM suppliers_quotationaward award
        WHERE award.organization_id = quotation.organization_id
            AND award.quotation_id = quotation.id AND award.request_line_id = asked.id
    ))
ORDER BY offered.id, step.minimum_quantity
"""
ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class QuotedPrice:
    """A step of a quote, per the SKU's unit, in the supplier's currency; it holds to `valid_to`.

    `next_quantity` and `next_price` are the nearest cheaper step above the quantity, if any.
    """

    line_id: int
    request_number: str
    unit_price: Decimal
    minimum_quantity: Decimal
    lead_time_days: int | None
    valid_to: date
    next_quantity: Decimal | None = None
    next_price: Decimal | None = None


def quoted_steps(
    supplier_ids: Collection[int], sku_ids: Collection[int], on: date
) -> Mapping[Pair, list[QuotedPrice]]:
    """Every step that these suppliers quoted for these SKUs and that holds on the day: one statement."""
    values = {
        "organization": current_organization_id(),
        "suppliers": list(supplier_ids),
        "skus": list(sku_ids),
        "day": on,
    }
    steps: dict[Pair, list[QuotedPrice]] = defaultdict(list)
    for supplier_id, sku_id, unit, own_unit, stored_factor, *step in prepared(QUOTED, values):
        line_id, number, valid_to, lead_time_days, minimum, price = step
        factor = ONE if unit.casefold() == own_unit.casefold() else stored_factor
        if factor is None:
            continue
        steps[supplier_id, sku_id].append(
            QuotedPrice(
                line_id=line_id,
                request_number=number,
                unit_price=round_price(price / factor),
                minimum_quantity=round_quantity(minimum * factor),
                lead_time_days=lead_time_days,
                valid_to=valid_to,
            )
        )
    return steps


def best_quote(steps: Iterable[QuotedPrice], quantity: Decimal) -> QuotedPrice | None:
    """The lowest price that was quoted for the quantity, with the nearest cheaper step above it."""
    reached: dict[int, QuotedPrice] = {}
    above: list[QuotedPrice] = []
    for step in steps:
        if step.minimum_quantity > quantity:
            above.append(step)
            continue
        known = reached.get(step.line_id)
        if known is None or step.minimum_quantity > known.minimum_quantity:
            reached[step.line_id] = step
    if not reached:
        return None
    best = min(reached.values(), key=lambda step: (step.unit_price, -step.line_id))
    cheaper = [step for step in above if step.unit_price < best.unit_price]
    following = min(cheaper, key=lambda step: step.minimum_quantity, default=None)
    if following is None:
        return best
    return replace(best, next_quantity=following.minimum_quantity, next_price=following.unit_price)


def who_quoted(sku_ids: Collection[int], on: date) -> QuerySet[QuotationLine]:
    """Offers of decided requests that may still hold, to find who could be asked; unordered."""
    lines: QuerySet[QuotationLine] = QuotationLine.objects.filter(
        request_line__request__status=QuotationRequest.Status.AWARDED,
        request_line__sku_id__in=sku_ids,
        quotation__valid_to__gte=on,
    )
    return lines.order_by()
