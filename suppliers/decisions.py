"""The decision log: what was decided about whom to buy from, and on which figures.

A decision and its candidates are written once, by `suppliers.deciding` or an import, and never
changed; the database refuses it. A decision that no longer holds is superseded by a later one, and
that is all that may be written beside it.
"""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.db.models import F, Q

from procure.fields import OrganizationForeignKey, PercentField, UnitPriceField
from procure.models import User
from procure.tenancy import Addressed, OrganizationOwned

CASCADE = models.CASCADE


class SourcingDecision(Addressed):
    """Whom to buy a category (or one SKU of it) from, and why.

    `decided_on` is the day its candidates' figures are of; on `review_on` it is to be looked at
    again. It is in force until `superseded_by` names the decision that took its place.
    """

    class Origin(models.TextChoices):
        ENTERED = "entered", "Entered"
        AWARD = "award", "Award"
        IMPORTED = "imported", "Imported"

    number = models.CharField(max_length=60)
    category = OrganizationForeignKey("suppliers.Category", related_name="decisions")
    sku = OrganizationForeignKey(
        "suppliers.Sku", null=True, blank=True, related_name="decisions", verbose_name="SKU"
    )
    title = models.CharField(max_length=200)
    reason = models.TextField()
    origin = models.CharField(max_length=10, choices=Origin.choices, default=Origin.ENTERED)
    decided_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_on = models.DateField()
    review_on = models.DateField(null=True, blank=True)
    superseded_by = OrganizationForeignKey(
        "self", null=True, blank=True, related_name="supersedes", editable=False
    )

    class Meta:
        ordering = ["-decided_on", "-id"]
        verbose_name = "sourcing decision"
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "number"], name="suppliers_sourcingdecision_number"
            ),
            models.CheckConstraint(
                condition=Q(review_on__isnull=True) | Q(review_on__gte=F("decided_on")),
                name="suppliers_sourcingdecision_review",
            ),
            models.CheckConstraint(
                condition=~Q(reason=""), name="suppliers_sourcingdecision_reason"
            ),
            models.CheckConstraint(
                condition=Q(superseded_by__isnull=True) | ~Q(superseded_by=F("id")),
                name="suppliers_sourcingdecision_not_itself",
            ),
        ]
        indexes = [models.Index(fields=["organization", "review_on"])]

    def __str__(self) -> str:
        return self.number

    @property
    def is_in_force(self) -> bool:
        return self.superseded_by_id is None

    @property
    def scope(self) -> str:
        """What it decides about, as people call it."""
        return str(self.sku or self.category)


class DecisionCandidate(OrganizationOwned):
    """A supplier that was weighed, with its figures on the day of the decision.

    Prices are per the SKU's unit in `currency`, and unknown for a whole category. On-time share,
    lead time (the days within which nine of ten lines came), score and grade are of the twelve
    months before, over `lines_due` and `lead_time_n` lines. What was unknown that day is null.
    """

    decision = OrganizationForeignKey(SourcingDecision, CASCADE, related_name="candidates")
    supplier = OrganizationForeignKey("suppliers.Supplier", related_name="candidacies")
    is_chosen = models.BooleanField(default=False)
    share_percent = PercentField(null=True, blank=True)
    unit_price = UnitPriceField(null=True)
    landed_price = UnitPriceField(null=True)
    currency = models.CharField(max_length=3)
    on_time_percent = PercentField(null=True)
    lines_due = models.PositiveIntegerField(default=0)
    lead_time_p90 = models.DecimalField(max_digits=12, decimal_places=1, null=True)
    lead_time_n = models.PositiveIntegerField(default=0)
    score = models.DecimalField(max_digits=7, decimal_places=4, null=True)
    grade = models.CharField(max_length=1, blank=True)
    qualification = models.CharField(max_length=200, blank=True)
    standing = models.CharField(max_length=40, blank=True)
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["-is_chosen", F("share_percent").desc(nulls_last=True), "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "decision", "supplier"],
                name="suppliers_decisioncandidate_once",
            ),
            models.CheckConstraint(
                condition=Q(share_percent__isnull=True)
                | Q(is_chosen=True, share_percent__gt=0, share_percent__lte=Decimal(100)),
                name="suppliers_decisioncandidate_share",
            ),
        ]

    def __str__(self) -> str:
        return str(self.supplier)
