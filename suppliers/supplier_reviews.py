"""A grade that fell: what it suggests for the approved vendor list, and what a person decided."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from procure.fields import OrganizationForeignKey
from procure.models import User
from procure.tenancy import Addressed


class SupplierReview(Addressed):
    """One supplier, one entry of the list: its grade came to where the rules ask for a review.

    It is open until a person accepts the suggestion or dismisses it, or the grade has recovered.
    `ended_at` is when it recovered; until then no second review opens for the same entry.
    """

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        ACCEPTED = "accepted", "Accepted"
        DISMISSED = "dismissed", "Dismissed"
        LAPSED = "lapsed", "Recovered"

    class Suggestion(models.TextChoices):
        APPROVED = "approved", "no longer preferred, but approved"
        BACKUP = "backup", "only a backup"
        OFF_LIST = "off_list", "off the approved vendor list"

    supplier = OrganizationForeignKey("suppliers.Supplier", models.CASCADE, related_name="reviews")
    category = OrganizationForeignKey("suppliers.Category", null=True, related_name="+")
    sku = OrganizationForeignKey("suppliers.Sku", null=True, related_name="+")
    grade = models.CharField(max_length=1)
    score = models.DecimalField(max_digits=7, decimal_places=4, null=True)
    rules_version = models.PositiveIntegerField()
    suggested = models.CharField(max_length=10, choices=Suggestion.choices)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    opened_at = models.DateTimeField(default=timezone.now)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=300, blank=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-opened_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                F("organization"),
                F("supplier"),
                Coalesce("category", Value(0)),
                Coalesce("sku", Value(0)),
                condition=Q(ended_at__isnull=True),
                name="suppliers_supplierreview_once",
            ),
            models.CheckConstraint(
                condition=Q(category__isnull=True) ^ Q(sku__isnull=True),
                name="suppliers_supplierreview_scope",
            ),
            models.CheckConstraint(
                condition=Q(status="open", decided_at__isnull=True, ended_at__isnull=True)
                | Q(status="lapsed", decided_at__isnull=True, ended_at__isnull=False)
                | (
                    Q(
                        status__in=["accepted", "dismissed"],
                        decided_at__isnull=False,
                        decided_by__isnull=False,
                    )
                    & ~Q(reason="")
                ),
                name="suppliers_supplierreview_decided",
            ),
        ]

    def __str__(self) -> str:
        return f"Review, grade {self.grade}"

    @property
    def scope(self) -> str:
        """What the entry is for: a category's name or a SKU's code."""
        return str(self.sku or self.category)

    @property
    def suggestion_words(self) -> str:
        return str(self.Suggestion(self.suggested).label)
