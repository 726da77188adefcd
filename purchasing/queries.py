"""What the screens and the floors above read about orders and receipts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db import connection
from django.db.models import (
    Count,
    DecimalField,
    Exists,
    F,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
)
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce

from procure.models import BusinessEvent, User
from procure.money import ZERO
from procure.prepared import prepared
from procure.tenancy import current_organization_id
from purchasing.models import (
    Approval,
    GoodsReceipt,
    GoodsReceiptLine,
    PurchaseOrder,
    PurchaseOrderLine,
)

Status = PurchaseOrder.Status
OPEN = (Status.DRAFT, Status.SUBMITTED, Status.APPROVED, Status.ISSUED)
_POSTED = GoodsReceipt.Status.POSTED
_QUANTITY: DecimalField[Decimal, Decimal] = DecimalField(max_digits=24, decimal_places=4)

CAME = """
SELECT line.order_line_id, sum(line.received_quantity), sum(line.rejected_quantity),
    sum(line.returned_quantity)
FROM purchasing_goodsreceiptline line JOIN purchasing_goodsreceipt receipt
    ON receipt.organization_id = line.organization_id AND receipt.id = line.receipt_id
WHERE line.organization_id = %(organization)s::bigint
    AND line.order_line_id = ANY(%(order_lines)s::bigint[]) AND receipt.status = 'posted'
GROUP BY line.order_line_id
"""


@dataclass(frozen=True, slots=True)
class LineQuantities:
    """What came of an order line, in its unit, over posted receipts only.

    `received` is good and rejected together, before returns. Returned goods are the rejected
    ones first, so `accepted` is the smaller of what was good and what is still here.
    """

    received: Decimal = ZERO
    rejected: Decimal = ZERO
    returned: Decimal = ZERO

    @property
    def net_received(self) -> Decimal:
        return self.received - self.returned

    @property
    def accepted(self) -> Decimal:
        return min(self.received - self.rejected, self.net_received)

    @property
    def rejected_here(self) -> Decimal:
        """Rejected and not sent back yet: once it is, as much may come as a replacement."""
        return max(self.rejected - self.returned, ZERO)


def line_quantities(order_line_ids: Collection[int]) -> dict[int, LineQuantities]:
    """The quantities of each given line, zeros for those without a receipt: one statement."""
    values = {"organization": current_organization_id(), "order_lines": list(order_line_ids)}
    sums = prepared(CAME, values)
    found = {line_id: LineQuantities(*quantities) for line_id, *quantities in sums}
    return {line_id: found.get(line_id, LineQuantities()) for line_id in order_line_ids}


def listed_orders() -> QuerySet[PurchaseOrder]:
    """Orders with total, awaited and received quantity, and how they left the approved list.

    `exception` is "off_list" when any line is, else "provisional", else None.
    All of it belongs to the one statement that reads the page.
    """
    lines = PurchaseOrderLine.objects.filter(order=OuterRef("pk")).order_by().values("order")
    came = (
        GoodsReceiptLine.objects.filter(receipt__order=OuterRef("pk"), receipt__status=_POSTED)
        .order_by()
        .values("receipt__order")
    )
    orders: QuerySet[PurchaseOrder] = PurchaseOrder.objects.select_related(
        "supplier", "category", "created_by"
    )
    return orders.annotate(
        total=Coalesce(Subquery(lines.annotate(s=Sum("amount")).values("s")), ZERO),
        awaited=Coalesce(
            Subquery(
                lines.annotate(s=Sum(F("ordered_quantity") - F("cancelled_quantity"))).values("s")
            ),
            ZERO,
        ),
        received=Coalesce(
            Subquery(
                came.annotate(s=Sum(F("received_quantity") - F("returned_quantity"))).values("s")
            ),
            ZERO,
        ),
        due_on=Subquery(lines.annotate(d=earliest_due()).values("d")),
        exception=Subquery(
            lines.filter(list_standing__in=PurchaseOrderLine.EXCEPTIONS)
            .annotate(worst=Min("list_standing"))
            .values("worst")
        ),
    )


def shown_orders() -> QuerySet[PurchaseOrder]:
    """Orders with everybody and everything that their page names, in one statement."""
    orders: QuerySet[PurchaseOrder] = PurchaseOrder.objects.select_related(
        *("supplier", "category", "ship_to", "created_by", "submitted_by", "issued_by"),
        "sourcing_decision",
    )
    return orders


def earliest_due() -> Coalesce:
    """The earliest day on which a line is due, by promise or else by request."""
    return Coalesce(Min("promised_on"), Min("requested_on"))


# One pass over lines and receipts; asked line by line, 6,000 orders took ten times as long.
_OPEN_ORDERS = """
SELECT line.order_id
FROM purchasing_purchaseorderline AS line
JOIN purchasing_purchaseorder AS document
  ON document.organization_id = line.organization_id AND document.id = line.order_id
  AND document.status = 'issued'
