"""Whether a file keeps the rules of the standard that it says it follows, checked after it was read."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from matching.captured_files import CapturedFile
from procure.fields import OrganizationForeignKey
from procure.tenancy import OrganizationOwned


class RuleCheck(OrganizationOwned):
    """The check of one file against one rule set; it holds nothing up and blocks nothing.

    `broken` are the rules as `{"rule", "sentence", "is_warning"}`; `sentence` says why the file could
    not be checked. `started_at` is when a worker last took it.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting"
        CHECKED = "checked", "Checked"
        UNCHECKED = "unchecked", "Could not be checked"

    file = OrganizationForeignKey(CapturedFile, related_name="rule_checks")
    rule_set = models.CharField(max_length=60)
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.WAITING)
    broken = models.JSONField(default=list, blank=True)
    sentence = models.CharField(max_length=300, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "check of a file's rules"
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "file"], name="matching_rulecheck_once"
            ),
            models.CheckConstraint(
                condition=Q(status="waiting", finished_at__isnull=True)
                | (~Q(status="waiting") & Q(finished_at__isnull=False)),
                name="matching_rulecheck_finished",
            ),
            models.CheckConstraint(
                condition=Q(status="unchecked") & ~Q(sentence="")
                | ~Q(status="unchecked") & Q(sentence=""),
                name="matching_rulecheck_said",
            ),
        ]
        indexes = [
            models.Index(
                fields=["organization", "id"],
                condition=Q(status="waiting"),
                name="matching_rulecheck_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.file} against {self.rule_set}"
