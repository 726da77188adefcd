"""Orders: the list, one order with all that belongs to it, and the steps it takes."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone

from procure.attachments import attached, read_file
from procure.documents import find, idempotent
from procure.errors import BusinessRuleError
from procure.pdf import PdfUnavailableError, render_pdf
from procure.permissions import requires
from procure.screens import render_screen
from procure.tenancy import OrganizationRequest
from purchasing.approving import (
    approve_purchase_order,
    current_approvals,
    send_back_purchase_order,
    withdraw_purchase_order,
)
from purchasing.budgeting import budget_state
from purchasing.change_queries import shown_changes, waiting_changes
from purchasing.closing import reopen_purchase_order
from purchasing.content import content_hash, order_total
from purchasing.filters import OrderFilter
from purchasing.models import PurchaseOrder
from purchasing.order_documents import (
    kept_order_pdf,
    order_page,
    pdf_name,
)
from purchasing.ordering import (
    cancel_purchase_order,
    close_line_short,
    close_purchase_order,
    issue_purchase_order,
)
from purchasing.queries import (
    OPEN,
    is_turn,
    line_progress,
    listed_orders,
    order_counts,
    order_timeline,
    overdue,
    shown_orders,
    waiting_approvals,
)
from purchasing.reordering import order_again
from purchasing.telling import deliveries_of

PER_PAGE = 50
ORDERS = "Purchase orders"
Status = PurchaseOrder.Status

VIEWS = (
    ("all", "All"),
    ("mine", "My open orders"),
    (Status.DRAFT, "Drafts"),
    (Status.SUBMITTED, "Waiting for approval"),
    (Status.APPROVED, "To issue"),
    (Status.ISSUED, "Issued"),
    ("overdue", "Overdue"),
    (Status.CLOSED, "Closed"),
    (Status.CANCELLED, "Cancelled"),
)
SORTS = {
    "number": "number",
    "supplier": "supplier__name",
    "needed": "due_on",
    "total": "total",
    "changed": "changed_at",
}


@requires("orders.read")
def order_list(request: OrganizationRequest) -> HttpResponse:
    """All orders, by saved view and filter, fifty to a page."""
    view = request.GET.get("view", "all")
    counts = order_counts(request.user, deliveries_of(request))
    orders = OrderFilter(request.GET, queryset=_of_view(request, view), request=request)
    page = Paginator(_sorted(orders.qs, request), PER_PAGE).get_page(request.GET.get("page"))
    return render_screen(
        request,
        "purchasing/order_list.html",
        {
            "page": page,
            "filter": orders,
            "views": [
                (words, f"?view={name}", name == view, counts[name]) for name, words in VIEWS
            ],
            "view": view,
            "has_any": counts["all"] > 0,
            "today": timezone.localdate(),
            "may_write": request.membership.may("orders.write"),
        },
        breadcrumb=[ORDERS],
        piece="purchasing/_order_rows.html",
    )


def _of_view(request: OrganizationRequest, view: str) -> QuerySet[PurchaseOrder]:
    orders = listed_orders()
    if view == "mine":
        return orders.filter(created_by=request.user, status__in=OPEN)
    if view == "overdue":
        return orders.filter(overdue(timezone.localdate()))
    return orders.filter(status=view) if view in Status.values else orders


def _sorted(
    orders: QuerySet[PurchaseOrder], request: OrganizationRequest
) -> QuerySet[PurchaseOrder]:
    asked = request.GET.get("sort", "")
    field = SORTS.get(asked.removeprefix("-"))
    if field is None:
        return orders.order_by("-pk")
    return orders.order_by(f"-{field}" if asked.startswith("-") else field, "-pk")


@requires("orders.approve")
def approval_list(request: OrganizationRequest) -> HttpResponse:
    """The orders and changes that wait for this person, the longest waiting first."""
    orders = waiting_approvals(request.user, request.membership.roles)
    return render_screen(
        request,
        "purchasing/approval_list.html",
        {
            "orders": orders[:200],
            "changes": waiting_changes(request.user, request.membership.roles)[:200],
        },
        breadcrumb=["Approvals"],
    )


@requires("orders.read")
def order_detail(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """One order: what was ordered, what came, who decided, what happened."""
    return order_page_of(request, public_id)


def order_page_of(
    request: OrganizationRequest,
    public_id: uuid.UUID,
    error: BusinessRuleError | None = None,
) -> HttpResponse:
    """The order's page, with what was just refused."""
    order = get_object_or_404(shown_orders(), public_id=public_id)
    progress = line_progress(order)
    lines = [one.line for one in progress]
    decides = order.status == Status.SUBMITTED and is_turn(
        order.pk, request.user, request.membership.roles
    )
    changes = shown_changes(order, request.user, request.membership.roles)
    asked = next((one.change.value_after for one in changes if one.is_waiting), None)
    if asked is None and order.status == Status.SUBMITTED:
        asked = order_total(lines)
    context = {
        "order": order,
        "budget": None if asked is None else budget_state(order, asked),
        "progress": progress,
        "total": order_total(lines),
        "is_complete": all(one.is_complete for one in progress),
        "any_received": any(one.quantities.received for one in progress),
        "exception": min(
            (line.list_standing for line in lines if line.list_standing in line.EXCEPTIONS),
            default=None,
        ),
        "approvals": current_approvals(order),
        "changes": changes,
        "receipts": list(order.receipts.select_related("posted_by")),
        "attached": attached(request, order),
        "events": order_timeline(order),
        "decides": decides,
        "content_hash": content_hash(order, lines) if decides else "",
        "errors": [(error.field or "", error.message)] if error else [],
        "comment": request.POST.get("comment", ""),
        "may": _may(request),
    }
    return render_screen(
        request,
        "purchasing/order_detail.html",
        context,
        breadcrumb=[
            (ORDERS, reverse("purchasing:order_list", args=[request.organization.slug])),
            str(order),
        ],
        section="purchasing:order_list",
        status=409 if error else 200,
    )