LEFT JOIN (
  SELECT part.order_line_id, sum(part.received_quantity - part.returned_quantity) AS here
  FROM purchasing_goodsreceiptline AS part
  JOIN purchasing_goodsreceipt AS receipt
    ON receipt.organization_id = part.organization_id AND receipt.id = part.receipt_id
    AND receipt.status = 'posted'
  WHERE part.organization_id = %s
  GROUP BY part.order_line_id
) AS came ON came.order_line_id = line.id
WHERE line.organization_id = %s
  AND line.ordered_quantity - line.cancelled_quantity > coalesce(came.here, 0)
  AND (%s::date IS NULL OR coalesce(line.promised_on, line.requested_on) <= %s)
"""


def open_by(day: date | None) -> Q:
    """Issued orders with a line that is not all here and due by that day; None is any day."""
    organization_id = current_organization_id()
    return Q(pk__in=RawSQL(_OPEN_ORDERS, [organization_id, organization_id, day, day]))


def overdue(on: date) -> Q:
    """Issued orders with a line that was due before `on` and is not all here."""
    return open_by(on - timedelta(days=1))


def due_orders(on: date) -> Q:
    """Issued orders with something open that is due by that day."""
    return open_by(on)


def counted(found: Mapping[str, QuerySet[PurchaseOrder]]) -> dict[str, int]:
    """How many orders each of these holds: one statement for all, none for none."""
    if not found:
        return {}
    asked = [orders.order_by().values("pk").query.sql_with_params() for orders in found.values()]
    sums = ", ".join(f"(SELECT count(*) FROM ({sql}) AS counted)" for sql, _ in asked)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {sums}", [value for _, values in asked for value in values])
        return dict(zip(found, cursor.fetchone(), strict=True))


def still_open_lines() -> QuerySet[PurchaseOrderLine]:
    """Lines of issued orders of which something is awaited."""
    came = (
        GoodsReceiptLine.objects.filter(order_line=OuterRef("pk"), receipt__status=_POSTED)
        .order_by()
        .values("order_line")
        .annotate(s=Sum(F("received_quantity") - F("returned_quantity")))
        .values("s")
    )
    here = Coalesce(Subquery(came), ZERO, output_field=_QUANTITY)
    lines: QuerySet[PurchaseOrderLine] = PurchaseOrderLine.objects.filter(
        order__status=Status.ISSUED
    )
    return lines.annotate(here=here).filter(
        ordered_quantity__gt=F("cancelled_quantity") + F("here")
    )


# Each order of `open_by` once, with the day its first open line is due.
_OPEN_DELIVERIES = f"""
SELECT count(*) FILTER (WHERE due <= %s) AS due, count(*) FILTER (WHERE due < %s) AS overdue
FROM (
  {
    _OPEN_ORDERS.replace(
        "SELECT line.order_id",
        "SELECT line.order_id, min(coalesce(line.promised_on, line.requested_on)) AS due",
    )
}
  GROUP BY line.order_id
) AS delivery
"""


@dataclass(frozen=True, slots=True)
class OpenDeliveries:
    """Issued orders with something open: due by a day, and due before it."""

    due: int
    overdue: int


def open_deliveries(on: date) -> OpenDeliveries:
    """How many orders still wait for goods that were due: one statement, one pass over lines."""
    organization_id = current_organization_id()
    with connection.cursor() as cursor:
        cursor.execute(_OPEN_DELIVERIES, [on, on, organization_id, organization_id, on, on])
        return OpenDeliveries(*cursor.fetchone())


def order_counts(person: User, deliveries: OpenDeliveries) -> dict[str, int]:
    """How many orders stand where, for the list's tabs: one statement."""
    rows = (
        PurchaseOrder.objects.order_by()
        .values_list("status")
        .annotate(number=Count("pk"), own=Count("pk", filter=Q(created_by=person)))
    )
    found = {status: (number, own) for status, number, own in rows}
    return {
        "all": sum(number for number, _ in found.values()),
        "mine": sum(own for status, (_, own) in found.items() if status in OPEN),
        "overdue": deliveries.overdue,
        **{str(status): found.get(status, (0, 0))[0] for status in Status.values},
    }


