"""Suppliers admitted for an emergency: for what, how much, until when, and what is still to do.

What an admission means for an order is said by `suppliers.approved_vendors`; how much of it is
used is asked of the orders, which only purchasing knows.
"""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import F, Q

from procure.fields import AmountField, OrganizationForeignKey
from procure.figures import long_date
from procure.models import User
from procure.tenancy import Addressed

CASCADE = models.CASCADE


class ProvisionalAdmission(Addressed):
    """Orders from a supplier that is not approved, within a limit: at most `maximum_orders` and
    `maximum_spend` (the organization's currency), placed until `expires_on`, that day included.

    What is used up or over is refused from then on, until a person ends the admission, gives a
    new one, or the supplier is approved.
    """

    supplier = OrganizationForeignKey("suppliers.Supplier", CASCADE, related_name="admissions")
    category = OrganizationForeignKey("suppliers.Category", related_name="admissions")
    maximum_spend = AmountField()
    maximum_orders = models.PositiveSmallIntegerField()
    admitted_on = models.DateField()
    expires_on = models.DateField()
    reason = models.TextField()
    admitted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    end_reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "supplier", "category"],
                condition=Q(ended_at__isnull=True),
                name="suppliers_provisionaladmission_open",
            ),
            models.CheckConstraint(
                condition=Q(maximum_spend__gt=0) & Q(maximum_orders__gt=0),
                name="suppliers_provisionaladmission_positive",
            ),
            models.CheckConstraint(
                condition=Q(expires_on__gte=F("admitted_on")),
                name="suppliers_provisionaladmission_days",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_by__isnull=True)
                | Q(ended_at__isnull=False, ended_by__isnull=False),
                name="suppliers_provisionaladmission_ended",
            ),
        ]

    def __str__(self) -> str:
        return f"Admission until {long_date(self.expires_on)}"

    def is_over(self, on: date) -> bool:
        """Whether its last day has passed."""
        return self.expires_on < on


class AdmissionTask(Addressed):
    """Something to do before a provisional supplier becomes an approved one."""

    admission = OrganizationForeignKey(ProvisionalAdmission, CASCADE, related_name="tasks")
    position = models.PositiveSmallIntegerField()
    text = models.CharField(max_length=200)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "admission", "position"],
                name="suppliers_admissiontask_position",
            ),
            models.CheckConstraint(
                condition=Q(done_at__isnull=True, done_by__isnull=True)
                | Q(done_at__isnull=False, done_by__isnull=False),
                name="suppliers_admissiontask_done",
            ),
        ]

    def __str__(self) -> str:
        return self.text
