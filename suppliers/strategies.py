"""How a category is bought: what is wanted of it, from whom in which shares, and what may stand in.

One strategy per category; what one does not say, the nearest category above it says. Changes are
told by the trail, value by value. Written by `suppliers.strategy_setting` and the import alone.
"""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from procure.fields import OrganizationForeignKey, PercentField
from procure.models import User
from procure.tenancy import OrganizationOwned

CASCADE = models.CASCADE
MOST_SOURCES = 20
MOST_MONTHS = 60


class CategoryStrategy(OrganizationOwned):
    """What is wanted of a category; empty fields are those of the nearest category above.

    `lead_time_days` is what suppliers are held to. `review_months` is the rhythm in which the
    strategy is looked at, `reviewed_on` when that last happened.
    """

    category = OrganizationForeignKey("suppliers.Category", CASCADE, related_name="strategies")
    objective = models.TextField(blank=True)
    minimum_sources = models.PositiveSmallIntegerField(null=True, blank=True)
    lead_time_days = models.PositiveSmallIntegerField(null=True, blank=True)
    review_months = models.PositiveSmallIntegerField(null=True, blank=True)
    owner = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    reviewed_on = models.DateField(default=timezone.localdate)

    class Meta:
        verbose_name = "category strategy"
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "category"], name="suppliers_categorystrategy_once"
            ),
            models.CheckConstraint(
                condition=Q(minimum_sources__isnull=True)
                | Q(minimum_sources__gte=1, minimum_sources__lte=MOST_SOURCES),
                name="suppliers_categorystrategy_sources",
            ),
            models.CheckConstraint(
                condition=Q(review_months__isnull=True)
                | Q(review_months__gte=1, review_months__lte=MOST_MONTHS),
                name="suppliers_categorystrategy_rhythm",
            ),
        ]

    def __str__(self) -> str:
        return f"Strategy of {self.category}"


class StrategyShare(OrganizationOwned):
    """A supplier that a strategy prefers, with the share of value it is meant to have, if any."""

    strategy = OrganizationForeignKey(CategoryStrategy, CASCADE, related_name="shares")
    supplier = OrganizationForeignKey("suppliers.Supplier", CASCADE, related_name="+")
    share_percent = PercentField(null=True, blank=True)

    class Meta:
        ordering = [F("share_percent").desc(nulls_last=True), "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "strategy", "supplier"],
                name="suppliers_strategyshare_once",
            ),
            models.CheckConstraint(
                condition=Q(share_percent__isnull=True)
                | Q(share_percent__gt=0, share_percent__lte=Decimal(100)),
                name="suppliers_strategyshare_percent",
            ),
        ]

    def __str__(self) -> str:
        return str(self.supplier)


class SkuSubstitute(OrganizationOwned):
    """A SKU that may stand in for another; not the other way round unless said so as well."""

    sku = OrganizationForeignKey("suppliers.Sku", CASCADE, related_name="substitutes")
    substitute = OrganizationForeignKey("suppliers.Sku", CASCADE, related_name="stands_in_for")
    note = models.CharField(max_length=300, blank=True)
    approved_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    approved_on = models.DateField(default=timezone.localdate)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "sku", "substitute"], name="suppliers_skusubstitute_once"
            ),
            models.CheckConstraint(
                condition=~Q(sku=F("substitute")), name="suppliers_skusubstitute_another"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.substitute} for {self.sku}"
