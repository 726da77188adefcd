"""What Fernhill committed to buy this year: one far behind, one on its way, one ahead, one new."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from django.db.models import Sum

from matching.demo.company import Company
from purchasing.models import PurchaseOrderLine
from suppliers.committing import CommittedVolume, commit_volume
from suppliers.models import Category, Supplier

BEGUN_DAYS_AGO = 210
LEFT_DAYS = 155
# How much was committed, measured by what was bought at an even pace.
AMBITIONS = (Decimal("1.28"), Decimal("1.08"), Decimal("1.00"), Decimal("0.91"))


def make_commitments(company: Company) -> None:
    """Values committed to the four suppliers that most is bought from, one per category."""
    starts_on = company.today - timedelta(days=BEGUN_DAYS_AGO)
    bought = (
        PurchaseOrderLine.objects.filter(
            order__status__in=["issued", "closed"],
            order__issued_on__range=(starts_on, company.today),
            sku__category__parent__isnull=False,
        )
        .order_by()
        .values_list("order__supplier", "sku__category__parent")
        .annotate(value=Sum("amount"))
        .order_by("-value", "order__supplier")
    )
    share = Decimal(BEGUN_DAYS_AGO + 1 + LEFT_DAYS) / (BEGUN_DAYS_AGO + 1)
    for ambition, (supplier, category, value) in zip(AMBITIONS, bought, strict=False):
        commit_volume(
            Supplier.objects.get(pk=supplier),
            volume=CommittedVolume(
                measure="value",
                committed=round(value * share * ambition, -3),
                starts_on=starts_on,
                ends_on=company.today + timedelta(days=LEFT_DAYS),
                category=Category.objects.get(pk=category),
                note="Agreed with the yearly volume rebate.",
            ),
            actor=company.people["sourcing"],
        )
