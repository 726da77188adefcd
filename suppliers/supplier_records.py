"""What is kept about a supplier beside the trade: its addresses, and what is a risk about it."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from procure.fields import OrganizationForeignKey
from procure.models import User
from procure.tenancy import Addressed, OrganizationOwned

CASCADE = models.CASCADE


class SupplierAddress(OrganizationOwned):
    """Where one kind of thing goes: orders, goods sent back, or what is paid by post."""

    class Kind(models.TextChoices):
        ORDERS = "orders", "Orders"
        RETURNS = "returns", "Returns"
        REMIT_TO = "remit_to", "Remit to"

    supplier = OrganizationForeignKey("suppliers.Supplier", CASCADE, related_name="addresses")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    address = models.TextField()

    class Meta:
        ordering = ["supplier", "kind"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "supplier", "kind"], name="suppliers_supplieraddress_kind"
            ),
            models.CheckConstraint(
                condition=~Q(address=""), name="suppliers_supplieraddress_not_empty"
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()


class RiskNote(Addressed):
    """Something that may go wrong with a supplier; it counts until its last day or its closing.

    What was written stays as it was written, the database sees to it: a note is closed with a
    reason, and what is thought now is another note.
    """

    class Kind(models.TextChoices):
        FINANCIAL = "financial", "Financial"
        DELIVERY = "delivery", "Delivery"
        QUALITY = "quality", "Quality"
        COMPLIANCE = "compliance", "Compliance"
        DEPENDENCE = "dependence", "Dependence"
        OTHER = "other", "Other"

    class Severity(models.TextChoices):
        HIGH = "high", "High"
        MEDIUM = "medium", "Medium"
        LOW = "low", "Low"

    supplier = OrganizationForeignKey("suppliers.Supplier", related_name="risk_notes")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    severity = models.CharField(max_length=10, choices=Severity.choices)
    text = models.TextField()
    valid_until = models.DateField(null=True, blank=True)
    written_on = models.DateField()
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    close_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = "risk note"
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="suppliers_risknote_text"),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("written_on")),
                name="suppliers_risknote_days",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, closed_by__isnull=True, close_reason="")
                | (Q(closed_at__isnull=False, closed_by__isnull=False) & ~Q(close_reason="")),
                name="suppliers_risknote_closed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_severity_display()} {self.get_kind_display().lower()} risk"

    @property
    def tone(self) -> str:
        return {"high": "bad", "medium": "warn"}.get(self.severity, "")


def open_risks(supplier_id: int, on: date | None = None) -> list[RiskNote]:
    """What counts as a risk on that day, the gravest first: one statement."""
    today = on or timezone.localdate()
    rows = RiskNote.objects.filter(
        Q(valid_until__isnull=True) | Q(valid_until__gte=today),
        supplier_id=supplier_id,
        closed_at__isnull=True,
    ).select_related("written_by")
    order = list(RiskNote.Severity)
    return sorted(rows, key=lambda one: order.index(RiskNote.Severity(one.severity)))
