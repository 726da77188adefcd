"""The screen of the drill: what if this supplier stops today."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from procure.documents import find, idempotent
from procure.errors import BusinessRuleError
from procure.permissions import requires
from procure.screens import render_screen
from procure.tenancy import OrganizationRequest
from purchasing.cover import USE_DAYS
from purchasing.drilling import drill_of
from purchasing.replacing import draft_replacements, open_drafts
from suppliers.addresses import address
from suppliers.models import Supplier


@requires("suppliers.read")
def supplier_drill(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """What stops with the supplier, who takes over, and by when their orders have to go."""
    supplier = find(Supplier, public_id)
    drill = drill_of(supplier, request.organization.currency, timezone.localdate())
    context = {
        "supplier": supplier,
        "drill": drill,
        "drafts": open_drafts(supplier),
        "may_draft": request.membership.may("orders.write"),
        "use_days": USE_DAYS,
    }
    crumbs: list[tuple[str, str] | str] = [
        ("Coverage", reverse("purchasing:coverage_list", args=[request.organization.slug])),
        (supplier.name, address(request, "supplier_detail", supplier)),
        "What if it stops today",
    ]
    return render_screen(
        request,
        "purchasing/supplier_drill.html",
        context,
        breadcrumb=crumbs,
        section="purchasing:coverage_list",
    )


@requires("orders.write")
@require_POST
@idempotent
def replacement_drafts(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Makes the drafts of the drill; nothing is sent."""
    supplier = find(Supplier, public_id)
    try:
        orders = draft_replacements(supplier, actor=request.user)
    except BusinessRuleError as error:
        messages.error(request, str(error))
    else:
        made = f"{len(orders)} draft{'' if len(orders) == 1 else 's'}"
        messages.success(request, f"{made} made. Nothing was sent yet.")
    return HttpResponseRedirect(
        reverse("purchasing:supplier_drill", args=[request.organization.slug, supplier.public_id])
    )
