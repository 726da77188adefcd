"""Why Fernhill buys as it does: last year's decisions and this year's, with their candidates."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from procure.models import Organization, User
from purchasing.models import PurchaseOrder
from suppliers.deciding import Candidate, decide_sourcing
from suppliers.models import (
    ApprovedVendor,
    Category,
    PriceAgreement,
    SourcingDecision,
    Supplier,
)

ON_THE_WAY = (PurchaseOrder.Status.SUBMITTED, PurchaseOrder.Status.APPROVED)

# Category, title, shares by supplier, others that were weighed, reason, days to the review.
DECISIONS: tuple[tuple[str, str, dict[str, int], tuple[str, ...], str, int], ...] = (
    (
        "PACK-BOX", "Corrugate: two mills instead of one",
        {"NORTHLINE": 65, "ASHGROVE": 35}, ("DELTACOR", "KESTREL"),
        "Northline is cheapest and close, but its late lines in spring stopped a packing line twice. "
        "Ashgrove takes a third at 4% more and has a free machine. Kestrel lacks its insurance.",
        160,
    ),
    (
        "PACK-FILM", "Film: keep Solano, build up Meridian",
        {"SOLANO": 60, "MERIDIAN": 40}, ("NORTHLINE",),
        "Solano owns the tools and stays for the volume. Its lead time is too long for promotions, "
        "so Meridian runs all orders below six pallets.",
        18,
    ),
    (
        "ING-NUT", "Nuts and seeds: a second source before the harvest",
        {"PACIFICNUT": 50, "ORCHARD": 30, "SUNRIDGE": 20}, ("MACADAMIA",),
        "One harvest in one valley is too much risk for a critical category. Orchard and Sunridge "
        "passed their audits; Coastline stays a backup for its freight.",
        75,
    ),
    (
        "ING-COCOA", "Chocolate: Cacaohaus for couverture",
        {"CACAOHAUS": 70, "DARKMILL": 30}, ("COCOAPATH",),
        "Quality decides here. Cocoa Path is 7% cheaper and failed two of five lots in the trial.",
        0,
    ),
)  # fmt: skip


def make_strategy(organization: Organization) -> None:
    """Decides with the figures of today, which the results have to hold by now.

    The lists, the agreements and today's orders of those categories rest on the decisions.
    """
    sourcing = User.objects.get(email=f"sourcing@{organization.slug}.example")
    categories = {one.code: one for one in Category.objects.all()}
    suppliers = {one.code: one for one in Supplier.objects.all()}
    for code, title, shares, weighed, reason, review_days in DECISIONS:
        chosen = [
            Candidate(supplier=suppliers[one], is_chosen=True, share_percent=Decimal(share))
            for one, share in shares.items()
        ]
        decision = decide_sourcing(
            category=categories[code],
            sku=None,
            title=title,
            candidates=[*chosen, *(Candidate(supplier=suppliers[one]) for one in weighed)],
            reason=reason,
            review_on=timezone.localdate() + timedelta(days=review_days),
            supersedes=None,
            actor=sourcing,
        )
        _rest_on(decision, [suppliers[one] for one in shares])


def _rest_on(decision: SourcingDecision, chosen: list[Supplier]) -> None:
    category = decision.category
    entries = ApprovedVendor.objects.filter(category=category, supplier__in=chosen)
    entries.update(decision=decision)
    agreements = PriceAgreement.objects.filter(
        supplier__in=chosen, valid_to__gte=decision.decided_on
    )
    agreements.filter(breaks__sku__category=category).update(decision=decision)
    orders = PurchaseOrder.objects.filter(category=category, supplier__in=chosen)
    orders.filter(status__in=ON_THE_WAY).update(sourcing_decision=decision)
