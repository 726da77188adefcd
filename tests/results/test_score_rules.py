"""A scorecard is scored by the rules in force and names them."""

from __future__ import annotations

from decimal import Decimal

from django.utils import timezone

from matching.cells import today_of
from matching.draining import drain
from matching.verification import differences
from suppliers.models import Scorecard
from suppliers.score_rules import FIRST_SCORING, Measure
from suppliers.scoring import set_score_rules
from tests.results.trade import Trade
from tests.world import World


def only_on_time(least_lines: int) -> dict[str, object]:
    """All the weight on being on time: 0 points to 50 %, 90 at 90 %."""
    measures = [
        Measure(one.name, one.words, 100, 50, 90)
        if one.name == "on_time_percent"
        else Measure(one.name, one.words, 0, one.nothing, one.target)
        for one in FIRST_SCORING.measures
    ]
    return {
        "measures": measures,
        "grades": {"A": 80, "B": 40, "C": 20},
        "least_lines": least_lines,
        "consequences": {"review": "B", "rank": "B", "warn": "B"},
        "valid_from": timezone.localdate(),
    }


def test_a_saved_version_scores_everything_anew(world: World) -> None:
    trade, today = Trade(world), today_of(world.organization)
    with world.inside():
        for number in range(4):
            line = trade.order(due=str(today.replace(day=1)))
            if number:
                trade.receive(line, 100, str(today.replace(day=1)))
    drain(world.organization.pk)
    with world.inside():
        before = Scorecard.objects.get(period="365d")
        assert (before.rules_version, before.grade) == (1, "")
        set_score_rules(**only_on_time(4), actor=world.people["admin"])  # type: ignore[arg-type]
    drain(world.organization.pk)
    with world.inside():
        card = Scorecard.objects.get(period="365d")
        assert (card.rules_version, card.score, card.grade) == (2, Decimal("56.25"), "B")
        assert not differences(world.organization)
    body = world.client("buyer").get(world.url(f"scorecards/{world.northline.public_id}/"))
    assert "By version 2 of the score rules" in body.content.decode()
    assert "target 90%" in body.content.decode()
