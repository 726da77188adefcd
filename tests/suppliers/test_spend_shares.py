from datetime import date
from decimal import Decimal

import pytest

from procure.models import ExchangeRate
from suppliers.models import PerformanceCell
from suppliers.spend_shares import category_spends, supplier_shares
from tests.suppliers.world import category, sku

ON = date(2026, 11, 23)


def cell(who, what, spend, month=date(2026, 10, 1), currency="USD"):
    PerformanceCell.objects.create(
        supplier=who, sku=what, month=month, currency=currency, spend=Decimal(spend)
    )


@pytest.fixture
def bought(world):
    cell(world.northline, world.small, 300)
    cell(world.ashgrove, world.small, 100)
    cell(world.ashgrove, world.large, 600)
    cell(world.northline, world.small, 999, month=date(2025, 11, 1))
    world.film = category("film")
    cell(world.ashgrove, sku("FLM", world.film), 50)
    return world


def test_shares_are_of_the_categories_and_skus_it_sells(bought, django_assert_num_queries):
    with django_assert_num_queries(1):
        shares = supplier_shares(bought.northline, "USD", ON)
    (corrugate,) = shares.categories
    assert (corrugate.name, corrugate.spend, corrugate.whole) == ("Corrugate", 300, 1000)
    assert corrugate.share_percent == 30
    assert {pk: one.share_percent for pk, one in shares.skus.items()} == {bought.small.pk: 75}
    assert shares.first == date(2025, 12, 1)


def test_other_currencies_come_in_by_todays_rate_or_make_it_unknown(bought):
    cell(bought.delta, bought.small, 100, currency="EUR")
    unknown = supplier_shares(bought.northline, "USD", ON).categories[0]
    assert (unknown.spend, unknown.whole, unknown.share_percent) == (300, None, None)
    ExchangeRate.objects.create(
        currency="EUR", per_currency="USD", rate=Decimal("2"), valid_from=date(2026, 1, 1)
    )
    assert supplier_shares(bought.northline, "USD", ON).categories[0].share_percent == 25


def test_a_category_has_the_value_of_all_below_it(bought, django_assert_num_queries):
    lids = category("lids", bought.corrugate)
    cell(bought.northline, sku("LID", lids), 40)
    with django_assert_num_queries(1):
        spends = category_spends("USD", ON)
    assert spends == {
        lids.pk: 40, bought.corrugate.pk: 1040, bought.packaging.pk: 1040, bought.film.pk: 50,
    }  # fmt: skip
    cell(bought.kestrel, bought.small, 5, currency="CAD")
    assert category_spends("USD", ON)[bought.packaging.pk] is None
