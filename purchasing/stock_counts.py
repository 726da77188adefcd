"""How much of a SKU was counted at a place: the last word on stock until there is another count.

A count is never changed; a wrong one is followed by another. Written by the import alone.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q, QuerySet

from procure.fields import OrganizationForeignKey, QuantityField
from procure.models import Location
from procure.tenancy import OrganizationOwned


class StockCount(OrganizationOwned):
    """`counted_quantity` in the SKU's unit. No location is a place of its own: nobody said where."""

    sku = OrganizationForeignKey("suppliers.Sku", related_name="stock_counts")
    location = OrganizationForeignKey(Location, null=True, blank=True, related_name="+")
    counted_quantity = QuantityField()
    counted_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "sku", "location", "counted_at"],
                name="purchasing_stockcount_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(counted_quantity__gte=0), name="purchasing_stockcount_quantity"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.counted_quantity}"


def latest_counts() -> QuerySet[StockCount]:
    """The last count of each SKU at each location."""
    latest = StockCount.objects.order_by("sku_id", "location_id", "-counted_at", "-id")
    ids = latest.distinct("sku_id", "location_id").values("pk")
    rows: QuerySet[StockCount] = StockCount.objects.filter(pk__in=ids)
    return rows.select_related("sku__category", "location")
