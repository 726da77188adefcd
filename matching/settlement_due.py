"""What is to be settled by receipt, what still ages, what is blocked and why, what went back.

    due_lines(suppliers)      every order line with something to settle, to wait for or to debit

Owed is what came and was accepted, at most what was ordered, less what is billed: by us or by the
supplier itself, held or not. It is settled once its receipts have aged. Eight statements at most,
however many lines.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils import timezone

from matching.agreed import AgreedTerms
from procure.figures import long_date, quantity, unit_price
from procure.money import ZERO, round_money
from procure.tenancy import current_organization_id
from purchasing.models import OrderChange, PurchaseOrder, PurchaseOrderLine
from suppliers.agreements import price_steps
from suppliers.approved_vendors import lineage_of
from suppliers.models import Category, Qualification, Supplier
from suppliers.qualification import last_day_of
from suppliers.vetting import EVIDENCE_ENDS

# Prices that nobody agreed on with the supplier.
ESTIMATES: dict[str, str] = {
    PurchaseOrderLine.PriceSource.LAST_PAID: "the price paid last",
    PurchaseOrderLine.PriceSource.STANDARD: "the standard cost",
}

COUNTED = """
WITH terms AS (
    SELECT DISTINCT ON (supplier_id) supplier_id, starts_on, ageing_days, ended_at IS NULL AS is_on
    FROM matching_settlementterms
    WHERE organization_id = %(organization)s
      AND (%(everybody)s OR supplier_id = ANY(%(suppliers)s::bigint[]))
    ORDER BY supplier_id, id DESC
),
came AS (
    SELECT g.order_line_id, r.id, r.number, r.received_on, t.is_on, t.starts_on,
        r.received_on >= t.starts_on AS counts,
        GREATEST(r.received_on, (r.posted_at AT TIME ZONE %(zone)s)::date) + t.ageing_days
            AS free_on,
        CASE r.status WHEN 'posted' THEN g.received_quantity - g.rejected_quantity ELSE 0 END
            AS good,
        CASE r.status WHEN 'posted' THEN g.received_quantity - g.returned_quantity ELSE 0 END
            AS here
    FROM terms t
    JOIN purchasing_purchaseorder o
        ON o.organization_id = %(organization)s AND o.supplier_id = t.supplier_id
    JOIN purchasing_goodsreceipt r ON r.organization_id = o.organization_id AND r.order_id = o.id
    JOIN purchasing_goodsreceiptline g
        ON g.organization_id = r.organization_id AND g.receipt_id = r.id
),
goods AS (
    SELECT order_line_id, bool_and(is_on) AS is_on, min(starts_on) AS starts_on,
        sum(good) AS good, sum(here) AS here,
        COALESCE(sum(good) FILTER (WHERE counts AND free_on <= %(today)s), 0) AS aged,
        COALESCE(sum(good) FILTER (WHERE counts AND free_on > %(today)s), 0) AS fresh,
        min(free_on) FILTER (WHERE counts AND free_on > %(today)s AND good > 0) AS free_on,
        max(received_on) FILTER (WHERE good > 0) AS last_on,
        array_agg(number ORDER BY id DESC)
            FILTER (WHERE counts AND free_on <= %(today)s AND good > 0) AS receipts,
        array_agg(good ORDER BY id DESC)
            FILTER (WHERE counts AND free_on <= %(today)s AND good > 0) AS quantities
    FROM came GROUP BY order_line_id
),
billed AS (
    SELECT n.order_line_id, i.status, i.invoiced_on,
        'settled' IN (i.origin, COALESCE(credited.origin, '')) AS is_ours,
        CASE i.kind WHEN 'credit' THEN -1 ELSE 1 END * COALESCE(n.matched_quantity, 0) AS quantity
    FROM goods
    JOIN matching_supplierinvoiceline n
        ON n.organization_id = %(organization)s AND n.order_line_id = goods.order_line_id
    JOIN matching_supplierinvoice i
        ON i.organization_id = n.organization_id AND i.id = n.invoice_id
    LEFT JOIN matching_supplierinvoice credited
        ON credited.organization_id = i.organization_id AND credited.id = i.credits_id
    WHERE n.charge_code = '' AND i.status <> 'void'
),
sums AS (
    SELECT goods.order_line_id,
        COALESCE(sum(quantity) FILTER (WHERE is_ours), 0) AS ours,
        COALESCE(sum(quantity) FILTER (WHERE is_ours AND invoiced_on >= starts_on), 0) AS ours_since,
        COALESCE(sum(quantity) FILTER (WHERE NOT is_ours), 0) AS theirs,
        COALESCE(sum(quantity) FILTER (WHERE NOT is_ours AND status IN ('approved', 'paid')), 0)
            AS theirs_payable
    FROM goods LEFT JOIN billed ON billed.order_line_id = goods.order_line_id
    GROUP BY goods.order_line_id
)
SELECT goods.order_line_id, is_on, LEAST(good, here), aged, fresh, free_on, last_on,
    COALESCE(receipts, '{}'), COALESCE(quantities, '{}'), ours, ours_since, theirs, theirs_payable
