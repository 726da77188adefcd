"""What a cell may hold: read exactly, or refused with a sentence; never guessed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procure import columns
from procure.columns import CellError, Column, Notation
from procure.money import plain_decimal
from procure.reading import TypedCell

PLAIN = Notation()
COMMA = Notation(decimal_comma=True)


def refused(column: Column, cell: str, notation: Notation = PLAIN) -> str:
    with pytest.raises(CellError) as error:
        column.value(cell, notation)
    return str(error.value)


@pytest.mark.parametrize(
    "cell",
    ["1e400", "1E3", "NaN", "inf", "-", "1,5", "1.2.3", "0x10", "١٢", "See DN-93 (ID#:1281)",
     "1 000", "$5", "5%", "--1", "N/A"],
)  # fmt: skip
def test_what_is_no_plain_number_is_refused(cell: str) -> None:
    assert "not a plain number" in refused(columns.quantity("quantity"), cell)


@pytest.mark.parametrize(
    ("cell", "notation", "number"),
    [
        ("12.5", PLAIN, "12.5"),
        (" 12.50000 ", PLAIN, "12.5"),
        ("+3", PLAIN, "3"),
        ("12,5", COMMA, "12.5"),
        (TypedCell("12.5"), COMMA, "12.5"),
    ],
)
def test_numbers_are_read_in_the_notation_of_the_file(
    cell: str, notation: Notation, number: str
) -> None:
    assert columns.quantity("quantity").value(cell, notation) == Decimal(number)


def test_with_a_decimal_comma_a_point_is_refused_because_it_could_be_either() -> None:
    assert "has a point" in refused(columns.quantity("quantity"), "1.234", COMMA)


@pytest.mark.parametrize(
    ("column", "cell", "words"),
    [
        (columns.quantity("q"), "1.00001", "more than 4 decimals"),
        (columns.quantity("q"), "-1", "0 or more"),
        (columns.quantity("q", above_zero=True), "0", "above 0"),
        (columns.quantity("q"), "100000000000000", "too large"),
        (columns.unit_price("p"), "1.0000001", "more than 6 decimals"),
        (columns.whole("n"), "1.5", "not a whole number"),
        (columns.whole("n"), "-1", "not a whole number"),
        (columns.whole("n", most=columns.SMALL_INTEGER), "32768", "not between"),
        (columns.choice("c", ["active", "blocked"]), "gone", "none of active, blocked"),
        (columns.currency("c"), "XQQ", "not a currency code"),
        (columns.currency("c"), "US", "not a currency code"),
        (columns.email("e"), "nobody", "not an e-mail address"),
        (columns.gtin("g"), "1234567", "8 to 14 digits"),
        (columns.text("t", 3), "four", "has 4 characters; 3 are the most"),
        (columns.text("t"), "bell\x07", "control characters"),
        (columns.code("c", 9), "a\nb", "one line"),
        (columns.code("c", 9, required=True), "  ", "The c is missing"),
    ],
)
def test_each_kind_of_cell_has_its_sentence(column: Column, cell: str, words: str) -> None:
    assert words in refused(column, cell)


@pytest.mark.parametrize(
    ("column", "cell", "value"),
    [
        (columns.choice("c", ["active"]), "Active", "active"),
        (columns.currency("c"), "usd", "USD"),
        (columns.unit("u"), "h87", "EA"),
        (columns.names("n", 9), "a; b ;a;;", ("a", "b")),
        (columns.text("t"), "two\r\nlines", "two\nlines"),
        (columns.text("t"), "", None),
        (columns.gtin("g"), "04012345678901", "04012345678901"),
    ],
)
def test_cells_become_values(column: Column, cell: str, value: Any) -> None:
    assert column.value(cell, PLAIN) == value


@pytest.mark.parametrize(
    "cell", ["2026-02-30", "2026-13-01", "03/04/2026", "4.5.2026", "2026-5-4", "20260504",
             "2026-05-04T00:00", "0206-05-04", "Date Not Captured", "N/A - From RDC", "2-Jun-06"],
)  # fmt: skip
def test_a_day_that_is_not_iso_or_not_possible_is_refused(cell: str) -> None:
    refused(columns.day("day"), cell)


@pytest.mark.parametrize(
    ("written", "cell", "day"),
    [
        ("DD/MM/YYYY", "03/04/2026", date(2026, 4, 3)),
        ("MM/DD/YYYY", "03/04/2026", date(2026, 3, 4)),
        ("DD.MM.YYYY", "04.05.2026", date(2026, 5, 4)),
        ("%d-%b-%y", "2-Jun-06", date(2006, 6, 2)),
        ("DD-MON-YY", "02-Jun-06", date(2006, 6, 2)),
        ("DD/MM/YYYY", "2026-05-04", date(2026, 5, 4)),
    ],
)
def test_a_day_is_read_in_the_one_format_of_the_file(written: str, cell: str, day: date) -> None:
    assert columns.day("day").value(cell, Notation(date_format=written)) == day


def test_a_day_that_does_not_fit_the_one_format_is_refused() -> None:
    assert "DD/MM/YYYY" in refused(columns.day("d"), "04/31/2026", Notation("DD/MM/YYYY"))
    refused(columns.day("d"), "2026-05-04", Notation("%Y.%m.%d"))


@given(st.decimals(min_value=0, max_value=10**13, places=4, allow_nan=False))
def test_a_quantity_that_is_written_is_read_back(number: Decimal) -> None:
    written = plain_decimal(number)
    assert columns.quantity("q").value(written, PLAIN) == number
    assert columns.quantity("q").value(written.replace(".", ","), COMMA) == number


@given(st.dates(min_value=date(1900, 1, 1), max_value=date(2200, 12, 31)))
def test_a_day_that_is_written_is_read_back(day: date) -> None:
    assert columns.day("d").value(day.isoformat(), PLAIN) == day
    assert columns.day("d").value(f"{day:%d/%m/%Y}", Notation("DD/MM/YYYY")) == day


@given(st.text())
def test_any_text_is_a_number_or_refused(text: str) -> None:
    try:
        value = columns.quantity("q").value(text, PLAIN)
    except CellError:
        return
    assert value is None or value == Decimal(text.strip())


def test_codes_are_compared_letter_by_letter_as_the_database_does() -> None:
    assert columns.code_key(" straße-ä1 ") == "STRAßE-Ä1"
