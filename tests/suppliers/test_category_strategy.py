"""A category's strategy: set, inherited, reviewed, and beside it what really happened."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.db import connection
from django.test.utils import CaptureQueriesContext

from procure.models import BusinessEvent
from suppliers.category_reality import category_reality
from suppliers.models import CategoryStrategy, PerformanceCell
from suppliers.strategy import months_after, qualified_sources, reviews_until, strategies_of
from suppliers.strategy_setting import (
    StrategyDetails,
    approve_substitute,
    review_category_strategy,
    set_category_strategy,
)
from tests.suppliers.support import day, kinds, nothing_changes, refused
from tests.suppliers.world import category, entry, last_paid, qualification, sku, supplier

TODAY = date(2026, 11, 23)


def setting(world, of=None, **values):
    details = StrategyDetails(**values)
    return set_category_strategy(of or world.corrugate, details=details, actor=world.sana)


def strategy(of):
    return strategies_of([of])[of.pk]


def cell(who, what, month, **values):
    figures = {"cost_lines": 1, "currency": "USD", **values}
    return PerformanceCell.objects.create(supplier=who, sku=what, month=month, **figures)


def reality(of, on=TODAY, currency="USD"):
    return category_reality(of, strategy(of), currency, on)


def test_a_strategy_is_set_once_and_told_value_by_value(world):
    shares = {world.northline: Decimal(70), world.ashgrove: None}
    made = setting(world, objective="Two mills", minimum_sources=2, shares=shares)
    assert (made.objective, made.minimum_sources, made.reviewed_on) == ("Two mills", 2, day())
    assert [one.share_percent for one in made.shares.all()] == [Decimal(70), None]
    changes = BusinessEvent.objects.get(kind="category.strategy_set").payload["changes"]
    assert changes["shares"] == [{}, {"NORTHLINE": "70", "ASHGROVE": None}]
    assert changes["minimum_sources"] == [None, 2]
    with nothing_changes():
        setting(world, objective="Two mills", minimum_sources=2, shares=shares)
    assert kinds() == ["category.strategy_set"]


def test_targets_do_not_promise_more_than_there_is(world):
    sentence = "The target shares make 110%; there is no more than 100%."
    with refused("shares_too_large", sentence, "shares"):
        setting(world, shares={world.northline: Decimal(70), world.delta: Decimal(40)})
    assert not CategoryStrategy.objects.exists()


def test_what_a_strategy_leaves_open_the_nearest_above_says(world):
    setting(world, world.packaging, minimum_sources=3, lead_time_days=14, review_months=6,
            shares={world.ashgrove: Decimal(50)})  # fmt: skip
    own = setting(world, minimum_sources=2)
    film = category("film", world.corrugate)
    with CaptureQueriesContext(connection) as captured:
        found = strategies_of([world.packaging, world.corrugate, film])
    assert len(captured) == 2
    corrugate = found[world.corrugate.pk]
    assert (corrugate.minimum_sources, corrugate.lead_time_days, corrugate.own) == (2, 14, own)
    assert corrugate.shares == {world.ashgrove.pk: Decimal(50)}
    assert corrugate.inherited == {
        "lead_time_days": "Packaging", "review_months": "Packaging", "shares": "Packaging",
    }  # fmt: skip
    assert found[film.pk].minimum_sources == 2
    assert found[film.pk].next_review_on is None, "a review belongs to a strategy of its own"
    assert corrugate.next_review_on == months_after(day(), 6)


def test_a_review_is_due_after_its_months_and_noted_once_a_day(world):
    made = setting(world, review_months=6)
    assert reviews_until(day(30)) == []
    CategoryStrategy.objects.filter(pk=made.pk).update(reviewed_on=date(2026, 1, 31))
    (due,) = reviews_until(day())
    assert due.next_review_on == date(2026, 7, 31)
    with refused("note_missing", field="note"):
        review_category_strategy(world.corrugate, note=" ", actor=world.sana)
    review_category_strategy(world.corrugate, note="Prices held", actor=world.sana)
    assert reviews_until(day()) == []
    with refused("reviewed"):
        review_category_strategy(world.corrugate, note="Again", actor=world.sana)
    with refused("no_strategy"):
        review_category_strategy(world.packaging, note="None", actor=world.sana)


def test_months_end_where_their_month_ends():
    assert months_after(date(2026, 8, 31), 6) == date(2027, 2, 28)
    assert months_after(date(2026, 12, 1), 12) == date(2027, 12, 1)


def test_a_qualified_source_is_on_the_list_and_vetted(world):
    entry(world.kestrel, world.corrugate, "approved")
    never_vetted = supplier("Unknown Ltd")
    entry(never_vetted, world.corrugate, "approved")
    found = qualified_sources([world.packaging, world.corrugate], day())
    assert [one.code for one in found[world.packaging.pk]] == ["ASHGROVE"]
    assert {one.code for one in found[world.corrugate.pk]} == {"NORTHLINE", "ASHGROVE", "DELTA"}


def test_reality_stands_beside_the_strategy_in_shares_prices_and_lead_times(world):
    setting(world, minimum_sources=4, lead_time_days=10,
            shares={world.northline: Decimal(50), world.ashgrove: Decimal(30)})  # fmt: skip
    now, old = date(2026, 10, 1), date(2025, 10, 1)
    cell(world.northline, world.small, now, spend=800, lines_due=10, lines_on_time=9,
         lead_times={"8": 8, "20": 2}, cost_amount=660, cost_quantity=1000,
         lines_with_agreement=10)  # fmt: skip
    cell(world.northline, world.small, old, spend=999, cost_amount=300, cost_quantity=500)
    cell(world.ashgrove, world.large, date(2025, 12, 1), spend=100, lines_due=2, lines_on_time=2)
    cell(world.kestrel, world.large, now, spend=100, lines_due=1)
    cell(world.delta, world.large, date(2025, 11, 1), spend=5000, lines_due=7)
    cost = last_paid(world.northline, world.small, "0.66")
    cost.agreed_price = Decimal("0.60")
    cost.save()
    found = reality(world.corrugate)
    assert (found.first, found.spend, found.sources) == (date(2025, 12, 1), Decimal(1000), 3)
    assert (found.lines_due, found.on_time_percent) == (13, Decimal(1100) / 13)
    rows = {row.supplier.code: row for row in found.rows}
    assert list(rows)[:2] == ["NORTHLINE", "ASHGROVE"]
    north = rows["NORTHLINE"]
    assert (north.share_percent, north.difference) == (Decimal(80), Decimal(30))
    assert (north.year_index, north.year_skus) == (Decimal(110), 1)
    assert (north.agreed_index, north.agreed_skus) == (Decimal(110), 1)
    assert (north.within_percent, north.lead_time_n) == (Decimal(80), 10)
    assert north.lead_time == Decimal(20)
    assert (rows["DELTA"].spend, rows["DELTA"].lines_due) == (Decimal(0), 0), "13 months ago"
    assert found.gaps == [
        "Needs 4 qualified sources, has 3.",
        "Northline Packaging has 80% of the value, the target is 50%.",
        "Northline Packaging needs 20 days for nine of ten lines, the requirement is 10 (10 lines).",
        "Ashgrove Box has 10% of the value, the target is 30%.",
        "10% of the value went to Kestrel Pack, which is not approved.",
    ]


def test_spend_without_a_rate_is_named_not_guessed(world):
    euro = supplier("Kraft GmbH", currency="EUR")
    cell(euro, world.small, date(2026, 10, 1), spend=100, currency="EUR", lines_due=1)
    found = reality(world.corrugate)
    assert (found.spend, found.unconverted) == (Decimal(0), 1)
    assert next(row for row in found.rows if row.supplier == euro).share_percent is None


def test_reality_takes_as_many_statements_for_many_suppliers_skus_and_months(world):
    def statements():
        with CaptureQueriesContext(connection) as captured:
            reality(world.corrugate)
        return len(captured)

    few = statements()
    for number in range(12):
        who, what = supplier(f"S{number} Ltd"), sku(f"K-{number}", world.corrugate)
        qualification(who, world.packaging)
        entry(who, world.corrugate, "approved")
        for month in range(1, 11):
            cell(who, what, date(2026, month, 1), spend=10, lines_due=1, lead_times={"5": 1})
    assert statements() == few <= 7


def test_a_substitute_is_another_sku_counted_alike_and_approved_once(world):
    def approve(what, other):
        return approve_substitute(what, substitute=other, note="Same flute", actor=world.sana)

    made = approve(world.small, world.large)
    assert (made.approved_by, str(made)) == (world.sana, "CTN-24 for CTN-12")
    with refused("already_approved", "CTN-24 stands in for CTN-12 already.", "substitute"):
        approve(world.small, world.large)
    with refused("itself", field="substitute"):
        approve(world.small, world.small)
    roll = sku("ROLL", world.packaging, unit="KG")
    with refused("other_unit", field="substitute"):
        approve(world.small, roll)
    approve(world.large, world.small)


def test_where_nobody_supplies_nothing_is_said_to_keep_to_the_strategy(world):
    lids = category("lids")
    setting(world, lids, objective="One mould maker")
    assert reality(lids).gaps == [
        "No supplier is a qualified source, and the strategy sets no minimum."
    ]
    setting(world, lids, objective="One mould maker", minimum_sources=1)
    assert reality(lids).gaps == ["Needs 1 qualified source, has 0."]
