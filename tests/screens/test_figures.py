"""Figures read as the design note says: true minus, half up, the reader's locale."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from babel import Locale
from babel.localedata import locale_identifiers
from babel.numbers import parse_pattern
from django.template import Context, Template
from django.utils import timezone

from procure import figures


def shown(source: str, value: object, locale: str = "en_US") -> str:
    with figures.reading_as(locale):
        return Template("{% load figures %}" + source).render(Context({"v": value}))


@pytest.mark.parametrize(
    ("source", "value", "words"),
    [
        ("{{ v|money }}", Decimal("4226"), "4,226.00"),
        ("{{ v|money }}", Decimal("2.005"), "2.01"),
        ("{{ v|money }}", Decimal("-52.51"), "−52.51"),
        ("{{ v|money }}", None, "–"),
        ("{{ v|money }}", "", "–"),
        ("{{ v|money }}", Decimal("NaN"), "–"),
        ("{{ v|money }}", Decimal("-0.001"), "0.00"),
        ('{{ v|money:"JPY" }}', Decimal("1234.5"), "1,235"),
        ('{{ v|money:"KWD" }}', Decimal("1.2345"), "1.235"),
        ("{{ v|unit_price }}", Decimal("0.612000"), "0.612"),
        ("{{ v|unit_price }}", Decimal("148"), "148.00"),
        ("{{ v|unit_price }}", Decimal("0.08155"), "0.0816"),
        ("{{ v|quantity }}", Decimal("4000.0000"), "4,000"),
        ("{{ v|quantity }}", Decimal("2.5000"), "2.5"),
        ("{{ v|quantity }}", 0, "0"),
        ("{{ v|percent }}", Decimal("91.358"), "91.4%"),
        ("{{ v|percent:0 }}", Decimal("90.5"), "91%"),
        ("{{ v|percent }}", None, "–"),
        ("{{ v|days }}", 14, "14 d"),
        ("{{ v|days }}", Decimal("15.24"), "15.2 d"),
        ("{{ v|days }}", timedelta(days=6), "6 d"),
        ("{{ v|signed }}", 40, "+40"),
        ("{{ v|signed }}", Decimal("-40"), "−40"),
        ("{{ v|signed }}", 0, "0"),
        ('{{ v|signed:"percent" }}', Decimal("3.9"), "+3.9%"),
        ('{{ v|signed:"percent" }}', Decimal("-2.6"), "−2.6%"),
        ('{{ v|signed:"points" }}', Decimal("-3.1"), "−3.1 pts"),
        ('{{ v|signed:"days" }}', Decimal("0.8"), "+0.8 d"),
        ('{{ v|signed:"unit_price" }}', Decimal("3.7"), "+3.70"),
        ('{{ v|signed:"EUR" }}', Decimal("-1052.51"), "−1,052.51"),
    ],
)
def test_a_figure_reads_so(source: str, value: object, words: str) -> None:
    assert shown(source, value) == words


def test_every_locale_is_written_as_its_own_rules_say() -> None:
    pattern = parse_pattern("#,##0.00##")
    for code in locale_identifiers()[::40]:
        for number in (Decimal("1234567.891"), Decimal("0.5"), Decimal(1000)):
            with figures.reading_as(code):
                said = figures.plain(number, least=2, most=4)
            assert said == pattern.apply(number, Locale.parse(code)), code


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ('{{ v|money:"EUR" }}', "−1.234,50"),
        ("{{ v|percent }}", "−1.234,5\xa0%"),
    ],
)
def test_a_german_reader_sees_commas_and_the_same_minus(source: str, words: str) -> None:
    assert shown(source, Decimal("-1234.5"), "de_DE") == words


def test_an_unknown_locale_falls_back() -> None:
    assert shown("{{ v|money }}", Decimal("1234.5"), "xx_YY") == "1,234.50"


def test_a_day_of_this_year_needs_no_year() -> None:
    this_year = timezone.localdate().replace(month=12, day=9)
    assert shown("{{ v|short_date }}", this_year, "en_GB") == "9 Dec"
    assert shown("{{ v|short_date }}", this_year) == "Dec 9"
    assert shown("{{ v|short_date }}", date(2019, 12, 9), "en_GB") == "9 Dec 2019"
    assert shown("{{ v|long_date }}", date(2026, 12, 12), "en_GB") == "12 Dec 2026"
    assert shown("{{ v|short_date }}", None) == "–"


def test_a_moment_says_today_and_yesterday() -> None:
    now = timezone.localtime().replace(hour=8, minute=14)
    assert shown("{{ v|moment }}", now) == "today 08:14"
    assert shown("{{ v|moment }}", now - timedelta(days=1)) == "yesterday 08:14"
    long_ago = datetime(2019, 11, 17, 15, 40, tzinfo=UTC)
    assert shown("{{ v|moment }}", long_ago, "en_GB") == "17 Nov 2019 15:40"


def test_the_time_is_that_of_the_organization() -> None:
    moment = datetime(2019, 11, 17, 23, 30, tzinfo=UTC)
    with timezone.override("Europe/Berlin"):
        assert shown("{{ v|moment }}", moment, "en_GB") == "18 Nov 2019 00:30"
        assert shown("{{ v|short_date }}", moment, "en_GB") == "18 Nov 2019"
