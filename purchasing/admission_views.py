"""What was ordered under a provisional admission, shown where the admission is."""

from __future__ import annotations

import uuid

from django.http import HttpResponse
from django.utils import timezone

from procure.documents import find
from procure.permissions import requires
from procure.screens import render_screen
from procure.tenancy import OrganizationRequest
from purchasing import allowances
from purchasing.models import PurchaseOrder
from suppliers.models import ProvisionalAdmission


@requires("orders.read")
def admission_usage(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Orders and spend so far, with the orders behind them."""
    admission = find(ProvisionalAdmission, public_id)
    used = allowances.admission_usage([admission.pk], timezone.localdate())[admission.pk]
    orders = PurchaseOrder.objects.filter(
        lines__list_admission=admission, status__in=allowances.COUNTED
    )
    context = {
        "admission": admission,
        "used": used,
        "left": None if used.spend is None else admission.maximum_spend - used.spend,
        "orders": list(orders.distinct().order_by("pk")),
    }
    return render_screen(
        request,
        "purchasing/admission_usage.html",
        context,
        piece="purchasing/_admission_usage.html",
        breadcrumb=[str(admission.supplier), "Provisional admission"],
        section="suppliers:supplier_list",
    )
