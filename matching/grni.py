"""Goods received and not invoiced: what we owe for without a bill, on any day, per order line.

Owed is what was received and accepted until that day, less what was billed until then. Rejected and
returned goods are not owed; returned ones are the rejected ones first. A receipt that was reversed,
and an invoice that was voided, count until the day of that. An invoice counts from the day it was
received on, held or not, unless it looks like a repetition of another; a credit takes back what it
bills. Valued at the order's price.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import connection
from django.utils import timezone

from procure.exchange import Rates, rates_on
from procure.money import ZERO, round_money
from procure.tenancy import current_organization_id

OWED = """
WITH came AS (
    SELECT g.order_line_id, sum(g.received_quantity) AS received,
        sum(g.rejected_quantity) AS rejected, sum(g.returned_quantity) AS returned,
        max(r.received_on) FILTER (WHERE r.kind = 'receipt') AS last_on
    FROM purchasing_goodsreceiptline g
    JOIN purchasing_goodsreceipt r
        ON r.organization_id = g.organization_id AND r.id = g.receipt_id
    WHERE g.organization_id = %(organization)s AND r.received_on <= %(as_of)s
      AND (r.status = 'posted' OR (r.reversed_at AT TIME ZONE %(zone)s)::date > %(as_of)s)
    GROUP BY g.order_line_id
),
billed AS (
    SELECT n.order_line_id,
        sum(CASE i.kind WHEN 'credit' THEN -n.matched_quantity ELSE n.matched_quantity END)
            AS quantity
    FROM matching_supplierinvoiceline n
    JOIN matching_supplierinvoice i
        ON i.organization_id = n.organization_id AND i.id = n.invoice_id
    WHERE n.organization_id = %(organization)s AND i.received_on <= %(as_of)s
      AND n.charge_code = '' AND n.order_line_id IS NOT NULL
      AND (i.status <> 'void' OR (i.voided_at AT TIME ZONE %(zone)s)::date > %(as_of)s)
      AND NOT EXISTS (
        SELECT FROM matching_hold h
        WHERE h.organization_id = i.organization_id AND h.invoice_id = i.id
          AND h.check_code = 'DUPLICATE_SUSPECT'
          AND (h.opened_at AT TIME ZONE %(zone)s)::date <= %(as_of)s
          AND (h.closed_at IS NULL OR (h.closed_at AT TIME ZONE %(zone)s)::date > %(as_of)s)
      )
    GROUP BY n.order_line_id
)
SELECT s.public_id, s.code, s.name, o.public_id, o.number, l.line_no, k.code, l.description,
    came.last_on, owed.accepted, COALESCE(billed.quantity, 0),
    owed.accepted - GREATEST(COALESCE(billed.quantity, 0), 0), l.unit, l.unit_price, o.currency
FROM came
JOIN purchasing_purchaseorderline l
    ON l.organization_id = %(organization)s AND l.id = came.order_line_id
JOIN purchasing_purchaseorder o ON o.organization_id = l.organization_id AND o.id = l.order_id
JOIN suppliers_supplier s ON s.organization_id = o.organization_id AND s.id = o.supplier_id
JOIN suppliers_sku k ON k.organization_id = l.organization_id AND k.id = l.sku_id
LEFT JOIN billed ON billed.order_line_id = l.id
CROSS JOIN LATERAL (
    SELECT LEAST(came.received - came.rejected, came.received - came.returned) AS accepted
) owed
WHERE owed.accepted > GREATEST(COALESCE(billed.quantity, 0), 0)
ORDER BY s.name, s.id, o.id, l.line_no
"""


@dataclass(frozen=True, slots=True)
class OwedLine:
    """An order line of which more came than was billed: quantities in its unit, money in the
    order's currency."""

    supplier_id: uuid.UUID
    supplier_code: str
    supplier: str
    order_id: uuid.UUID
    order_number: str
    line_no: int
    sku: str
    description: str
    last_received_on: date
    accepted: Decimal
    billed: Decimal
    quantity: Decimal
    unit: str
    unit_price: Decimal
    currency: str

    @property
    def amount(self) -> Decimal:
        """What is owed for it at the order's price, rounded once."""
        return round_money(self.quantity * self.unit_price, self.currency)


@dataclass(slots=True)
class OwedTotal:
    """What is owed to one supplier in one currency, and in the organization's where a rate leads
    there."""

    supplier_id: uuid.UUID
    supplier: str
    currency: str
    lines: int = 0
    amount: Decimal = ZERO
    base_amount: Decimal | None = None


def received_not_invoiced(as_of: date) -> list[OwedLine]:
    """What is owed for without a bill on that day, by supplier and order: one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            OWED,
            {
                "organization": current_organization_id(),
                "as_of": as_of,
                "zone": timezone.get_current_timezone_name(),
            },
        )
        return [OwedLine(*row) for row in cursor.fetchall()]


def in_base(amount: Decimal, currency: str, base: str, rates: Rates) -> Decimal | None:
    """The amount in the organization's currency, rounded once; None without a rate."""
    converted = rates.convert(amount, currency, base)
    return None if converted is None else round_money(converted, base)


def owed_totals(lines: Iterable[OwedLine], base: str, as_of: date) -> list[OwedTotal]:
    """Per supplier and currency, with the rates of that day: one statement."""
    rates = rates_on(as_of)
    found: dict[tuple[uuid.UUID, str], OwedTotal] = {}
    for line in lines:
        total = found.setdefault(
            (line.supplier_id, line.currency),
            OwedTotal(line.supplier_id, line.supplier, line.currency),
        )
        total.lines += 1
        total.amount += line.amount
    for total in found.values():
        total.base_amount = in_base(total.amount, total.currency, base, rates)
    return list(found.values())
