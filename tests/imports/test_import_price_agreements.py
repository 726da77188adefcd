from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from suppliers.agreements import WantedPrice, agreed_prices
from suppliers.models import PriceAgreement, PriceBreak, StaleRollup
from tests.imports.support import counts, everything, exported, refusals, table, take_in
from tests.world import World

pytestmark = pytest.mark.django_db

COLUMNS = (
    "agreement_number,supplier_code,sku,unit_price,minimum_quantity,valid_from,valid_to,"
    "lead_time_days"
)
ROWS = (
    "K-1,KESTREL,CTN-12-KR,0.60,,2026-01-01,2026-06-30,10",
    "K-1,KESTREL,CTN-12-KR,0.55,1000,2026-01-01,2026-06-30,10",
    "K-1,KESTREL,CTN-12-KR,0.62,,2026-07-01,2026-12-31,10",
    "K-1,KESTREL,DIV-12-SB,0.08,,2026-01-01,2026-12-31,",
)


def test_an_agreement_comes_in_with_its_steps_and_periods(world: World) -> None:
    assert counts(take_in(world, "price_agreements", table(COLUMNS, *ROWS))) == (4, 0, 0, 0)
    wanted = [WantedPrice(world.kestrel.pk, world.shipper.pk, Decimal(1500))]
    with world.inside():
        agreement = PriceAgreement.objects.get(number="K-1")
        spring = agreed_prices(wanted, date(2026, 5, 1))
        autumn = agreed_prices(wanted, date(2026, 9, 1))
        stale = set(StaleRollup.objects.values_list("supplier_id", "sku_id"))
    pair = (world.kestrel.pk, world.shipper.pk)
    assert (agreement.currency, agreement.valid_from, agreement.valid_to) == (
        "USD", date(2026, 1, 1), date(2026, 12, 31),
    )  # fmt: skip
    assert (spring[pair].unit_price, autumn[pair].unit_price) == (Decimal("0.55"), Decimal("0.62"))
    assert stale == {pair, (world.kestrel.pk, world.divider.pk)}


def test_a_price_with_the_same_key_is_corrected(world: World) -> None:
    take_in(world, "price_agreements", table(COLUMNS, *ROWS))
    result = take_in(
        world, "price_agreements", table(COLUMNS, ROWS[0].replace("0.60", "0.61"), *ROWS[1:])
    )
    assert counts(result) == (0, 1, 3, 0)
    with world.inside():
        assert PriceBreak.objects.filter(unit_price=Decimal("0.61")).count() == 1


def test_an_agreement_grows_over_a_new_price_and_the_others_keep_their_end(world: World) -> None:
    with world.inside():
        PriceAgreement.objects.filter(pk=world.agreement.pk).update(
            valid_from=date(2026, 1, 1), valid_to=date(2026, 12, 31)
        )
        PriceBreak.objects.update(valid_from=date(2026, 1, 1), valid_to=None)
    row = "NL-2026-04,NORTH,CTN-12-KR,0.7,,2027-01-01,2027-12-31,14"
    before = exported(world, "price_agreements")
    result = take_in(world, "price_agreements", table(COLUMNS, row))
    assert counts(result) == (1, 0, 0, 0)
    with world.inside():
        world.agreement.refresh_from_db()
    assert world.agreement.valid_to == date(2027, 12, 31)
    again = take_in(world, "price_agreements", before.encode())
    assert counts(again) == (0, 0, 2, 0)


def test_one_file_may_end_a_price_and_begin_the_next(world: World) -> None:
    first = "K-1,KESTREL,CTN-12-KR,0.60,,2026-01-01,,10"
    take_in(world, "price_agreements", table(COLUMNS, first))
    ended = "K-1,KESTREL,CTN-12-KR,0.60,,2026-01-01,2026-06-30,10"
    following = "K-1,KESTREL,CTN-12-KR,0.65,,2026-07-01,,10"
    result = take_in(world, "price_agreements", table(COLUMNS, following, ended))
    assert counts(result) == (1, 1, 0, 0)


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        ("NL-2026-04,KESTREL,CTN-12-KR,1,,2027-01-01,,", "supplier_code", "another supplier"),
        ("K-2,NOBODY,CTN-12-KR,1,,2026-01-01,,", "supplier_code", "no supplier “NOBODY”"),
        ("K-2,KESTREL,NOTHING,1,,2026-01-01,,", "sku", "no SKU “NOTHING”"),
        ("K-2,KESTREL,CTN-12-KR,free,,2026-01-01,,", "unit_price", "plain number"),
        ("K-2,KESTREL,CTN-12-KR,1,-5,2026-01-01,,", "minimum_quantity", "0 or more"),
        ("K-2,KESTREL,CTN-12-KR,1,,,,", "valid_from", "missing"),
        ("K-2,KESTREL,CTN-12-KR,1,,2026-05-01,2026-04-30,", "valid_to", "before"),
        ("K-1,KESTREL,CTN-12-KR,1,,2026-03-01,2026-03-31,", "valid_from", "still holds"),
    ],
)
def test_what_cannot_be_agreed_is_refused(world: World, row: str, column: str, words: str) -> None:
    take_in(world, "price_agreements", table(COLUMNS, *ROWS))
    before = everything(world)
    result = take_in(world, "price_agreements", table(COLUMNS, row))
    ((line, name, message),) = refusals(result)
    assert (line, name) == (2, column)
    assert words in message
    assert everything(world) == before


def test_an_agreement_has_one_currency(world: World) -> None:
    columns = "agreement_number,supplier_code,sku,unit_price,currency,valid_from"
    rows = ("K-1,KESTREL,CTN-12-KR,1,EUR,2026-01-01", "K-1,KESTREL,DIV-12-SB,1,GBP,2026-01-01")
    result = take_in(world, "price_agreements", table(columns, *rows))
    assert refusals(result) == [(3, "currency", "The agreement is in EUR.")]
