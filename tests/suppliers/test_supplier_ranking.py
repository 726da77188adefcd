from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from procure.models import ExchangeRate
from suppliers.models import Supplier
from suppliers.sourcing import RANKING_WEIGHTS, WantedLine, supplier_ranking
from tests.suppliers.world import (
    TODAY,
    agreement,
    entry,
    last_paid,
    qualification,
    scorecard,
    sku,
    supplier,
)


def ranking(world, *lines, needed_on=date(2026, 12, 12), **more):
    wanted = [WantedLine(what.pk, Decimal(quantity)) for what, quantity in lines]
    return supplier_ranking(
        category=world.corrugate, lines=wanted, needed_on=needed_on, on=TODAY, **more
    )


@pytest.fixture
def priced(world):
    """Northline and Ashgrove under agreement, Delta paid before, Kestrel cheapest but in review."""
    agreement("NL-1", world.northline, (world.small, "0", "0.60"), (world.large, "0", "0.95"))
    agreement(
        "AG-1", world.ashgrove, (world.small, "0", "0.63"), (world.large, "0", "0.95"),
        valid_to=None, lead_time_days=16,
    )  # fmt: skip
    last_paid(world.delta, world.small, "0.66")
    last_paid(world.delta, world.large, "0.96", date(2026, 10, 2))
    agreement("KP-1", world.kestrel, (world.small, "0", "0.50"), (world.large, "0", "0.90"))
    scorecard(world.northline, "91.4", 64, months=[100, 91])
    scorecard(world.ashgrove, "98", 41)
    scorecard(world.delta, "88", 17, lead_time_median=Decimal("20.5"))
    return world


def lines(world):
    return (world.small, 4000), (world.large, 1000)


def test_the_approved_come_first_by_points_and_the_rest_last(priced):
    ranked = ranking(priced, *lines(priced))
    assert [row.supplier.name for row in ranked] == [
        "Northline Packaging", "Ashgrove Box", "Delta Corrugated", "Kestrel Pack",
    ]  # fmt: skip
    assert [row.standing for row in ranked] == ["preferred", "approved", "backup", "off_list"]
    assert [row.order_cost for row in ranked] == [
        Decimal("3350.00"), Decimal("3470.00"), Decimal("3600.00"), Decimal("2900.00"),
    ]  # fmt: skip
    assert [row.difference_percent for row in ranked] == [
        Decimal("0.0"), Decimal("3.6"), Decimal("7.5"), Decimal("-13.4"),
    ]  # fmt: skip
    assert [row.is_lowest_approved for row in ranked] == [True, False, False, False]


def test_each_row_says_its_basis_and_reasons_in_one_line(priced):
    assert [row.sentence for row in ranking(priced, *lines(priced))] == [
        "Contract price to Mar 31, 2027 · lowest approved cost · shortest lead time",
        "Contract price · best on-time record of those approved",
        "Last paid Nov 12, 2026 · qualified fallback since 2025",
        "Contract price to Mar 31, 2027 · no history · in review for Corrugate: Insurance certificate missing",
    ]


def test_each_row_tells_record_lead_time_and_arrival(priced):
    northline, _ashgrove, delta, kestrel = ranking(priced, *lines(priced))
    assert (northline.on_time_percent, northline.lines_due) == (Decimal("91.4"), 64)
    assert northline.months == (100, 91)
    assert (northline.lead_time_days, northline.lead_time_source) == (14, "agreement")
    assert (northline.arrives_on, northline.days_early) == (date(2026, 12, 7), 5)
    assert (delta.lead_time_days, delta.lead_time_source) == (21, "record")
    assert delta.days_early == -2
    assert (kestrel.on_time_percent, kestrel.lines_due) == (None, 0)


