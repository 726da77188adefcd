from __future__ import annotations

from decimal import Decimal

import pytest

from procure.models import ExchangeRate
from tests.imports.support import counts, everything, refusals, table, take_in
from tests.world import World

pytestmark = pytest.mark.django_db

COLUMNS = "currency,per_currency,rate,valid_from"


def test_rates_come_in_and_are_corrected(world: World) -> None:
    rows = ("EUR,USD,1.0823456789,2026-01-01", "GBP,USD,1.27,2026-01-01")
    assert counts(take_in(world, "exchange_rates", table(COLUMNS, *rows))) == (2, 0, 0, 0)
    corrected = (rows[0], "GBP,USD,1.28,2026-01-01")
    assert counts(take_in(world, "exchange_rates", table(COLUMNS, *corrected))) == (0, 1, 1, 0)
    with world.inside():
        found = dict(ExchangeRate.objects.values_list("currency", "rate"))
    assert found == {"EUR": Decimal("1.0823456789"), "GBP": Decimal("1.28")}


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("EUR,EUR,1,2026-01-01", "per_currency"),
        ("EUR,USD,0,2026-01-01", "rate"),
        ("EUR,USD,-1,2026-01-01", "rate"),
        ("EUR,USD,1e400,2026-01-01", "rate"),
        ("EUR,USD,NaN,2026-01-01", "rate"),
        ("XQQ,USD,1,2026-01-01", "currency"),
        ("EUR,USD,1,2026-02-30", "valid_from"),
        ("EUR,USD,1,", "valid_from"),
    ],
)
def test_every_bad_cell_refuses_the_file(world: World, row: str, column: str) -> None:
    before = everything(world)
    result = take_in(world, "exchange_rates", table(COLUMNS, row))
    assert [(line, name) for line, name, _ in refusals(result)] == [(2, column)]
    assert everything(world) == before
