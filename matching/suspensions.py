"""The months in which too much was accepted from a supplier, and who looked at it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from procure.fields import AmountField, OrganizationForeignKey
from procure.models import User
from procure.tenancy import Addressed
from suppliers.models import Supplier


class ToleranceSuspension(Addressed):
    """From `began_at` until it is reviewed, the supplier's invoices are judged without tolerance.

    `accepted_amount` is what limits had let pass on the invoices received in `month` (its first
    day) when it passed `cap_amount`; both in the organization's currency.
    """

    supplier = OrganizationForeignKey(Supplier, related_name="tolerance_suspensions")
    month = models.DateField()
    accepted_amount = AmountField()
    cap_amount = AmountField()
    began_at = models.DateTimeField(default=timezone.now, editable=False)
    reviewed_at = models.DateTimeField(null=True, blank=True)
    reviewed_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    review = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "supplier"],
                condition=Q(reviewed_at__isnull=True),
                name="matching_tolerancesuspension_open_once",
            ),
            models.CheckConstraint(
                condition=Q(reviewed_at__isnull=True, reviewed_by__isnull=True, review="")
                | (Q(reviewed_at__isnull=False, reviewed_by__isnull=False) & ~Q(review="")),
                name="matching_tolerancesuspension_reviewed",
            ),
        ]

    def __str__(self) -> str:
        return f"without tolerance since {self.began_at:%Y-%m-%d}"
