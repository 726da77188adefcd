"""The panel of a category's page that tells what was ordered past list and contract."""

from __future__ import annotations

import uuid

from django.http import Http404, HttpResponse
from django.utils import timezone

from procure.documents import find
from procure.permissions import requires
from procure.screens import render_screen
from procure.tenancy import OrganizationRequest
from purchasing.category_spend import category_spend
from suppliers.models import Category


@requires("orders.read")
def category_spend_list(request: OrganizationRequest) -> HttpResponse:
    """What was ordered of the category that the address names, past its list and its contracts."""
    try:
        category = find(Category, uuid.UUID(request.GET.get("category", "")))
    except ValueError as error:
        raise Http404 from error
    spend = category_spend(category, request.organization.currency, timezone.localdate())
    return render_screen(
        request,
        "purchasing/category_spend.html",
        {"category": category, "spend": spend},
        piece="purchasing/_category_spend.html",
        section="suppliers:category_list",
    )
