from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from suppliers.agreements import WantedPrice, agreed_prices
from suppliers.models import PriceBreak, UnitFactor
from suppliers.sourcing import WantedLine, line_prices
from tests.suppliers.world import TODAY, agreement, last_paid, sku, supplier


def price(world, quantity, on=TODAY, who=None, what=None):
    pair = ((who or world.northline).pk, (what or world.small).pk)
    return agreed_prices([WantedPrice(*pair, Decimal(quantity))], on).get(pair)


def test_the_highest_step_within_the_quantity_holds_and_the_next_is_named(world):
    made = agreement(
        "NL-1", world.northline,
        (world.small, "0", "0.60"), (world.small, "1000", "0.55"), (world.small, "5000", "0.50"),
    )  # fmt: skip
    found = price(world, "1000")
    assert found.unit_price == Decimal("0.55")
    assert (found.next_quantity, found.next_price) == (Decimal(5000), Decimal("0.50"))
    assert (found.agreement_id, found.agreement_number) == (made.pk, "NL-1")
    assert (found.valid_to, found.lead_time_days) == (date(2027, 3, 31), 14)
    assert price(world, "999.9999").unit_price == Decimal("0.60")
    assert price(world, "5000").next_quantity is None


def test_both_ends_of_the_validity_are_included(world):
    agreement("NL-1", world.northline, (world.small, "0", "0.60"))
    assert price(world, "1", date(2026, 3, 31)) is None
    assert price(world, "1", date(2026, 4, 1)) is not None
    assert price(world, "1", date(2027, 3, 31)) is not None
    assert price(world, "1", date(2027, 4, 1)) is None


def test_below_the_first_step_there_is_no_agreed_price(world):
    agreement("NL-1", world.northline, (world.small, "100", "0.60"))
    assert price(world, "99") is None


def test_among_agreements_the_lowest_price_holds(world):
    agreement("NL-1", world.northline, (world.small, "0", "0.60"))
    agreement("NL-2", world.northline, (world.small, "0", "0.58"), (world.small, "10", "0.61"))
    assert price(world, "5").agreement_number == "NL-2"
    assert price(world, "10").agreement_number == "NL-1"


def test_an_agreement_in_another_currency_is_no_price(world):
    agreement("NL-1", world.northline, (world.small, "0", "0.60"), currency="EUR")
    assert price(world, "5") is None


def test_a_row_per_carton_is_converted_by_the_factor_of_the_day(world):
    agreement("NL-1", world.northline, (world.small, "0", "6.00"), (world.small, "10", "5.40"))
    PriceBreak.objects.update(unit="CT")
    assert price(world, "5") is None
    UnitFactor.objects.create(
        sku=world.small, unit="CT", factor=Decimal(12), valid_from=date(2026, 1, 1)
    )
    found = price(world, "119")
    assert (found.unit_price, found.next_quantity) == (Decimal("0.5"), Decimal(120))
    assert price(world, "120").unit_price == Decimal("0.45")


def test_lines_of_one_sku_reach_a_step_together(world):
    agreement("NL-1", world.northline, (world.small, "0", "0.60"), (world.small, "10", "0.50"))
    pair = (world.northline.pk, world.small.pk)
    wanted = [WantedPrice(*pair, Decimal(4)), WantedPrice(*pair, Decimal(6))]
    assert agreed_prices(wanted, TODAY)[pair].unit_price == Decimal("0.50")


@pytest.mark.parametrize("count", [1, 50])
def test_one_statement_prices_any_number(world, count):
    others = [supplier(f"S{n} Ltd") for n in range(3)]
    skus = [sku(f"X-{n}", world.corrugate) for n in range(count)]
    for one in others:
        agreement(f"A-{one.code}", one, *[(each, "0", "1.25") for each in skus])
    wanted = [WantedPrice(one.pk, each.pk, Decimal(1)) for one in others for each in skus]
    with CaptureQueriesContext(
        connection,
    ) as statements:
        assert len(agreed_prices(wanted, TODAY)) == 3 * count
    assert len(statements) == 1


def test_a_line_takes_the_agreement_then_last_paid_then_standard_cost(world):
    lines = [WantedLine(world.small.pk, Decimal(10)), WantedLine(world.large.pk, Decimal(1))]
    prices = line_prices(world.northline.pk, lines, TODAY)
    assert (prices[world.small.pk].unit_price, prices[world.small.pk].source) == (
        Decimal("0.70"), "standard",
    )  # fmt: skip
    assert (prices[world.large.pk].unit_price, prices[world.large.pk].source) == (None, "")
    last_paid(world.northline, world.small, "0.65")
    found = line_prices(world.northline.pk, lines, TODAY)[world.small.pk]
    assert (found.unit_price, found.source) == (Decimal("0.65"), "last_paid")
    agreement("NL-1", world.northline, (world.small, "0", "0.60"), (world.small, "50", "0.55"))
    found = line_prices(world.northline.pk, lines, TODAY)[world.small.pk]
    assert (found.unit_price, found.source) == (Decimal("0.60"), "agreement")
    assert (found.agreed_price, found.last_paid) == (Decimal("0.60"), Decimal("0.65"))
    assert (found.next_quantity, found.next_price) == (Decimal(50), Decimal("0.55"))
    assert (found.agreement_number, found.agreed_lead_time_days) == ("NL-1", 14)


@pytest.mark.parametrize("count", [1, 50])
def test_an_order_of_any_length_is_priced_in_five_statements(world, count):
    skus = [sku(f"X-{n}", world.corrugate) for n in range(count)]
    agreement("NL-1", world.northline, *[(each, "0", "1.25") for each in skus])
    with CaptureQueriesContext(connection) as statements:
        line_prices(world.northline.pk, [WantedLine(each.pk, Decimal(1)) for each in skus], TODAY)
    assert len(statements) == 5
