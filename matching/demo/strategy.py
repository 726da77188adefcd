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
    CategoryStrategy,
    PriceAgreement,
    Sku,
    SourcingDecision,
    Supplier,
)
from suppliers.strategy_setting import StrategyDetails, approve_substitute, set_category_strategy

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


# Category, objective, sources needed, lead time in days, review rhythm, target shares.
STRATEGIES: tuple[tuple[str, str, int, int, int, dict[str, int]], ...] = (
    ("ING", "No recipe waits for an ingredient; two sources wherever a harvest can fail.", 2, 21, 12, {}),
    ("ING-NUT", "Three growers in two valleys before the next harvest.", 3, 18, 6,
     {"PACIFICNUT": 50, "ORCHARD": 30, "SUNRIDGE": 20}),
    ("PACK", "No packing line stops for material.", 2, 20, 12, {}),
    ("PACK-BOX", "Two mills within two days of Reno, a third one ready.", 3, 14, 6,
     {"NORTHLINE": 65, "ASHGROVE": 35}),
    ("PACK-LABEL", "One printer is enough while proofs are ours; keep a second one warm.", 3, 9, 6,
     {"BRIGHTLINE": 60}),
)  # fmt: skip
SUBSTITUTES = (
    ("CTN-WH-12", "CTN-KR-12", "Only when the white liner is out; tell marketing."),
    ("CTN-PR-12", "CTN-KR-12", "With a label over the plain face."),
)
OVERDUE = "PACK-LABEL"


def make_strategy(organization: Organization) -> None:
    """Decides with the figures of today, which the results have to hold by now.

    The lists, the agreements and today's orders of those categories rest on the decisions.
    """
    sourcing = User.objects.get(email=f"sourcing@{organization.slug}.example")
    _set_strategies(sourcing)
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


def _set_strategies(sourcing: User) -> None:
    suppliers = {one.code: one for one in Supplier.objects.all()}
    for code, objective, sources, days, months, shares in STRATEGIES:
        details = StrategyDetails(
            objective=objective,
            minimum_sources=sources,
            lead_time_days=days,
            review_months=months,
            owner=sourcing,
            shares={suppliers[one]: Decimal(share) for one, share in shares.items()},
        )
        category = Category.objects.get(code=code)
        set_category_strategy(category, details=details, actor=sourcing)
    last_year = timezone.localdate() - timedelta(days=200)
    CategoryStrategy.objects.filter(category__code=OVERDUE).update(reviewed_on=last_year)
    skus = {one.code: one for one in Sku.objects.all()}
    for code, other, note in SUBSTITUTES:
        approve_substitute(skus[code], substitute=skus[other], note=note, actor=sourcing)


def _rest_on(decision: SourcingDecision, chosen: list[Supplier]) -> None:
    category = decision.category
    entries = ApprovedVendor.objects.filter(category=category, supplier__in=chosen, decision=None)
    entries.update(decision=decision)
    agreements = PriceAgreement.objects.filter(
        supplier__in=chosen, valid_to__gte=decision.decided_on, decision=None
    )
    agreements.filter(breaks__sku__category=category).update(decision=decision)
    orders = PurchaseOrder.objects.filter(category=category, supplier__in=chosen)
    orders.filter(status__in=ON_THE_WAY).update(sourcing_decision=decision)
