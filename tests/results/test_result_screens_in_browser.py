"""Scorecard and SKU cost in a real browser: readable by everybody, and a month is one click."""

from __future__ import annotations

from datetime import timedelta

import pytest

from matching.cells import today_of
from matching.draining import drain
from tests.browser import SignIn, seen_in_both_themes_and_widths
from tests.results.trade import Trade
from tests.world import World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]


@pytest.fixture
def trade(world: World) -> Trade:
    """Twenty lines over a year, every fourth late."""
    trade, today = Trade(world), today_of(world.organization)
    with world.inside():
        for number in range(20):
            due = today - timedelta(days=10 + number * 17)
            line = trade.order(due=str(due), issued=str(due - timedelta(days=9)), agreed_price=1)
            late = 0 if number % 4 else 5
            trade.receive(line, 100, str(due + timedelta(days=late)))
            trade.bill([(line, 100, 104)], on=str(due), holds=[] if number % 5 else ["PRICE"])
    drain(world.organization.pk)
    return trade


def test_the_screens_can_be_read_by_everybody(trade: Trade, sign_in: SignIn) -> None:
    world = trade.world
    page = sign_in(world.client("operations_lead"))
    found = []
    for path in (
        f"scorecards/{world.northline.public_id}/",
        f"scorecards/{world.northline.public_id}/?measure=invoice-accuracy&missed=1",
        "scorecards/",
        f"sku-costs/{world.shipper.public_id}/",
        "sku-costs/",
    ):
        page.goto(world.url(path))
        found += [f"{path}: {words}" for words in seen_in_both_themes_and_widths(page)]
    assert found == []


def test_picking_a_month_and_a_tile_swaps_what_is_shown(trade: Trade, sign_in: SignIn) -> None:
    page = sign_in(trade.world.client("operations_lead"))
    page.goto(trade.world.url(f"scorecards/{trade.world.northline.public_id}/"))
    page.locator("a.pc-chart__month").nth(5).click()
    page.wait_for_url("**month=*")
    assert page.locator("a.pc-chart__month[aria-current=true]").count() == 1
    page.get_by_role("link", name="Invoice accuracy").first.click()
    page.wait_for_url("**measure=invoice-accuracy*")
    assert page.get_by_role("heading", name="Accurate invoices by month").is_visible()
    assert page.locator("#scorecard").count() == 1
