"""What moved lately, on the home screen."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from matching.cells import as_of_day
from suppliers.models import Scorecard, Sku, SkuCost, Supplier
from tests.factories import SkuFactory, SupplierFactory
from tests.world import World


def card(supplier: Supplier, now: str, before: str, **changes: object) -> None:
    values = {"period": "90d", "grade": "C", "currency": "USD", "as_of": date(2026, 1, 1)}
    on_time = {"on_time_percent": Decimal("88.5")}
    then = {"score": before, "on_time_percent": "97.2"}
    Scorecard.objects.create(
        supplier=supplier, score=Decimal(now), before=then, **values | on_time | changes
    )


def cost(sku: Sku, last: str, previous: str, on: date, supplier: Supplier | None = None) -> None:
    SkuCost.objects.create(
        sku=sku, supplier=supplier, currency="USD", last_price=last, previous_price=previous,
        last_on=on, as_of=on,
    )  # fmt: skip


def home(world: World) -> str:
    return " ".join(world.client("operations_lead").get(world.url()).content.decode().split())


def test_home_names_the_suppliers_that_fell_most_and_says_from_what(world: World) -> None:
    with world.inside():
        card(world.northline, "70", "80.5")
        card(world.kestrel, "60", "64.9")  # less than five points
        card(SupplierFactory(name="Steep"), "40", "90")
        card(SupplierFactory(name="Few"), "40", "90", grade="")
        card(SupplierFactory(name="Risen"), "90", "40")
        card(SupplierFactory(name="Long ago"), "40", "90", period="365d")
    words = home(world)
    assert words.index("Steep") < words.index("Northline Packaging")
    assert "On time 88.5%, was 97.2%" in words
    assert '70.0</span><span class="pc-sub pc-bad">was 80.5</span>' in words
    assert f"scorecards/{world.northline.public_id}/?period=90d" in words
    for name in ("Kestrel Pack", "Few", "Risen", "Long ago"):
        assert name not in words


def test_home_names_the_prices_that_moved_most_in_thirty_days(world: World) -> None:
    today = as_of_day(world.organization)
    with world.inside():
        cost(world.shipper, "0.66", "0.60", today - timedelta(days=30))
        cost(world.divider, "0.05", "0.10", today)
        cost(SkuFactory(code="STEADY"), "2", "2", today)
        cost(SkuFactory(code="OLD"), "3", "1", today - timedelta(days=31))
        cost(SkuFactory(code="FREE"), "3", "0", today)
        cost(SkuFactory(code="ONE-SOURCE"), "3", "1", today, world.kestrel)
    words = home(world)
    assert words.index("DIV-12-SB") < words.index("CTN-12-KR")
    assert '0.66 USD</span><span class="pc-sub pc-bad">+10.0%</span>' in words
    assert '0.05 USD</span><span class="pc-sub pc-ok">−50.0%</span>' in words
    for code in ("STEADY", "OLD", "FREE", "ONE-SOURCE"):
        assert code not in words


@pytest.mark.parametrize("rows", [0, 1, 12])
def test_five_of_each_at_most_and_no_empty_list(world: World, rows: int) -> None:
    today = as_of_day(world.organization)
    with world.inside():
        for number in range(rows):
            card(SupplierFactory(), "50", str(60 + number))
            cost(SkuFactory(), str(2 + number), "1", today)
    words = home(world)
    shown = min(rows, 5)
    assert words.count("?period=90d") == (shown + 1 if rows else 0)
    assert ("Prices that moved" in words) is (rows > 0)
    assert words.count("On time 88.5%") == shown
