"""An order ends by itself when all is received and billed, and comes back when that is undone.

Closing is a stored decision; whose it was, is kept: `closed_by` is empty when the system closed the
order. Only such an order opens again by itself. What a person closed, a person reopens.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.utils import timezone

from procure.documents import require_status
from procure.errors import BusinessRuleError
from procure.events import record
from procure.models import User
from purchasing.change_content import awaited
from purchasing.models import OrderChange, PurchaseOrder
from purchasing.ordering import lock_lines, lock_order, mark_due_months
from purchasing.queries import line_quantities

Status = PurchaseOrder.Status


@transaction.atomic
def close_settled_order(
    order: PurchaseOrder, *, billed_lines: Collection[int], actor: User | None
) -> PurchaseOrder:
    """Ends an issued order of which nothing is awaited any more; `billed_lines` are the ids of the
    lines that are billed in full, read by whoever calls it under the same lock.

    Refused: an order that is not issued, a line that is not all here or not all billed, a change
    that waits for approval.
    """
    order = lock_order(order)
    require_status(order, Status.ISSUED)
    lines = lock_lines(order)
    here = line_quantities([line.pk for line in lines])
    due = [line for line in lines if awaited(line) > 0]
    if not due or any(here[line.pk].net_received < awaited(line) for line in due):
        raise BusinessRuleError("open", "Something of this order is still awaited.")
    if any(line.pk not in billed_lines for line in due):
        raise BusinessRuleError("unbilled", "Something of this order is not billed yet.")
    if order.changes.filter(status=OrderChange.Status.WAITING).exists():
        raise BusinessRuleError("waiting", "A change of this order waits for approval.")
    order.status = Status.CLOSED
    order.closed_by, order.closed_at = actor, timezone.now()
    order.save(update_fields=["status", "closed_by", "closed_at"])
    record(
        "purchase_order.closed",
        order,
        actor=actor,
        summary="Everything was received and billed.",
        order_id=order.pk,
        supplier_id=order.supplier_id,
        line_ids=[],
    )
    return order


@transaction.atomic
def reopen_purchase_order(
    order: PurchaseOrder, *, reason: str, actor: User | None
) -> PurchaseOrder:
    """Lets a closed order be received and billed again. What was cancelled stays cancelled.

    Refused: an order that is not closed, no reason, an order from before that was never issued here.
    """
    if not reason.strip():
        raise BusinessRuleError("reason", "Say why the order is opened again.", "reason")
    order = lock_order(order)
    require_status(order, Status.CLOSED)
    lines = lock_lines(order)
    order.status = Status.ISSUED
    order.closed_by, order.closed_at = None, None
    order.save(update_fields=["status", "closed_by", "closed_at"])
    mark_due_months(order, lines)
    record(
        "purchase_order.reopened",
        order,
        actor=actor,
        summary=reason.strip(),
        order_id=order.pk,
        supplier_id=order.supplier_id,
        line_ids=[line.pk for line in lines],
    )
    return order
