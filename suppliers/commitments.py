"""What was promised to a supplier: a volume to be ordered within some days."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from procure.fields import AmountField, OrganizationForeignKey
from procure.models import User
from procure.tenancy import Addressed


class VolumeCommitment(Addressed):
    """A quantity or a value that we committed to order, of a SKU, a category or in total.

    `committed` counts in `unit` for a quantity and in `currency` for a value; both days are
    included. What was called off is never stored: it is summed from the orders.
    """

    class Measure(models.TextChoices):
        QUANTITY = "quantity", "Quantity"
        VALUE = "value", "Value"

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        WITHDRAWN = "withdrawn", "Withdrawn"

    number = models.CharField(max_length=60)
    supplier = OrganizationForeignKey("suppliers.Supplier", related_name="commitments")
    agreement = OrganizationForeignKey(
        "suppliers.PriceAgreement", null=True, blank=True, related_name="commitments"
    )
    category = OrganizationForeignKey(
        "suppliers.Category", null=True, blank=True, related_name="commitments"
    )
    sku = OrganizationForeignKey("suppliers.Sku", null=True, blank=True, related_name="commitments")
    measure = models.CharField(max_length=10, choices=Measure.choices)
    committed = AmountField()
    unit = models.CharField(max_length=20, blank=True)
    currency = models.CharField(max_length=3)
    starts_on = models.DateField()
    ends_on = models.DateField()
    note = models.TextField(blank=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=timezone.now, editable=False)
    withdrawn_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawal_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["ends_on", "number"]
        verbose_name = "volume commitment"
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "number"], name="suppliers_volumecommitment_number"
            ),
            models.CheckConstraint(
                condition=Q(category__isnull=True) | Q(sku__isnull=True),
                name="suppliers_volumecommitment_scope",
            ),
            models.CheckConstraint(
                condition=Q(committed__gt=0) & Q(ends_on__gte=F("starts_on")),
                name="suppliers_volumecommitment_amount",
            ),
            models.CheckConstraint(
                condition=Q(measure="value", unit="") | (Q(measure="quantity") & ~Q(unit="")),
                name="suppliers_volumecommitment_unit",
            ),
            models.CheckConstraint(
                condition=Q(status="open", withdrawn_at__isnull=True, withdrawn_by__isnull=True)
                | (
                    Q(status="withdrawn", withdrawn_at__isnull=False, withdrawn_by__isnull=False)
                    & ~Q(withdrawal_reason="")
                ),
                name="suppliers_volumecommitment_withdrawn",
            ),
            ExclusionConstraint(
                name="suppliers_volumecommitment_overlap",
                condition=Q(status="open"),
                expressions=[
                    ("organization", RangeOperators.EQUAL),
                    ("supplier", RangeOperators.EQUAL),
                    (Coalesce("category", Value(0)), RangeOperators.EQUAL),
                    (Coalesce("sku", Value(0)), RangeOperators.EQUAL),
                    ("measure", RangeOperators.EQUAL),
                    (
                        Func(F("starts_on"), F("ends_on"), Value("[]"), function="daterange"),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
        ]

    def __str__(self) -> str:
        return self.number
