"""Score rules: versions, refused when they make no score, and what is scored by which."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from procure.errors import BusinessRuleError
from suppliers.models import ScoreRules, StaleRollup
from suppliers.score_rules import FIRST_SCORING, Measure, scoring_of_version, scoring_on
from suppliers.scoring import set_score_rules
from tests.world import World

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate


def rules(**changes: Any) -> dict[str, Any]:
    """The first version with half of its weight on time."""
    weights = changes.pop("weights", (50, 15, 5, 20, 10))
    measures = [
        Measure(one.name, one.words, weight, one.nothing, one.target)
        for one, weight in zip(FIRST_SCORING.measures, weights, strict=True)
    ]
    usual: dict[str, Any] = {
        "measures": measures,
        "grades": {"A": 90, "B": 75, "C": 60},
        "least_lines": 8,
        "consequences": {"review": "D"},
        "valid_from": TODAY(),
    }
    return {**usual, **changes}


def test_without_a_version_of_its_own_the_first_one_holds(inside: World) -> None:
    assert scoring_on(TODAY()) == FIRST_SCORING
    assert sum(one.weight for one in FIRST_SCORING.measures) == 100


def test_the_version_that_has_begun_holds(inside: World) -> None:
    lead = inside.people["sourcing_lead"]
    second = set_score_rules(**rules(), actor=lead)
    soon = TODAY() + timedelta(days=3)
    third = set_score_rules(**rules(least_lines=20, valid_from=soon), actor=lead)
    assert (second.version, third.version) == (2, 3)
    assert scoring_on(TODAY() - timedelta(days=1)) == FIRST_SCORING
    assert scoring_on(TODAY()) == second.scoring == scoring_of_version(2)
    assert scoring_on(soon).least_lines == 20
    assert scoring_of_version(1) == FIRST_SCORING


def test_a_version_of_the_same_day_corrects_the_one_before(inside: World) -> None:
    lead = inside.people["sourcing_lead"]
    set_score_rules(**rules(), actor=lead)
    set_score_rules(**rules(weights=(40, 25, 5, 20, 10)), actor=lead)
    assert scoring_on(TODAY()).version == 3


BANDS = FIRST_SCORING.measures[1:]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"weights": (50, 15, 15, 20, 10)}, "weights"),
        ({"weights": (110, -20, 0, 0, 10)}, "weight"),
        ({"measures": [Measure("on_time_percent", "On time", 40, 95, 80), *BANDS]}, "bands"),
        ({"measures": [Measure("on_time_percent", "On time", 40, 80, 100), *BANDS]}, "bands"),
        ({"grades": {"A": 75, "B": 90, "C": 60}}, "grades"),
        ({"least_lines": 0}, "least_lines"),
        ({"valid_from": TODAY() - timedelta(days=1)}, "valid_from"),
        ({"weights": (40, 15, 15, 20, 10)}, "unchanged"),
    ],
)
def test_rules_that_make_no_score_are_refused(
    inside: World, changes: dict[str, Any], code: str
) -> None:
    with pytest.raises(BusinessRuleError) as refused:
        set_score_rules(**rules(**changes), actor=inside.people["sourcing_lead"])
    assert refused.value.code == code
    assert not ScoreRules.objects.exists()
    assert not StaleRollup.objects.exists()


def typed(**changes: object) -> dict[str, object]:
    """What a browser sends for these rules."""
    given = rules()
    sent: dict[str, object] = {f"grade_{grade}": least for grade, least in given["grades"].items()}
    for one in given["measures"]:
        for part in ("weight", "nothing", "target"):
            sent[f"{one.name}_{part}"] = getattr(one, part)
    return {
        **sent,
        "least_lines": 8,
        "after_review": "D",
        "after_rank": "never",
        "after_warn": "C",
        "valid_from": TODAY(),
        **changes,
    }


def test_the_screen_saves_the_next_version_and_lists_all(world: World) -> None:
    client = world.client("sourcing_lead")
    url = world.url("settings/scores/")
    assert client.post(f"{url}new/", typed()).status_code == 302
    body = client.get(url).content.decode()
    assert "Version 2, in force since" in body
    assert body.index(">2 <") < body.index(">1<")
    assert "On time 50, Lead time 15" in body
    assert body.count("at C or below") == 1
    assert "Change the rules" not in world.client("buyer").get(url).content.decode()


def test_a_refusal_stands_above_the_form_or_at_its_field(world: World) -> None:
    client = world.client("admin")
    url = world.url("settings/scores/new/")
    body = client.post(url, typed(on_time_percent_weight=51)).content.decode()
    assert "The weights add up to 101; they must add up to 100." in body
    response = client.post(url, typed(fill_rate_percent_target="", grade_B=95))
    assert response.status_code == 422
    with world.inside():
        assert not ScoreRules.objects.exists()
