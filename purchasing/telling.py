"""What purchasing tells the frame: counts in the navigation, work that waits, orders found."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from procure.screens import organization_url, register_counts, step_url
from procure.tenancy import OrganizationRequest
from procure.work import (
    FirstStep,
    FoundItem,
    WaitingWork,
    answers_search,
    tells_first_steps,
    tells_work,
)
from purchasing.change_queries import waiting_changes
from purchasing.commitments import commitment_progress
from purchasing.exception_requests import asked_qualifications
from purchasing.filters import by_number_or_supplier
from purchasing.models import PurchaseOrder
from purchasing.queries import (
    OpenDeliveries,
    Status,
    counted,
    due_orders,
    open_deliveries,
    waiting_approvals,
)

MOST_FOUND = 10


def deliveries_of(request: HttpRequest) -> OpenDeliveries:
    """Today's open deliveries, for a screen that shows them; the navigation does not ask again."""
    request.open_deliveries = open_deliveries(timezone.localdate())  # type: ignore[attr-defined]
    return request.open_deliveries  # type: ignore[attr-defined,no-any-return]


def navigation_counts(request: HttpRequest) -> dict[str, int]:
    """My drafts and orders to issue, approvals waiting for me, deliveries due: one statement.

    Each is told only to those who have to do with it, because every page pays for it.
    """
    membership = getattr(request, "membership", None)
    if membership is None:
        return {}
    wanted: dict[str, QuerySet[PurchaseOrder]] = {}
    known: dict[str, int] = {}
    if membership.may("orders.write"):
        wanted["orders"] = PurchaseOrder.objects.filter(
            created_by=membership.user_id, status__in=[Status.DRAFT, Status.APPROVED]
        )
    if membership.may("orders.approve"):
        approvals = waiting_approvals(request.user, membership.roles).order_by()  # type: ignore[arg-type]
        changes = waiting_changes(request.user, membership.roles).order_by()  # type: ignore[arg-type]
        wanted["approvals"] = PurchaseOrder.objects.filter(
            Q(pk__in=approvals.values("pk")) | Q(pk__in=changes.values("order"))
        )
    if isinstance(deliveries := getattr(request, "open_deliveries", None), OpenDeliveries):
        known["receiving"] = deliveries.due
    elif membership.may("receipts.write") or membership.may("orders.write"):
        wanted["receiving"] = PurchaseOrder.objects.filter(due_orders(timezone.localdate()))
    return known | counted(wanted)


register_counts(["orders", "approvals", "receiving"], navigation_counts)


@tells_work
def buying_work(request: OrganizationRequest) -> list[WaitingWork]:
    """Approvals for me, my approved orders to issue, deliveries due: one statement."""
    counts = navigation_counts(request)
    to_issue = 0
    if request.membership.may("orders.issue"):
        to_issue = PurchaseOrder.objects.filter(status=Status.APPROVED).count()
    orders = organization_url(request, "purchasing:order_list")
    work = [
        (
            "orders.approve",
            WaitingWork(
                "Orders and changes to approve",
                counts.get("approvals", 0),
                "Waiting for your decision.",
                organization_url(request, "purchasing:approval_list"),
                "stamp",
                "warn",
                10,
            ),
        ),
        (
            "orders.issue",
            WaitingWork(
                "Approved orders to issue",
                to_issue,
                "The supplier has not got them yet.",
                f"{orders}?view=approved",
                "send",
                "warn",
                20,
            ),
        ),
        (
            "receipts.write",
            WaitingWork(
                "Deliveries due",
                counts.get("receiving", 0),
                "Due today or overdue.",
                organization_url(request, "purchasing:receiving_list"),
                "truck",
                "",
                30,
            ),
        ),
    ]
    return [one for permission, one in work if one.count and request.membership.may(permission)]


@answers_search
def found_orders(request: OrganizationRequest, text: str) -> list[FoundItem]:
    """Orders by number or supplier: two statements."""
    if not request.membership.may("orders.read"):
        return []
    orders = by_number_or_supplier(PurchaseOrder.objects.select_related("supplier"), text)
    base = organization_url(request, "purchasing:order_list")
    return [
        FoundItem(
            "Order",
            str(order),
            f"{order.supplier or 'no supplier yet'}, {order.get_status_display().lower()}",
            f"{base}{order.public_id}/",
            "file-text",
        )
        for order in orders.order_by("-pk")[:MOST_FOUND]
    ]


@tells_first_steps
def first_order(request: OrganizationRequest) -> list[FirstStep]:
    """The first order, sent off; a draft is not one yet: one statement."""
    return [
        FirstStep(
            title="Write the first order",
            detail="From a category's suppliers, ranked.",
            address=step_url(request, "orders.write", "purchasing:order_new"),
            icon="file-text",
            is_done=PurchaseOrder.objects.exclude(status=Status.DRAFT).exists(),
            place=50,
        )
    ]


@tells_work
def qualifications_asked(request: OrganizationRequest) -> list[WaitingWork]:
    """Suppliers that a buyer asked to qualify and nobody judged yet, by name: one statement."""
    if not request.membership.may("sourcing.write"):
        return []
    waiting = asked_qualifications()
    base = organization_url(request, "suppliers:supplier_list")
    return [
        WaitingWork(
            f"{order.supplier} is to be qualified",
            1,
            f"Asked with {order.number} for {order.category}: {order.off_list_explanation[:80]}",
            f"{base}{order.supplier.public_id}/qualification/?category={order.category.public_id}",
            "clipboard-check",
            "warn",
            57,
        )
        for order in waiting[:MOST_FOUND]
        if order.supplier is not None and order.category is not None
    ]


@tells_work
def commitments_behind(request: OrganizationRequest) -> list[WaitingWork]:
    """Commitments that fall behind their pace, for those who made them: one statement."""
    if not request.membership.may("sourcing.write"):
        return []
    running = commitment_progress(timezone.localdate(), in_force=True)
    return [
        WaitingWork(
            "Volume commitments behind their pace",
            sum(one.is_behind for one in running),
            "What is not called off until the last day is owed.",
            organization_url(request, "purchasing:commitment_list"),
            "target",
            "warn",
            62,
        )
    ]
