"""Giving the score its next rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from django.db import transaction
from django.utils import timezone

from procure.documents import lock
from procure.errors import BusinessRuleError
from procure.events import record
from procure.figures import long_date
from procure.models import Organization, User
from procure.tenancy import current_organization_id
from suppliers.rollups import mark_all_results_stale
from suppliers.score_rules import FIRST_SCORING, Measure, ScoreRules


@transaction.atomic
def set_score_rules(
    *,
    measures: Sequence[Measure],
    grades: Mapping[str, int],
    least_lines: int,
    consequences: Mapping[str, str],
    valid_from: date,
    actor: User,
) -> ScoreRules:
    """Saves the next version, in force from a day on, and marks every result stale.

    Refused: weights that do not add up to 100, bands or grades out of order, no least number of
    lines, a first day in the past or before the last version's, and a version like the last.
    """
    organization = lock(Organization.objects.get(pk=current_organization_id()))
    require_sound(measures, grades, least_lines)
    last: ScoreRules | None = ScoreRules.objects.first()
    _require_later(valid_from, last)
    rules = ScoreRules(
        organization=organization,
        version=1 + (last.version if last else FIRST_SCORING.version),
        valid_from=valid_from,
        measures={
            one.name: {"weight": one.weight, "nothing": one.nothing, "target": one.target}
            for one in measures
        },
        grades={grade: grades[grade] for grade in "ABC"},
        least_lines=least_lines,
        consequences={name: grade for name, grade in consequences.items() if grade},
        created_by=actor,
    )
    _require_different(rules, last)
    rules.save()
    record(
        "score_rules.set",
        rules,
        actor=actor,
        summary=f"{rules} applies from {long_date(valid_from)}.",
        version=rules.version,
    )
    mark_all_results_stale()
    return rules


def require_sound(measures: Sequence[Measure], grades: Mapping[str, int], least_lines: int) -> None:
    """Refuses rules that make no score from 0 to 100, naming the field."""
    for one in measures:
        if one.weight < 0:
            raise BusinessRuleError(
                "weight", f"{one.words}: a weight is not below 0.", f"{one.name}_weight"
            )
        if not 0 <= one.nothing < one.target < 100:
            raise BusinessRuleError(
                "bands",
                f"{one.words}: the share worth nothing ({one.nothing} %) lies below the target "
                f"({one.target} %), and the target below 100 %.",
                f"{one.name}_target",
            )
    total = sum(one.weight for one in measures)
    if total != 100:
        raise BusinessRuleError(
            "weights", f"The weights add up to {total}; they must add up to 100.", None
        )
    if not 100 >= grades["A"] > grades["B"] > grades["C"] > 0:
        raise BusinessRuleError(
            "grades", "A begins above B, B above C, all between 1 and 100.", "grade_A"
        )
    if least_lines < 1:
        raise BusinessRuleError("least_lines", "A grade needs at least one line.", "least_lines")


def _require_later(valid_from: date, last: ScoreRules | None) -> None:
    if valid_from < timezone.localdate():
        raise BusinessRuleError(
            "valid_from", "New rules begin today or later: what was scored stays.", "valid_from"
        )
    if last is not None and valid_from < last.valid_from:
        raise BusinessRuleError(
            "valid_from",
            f"Version {last.version} begins on {long_date(last.valid_from)}; "
            "the next one begins on that day or later.",
            "valid_from",
        )


def _require_different(rules: ScoreRules, last: ScoreRules | None) -> None:
    before = last.scoring if last else FIRST_SCORING
    now = rules.scoring
    if replace(now, version=before.version, valid_from=before.valid_from) == before:
        raise BusinessRuleError(
            "unchanged", f"Nothing differs from version {before.version}.", None
        )