def _may(request: OrganizationRequest) -> dict[str, bool]:
    return {
        name: request.membership.may(permission)
        for name, permission in (
            ("write", "orders.write"),
            ("issue", "orders.issue"),
            ("approve", "orders.approve"),
            ("receive", "receipts.write"),
        )
    }


def _step(
    request: OrganizationRequest,
    public_id: uuid.UUID,
    take: Callable[[PurchaseOrder], PurchaseOrder],
    words: str,
) -> HttpResponse:
    """Takes one step by POST; a refusal is shown on the order's page, nothing changed."""
    if request.method != "POST":
        return HttpResponse(status=405)
    order = find(PurchaseOrder, public_id)
    try:
        order = take(order)
    except BusinessRuleError as error:
        return order_page_of(request, public_id, error)
    messages.success(request, words.format(order=order))
    return redirect("purchasing:order_detail", request.organization.slug, order.public_id)


def _revision(request: OrganizationRequest) -> int:
    text = request.POST.get("revision", "")
    return int(text) if text.isdecimal() and len(text) < 9 else -1


@requires("orders.approve")
@idempotent
def order_approve(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Approves exactly what the page showed."""
    return _step(
        request,
        public_id,
        lambda order: approve_purchase_order(
            order,
            revision_shown=_revision(request),
            content_hash_shown=request.POST.get("content_hash", ""),
            comment=request.POST.get("comment", ""),
            actor=request.user,
        ),
        "Your approval of {order} is recorded.",
    )


@requires("orders.approve")
@idempotent
def order_send_back(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Returns the order to its buyer with a comment."""
    return _step(
        request,
        public_id,
        lambda order: send_back_purchase_order(
            order,
            revision_shown=_revision(request),
            comment=request.POST.get("comment", ""),
            actor=request.user,
        ),
        "{order} went back to its buyer.",
    )


@requires("orders.write")
@idempotent
def order_withdraw(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Takes the order back to draft."""
    return _step(
        request,
        public_id,
        lambda order: withdraw_purchase_order(order, actor=request.user),
        "{order} is a draft again.",
    )


@requires("orders.issue")
@idempotent
def order_issue(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Sends the order to its supplier."""
    return _step(
        request,
        public_id,
        lambda order: issue_purchase_order(order, actor=request.user),
        "{order} is issued. The mail to {order.supplier} is on its way.",
    )


@requires("orders.read")
def order_print(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """The order as a page to print."""
    return HttpResponse(order_page(find(PurchaseOrder, public_id), for_pdf=False))


@requires("orders.read")
def order_pdf(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """The order as a PDF: the one that was sent, else made for this reading; the printable page
    where no PDF can be made."""
    order = find(PurchaseOrder, public_id)
    kept = kept_order_pdf(order)
    try:
        document = read_file(kept) if kept else render_pdf(order_page(order, for_pdf=True))
    except PdfUnavailableError:
        return redirect("purchasing:order_print", request.organization.slug, public_id)
    response = HttpResponse(document, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{pdf_name(order)}"'
    return response


@requires("orders.write")
@idempotent
def order_copy(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Opens a draft with the same lines, at today's prices, and goes on in its form."""
    return _step(
        request,
        public_id,
        lambda order: order_again(order, actor=request.user),
        "A draft with the same lines at today’s prices. Say by when it is needed.",
    )


@requires("orders.write")
@idempotent
def order_cancel(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Calls an order off, after a question."""
    if request.method != "POST":
        return _question(
            request,
            public_id,
            title="Cancel {order}?",
            text="Nothing more happens with it. An issued order is not recalled by mail: tell the supplier.",
            button="Cancel the order",
        )
    return _step(
        request,
        public_id,
        lambda order: cancel_purchase_order(
            order, reason=request.POST.get("reason", ""), actor=request.user
        ),
        "{order} is cancelled.",
    )


@requires("orders.write")
@idempotent
def order_close(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Ends an issued order, after a question."""
    if request.method != "POST":
        return _question(
            request,
            public_id,
            title="Close {order}?",
            text="Nothing more can be received or billed on it. What is still open is cancelled.",
            button="Close the order",
        )
    return _step(
        request,
        public_id,
        lambda order: close_purchase_order(
            order, reason=request.POST.get("reason", ""), actor=request.user
        ),
        "{order} is closed.",
    )


@requires("orders.write")
@idempotent
def order_reopen(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Lets a closed order be received and billed again, after a question."""
    if request.method != "POST":
        return _question(
            request,
            public_id,
            title="Open {order} again?",
            text="Goods can be received and invoices billed on it again. What was cancelled stays cancelled.",
            button="Open the order",
        )
    return _step(
        request,
        public_id,
        lambda order: reopen_purchase_order(
            order, reason=request.POST.get("reason", ""), actor=request.user
        ),
        "{order} is open again.",
    )


@requires("orders.write")
@idempotent
def line_close_short(
    request: OrganizationRequest, public_id: uuid.UUID, line_no: int
) -> HttpResponse:
    """Stops waiting for the rest of a line, after a question."""
    if request.method != "POST":
        return _question(
            request,
            public_id,
            title=f"Close line {line_no} short?",
            text="The rest of the line is cancelled and no longer awaited.",
            button="Close the line",
        )
    return _step(
        request,
        public_id,
        lambda order: close_line_short(
            order, line_no=line_no, reason=request.POST.get("reason", ""), actor=request.user
        ),
        "The rest of the line is cancelled.",
    )


def _question(
    request: OrganizationRequest,
    public_id: uuid.UUID,
    *,
    title: str,
    text: str,
    button: str,
) -> HttpResponse:
    order = find(PurchaseOrder, public_id)
    context: dict[str, Any] = {
        "title": title.format(order=order),
        "text": text,
        "button": button,
        "tone": "bad",
        "post_url": request.path,
        "back_url": reverse("purchasing:order_detail", args=[request.organization.slug, public_id]),
        "reason_label": "Reason",
    }
    return render_screen(request, "confirm.html", context, piece="_pieces/confirm.html")