def test_the_points_follow_the_published_weights(priced):
    northline, ashgrove, delta, _ = ranking(priced, *lines(priced))
    assert [weight.points for weight in RANKING_WEIGHTS] == [40, 30, 20, 10]
    assert northline.parts == (Decimal(40), Decimal("22.8"), Decimal(20), Decimal(10))
    assert ashgrove.parts == (Decimal("32.8"), Decimal(30), Decimal(20), Decimal(5))
    assert delta.parts == (Decimal("25.1"), Decimal(16), Decimal(12), Decimal(0))


def test_without_lines_the_category_is_judged_and_its_lead_time_taken(world):
    ranked = ranking(world)
    assert [(row.supplier.code, row.standing) for row in ranked] == [
        ("NORTHLINE", "preferred"), ("ASHGROVE", "approved"),
        ("DELTA", "backup"), ("KESTREL", "off_list"),
    ]  # fmt: skip
    assert {(row.lead_time_days, row.lead_time_source) for row in ranked} == {(30, "category")}
    assert {row.order_cost for row in ranked} == {None}


def test_a_line_without_a_price_leaves_the_cost_open(world):
    ranked = ranking(world, (world.small, 10), (world.large, 1))
    assert {(row.order_cost, row.unpriced_lines) for row in ranked} == {(None, 1)}


def test_the_worst_line_governs_the_standing(priced):
    other = sku("LBL-1", priced.packaging, standard_cost=Decimal(1))
    ranked = {row.supplier.pk: row for row in ranking(priced, *lines(priced), (other, 1))}
    assert ranked[priced.ashgrove.pk].is_approved
    assert not ranked[priced.northline.pk].is_approved
    assert ranked[priced.northline.pk].decision.missing == (
        "Not on the approved vendor list for Packaging."
    )


def test_costs_in_another_currency_compare_at_the_rate_of_the_day(priced):
    Supplier.objects.filter(pk=priced.ashgrove.pk).update(currency="EUR")
    agreement(
        "AG-2", priced.ashgrove, (priced.small, "0", "0.60"), (priced.large, "0", "0.95"),
        currency="EUR",
    )  # fmt: skip
    rows = {row.supplier.pk: row for row in ranking(priced, *lines(priced))}
    assert rows[priced.ashgrove.pk].difference_percent is None
    ExchangeRate.objects.create(
        currency="EUR", per_currency="USD", rate=Decimal("1.1"), valid_from=date(2026, 1, 1)
    )
    rows = {row.supplier.pk: row for row in ranking(priced, *lines(priced))}
    assert rows[priced.ashgrove.pk].order_cost == Decimal("3350.00")
    assert rows[priced.ashgrove.pk].difference_percent == Decimal("10.0")


def test_an_archived_supplier_is_left_out_and_a_blocked_one_is_last(priced):
    Supplier.objects.filter(pk=priced.northline.pk).update(status="archived")
    Supplier.objects.filter(pk=priced.ashgrove.pk).update(status="blocked")
    ranked = ranking(priced, *lines(priced))
    assert [row.supplier.code for row in ranked] == ["DELTA", "KESTREL", "ASHGROVE"]
    assert ranked[-1].decision.is_blocked
    assert ranked[0].reasons[0] == "only approved supplier"


def test_the_picked_supplier_stays_in_the_list(world):
    acme = supplier("Acme")
    assert acme.pk not in {row.supplier.pk for row in ranking(world)}
    assert acme.pk in {row.supplier.pk for row in ranking(world, including=[acme.pk])}


def statements(world, skus):
    with CaptureQueriesContext(connection) as captured:
        ranking(world, *[(one, 10) for one in skus])
    return len(captured)


def test_the_number_of_statements_does_not_depend_on_lines_or_suppliers(world):
    skus = [sku(f"X-{n}", world.corrugate) for n in range(50)]
    agreement("NL-1", world.northline, *[(one, "0", "1.25") for one in skus])
    before = statements(world, skus[:1])
    for n in range(30):
        one = supplier(f"S{n} Ltd")
        entry(one, world.corrugate)
        qualification(one, world.packaging)
        agreement(f"S-{n}", one, *[(each, "0", "1.30") for each in skus])
    assert statements(world, skus) == before
    assert before <= 16
