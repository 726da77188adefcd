"""The list of invoices with something unusual about them."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone

from matching.flags import flagged_invoices
from procure.permissions import requires
from procure.screens import render_screen
from procure.tenancy import OrganizationRequest

ROWS_PER_PAGE = 50
PERIODS = {"30": "30 days", "90": "90 days", "365": "A year"}


@requires("invoices.read")
def flag_list(request: OrganizationRequest) -> HttpResponse:
    """Flagged invoices received in the last `?days=`, the most unusual first."""
    days = request.GET.get("days", "90")
    days = days if days in PERIODS else "90"
    address = reverse("matching:flag_list", args=[request.organization.slug])
    found = flagged_invoices(int(days), timezone.localdate())
    page = Paginator(found, ROWS_PER_PAGE).get_page(request.GET.get("page"))
    back = reverse("matching:invoice_list", args=[request.organization.slug])
    return render_screen(
        request,
        "matching/flag_list.html",
        {
            "page": page,
            "rows": list(page),
            "views": [
                (words, f"{address}?days={name}", name == days, None)
                for name, words in PERIODS.items()
            ],
        },
        breadcrumb=[("Supplier invoices", back), "Worth a second look"],
    )
