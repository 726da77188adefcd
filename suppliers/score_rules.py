"""How an organization scores its suppliers: weights, bands, grade limits, in versions.

Version 1 is the house's own and stands here; an organization's versions follow it. What is scored
on a day is scored by the last version that has begun by then, and a scorecard names it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import JSONObject
from django.utils import timezone

from procure.models import User
from procure.tenancy import Addressed


@dataclass(frozen=True, slots=True)
class Measure:
    """A share that counts for the score: 0 points at `nothing`, 90 at `target`, 100 at 100 %."""

    name: str
    words: str
    weight: int
    nothing: int
    target: int


@dataclass(frozen=True, slots=True)
class Scoring:
    """One version of the rules: weights add up to 100; each grade with its least score, best
    first; below `least_lines` lines due there is no grade. `consequences` map what follows to the
    best grade from which it follows. The first version has no first day."""

    version: int
    valid_from: date | None
    measures: tuple[Measure, ...]
    grades: tuple[tuple[str, int], ...]
    least_lines: int
    consequences: tuple[tuple[str, str], ...]

    def follows(self, consequence: str, grade: str) -> bool:
        """Whether a grade is at or below the one from which this follows; no grade, no consequence."""
        begins = dict(self.consequences).get(consequence, "")
        return bool(grade and begins) and grade >= begins

    def target(self, name: str) -> int | None:
        """What a measure should reach, in percent; None of a figure that is not scored."""
        return next((one.target for one in self.measures if one.name == name), None)


LOWEST_GRADE = "D"
REVIEW, RANK, WARN = "review", "rank", "warn"
CONSEQUENCES = (
    (REVIEW, "A review opens and suggests a change of the approved vendor list"),
    (RANK, "The supplier ranks behind the other approved ones"),
    (WARN, "The order form warns"),
)
FIRST_SCORING = Scoring(
    version=1,
    valid_from=None,
    measures=(
        Measure("on_time_percent", "On time", 40, 80, 95),
        Measure("lead_time_adherence_percent", "Lead time", 15, 60, 90),
        Measure("fill_rate_percent", "Fill rate", 15, 90, 98),
        Measure("invoice_accuracy_percent", "Invoice accuracy", 20, 80, 98),
        Measure("price_to_agreement_percent", "Price to agreement", 10, 80, 98),
    ),
    grades=(("A", 90), ("B", 75), ("C", 60), (LOWEST_GRADE, 0)),
    least_lines=8,
    consequences=((REVIEW, LOWEST_GRADE),),
)


class ScoreRules(Addressed):
    """A version of an organization's score rules, from `valid_from` until the next one begins.

    `measures` maps a measure to its weight, nothing and target; `grades` A, B and C to their least
    score; `consequences` what follows to the grade from which it does. A version is never changed: what was scored by it can be told ever after.
    """

    version = models.PositiveIntegerField()
    valid_from = models.DateField()
    measures = models.JSONField()
    grades = models.JSONField()
    least_lines = models.PositiveSmallIntegerField()
    consequences = models.JSONField(default=dict)
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "version"], name="suppliers_scorerules_version"
            ),
            models.CheckConstraint(
                condition=Q(version__gte=2, least_lines__gte=1), name="suppliers_scorerules_numbers"
            ),
        ]

    def __str__(self) -> str:
        return f"Score rules, version {self.version}"

    @property
    def scoring(self) -> Scoring:
        """The version as it is read."""
        return Scoring(
            version=self.version,
            valid_from=self.valid_from,
            measures=measures_of(self.measures),
            grades=(*((g, self.grades[g]) for g in "ABC"), (LOWEST_GRADE, 0)),
            least_lines=self.least_lines,
            consequences=tuple(sorted(self.consequences.items())),
        )


def measures_of(numbers: Mapping[str, Mapping[str, Any]]) -> tuple[Measure, ...]:
    """The measures with these weights and bands, in the order of the screens."""
    return tuple(
        Measure(one.name, one.words, **numbers[one.name]) for one in FIRST_SCORING.measures
    )


def scoring_on(day: date) -> Scoring:
    """The version in force on a day: one statement."""
    rules: ScoreRules | None = ScoreRules.objects.filter(valid_from__lte=day).first()
    return FIRST_SCORING if rules is None else rules.scoring


def scoring_of_version(version: int) -> Scoring:
    """The version of that number: one statement, none for the first."""
    if version == FIRST_SCORING.version:
        return FIRST_SCORING
    rules: ScoreRules = ScoreRules.objects.get(version=version)
    return rules.scoring


# A version as one column of another statement, for screens that count theirs.
AS_COLUMN = JSONObject(
    **{
        name: name
        for name in ("version", "valid_from", "measures", "grades", "least_lines", "consequences")
    }
)


def scoring_from_column(column: Mapping[str, Any] | None) -> Scoring:
    """The version read by `AS_COLUMN`; the first where there is none."""
    if column is None:
        return FIRST_SCORING
    return ScoreRules(**{**column, "valid_from": date.fromisoformat(column["valid_from"])}).scoring
