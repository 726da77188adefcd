"""How far our orders are with what was committed to suppliers.

Called off is what issued orders ask for, less what was cancelled, by the day of issue; orders whose
day is unknown and lines in a unit that has no factor are not counted. Nothing is stored.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import Any

from django.db import connection

from procure import figures
from procure.money import ZERO, round_quantity
from procure.tenancy import current_organization_id
from procure.units import unit_symbol
from purchasing.models import PurchaseOrder
from suppliers.models import VolumeCommitment

VALUE = VolumeCommitment.Measure.VALUE
ON_PACE_PERCENT = Decimal("0.5")
"""Nearer to its pace than this, a commitment is called on pace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitmentProgress:
    """A commitment and what came of it until `on`, all in its `unit`, or `currency` for a value.

    `public_id` is None for a quantity that is committed in a row of an agreement. `own_part` is
    what the order at hand adds, where one was named.
    """

    public_id: uuid.UUID | None
    number: str
    supplier: str
    supplier_code: str
    supplier_public_id: uuid.UUID
    agreement_number: str | None
    agreement_public_id: uuid.UUID | None
    category: str | None
    category_code: str | None
    sku: str | None
    measure: str
    committed: Decimal
    unit: str
    currency: str
    starts_on: date
    ends_on: date
    status: str
    called_off: Decimal
    received: Decimal
    own_part: Decimal
    on: date

    @property
    def scope(self) -> str:
        return self.sku or self.category or "All that is bought"

    @property
    def days(self) -> int:
        return (self.ends_on - self.starts_on).days + 1

    @property
    def elapsed(self) -> int:
        """The days gone by, today included."""
        return min(max((self.on - self.starts_on).days + 1, 0), self.days)

    @property
    def expected(self) -> Decimal:
        """What an even pace would have called off by now."""
        return self.committed * self.elapsed / self.days

    @property
    def pace_percent(self) -> Decimal | None:
        """How far ahead of an even pace, in percent of it; negative is behind."""
        if not self.expected:
            return None
        return (self.called_off - self.expected) / self.expected * 100

    @property
    def projected(self) -> Decimal | None:
        """What will be called off by the last day when it goes on like this."""
        if not self.elapsed:
            return None
        return self.called_off * self.days / self.elapsed

    @property
    def projected_end(self) -> date | None:
        """The day on which all of it will be called off at this pace; None for never."""
        if not self.elapsed or self.called_off <= ZERO:
            return None
        needed = (self.committed * self.elapsed / self.called_off).to_integral_value(ROUND_CEILING)
        longest = (date.max - self.starts_on).days
        return self.starts_on + timedelta(days=min(int(needed), longest) - 1)

    @property
    def shortfall(self) -> Decimal | None:
        """What will be missing on the last day; negative is more than was committed."""
        return None if self.projected is None else self.committed - self.projected

    @property
    def overrun(self) -> Decimal | None:
        """What will be called off beyond the commitment by the last day."""
        return None if self.shortfall is None else -self.shortfall

    @property
    def is_behind(self) -> bool:
        return self.pace_percent is not None and self.pace_percent < -ON_PACE_PERCENT

    @property
    def tone(self) -> str:
        if self.pace_percent is None:
            return ""
        return "warn" if self.is_behind else "ok"

    @property
    def pace_words(self) -> str:
        """Its pace in three words: "8% behind", "on pace", "4% ahead"."""
        pace = self.pace_percent
        if pace is None:
            return "not begun"
        if abs(pace) <= ON_PACE_PERCENT:
            return "on pace"
        return f"{figures.percent(abs(pace), 0)} {'behind' if pace < 0 else 'ahead'}"

    @property
    def value_currency(self) -> str:
        """The currency of its numbers; none for a quantity."""
        return self.currency if self.measure == VALUE else ""

    def figure(self, number: Decimal) -> str:
        """A number of this commitment with its unit or currency."""
        if self.measure == VALUE:
            return f"{figures.money(number, self.currency)} {self.currency}"
        return f"{figures.quantity(round_quantity(number))} {unit_symbol(self.unit)}"


