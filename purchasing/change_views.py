"""Changing an issued order on its screens: proposing, approving, refusing, taking back."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from procure.documents import find, idempotent
from procure.errors import BusinessRuleError
from procure.permissions import requires
from procure.screens import render_screen
from procure.tenancy import OrganizationRequest
from purchasing.change_lines import LineRevision
from purchasing.changing import (
    Exemption,
    approve_order_change,
    propose_order_change,
    refuse_order_change,
    withdraw_order_change,
)
from purchasing.drafts import OrderedLine
from purchasing.models import OrderChange, PurchaseOrder
from purchasing.queries import LineProgress, line_progress, shown_orders
from purchasing.typed import in_readers_notation, sku_of, skus_by_code, typed_day, typed_decimal
from purchasing.views import order_page_of

NEW_ROWS = ("new-1", "new-2", "new-3")


@requires("orders.write")
@idempotent
@in_readers_notation
def order_change(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """The order's lines with what they are to become; sent, it is a proposal."""
    order = get_object_or_404(shown_orders(), public_id=public_id)
    if order.status != PurchaseOrder.Status.ISSUED:
        messages.info(request, f"{order} is not issued, so there is nothing to change.")
        return redirect("purchasing:order_detail", request.organization.slug, public_id)
    progress = line_progress(order)
    if request.method != "POST":
        return _form(request, order, progress)
    try:
        change = propose_order_change(
            order,
            lines=list(_revisions(request.POST, progress)),
            added=list(_added(request.POST, order)),
            reason=request.POST.get("reason", ""),
            revision_shown=_whole(request.POST.get("revision", "")),
            exemption=Exemption(
                request.POST.get("off_list_reason", ""),
                request.POST.get("off_list_explanation", ""),
            ),
            actor=request.user,
        )
    except BusinessRuleError as error:
        return _form(request, order, progress, error)
    words = "It waits for approval." if change.status == "waiting" else "It is in effect."
    messages.success(request, f"The change of {order} is recorded. {words}")
    return redirect("purchasing:order_detail", request.organization.slug, public_id)


def _form(
    request: OrganizationRequest,
    order: PurchaseOrder,
    progress: list[LineProgress],
    error: BusinessRuleError | None = None,
) -> HttpResponse:
    typed = request.POST
    rows = [(one, _typed_cells(typed, f"line-{one.line.line_no}")) for one in progress]
    context = {
        "order": order,
        "rows": rows,
        "new_rows": [(key, _typed_cells(typed, key)) for key in NEW_ROWS],
        "typed": typed,
        "asks_exemption": error is not None and error.code.startswith("off_list"),
        "reasons": PurchaseOrder.OffListReason.choices,
        "errors": [(error.field or "", error.message)] if error else [],
        "error_field": error.field if error else "",
    }
    orders = reverse("purchasing:order_list", args=[request.organization.slug])
    detail = reverse("purchasing:order_detail", args=[request.organization.slug, order.public_id])
    return render_screen(
        request,
        "purchasing/order_change.html",
        context,
        breadcrumb=[("Purchase orders", orders), (str(order), detail), "Change"],
        section="purchasing:order_list",
        status=422 if error else 200,
    )


def _typed_cells(typed: Mapping[str, str], key: str) -> dict[str, str]:
    """What was typed into a row before it was refused, by cell."""
    cells = ("sku", "quantity", "unit_price", "price_reason", "expected_on", "cancel")
    return {"key": key, **{cell: typed.get(f"{key}-{cell}", "") for cell in cells}}


def _revisions(post: Mapping[str, str], progress: list[LineProgress]) -> list[LineRevision]:
    """The rows as typed; an empty cell leaves the line's own figure."""
    found = []
    for one in progress:
        key = f"line-{one.line.line_no}"
        cells = _typed_cells(post, key)
        quantity, price = cells["quantity"].strip(), cells["unit_price"].strip()
        found.append(
            LineRevision(
                one.line.line_no,
                typed_decimal(quantity, f"{key}-quantity") if quantity else None,
                typed_decimal(price, f"{key}-unit_price") if price else None,
                cells["price_reason"],
                typed_day(cells["expected_on"], f"{key}-expected_on"),
                bool(cells["cancel"]),
            )
        )
    return found


def _added(post: Mapping[str, str], order: PurchaseOrder) -> list[OrderedLine]:
    rows = [_typed_cells(post, key) for key in NEW_ROWS]
    rows = [row for row in rows if row["sku"].strip()]
    skus = skus_by_code([row["sku"] for row in rows], order.supplier_id)
    return [
        OrderedLine(
            sku_of(skus, row["sku"], f"{row['key']}-sku"),
            typed_decimal(row["quantity"] or "0", f"{row['key']}-quantity"),
            typed_decimal(row["unit_price"], f"{row['key']}-unit_price")
            if row["unit_price"].strip()
            else None,
            row["price_reason"],
            typed_day(row["expected_on"], f"{row['key']}-expected_on"),
        )
        for row in rows
    ]


def _whole(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 9 else -1


def _decide(
    request: OrganizationRequest,
    public_id: uuid.UUID,
    take: Callable[[OrderChange], OrderChange],
    words: str,
) -> HttpResponse:
    """Takes one step; a refusal is shown on the order's page, nothing changed."""
    change = find(OrderChange, public_id)
    order: PurchaseOrder = change.order
    try:
        take(change)
    except BusinessRuleError as error:
        return order_page_of(request, order.public_id, error)
    messages.success(request, words.format(order=order))
    return redirect("purchasing:order_detail", request.organization.slug, order.public_id)


@requires("orders.approve")
@require_POST
@idempotent
def change_approve(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Approves exactly the change that the page showed."""
    return _decide(
        request,
        public_id,
        lambda change: approve_order_change(
            change,
            content_hash_shown=request.POST.get("content_hash", ""),
            comment=request.POST.get("comment", ""),
            actor=request.user,
        ),
        "Your approval of the change of {order} is recorded.",
    )


@requires("orders.approve")
@require_POST
@idempotent
def change_refuse(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Says no to a change; the order stays as it is."""
    return _decide(
        request,
        public_id,
        lambda change: refuse_order_change(
            change, comment=request.POST.get("comment", ""), actor=request.user
        ),
        "The change of {order} is refused.",
    )


@requires("orders.write")
@require_POST
@idempotent
def change_withdraw(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Takes a waiting change back."""
    return _decide(
        request,
        public_id,
        lambda change: withdraw_order_change(change, actor=request.user),
        "The change of {order} is taken back.",
    )
