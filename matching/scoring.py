"""The score: points by bands, their weighted mean, a grade, and how sure a share is.

Pure arithmetic by a version of the organization's rules; nothing here reads the database.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from procure.money import HUNDRED, ZERO
from suppliers.score_rules import Measure, Scoring


def share(part: int | Decimal, whole: int | Decimal) -> Decimal | None:
    """A percentage, unrounded; None of nothing."""
    return HUNDRED * part / whole if whole else None


@dataclass(frozen=True, slots=True)
class ScorePart:
    """One measure in a score: its result, its points out of 100 and its share of the score."""

    measure: Measure
    result: Decimal | None
    points: Decimal | None
    weight: Decimal
    contribution: Decimal


def points_for(measure: Measure, percent: Decimal) -> Decimal:
    """0 to 100 by two straight bands."""
    if percent <= measure.nothing:
        return ZERO
    if percent <= measure.target:
        return 90 * (percent - measure.nothing) / (measure.target - measure.nothing)
    return 90 + 10 * (min(percent, HUNDRED) - measure.target) / (100 - measure.target)


def score_parts(results: Mapping[str, Decimal | None], scoring: Scoring) -> list[ScorePart]:
    """How the score is built; the weights of measures without data go to the others."""
    counted = _counted(results, scoring)
    known = sum(measure.weight for measure, _ in counted)
    parts = {
        measure.name: ScorePart(
            measure,
            result,
            points := points_for(measure, result),
            HUNDRED * measure.weight / known,
            points * measure.weight / known,
        )
        for measure, result in counted
    }
    return [
        parts.get(one.name) or ScorePart(one, results[one.name], None, ZERO, ZERO)
        for one in scoring.measures
    ]


def score_of(results: Mapping[str, Decimal | None], scoring: Scoring) -> Decimal | None:
    """The weighted mean of the points, 0 to 100, unrounded; None without any data that counts."""
    counted = _counted(results, scoring)
    points = [points_for(measure, result) * measure.weight for measure, result in counted]
    return sum(points, ZERO) / sum(one.weight for one, _ in counted) if counted else None


def _counted(
    results: Mapping[str, Decimal | None], scoring: Scoring
) -> list[tuple[Measure, Decimal]]:
    """The measures that have a weight and data."""
    return [
        (one, result)
        for one in scoring.measures
        if one.weight and (result := results[one.name]) is not None
    ]


def grade_of(score: Decimal | None, lines_due: int, scoring: Scoring) -> str:
    """A to D; empty below the least number of lines due."""
    if score is None or lines_due < scoring.least_lines:
        return ""
    return next(grade for grade, least in scoring.grades if score >= least)


def wilson_interval(part: int, whole: int) -> tuple[Decimal, Decimal] | None:
    """Where the true share lies with 95 % confidence, in percent; None of nothing."""
    if not whole:
        return None
    z = Decimal("1.959964")
    p = Decimal(part) / whole
    centre = p + z * z / (2 * whole)
    spread = z * (p * (1 - p) / whole + z * z / (4 * whole * whole)).sqrt()
    below = 1 + z * z / whole
    return HUNDRED * (centre - spread) / below, HUNDRED * (centre + spread) / below