@dataclass(frozen=True, slots=True)
class LineProgress:
    """An order line with what came of it."""

    line: PurchaseOrderLine
    quantities: LineQuantities

    @property
    def awaited(self) -> Decimal:
        ordered: Decimal = self.line.ordered_quantity
        cancelled: Decimal = self.line.cancelled_quantity
        return ordered - cancelled

    @property
    def open(self) -> Decimal:
        return max(self.awaited - self.quantities.net_received, ZERO)

    @property
    def is_complete(self) -> bool:
        return self.open == ZERO


def line_progress(order: PurchaseOrder) -> list[LineProgress]:
    """The order's lines with SKU and quantities: two statements."""
    lines = list(
        order.lines.select_related("sku", "quotation_line__request_line__request").order_by(
            "line_no"
        )
    )
    quantities = line_quantities([line.pk for line in lines])
    return [LineProgress(line, quantities[line.pk]) for line in lines]


def order_timeline(order: PurchaseOrder, limit: int = 60) -> list[BusinessEvent]:
    """What happened to an order and its receipts, newest first, without the single cells of its
    draft: one statement."""
    receipts = GoodsReceipt.objects.filter(order=order).values("pk")
    events: QuerySet[BusinessEvent] = BusinessEvent.objects.filter(
        Q(subject_type="purchasing.purchaseorder", subject_id=order.pk)
        | Q(subject_type="purchasing.goodsreceipt", subject_id__in=receipts)
    )
    return list(
        events.exclude(kind="purchase_order.edited").select_related("actor").order_by("-id")[:limit]
    )


def waiting_approvals(person: User, roles: Collection[str]) -> QuerySet[PurchaseOrder]:
    """Submitted orders whose turn is this person's: asked by name or role, not made by them."""
    waiting = Approval.objects.filter(
        order=OuterRef("pk"),
        revision=OuterRef("revision"),
        status=Approval.Status.WAITING,
    ).order_by("step")
    done = Approval.objects.filter(
        order=OuterRef("pk"), revision=OuterRef("revision"), decided_by=person
    )
    turn = waiting.values("role")[:1], waiting.values("approver")[:1]
    return (
        listed_orders()
        .filter(~Exists(done), status=Status.SUBMITTED)
        .exclude(created_by=person)
        .exclude(submitted_by=person)
        .annotate(turn_role=Subquery(turn[0]), turn_person=Subquery(turn[1]))
        .filter(Q(turn_role__in=list(roles)) | Q(turn_person=person.pk))
        .order_by("submitted_at")
    )


def is_turn(order_id: int, person: User, roles: Collection[str]) -> bool:
    """Whether an order waits for this person now."""
    return waiting_approvals(person, roles).filter(pk=order_id).exists()


def awaited_orders() -> QuerySet[PurchaseOrder]:
    """Issued orders of which something is open, the most overdue first, with `due_on` of the open
    lines and `open_lines`: one statement."""
    lines = still_open_lines().filter(order=OuterRef("pk")).order_by().values("order")
    orders: QuerySet[PurchaseOrder] = PurchaseOrder.objects.filter(open_by(None))
    return (
        orders.select_related("supplier", "ship_to")
        .annotate(
            due_on=Subquery(lines.annotate(d=earliest_due()).values("d")),
            open_lines=Subquery(lines.annotate(n=Count("pk")).values("n")),
        )
        .order_by(F("due_on").asc(nulls_last=True), "pk")
    )


def listed_receipts() -> QuerySet[GoodsReceipt]:
    """Receipts and returns, newest first, with order, supplier and number of lines."""
    lines = GoodsReceiptLine.objects.filter(receipt=OuterRef("pk")).order_by().values("receipt")
    receipts: QuerySet[GoodsReceipt] = GoodsReceipt.objects.select_related(
        "order__supplier", "posted_by"
    )
    return receipts.annotate(
        line_count=Subquery(lines.annotate(n=Count("pk")).values("n"))
    ).order_by("-received_on", "-pk")
