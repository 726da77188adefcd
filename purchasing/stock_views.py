"""The screen of stock as it was counted last."""

from __future__ import annotations

from django.http import HttpResponse

from procure.permissions import requires
from procure.screens import render_screen
from procure.tenancy import OrganizationRequest
from purchasing.filters import StockFilter
from purchasing.stock_counts import latest_counts
from suppliers.listing import sorted_page

SORTS = {
    "sku": "sku__code",
    "place": "location__name",
    "quantity": "counted_quantity",
    "counted": "counted_at",
}


@requires("receipts.read")
def stock_list(request: OrganizationRequest) -> HttpResponse:
    """The last count of each SKU at each place."""
    found = StockFilter(request.GET, latest_counts(), request=request)
    page = sorted_page(request, found.qs, SORTS, "sku")
    context = {
        "filter": found,
        "page": page,
        "rows": list(page),
        "can_import": request.membership.may("imports.tables"),
    }
    return render_screen(
        request, "purchasing/stock_list.html", context, piece="purchasing/_stock_rows.html"
    )
