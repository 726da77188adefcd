"""Orders off the approved vendor list in the history on their supplier's page."""

from __future__ import annotations

from django.db.models import Exists, OuterRef
from django.urls import reverse

from procure.tenancy import OrganizationRequest
from purchasing.models import PurchaseOrder, PurchaseOrderLine
from suppliers.histories import Moment, tells_history
from suppliers.models import Supplier

Status = PurchaseOrder.Status


@tells_history
def orders_off_the_list(
    request: OrganizationRequest, supplier: Supplier, most: int
) -> list[Moment]:
    """The latest orders that went off the list, with the reason that was given: one statement."""
    off_list = PurchaseOrderLine.objects.filter(
        order=OuterRef("pk"), list_standing__in=PurchaseOrderLine.EXCEPTIONS
    )
    orders = (
        PurchaseOrder.objects.filter(Exists(off_list), supplier=supplier)
        .exclude(status__in=[Status.DRAFT, Status.CANCELLED])
        .exclude(submitted_at=None)
        .select_related("submitted_by")
        .order_by("-submitted_at")[:most]
    )
    slug = request.organization.slug
    return [
        Moment(
            "purchase_order.went_off_list",
            _in_words(order),
            order.submitted_at,
            order.submitted_by,
            reverse("purchasing:order_detail", args=[slug, order.public_id]),
        )
        for order in orders
        if order.submitted_at is not None
    ]


def _in_words(order: PurchaseOrder) -> str:
    if not order.off_list_reason:
        return f"{order.number} was an exception to the approved list; no reason was asked."
    reason = order.get_off_list_reason_display().lower()
    words = f"{order.number} was an exception to the approved list ({reason})"
    return f"{words}: {order.off_list_explanation}"
