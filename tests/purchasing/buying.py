"""Orders at each step, for tests that start there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from purchasing.approving import approve_purchase_order
from purchasing.content import content_hash
from purchasing.models import ApprovalRule, GoodsReceipt, PurchaseOrder
from purchasing.ordering import (
    OrderedLine,
    draft_purchase_order,
    issue_purchase_order,
    submit_purchase_order,
)
from purchasing.receiving import ReceivedLine, post_receipt
from tests.world import World

CENT = Decimal("0.01")


def today() -> date:
    return timezone.localdate()


def a_rule(**changes: Any) -> ApprovalRule:
    """Every order asks an approver, unless told otherwise."""
    return ApprovalRule.objects.create(
        **{"name": "Orders", "role": "approver", "minimum_amount": 0, **changes}
    )


def drafted(
    world: World, *, lines: Sequence[OrderedLine] | None = None, **changes: Any
) -> PurchaseOrder:
    given = {
        "category": world.boxes,
        "ship_to": world.reno,
        "needed_on": today() + timedelta(days=20),
        "supplier": world.northline,
        "cost_center": "4100",
        "lines": [OrderedLine(world.shipper, Decimal(100)), OrderedLine(world.divider, Decimal(40))]
        if lines is None
        else lines,
        "actor": world.people["buyer"],
    }
    return draft_purchase_order(**{**given, **changes})


def submitted(world: World, **changes: Any) -> PurchaseOrder:
    order = drafted(world, **changes)
    return submit_purchase_order(order, revision_shown=order.revision, actor=world.people["buyer"])


def approve(order: PurchaseOrder, actor: Any, **changes: Any) -> PurchaseOrder:
    given = {"revision_shown": order.revision, "comment": "", "actor": actor, **changes}
    if "content_hash_shown" not in given:
        given["content_hash_shown"] = content_hash(order, order.lines.all())
    return approve_purchase_order(order, **given)


def issued(world: World, **changes: Any) -> PurchaseOrder:
    order = submitted(world, **changes)
    if order.status == PurchaseOrder.Status.SUBMITTED:
        order = approve(order, world.people["approver"])
    return issue_purchase_order(order, actor=world.people["buyer"])


def receive(
    world: World, order: PurchaseOrder, *came: tuple[int, Any], **changes: Any
) -> GoodsReceipt:
    """`came`: (line number, good quantity) pairs, or whole ReceivedLine rows."""
    given = {
        "lines": [
            line if isinstance(line, ReceivedLine) else ReceivedLine(line[0], Decimal(line[1]))
            for line in came
        ],
        "received_on": today(),
        "delivery_note": "",
        "actor": world.people["receiver"],
    }
    return post_receipt(order, **{**given, **changes})
