"""The content of an order: its lines' amounts, its total, and the hash that an approval names."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from decimal import Decimal

from procure.errors import BusinessRuleError
from procure.money import ZERO, plain_decimal, round_money
from purchasing.models import PurchaseOrder, PurchaseOrderLine

MOST_IN_A_LINE = Decimal(10) ** 13


def line_amount(quantity: Decimal, unit_price: Decimal, currency: str) -> Decimal:
    """Quantity x unit price in the currency's minor unit; an amount no column holds is refused."""
    amount = round_money(quantity * unit_price, currency)
    if amount >= MOST_IN_A_LINE:
        raise BusinessRuleError(
            "amount_too_large",
            "Quantity x price is more than one line can hold. Check both.",
            "ordered_quantity",
        )
    return amount


def order_total(lines: Iterable[PurchaseOrderLine]) -> Decimal:
    """The sum of the lines in the order's currency, cancelled quantities not taken off."""
    return sum((line.amount for line in lines), ZERO)


def content_hash(order: PurchaseOrder, lines: Iterable[PurchaseOrderLine]) -> str:
    """A fingerprint of all that an approver is shown; any change of it changes the fingerprint.

    Computed from the rows each time, never read back from a column.
    """
    shown = [
        order.supplier_id,
        order.category_id,
        order.currency,
        order.ship_to_id,
        _day(order.needed_on),
        order.cost_center,
        order.incoterm,
        order.payment_terms_days,
        order.note,
        order.off_list_reason,
        order.off_list_explanation,
        [_shown_of(line) for line in sorted(lines, key=lambda line: line.line_no)],
    ]
    return hashlib.sha256(json.dumps(shown).encode()).hexdigest()


def _shown_of(line: PurchaseOrderLine) -> list[object]:
    return [
        line.line_no,
        line.sku_id,
        line.description,
        line.supplier_sku,
        plain_decimal(line.ordered_quantity),
        line.unit,
        plain_decimal(line.unit_price),
        plain_decimal(line.amount),
        line.price_reason,
        _day(line.requested_on),
    ]


def _day(day: object) -> str:
    return str(day) if day else ""
