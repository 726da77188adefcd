"""What is on order with a supplier: ordered, not cancelled, and not here yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection

from procure.tenancy import current_organization_id
from suppliers.models import Supplier

ON_ORDER = """
    SELECT document.currency, count(DISTINCT document.id) AS orders,
        sum(rest.quantity * line.amount / line.ordered_quantity) AS value,
        count(*) FILTER (WHERE coalesce(line.expected_on, line.promised_on, line.requested_on) < %(on)s) AS late_lines,
        min(coalesce(line.expected_on, line.promised_on, line.requested_on))
            FILTER (WHERE coalesce(line.expected_on, line.promised_on, line.requested_on) >= %(on)s) AS next_on
    FROM purchasing_purchaseorder AS document
    JOIN purchasing_purchaseorderline AS line
        ON line.organization_id = document.organization_id AND line.order_id = document.id
    CROSS JOIN LATERAL (
        SELECT line.ordered_quantity - line.cancelled_quantity - coalesce((
            SELECT sum(part.received_quantity - part.returned_quantity)
            FROM purchasing_goodsreceiptline AS part
            JOIN purchasing_goodsreceipt AS receipt
                ON receipt.organization_id = part.organization_id AND receipt.id = part.receipt_id
                AND receipt.status = 'posted'
            WHERE part.organization_id = line.organization_id AND part.order_line_id = line.id
        ), 0) AS quantity
    ) AS rest
    WHERE document.organization_id = %(organization)s AND document.supplier_id = %(supplier)s
        AND document.status = 'issued' AND rest.quantity > 0
    GROUP BY 1 ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class OnOrder:
    """What issued orders in one currency still bring, and how many of their lines are late."""

    currency: str
    orders: int
    value: Decimal
    late_lines: int
    next_on: date | None


def on_order(supplier: Supplier, on: date) -> list[OnOrder]:
    """What is on order with a supplier, a row per currency: one statement."""
    given: dict[str, Any] = {
        "organization": current_organization_id(),
        "supplier": supplier.pk,
        "on": on,
    }
    with connection.cursor() as cursor:
        cursor.execute(ON_ORDER, given)
        return [OnOrder(*row) for row in cursor.fetchall()]
