"""Bands, weights, grades, and how sure a share is."""

from __future__ import annotations

from decimal import Decimal

import pytest

from matching.scorecards import Days
from matching.scoring import grade_of, points_for, score_of, score_parts, wilson_interval
from suppliers.histograms import deviation_of, mean_of, median_of, quantile_of
from suppliers.score_rules import FIRST_SCORING

MEASURES = FIRST_SCORING.measures

NO_DATA = dict.fromkeys([measure.name for measure in MEASURES])


def test_the_weights_add_up_to_a_hundred() -> None:
    assert sum(measure.weight for measure in MEASURES) == 100


@pytest.mark.parametrize(
    ("measure", "percent", "points"),
    [
        (0, "79", "0"), (0, "80", "0"), (0, "87.5", "45"), (0, "95", "90"), (0, "97.5", "95"),
        (0, "100", "100"), (1, "75", "45"), (2, "94", "45"), (2, "99", "95"), (3, "89", "45"),
        (4, "98", "90"), (4, "0", "0"),
    ],
)  # fmt: skip
def test_points_are_linear_between_the_bands(measure: int, percent: str, points: str) -> None:
    assert points_for(MEASURES[measure], Decimal(percent)) == Decimal(points)


def test_a_full_scorecard_is_the_weighted_mean() -> None:
    results = {
        "on_time_percent": Decimal("87.5"),
        "lead_time_adherence_percent": Decimal(100),
        "fill_rate_percent": Decimal(98),
        "invoice_accuracy_percent": Decimal(80),
        "price_to_agreement_percent": Decimal(99),
    }
    assert score_of(results, FIRST_SCORING) == Decimal("18") + 15 + Decimal("13.5") + 0 + Decimal(
        "9.5"
    )


def test_the_weight_of_a_measure_without_data_goes_to_the_others() -> None:
    results = {**NO_DATA, "on_time_percent": Decimal(95), "fill_rate_percent": Decimal(100)}
    score = score_of(results, FIRST_SCORING)
    assert score == (Decimal(90) * 40 + Decimal(100) * 15) / 55
    parts = score_parts(results, FIRST_SCORING)
    assert abs(sum(part.contribution for part in parts) - score) < Decimal("1e-20")
    assert [part.points for part in parts] == [90, None, 100, None, None]


def test_without_any_data_there_is_no_score() -> None:
    assert score_of(NO_DATA, FIRST_SCORING) is None


@pytest.mark.parametrize(
    ("score", "lines", "grade"),
    [
        ("90", 8, "A"), ("89.9999", 8, "B"), ("75", 8, "B"), ("60", 8, "C"), ("59.99", 8, "D"),
        ("0", 8, "D"), ("99", 7, ""), (None, 20, ""),
    ],
)  # fmt: skip
def test_grades_need_eight_lines(score: str | None, lines: int, grade: str) -> None:
    assert grade_of(score and Decimal(score), lines, FIRST_SCORING) == grade


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"), [(9, 10, 60, 98), (45, 50, 79, 96), (180, 200, 85, 93)]
)
def test_few_lines_mean_a_wide_interval(part: int, whole: int, low: int, high: int) -> None:
    interval = wilson_interval(part, whole)
    assert interval is not None
    assert (round(interval[0]), round(interval[1])) == (low, high)
    assert wilson_interval(0, 0) is None


def test_statistics_of_days_are_exact() -> None:
    days = Days({-3: 1, 2: 2, 10: 1})
    assert (mean_of(days), median_of(days)) == (Decimal("2.75"), 2)
    assert median_of(Days({1: 1, 4: 1})) == Decimal("2.5")
    assert quantile_of(Days({1: 1, 2: 1, 3: 1, 4: 1}), Decimal("0.9")) == Decimal("3.7")
    assert round(deviation_of(Days({2: 1, 4: 1})), 4) == Decimal("1.4142")
    assert (mean_of(Days()), median_of(Days()), deviation_of(Days({1: 1}))) == (None, None, None)
