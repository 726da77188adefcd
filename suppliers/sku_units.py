"""How much of a SKU's own unit another unit holds."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from procure.fields import OrganizationForeignKey
from procure.tenancy import OrganizationOwned


class UnitFactor(OrganizationOwned):
    """One `unit` of a SKU holds `factor` of its own unit, from a day on."""

    sku = OrganizationForeignKey("suppliers.Sku", models.CASCADE, related_name="unit_factors")
    unit = models.CharField(max_length=20)
    factor = models.DecimalField(max_digits=18, decimal_places=6)
    valid_from = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "sku", "unit", "valid_from"],
                name="suppliers_unitfactor_day",
            ),
            models.CheckConstraint(condition=Q(factor__gt=0), name="suppliers_unitfactor_positive"),
        ]

    def __str__(self) -> str:
        return f"1 {self.unit} = {self.factor}"