# Both ways in which a volume is committed; an amended agreement says it once, in its latest row.
_COMMITTED = """
SELECT one.public_id, one.number, one.supplier_id, one.agreement_id, one.sku_id, one.category_id,
       one.measure, one.committed, one.unit, one.currency, one.starts_on, one.ends_on, one.status
FROM suppliers_volumecommitment AS one
WHERE one.organization_id = %(organization)s
UNION ALL
SELECT NULL, row.number, row.supplier_id, row.agreement_id, row.sku_id, NULL, 'quantity',
       row.committed_quantity, row.unit, row.currency, row.valid_from, row.ends_on, 'open'
FROM (
  SELECT DISTINCT ON (step.agreement_id, step.sku_id) agreement.number, agreement.supplier_id,
         step.agreement_id, step.sku_id, step.committed_quantity, step.unit, agreement.currency,
         agreement.valid_from, coalesce(agreement.valid_to, step.valid_to) AS ends_on
  FROM suppliers_pricebreak AS step
  JOIN suppliers_priceagreement AS agreement
    ON agreement.organization_id = step.organization_id AND agreement.id = step.agreement_id
  WHERE step.organization_id = %(organization)s AND step.committed_quantity > 0
  ORDER BY step.agreement_id, step.sku_id, step.valid_from DESC, step.minimum_quantity
) AS row
WHERE row.ends_on IS NOT NULL
"""

_CALLED = f"""
WITH committed AS MATERIALIZED (
  SELECT one.*, row_number() OVER () AS place FROM ({_COMMITTED}) AS one
  WHERE (%(suppliers)s::bigint[] IS NULL OR one.supplier_id = ANY(%(suppliers)s))
    AND (%(agreement)s::bigint IS NULL OR one.agreement_id = %(agreement)s)
    AND (%(public_id)s::uuid IS NULL OR one.public_id = %(public_id)s)
    AND (NOT %(in_force)s
         OR (one.status = 'open' AND %(on)s::date BETWEEN one.starts_on AND one.ends_on))
), called AS (
  SELECT one.place, document.id AS order_id, document.status, line.id AS line_id,
    line.ordered_quantity - line.cancelled_quantity AS wanted, coalesce(came.here, 0) AS here,
    CASE WHEN one.measure = 'value' THEN line.amount / line.ordered_quantity
         WHEN line.unit = one.unit THEN 1
         ELSE (SELECT factor.factor FROM suppliers_unitfactor AS factor
               WHERE factor.organization_id = line.organization_id AND factor.sku_id = line.sku_id
                 AND factor.unit = line.unit AND sku.unit = one.unit
                 AND factor.valid_from <= coalesce(document.issued_on, %(on)s)
               ORDER BY factor.valid_from DESC LIMIT 1)
    END AS worth
  FROM committed AS one
  JOIN purchasing_purchaseorder AS document
    ON document.organization_id = %(organization)s AND document.supplier_id = one.supplier_id
    AND ((document.status IN ('issued', 'closed')
          AND document.issued_on BETWEEN one.starts_on AND one.ends_on
          AND document.issued_on <= %(on)s)
         OR document.id = %(order)s)
    AND (one.measure = 'quantity' OR document.currency = one.currency)
  JOIN purchasing_purchaseorderline AS line
    ON line.organization_id = document.organization_id AND line.order_id = document.id
    AND (one.sku_id IS NULL OR line.sku_id = one.sku_id)
  JOIN suppliers_sku AS sku
    ON sku.organization_id = line.organization_id AND sku.id = line.sku_id
  JOIN suppliers_category AS category
    ON category.organization_id = sku.organization_id AND category.id = sku.category_id
    AND (one.category_id IS NULL OR category.id = one.category_id
         OR one.category_id = ANY(category.lineage))
  LEFT JOIN LATERAL (
    SELECT sum(part.received_quantity - part.returned_quantity) AS here
    FROM purchasing_goodsreceiptline AS part
    JOIN purchasing_goodsreceipt AS receipt
      ON receipt.organization_id = part.organization_id AND receipt.id = part.receipt_id
      AND receipt.status = 'posted'
    WHERE part.organization_id = line.organization_id AND part.order_line_id = line.id
  ) AS came ON true
)"""

