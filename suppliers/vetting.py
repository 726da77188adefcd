"""What a supplier has to show before it is qualified, what it showed, and who was reminded."""

from __future__ import annotations

from django.db import models
from django.db.models import Min, Q
from django.utils import timezone

from procure.fields import OrganizationForeignKey
from procure.models import User
from procure.tenancy import Addressed, OrganizationOwned

CASCADE = models.CASCADE


class QualificationCriterion(Addressed):
    """One point of a category's checklist; it counts for everything below the category, too.

    Evidence lasts `validity_months` when its document names no last day. A criterion is retired,
    never removed: what was answered stays readable.
    """

    category = OrganizationForeignKey("suppliers.Category", related_name="criteria")
    name = models.CharField(max_length=120)
    needs_evidence = models.BooleanField(default=False)
    is_mandatory = models.BooleanField(default=True)
    validity_months = models.PositiveSmallIntegerField(null=True, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]
        verbose_name = "criterion"
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "category", "name"],
                condition=Q(retired_at__isnull=True),
                name="suppliers_qualificationcriterion_name",
            )
        ]

    def __str__(self) -> str:
        return self.name


class CriterionAnswer(Addressed):
    """How a supplier stands to one criterion, with its evidence's own last day; its documents are
    attached to it."""

    class Outcome(models.TextChoices):
        MET = "met", "Met"
        NOT_MET = "not_met", "Not met"
        WAIVED = "waived", "Waived"

    qualification = OrganizationForeignKey(
        "suppliers.Qualification", CASCADE, related_name="answers"
    )
    criterion = OrganizationForeignKey(QualificationCriterion, related_name="answers")
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    reason = models.CharField(max_length=300, blank=True)
    valid_to = models.DateField(null=True, blank=True)
    answered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "qualification", "criterion"],
                name="suppliers_criterionanswer_once",
            ),
            models.CheckConstraint(
                condition=~Q(outcome="waived") | ~Q(reason=""),
                name="suppliers_criterionanswer_waived",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.criterion}: {self.get_outcome_display().lower()}"


class ExpiryReminder(OrganizationOwned):
    """A reminder that was given, once: so many days before the last day of a qualification, or of
    the evidence for a criterion."""

    qualification = OrganizationForeignKey(
        "suppliers.Qualification", CASCADE, related_name="reminders"
    )
    criterion = OrganizationForeignKey(
        QualificationCriterion, null=True, blank=True, related_name="+"
    )
    last_day = models.DateField()
    days_before = models.PositiveSmallIntegerField()
    reminded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "qualification", "criterion", "last_day", "days_before"],
                nulls_distinct=False,
                name="suppliers_expiryreminder_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.days_before} days before {self.last_day}"


EVIDENCE_ENDS = Min(
    "answers__valid_to",
    filter=Q(
        answers__outcome=CriterionAnswer.Outcome.MET,
        answers__criterion__is_mandatory=True,
        answers__criterion__retired_at__isnull=True,
    ),
)
"""The first last day among the evidence that a qualification rests on, as a column to annotate."""
