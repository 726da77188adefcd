"""Amounts are rounded once, half up; parts add up; what is no plain number is refused."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procure.money import (
    NotADecimalError,
    allocate,
    minor_unit,
    parse_decimal,
    plain_decimal,
    round_half_up,
    round_money,
    round_price,
    round_quantity,
)

D = Decimal


@pytest.mark.parametrize(
    ("value", "places", "rounded"),
    [
        ("0.125", 2, "0.13"),
        ("0.124999999999", 2, "0.12"),
        ("-0.125", 2, "-0.13"),
        ("2.5", 0, "3"),
        ("1.00005", 4, "1.0001"),
    ],
)
def test_a_five_is_rounded_away_from_zero(value, places, rounded):
    assert str(round_half_up(D(value), places)) == rounded


def test_prices_keep_six_decimals_and_quantities_four():
    assert str(round_price(D("0.1234565"))) == "0.123457"
    assert str(round_quantity(D("8.33335"))) == "8.3334"


@pytest.mark.parametrize(
    ("currency", "unit"),
    [
        ("USD", "0.01"),
        ("JPY", "1"),
        ("BHD", "0.001"),
        ("CLF", "0.0001"),
        ("RSD", "0.01"),
        ("IQD", "0.001"),
    ],
)
def test_the_minor_unit_is_that_of_iso_4217(currency, unit):
    assert minor_unit(currency) == D(unit)
    assert round_money(D("7.77777"), currency) == D("7.77777").quantize(D(unit))


@pytest.mark.parametrize(
    ("total", "weights", "quantum", "parts"),
    [
        ("10.00", ["1", "1", "1"], "0.01", ["3.34", "3.33", "3.33"]),
        ("0.01", ["5", "6"], "0.01", ["0", "0.01"]),
        ("100", ["1", "2"], "1", ["33", "67"]),
        ("2", ["1", "3"], "1", ["0", "2"]),
        ("-10.00", ["1", "1", "1"], "0.01", ["-3.34", "-3.33", "-3.33"]),
        ("5", ["0", "0"], "0.01", ["5", "0"]),
        ("5", ["-3", "1"], "0.01", ["0", "5"]),
        ("0.005", ["1", "1"], "0.01", ["0.003", "0.002"]),
    ],
)
def test_the_largest_remainders_take_what_is_left(total, weights, quantum, parts):
    assert allocate(D(total), [D(w) for w in weights], D(quantum)) == [D(part) for part in parts]


@given(
    st.decimals("-99999", "99999", places=2),
    st.lists(st.decimals("0", "99999", places=4), min_size=1, max_size=30),
)
def test_the_parts_always_add_up_and_are_less_than_a_quantum_off(total, weights):
    parts = allocate(total, weights, D("0.01"))
    assert sum(parts) == total
    whole = sum(weights)
    if whole:
        for part, weight in zip(parts, weights, strict=True):
            assert abs(part - total * weight / whole) < D("0.01")
            assert part == part.quantize(D("0.01"))


def test_an_amount_cannot_be_split_over_nothing():
    assert allocate(D(0), [], D("0.01")) == []
    with pytest.raises(ValueError, match="no parts"):
        allocate(D(1), [], D("0.01"))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1E+3", "1000"),
        ("1.500", "1.5"),
        ("-0.00", "0"),
        ("0E-9", "0"),
        ("100", "100"),
        ("1E-7", "0.0000001"),
    ],
)
def test_numbers_are_written_plainly(value, text):
    assert plain_decimal(D(value)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "NaN",
        "inf",
        "1e400",
        "1E3",
        "1,000",
        "1.000,5",
        "0x1",
        "1_000",
        "５",
        "1 000",
        ".5",
        "5.",
        "--1",
        "See DN-93 (ID#:1281)",
        "9" * 19,
        "0." + "1" * 13,
    ],
)
def test_what_is_no_plain_decimal_is_refused(text):
    with pytest.raises(NotADecimalError):
        parse_decimal(text)


def test_a_decimal_comma_is_read_only_when_asked_for():
    assert parse_decimal(" -12.50 ") == D("-12.5")
    assert parse_decimal("12,50", decimal_comma=True) == D("12.5")
    for text in ("12,50", "1.000,50"):
        with pytest.raises(NotADecimalError):
            parse_decimal(text)
    with pytest.raises(NotADecimalError):
        parse_decimal("1.000,50", decimal_comma=True)
