"""Score rules, reviews and misses in a real browser: readable by everybody."""

from __future__ import annotations

from datetime import timedelta

import pytest

from matching.cells import today_of
from matching.draining import drain
from suppliers.models import SupplierReview
from tests.browser import SignIn, seen_in_both_themes_and_widths
from tests.results.trade import Trade
from tests.world import World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]


def test_rules_reviews_and_misses_can_be_read_by_everybody(world: World, sign_in: SignIn) -> None:
    trade, today = Trade(world), today_of(world.organization)
    with world.inside():
        for number in range(9):
            due = today - timedelta(days=10 + number * 17)
            line = trade.order(
                due=str(due), issued=str(due - timedelta(days=9)),
                agreed_lead_time_days=14 if number % 2 else 9,
            )  # fmt: skip
            trade.receive(line, 100, str(due + timedelta(days=5)))
    drain(world.organization.pk)
    with world.inside():
        review, order = SupplierReview.objects.get(), line.order
    page = sign_in(world.client("sourcing_lead"))
    found = []
    for path in (
        "settings/scores/",
        "settings/scores/new/",
        "reviews/",
        f"reviews/{review.public_id}/",
        f"orders/{order.public_id}/misses/1/",
        f"scorecards/{world.northline.public_id}/?measure=otif&cause=us&month=all",
    ):
        page.goto(world.url(path))
        found += [f"{path}: {words}" for words in seen_in_both_themes_and_widths(page)]
    assert found == []