FROM goods JOIN sums ON sums.order_line_id = goods.order_line_id
WHERE LEAST(good, here) <> ours + theirs
"""


@dataclass(frozen=True, slots=True)
class _Counted:
    """What came of an order line and what is billed of it, in its unit."""

    order_line_id: int
    is_on: bool
    accepted: Decimal
    aged: Decimal
    fresh: Decimal
    free_on: date | None
    last_on: date | None
    receipts: Sequence[str]
    quantities: Sequence[Decimal]
    ours: Decimal
    ours_since: Decimal
    theirs: Decimal
    theirs_payable: Decimal

    @property
    def went_back(self) -> Decimal:
        """What we billed for the supplier and is not here any more."""
        too_much = self.ours + self.theirs_payable - self.accepted
        return min(self.ours, max(too_much, ZERO))

    def open_of(self, came: Decimal, ordered: Decimal) -> Decimal:
        """What is to be billed when so much has come under these terms."""
        if not self.is_on:
            return ZERO
        here = min(self.accepted, ordered) - self.ours - self.theirs
        return max(min(came - self.ours_since, here), ZERO)

    def receipts_of(self, quantity: Decimal) -> list[str]:
        """The latest aged receipts that brought the quantity, the earliest first."""
        found: list[str] = []
        for number, good in zip(self.receipts, self.quantities, strict=True):
            if quantity <= ZERO:
                break
            found.insert(0, number)
            quantity -= good
        return found


@dataclass(frozen=True, slots=True)
class DueLine:
    """An order line of a supplier that is settled by receipt; quantities in the line's unit.

    `due` is settled with the next run unless `blocked` says why not; `waits` is free from
    `free_on` on; `went_back` is to be debited.
    """

    line: PurchaseOrderLine
    due: Decimal
    waits: Decimal
    over: Decimal
    went_back: Decimal
    free_on: date | None
    received_on: date | None
    receipts: Sequence[str]
    blocked: str

    @property
    def supplier_id(self) -> int:
        return self.line.order.supplier_id or 0

    @property
    def is_free(self) -> bool:
        return self.due > ZERO and not self.blocked

    @property
    def open_quantity(self) -> Decimal:
        return self.due + self.waits + self.over

    @property
    def amount(self) -> Decimal:
        """What is open at the order's price, rounded once."""
        return round_money(self.open_quantity * self.line.unit_price, self.line.order.currency)

    @property
    def due_amount(self) -> Decimal:
        """What is due at the order's price, rounded once."""
        return round_money(self.due * self.line.unit_price, self.line.order.currency)


def due_lines(supplier_ids: Collection[int] | None = None) -> list[DueLine]:
    """The lines of these suppliers, or of all that are settled by receipt, by order and line."""
    counted = _counted(supplier_ids)
    lines = list(
        PurchaseOrderLine.objects.filter(pk__in=counted)
        .select_related("order__supplier", "sku__category")
        .order_by("order_id", "line_no")
    )
    reasons = _Reasons(lines)
    found = [_due_line(line, counted[line.pk], reasons) for line in lines]
    return [one for one in found if one.open_quantity or one.went_back]


def _counted(supplier_ids: Collection[int] | None) -> dict[int, _Counted]:
    values: dict[str, Any] = {
        "organization": current_organization_id(),
        "everybody": supplier_ids is None,
        "suppliers": list(supplier_ids or ()),
        "today": timezone.localdate(),
        "zone": timezone.get_current_timezone_name(),
    }
    with connection.cursor() as cursor:
        cursor.execute(COUNTED, values)
        return {row[0]: _Counted(*row) for row in cursor.fetchall()}


