"""Suppliers as orders meet them: past orders on a supplier's page, and a search in the form."""

from __future__ import annotations

import uuid

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone

from procure.documents import find
from procure.permissions import requires
from procure.screens import render_screen
from procure.tenancy import OrganizationRequest
from purchasing.list_exceptions import exception_lines
from purchasing.models import PurchaseOrder
from purchasing.on_order import on_order
from purchasing.queries import listed_orders
from suppliers.approved_vendors import category_decisions
from suppliers.finding import find_suppliers
from suppliers.models import Supplier

MOST_ORDERS = 8
MOST_FOUND = 12


@requires("orders.read")
def supplier_orders(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """What is on order with a supplier, and its latest orders to be ordered again: a panel."""
    supplier = find(Supplier, public_id)
    sent = (PurchaseOrder.Status.ISSUED, PurchaseOrder.Status.CLOSED)
    orders = listed_orders().filter(supplier=supplier, status__in=sent)
    return render_screen(
        request,
        "purchasing/supplier_orders.html",
        {
            "supplier": supplier,
            "on_order": on_order(supplier, timezone.localdate()),
            "orders": orders.order_by("-issued_on", "-pk")[:MOST_ORDERS],
            "has_exceptions": exception_lines().filter(order__supplier=supplier).exists(),
            "may_write": request.membership.may("orders.write"),
        },
        piece="purchasing/_supplier_orders.html",
        section="suppliers:supplier_list",
    )


@requires("orders.write")
def supplier_search(
    request: OrganizationRequest, public_id: uuid.UUID | None = None
) -> HttpResponse:
    """Any active supplier by name or code, with where it stands on the list: for a draft whose
    ranking does not have the one that is wanted. Choosing goes the form's own way."""
    order = find(PurchaseOrder, public_id) if public_id else PurchaseOrder()
    text = request.GET.get("supplier", "").strip()[:80]
    found = [
        supplier
        for supplier in (find_suppliers(text, MOST_FOUND) if text else [])
        if supplier.status == Supplier.Status.ACTIVE
    ]
    decisions = {}
    if order.category and found:
        ids = [supplier.pk for supplier in found]
        today = timezone.localdate()
        decisions = category_decisions(ids, order.category, today, ship_to=order.ship_to_id)
    return render_screen(
        request,
        "purchasing/supplier_search.html",
        {
            "order": order,
            "base": _form_address(request, public_id),
            "text": text,
            "found": [(supplier, decisions.get(supplier.pk)) for supplier in found],
        },
        piece="purchasing/_supplier_search.html",
        section="purchasing:order_list",
    )


def _form_address(request: OrganizationRequest, public_id: uuid.UUID | None) -> str:
    slug = request.organization.slug
    if public_id is None:
        return reverse("purchasing:order_new", args=[slug])
    return reverse("purchasing:order_edit", args=[slug, public_id])
