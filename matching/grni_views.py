"""The screen of goods received and not invoiced, on any day."""

from __future__ import annotations

from datetime import date

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date

from matching.grni import owed_totals, received_not_invoiced
from matching.payable_views import payable_tabs
from procure.money import ZERO
from procure.permissions import requires
from procure.screens import render_screen
from procure.tenancy import OrganizationRequest

PER_PAGE = 100


@requires("invoices.read")
def grni_list(request: OrganizationRequest) -> HttpResponse:
    """What is owed without a bill on a day, per supplier and order line."""
    as_of = _asked_day(request)
    base = request.organization.currency
    lines = received_not_invoiced(as_of)
    totals = owed_totals(lines, base, as_of)
    chosen = request.GET.get("supplier", "")
    shown = [line for line in lines if not chosen or str(line.supplier_id) == chosen]
    back = reverse("matching:payable_list", args=[request.organization.slug])
    context = {
        "as_of": as_of,
        "base": base,
        "totals": totals,
        "total": sum((one.base_amount or ZERO for one in totals), ZERO),
        "without_rate": sorted({one.currency for one in totals if one.base_amount is None}),
        "page": Paginator(shown, PER_PAGE).get_page(request.GET.get("page")),
        "chosen": chosen,
        "views": payable_tabs(request, "grni_list"),
    }
    return render_screen(
        request,
        "matching/grni_list.html",
        context,
        breadcrumb=[("Payables", back), "Received, not invoiced"],
    )


def _asked_day(request: OrganizationRequest) -> date:
    """The day that the address names; today when it names none, or none that exists."""
    try:
        day = parse_date(request.GET.get("as_of", ""))
    except ValueError:
        day = None
    return day or timezone.localdate()
