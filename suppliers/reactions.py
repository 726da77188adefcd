"""What this app tells the frame: suppliers and SKUs found by words, and terms that run out."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Count, Q
from django.utils import timezone

from procure.tenancy import OrganizationRequest
from procure.work import FoundItem, WaitingWork, answers_search, tells_work
from suppliers import quotation_mail as quotation_mail
from suppliers.addresses import address
from suppliers.filters import ENDS_SOON_DAYS
from suppliers.finding import find_skus, find_suppliers
from suppliers.models import PriceAgreement, Qualification

MOST_FOUND = 5


@answers_search
def found_suppliers(request: OrganizationRequest, text: str) -> list[FoundItem]:
    """Suppliers by code or name: two statements."""
    return [
        FoundItem(
            "Supplier",
            supplier.name,
            f"{supplier.code}, {supplier.get_status_display().lower()}",
            address(request, "supplier_detail", supplier),
            "store",
        )
        for supplier in find_suppliers(text, MOST_FOUND)
    ]


@answers_search
def found_skus(request: OrganizationRequest, text: str) -> list[FoundItem]:
    """SKUs by code, description or a supplier's code: two statements."""
    return [
        FoundItem("SKU", sku.code, sku.description, address(request, "sku_detail", sku), "barcode")
        for sku in find_skus(text, MOST_FOUND)
    ]


@tells_work
def terms_running_out(request: OrganizationRequest) -> list[WaitingWork]:
    """Agreements and qualifications that end soon, for those who can renew them."""
    if not request.membership.may("sourcing.write"):
        return []
    today = timezone.localdate()
    soon = Q(valid_to__gte=today, valid_to__lte=today + timedelta(days=ENDS_SOON_DAYS))
    agreements = PriceAgreement.objects.filter(soon).count()
    vetted = Qualification.objects.filter(status__in=Qualification.USABLE)
    suppliers = vetted.filter(soon).aggregate(count=Count("supplier", distinct=True))["count"]
    within = f"Within {ENDS_SOON_DAYS} days."
    return [
        WaitingWork(
            "Price agreements that end soon",
            agreements,
            within,
            f"{address(request, 'agreement_list')}?state=ending",
            "handshake",
            "warn",
            60,
        ),
        WaitingWork(
            "Suppliers whose qualification expires",
            suppliers,
            within,
            f"{address(request, 'supplier_list')}?qualification=expiring",
            "shield-alert",
            "warn",
            61,
        ),
    ]
