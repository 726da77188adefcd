"""Ordering the same again."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from procure.errors import BusinessRuleError
from procure.models import User
from purchasing.change_content import awaited
from purchasing.drafts import OrderedLine
from purchasing.models import PurchaseOrder
from purchasing.off_list import check_list
from purchasing.ordering import draft_purchase_order


@transaction.atomic
def order_again(order: PurchaseOrder, *, actor: User) -> PurchaseOrder:
    """A new draft with the lines of a past order at today's prices; recorded as any draft.

    SKUs that are no longer in use are left out, and so is what was cancelled of a line. A supplier
    that the approved list would not take without a reason today is not taken over: the form then
    asks for one, as for every new order. Refused: an order of which nothing can be ordered any more.
    """
    # A line that was cancelled whole says nothing about how much is wanted: its full quantity does.
    wanted = [
        OrderedLine(line.sku, awaited(line) or line.ordered_quantity)
        for line in order.lines.select_related("sku").order_by("line_no")
        if line.sku.is_active
    ]
    if not wanted:
        raise BusinessRuleError("no_lines", "None of its SKUs is in use any more.")
    supplier = order.supplier
    if supplier is not None:
        skus, today = {line.sku.pk for line in wanted}, timezone.localdate()
        check = check_list(supplier.pk, skus, today, ship_to=order.ship_to_id)
        if check.needs_reason or check.is_refused or check.blocked:
            supplier = None
    return draft_purchase_order(
        category=order.category,
        ship_to=order.ship_to,
        needed_on=None,
        supplier=supplier,
        cost_center=order.cost_center,
        lines=wanted,
        currency=order.currency,
        actor=actor,
    )