_PROGRESS = f"""{_CALLED}, summed AS (
  SELECT place,
    sum(wanted * worth) FILTER (WHERE status IN ('issued', 'closed')) AS called_off,
    sum(here * worth) FILTER (WHERE status IN ('issued', 'closed')) AS received,
    sum(wanted * worth) FILTER (WHERE order_id = %(order)s) AS own_part,
    count(*) FILTER (WHERE order_id = %(order)s) AS own_lines
  FROM called GROUP BY place
)
SELECT one.public_id, one.number, supplier.name AS supplier, supplier.code AS supplier_code,
  supplier.public_id AS supplier_public_id, agreement.number AS agreement_number,
  agreement.public_id AS agreement_public_id, category.name AS category,
  category.code AS category_code, sku.code AS sku, one.measure, one.committed, one.unit,
  one.currency, one.starts_on, one.ends_on, one.status,
  coalesce(summed.called_off, 0) AS called_off, coalesce(summed.received, 0) AS received,
  coalesce(summed.own_part, 0) AS own_part
FROM committed AS one
LEFT JOIN summed ON summed.place = one.place
JOIN suppliers_supplier AS supplier
  ON supplier.organization_id = %(organization)s AND supplier.id = one.supplier_id
LEFT JOIN suppliers_priceagreement AS agreement
  ON agreement.organization_id = %(organization)s AND agreement.id = one.agreement_id
LEFT JOIN suppliers_category AS category
  ON category.organization_id = %(organization)s AND category.id = one.category_id
LEFT JOIN suppliers_sku AS sku
  ON sku.organization_id = %(organization)s AND sku.id = one.sku_id
WHERE %(order)s::bigint IS NULL OR summed.own_lines > 0
ORDER BY one.ends_on, one.number, sku.code
"""

_DOCUMENTS = f"""{_CALLED}
SELECT document.public_id, document.number, document.issued_on, line.line_no, sku.code AS sku,
  called.wanted * called.worth AS called_off, called.here * called.worth AS received
FROM called
JOIN purchasing_purchaseorder AS document
  ON document.organization_id = %(organization)s AND document.id = called.order_id
JOIN purchasing_purchaseorderline AS line
  ON line.organization_id = %(organization)s AND line.id = called.line_id
JOIN suppliers_sku AS sku ON sku.organization_id = %(organization)s AND sku.id = line.sku_id
WHERE called.worth IS NOT NULL
ORDER BY document.issued_on DESC, document.number DESC, line.line_no
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalledOffLine:
    """An order line that calls a commitment off, in the commitment's unit or currency."""

    public_id: uuid.UUID
    number: str
    issued_on: date
    line_no: int
    sku: str
    called_off: Decimal
    received: Decimal


def commitment_progress(
    on: date,
    *,
    supplier_ids: Collection[int] | None = None,
    agreement_id: int | None = None,
    public_id: uuid.UUID | None = None,
    in_force: bool = False,
) -> list[CommitmentProgress]:
    """Commitments with their progress on that day, those that end first in front: one statement.

    `in_force` leaves out what has not begun, is over, or was withdrawn.
    """
    rows = _read(
        _PROGRESS,
        on,
        suppliers=None if supplier_ids is None else sorted(supplier_ids),
        agreement=agreement_id,
        public_id=public_id,
        in_force=in_force,
    )
    return [CommitmentProgress(**row, on=on) for row in rows]


def called_off_lines(commitment: VolumeCommitment, on: date) -> list[CalledOffLine]:
    """The order lines that add up to what was called off, the latest first: one statement."""
    rows = _read(_DOCUMENTS, on, public_id=commitment.public_id)
    return [CalledOffLine(**row) for row in rows]


def commitments_of_order(order: PurchaseOrder, on: date) -> list[CommitmentProgress]:
    """What is committed today to the order's supplier and touched by its lines: one statement."""
    if order.pk is None or order.supplier_id is None:
        return []
    rows = _read(_PROGRESS, on, suppliers=[order.supplier_id], in_force=True, order=order.pk)
    return [CommitmentProgress(**row, on=on) for row in rows]


_ANYTHING: dict[str, Any] = {
    **dict.fromkeys(("suppliers", "agreement", "public_id", "order")),
    "in_force": False,
}


def _read(statement: str, on: date, **asked: Any) -> list[dict[str, Any]]:
    given = {**_ANYTHING, **asked, "organization": current_organization_id(), "on": on}
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
