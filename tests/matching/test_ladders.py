"""One limit at several values: the ladder reaches around what is known, and moves nothing else."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from matching.ladders import VARIED, limits_at, lowest, value_of, values_around
from matching.tolerances import default_limits

PRICES = VARIED["prices_percent"]


@pytest.mark.parametrize(
    ("code", "known", "values"),
    [
        ("price_percent", [None, None], "0 0.5 1 2 3 5 10"),
        ("price_percent", ["1", "2.5"], "0 0.5 1 2 2.5 3 5 10"),
        ("price_percent", ["6", None], "0 5 6 10 20 30 50 100"),
        ("price_amount", ["25.00", "40"], "0 5 10 20 25 30 40 50 100"),
        ("charge_amount", [None, "0"], "0 5 10 20 30 50 100"),
        ("tax_amount", ["0.05", None], "0 0.01 0.02 0.03 0.05 0.1"),
        ("header_cap", ["100.00", "250"], "0 50 100 200 250 300 500 1000"),
    ],
)
def test_the_ladder_reaches_twice_as_far_as_what_is_known(
    code: str, known: list[str | None], values: str
) -> None:
    given = [None if one is None else Decimal(one) for one in known]
    assert " ".join(str(value) for value in values_around(given, VARIED[code])) == values


def test_the_value_of_a_limit_is_read_where_its_checks_agree() -> None:
    limits = default_limits()
    assert value_of(limits, VARIED["price_percent"]) == 1
    assert value_of(limits, VARIED["contract_price_amount"]) == 0  # exact
    assert value_of(limits, VARIED["line_amount_percent"]) is None  # not checked
    assert value_of(limits, PRICES) is None  # 1 % and exact
    assert value_of({**limits, "contract_price": limits["price"]}, PRICES) == 1
    assert value_of(limits, VARIED["header_cap"]) == 100
    assert value_of(limits, VARIED["leakage_cap"]) is None


def test_a_value_moves_one_part_of_a_limit_and_the_lowest_lets_nothing_pass() -> None:
    limits: dict[str, Any] = {
        **default_limits(),
        "contract_price": {"mode": "exact", "percent": "9", "lower_percent": "4"},
    }
    at = limits_at(limits, PRICES, Decimal("2.50"))
    assert at == {
        **limits,
        "price": {"mode": "limit", "percent": "2.5", "amount": "25.00"},
        "contract_price": {"mode": "limit", "percent": "2.5", "lower_percent": "4"},
    }
    assert lowest(limits, PRICES) == {
        **limits,
        "price": {"mode": "exact"},
        "contract_price": {"mode": "exact", "lower_percent": "4"},
    }
    cap = VARIED["header_cap"]
    assert limits_at(limits, cap, Decimal(30)) == {**limits, "header_cap": "30"}
    assert lowest(limits, cap) == {**limits, "header_cap": "0"}
