"""Limits that somebody tries on past invoices, and what they would have meant."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from procure.fields import OrganizationForeignKey
from procure.models import User
from procure.tenancy import Addressed
from suppliers.models import Category, Sku, Supplier


class ToleranceTrial(Addressed):
    """Limits for a scope, replayed over the invoices received in the `days` before it was asked.

    `limits` are those of a tolerance rule, `varied` (of `ladders.py`) the one of them that is tried
    at other values, too; `result` is what `replaying.py` found, once the worker is done. A trial
    judges nothing: its limits apply only when they are saved as a rule's version.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", "Being worked out"
        DONE = "done", "Done"

    sku = OrganizationForeignKey(Sku, null=True, blank=True, related_name="+")
    category = OrganizationForeignKey(Category, null=True, blank=True, related_name="+")
    supplier = OrganizationForeignKey(Supplier, null=True, blank=True, related_name="+")
    limits = models.JSONField(default=dict)
    varied = models.CharField(max_length=40, blank=True)
    days = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.WAITING)
    result = models.JSONField(null=True, blank=True)
    asked_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = "trial of limits"
        verbose_name_plural = "trials of limits"
        constraints = [
            models.CheckConstraint(
                condition=Q(sku__isnull=True) | Q(category__isnull=True),
                name="matching_tolerancetrial_scope",
            ),
            models.CheckConstraint(
                condition=Q(days__gte=1), name="matching_tolerancetrial_some_days"
            ),
            models.CheckConstraint(
                condition=Q(status="waiting", finished_at__isnull=True, result__isnull=True)
                | Q(status="done", finished_at__isnull=False, result__isnull=False),
                name="matching_tolerancetrial_done",
            ),
        ]

    def __str__(self) -> str:
        scopes = [str(one) for one in (self.sku, self.category, self.supplier) if one is not None]
        return ", ".join(scopes) or "Everything"
