"""The report of what was ordered off the approved vendor list."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.urls import reverse

from procure.permissions import requires
from procure.screens import render_screen
from procure.tenancy import OrganizationRequest
from purchasing.list_exceptions import (
    GROUPINGS,
    ListExceptionFilter,
    exception_groups,
    exception_lines,
)

ROWS_PER_PAGE = 50


@requires("orders.read")
def list_exception_list(request: OrganizationRequest) -> HttpResponse:
    """Exceptions with their reason, buyer and amount, in sum by `?by=` and line by line."""
    found = ListExceptionFilter(request.GET, exception_lines(), request=request)
    by = request.GET.get("by", "reason")
    by = by if by in GROUPINGS else "reason"
    address = reverse("purchasing:list_exception_list", args=[request.organization.slug])
    latest = found.qs.order_by("-order__submitted_at", "-order_id", "line_no")
    page = Paginator(latest, ROWS_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "filter": found,
        "page": page,
        "rows": list(page),
        "groups": exception_groups(found.qs, by),
        "grouped_by": GROUPINGS[by][0],
        "views": [
            (f"By {words.lower()}", f"{address}?by={name}", name == by, None)
            for name, (words, _) in GROUPINGS.items()
        ],
    }
    return render_screen(
        request,
        "purchasing/list_exception_list.html",
        context,
        piece="purchasing/_list_exception_rows.html",
    )
