"""When an IBAN and a domestic account number are one account, and when they only look like it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import iban

from suppliers.account_numbers import is_iban_of, masked_number

# A real form of each country, with the code of the bank and the number as people write them there.
SAME = [
    ("DE89370400440532013000", "532013000", "37040044"),
    ("DE89370400440532013000", "0532013000", ""),
    ("GB29NWBK60161331926819", "31926819", "601613"),
    ("FR1420041010050500013M02606", "0500013M026", "2004101005"),  # and two check digits
    ("NO9386011117947", "86011117947", "8601"),  # the number there begins with the bank's code
    ("AT611904300234573201", "234573201", "19043"),
]


@pytest.mark.parametrize(("number", "account", "routing"), SAME)
def test_an_iban_is_that_of_the_domestic_number_in_it(
    number: str, account: str, routing: str
) -> None:
    assert is_iban_of(number, account, routing)


@pytest.mark.parametrize(
    ("number", "account", "routing"),
    [
        ("DE89370400440532013000", "532013000", "10010010"),  # another bank
        ("DE89370400440532013000", "3000", ""),  # only the end of it
        ("DE89370400440532013000", "53201300", ""),  # a digit is missing
        ("DE89370400440532013000", "000", ""),
        ("DE89370400440532013000", "", ""),
        ("DE88370400440532013000", "532013000", ""),  # check digits are wrong: no IBAN
        ("ZZ370400440532013000", "532013000", ""),
        ("DE89370400440532013000", "37040044", ""),  # the bank's code
        ("NO9386011117947", "7", ""),  # a check digit
    ],
)
def test_what_only_looks_like_it_is_another_account(
    number: str, account: str, routing: str
) -> None:
    assert not is_iban_of(number, account, routing)


@settings(max_examples=40)
@given(st.integers(1, 10**8 - 1), st.integers(1, 10**10 - 1), st.integers(1, 10**10 - 1))
def test_every_german_account_is_its_iban_and_no_other(bank: int, account: int, other: int) -> None:
    national = f"{bank:08}{account:010}"
    number = f"DE{iban.calc_check_digits('DE00' + national)}{national}"
    assert is_iban_of(number, str(account), f"{bank:08}")
    assert is_iban_of(number, str(other), f"{bank:08}") is (other == account)


def test_of_a_number_only_country_and_last_digits_are_seen() -> None:
    assert masked_number("DE89370400440532013000") == "DE •••• 3000"
    assert masked_number("44000010042") == "•••• 0042"