def _due_line(line: PurchaseOrderLine, counted: _Counted, reasons: _Reasons) -> DueLine:
    ordered: Decimal = line.ordered_quantity - line.cancelled_quantity
    due = counted.open_of(counted.aged, ordered)
    came = counted.aged + counted.fresh
    all_of_it = counted.open_of(came, ordered)
    over = counted.open_of(came, counted.accepted) - all_of_it
    blocked = reasons.of(line) if due else ""
    if over and not due:
        blocked = f"{quantity(over)} came above what was ordered. Change the order or return them."
    return DueLine(
        line=line,
        due=due,
        waits=all_of_it - due,
        over=over,
        went_back=counted.went_back,
        free_on=counted.free_on,
        received_on=counted.last_on,
        receipts=counted.receipts_of(due),
        blocked=blocked,
    )


class _Reasons:
    """Why lines are not settled today, read for all of them at once."""

    def __init__(self, lines: Sequence[PurchaseOrderLine]) -> None:
        orders = {line.order_id: line.order for line in lines}
        suppliers = {order.supplier_id for order in orders.values() if order.supplier_id}
        self.today = timezone.localdate()
        self.agreed = AgreedTerms(orders.values(), lines)
        self.prices = price_steps(suppliers, {line.sku_id for line in lines}, self.today)
        self.changing = set(
            OrderChange.objects.filter(
                order__in=orders, status=OrderChange.Status.WAITING
            ).values_list("order_id", flat=True)
        )
        self.qualifications = _qualifications(suppliers)

    def of(self, line: PurchaseOrderLine) -> str:
        """The first reason that counts, as a sentence, or nothing."""
        supplier = line.order.supplier
        assert supplier is not None, "an order that goods came for has its supplier"
        if supplier.status != Supplier.Status.ACTIVE:
            return f"{supplier} is {supplier.get_status_display().lower()}."
        if line.order.status != PurchaseOrder.Status.ISSUED:
            return f"The order is {line.order.get_status_display().lower()}."
        return (
            self._qualification(supplier, line.sku.category)
            or self._agreement(line)
            or self._price(line)
        )

    def _qualification(self, supplier: Supplier, category: Category) -> str:
        known = self.qualifications[supplier.pk]
        nearest = next((known[pk] for pk in lineage_of(category) if pk in known), None)
        if nearest is None:
            return f"{supplier} is not qualified for {category}."
        last_day = last_day_of(nearest)
        if last_day is not None and last_day < self.today:
            return f"The qualification for {nearest.category} expired on {long_date(last_day)}."
        if nearest.status not in Qualification.USABLE:
            words = nearest.get_status_display().lower()
            return f"{supplier} is {words} for {nearest.category}."
        return ""

    def _agreement(self, line: PurchaseOrderLine) -> str:
        """An agreement that priced the line must be followed by one that is in force."""
        price = self.agreed.agreement_price(line)
        if price is None or (line.order.supplier_id, line.sku_id) in self.prices:
            return ""
        ended = long_date(price.valid_to) if price.valid_to else "an earlier day"
        return f"Agreement {price.agreement_number} for {line.sku} ended on {ended}."

    def _price(self, line: PurchaseOrderLine) -> str:
        if line.order_id in self.changing:
            return "A change of the order waits to be approved."
        if not line.unit_price:
            return "The order has no price for it."
        if line.price_source in ESTIMATES:
            return f"The price is not firm: it was taken from {ESTIMATES[line.price_source]}."
        agreed = self.agreed.price(line)
        if agreed is not None and agreed != line.unit_price:
            return (
                f"The price is not firm: {unit_price(line.unit_price)} on the order, "
                f"{unit_price(agreed)} in the agreement."
            )
        return ""


def _qualifications(supplier_ids: Collection[int]) -> Mapping[int, dict[int, Qualification]]:
    """By supplier and category, with their last day: one statement."""
    found: dict[int, dict[int, Qualification]] = defaultdict(dict)
    rows = Qualification.objects.filter(supplier__in=supplier_ids).select_related("category")
    for row in rows.annotate(evidence_ends=EVIDENCE_ENDS):
        found[row.supplier_id][row.category_id] = row
    return found
