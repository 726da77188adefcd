"""Money, prices and quantities as decimals.

One rule for the whole house: an amount of money is rounded once, half up, to
the minor unit of its currency at the place where it is made. Unit prices keep
six decimals and quantities four. Nothing here ever touches a float.

    round_half_up(value, places)           -> Decimal
    round_price(value), round_quantity(value)
    minor_unit_places(currency), minor_unit(currency)
    round_money(value, currency)           -> Decimal in minor units
    allocate(total, weights, quantum)      -> parts that add up to total exactly
    plain_decimal(value)                   -> "1234.5", for files and exports
    parse_decimal(text, decimal_comma=…)   -> Decimal, or NotADecimalError
"""

import re
from collections.abc import Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, Context, Decimal
from functools import lru_cache

from babel.numbers import get_currency_precision

PRICE_PLACES = 6
QUANTITY_PLACES = 4
ZERO = Decimal(0)
HUNDRED = Decimal(100)

# Wide enough for the product of the two largest numbers that parse_decimal lets in.
EXACT = Context(prec=80, rounding=ROUND_HALF_UP)

_QUANTA = tuple(Decimal(1).scaleb(-places) for places in range(13))

# Babel gives the decimals people write in daily life; books are kept in those of ISO 4217.
_ISO_4217_PLACES = {
    **dict.fromkeys(
        (
            "AFN",
            "ALL",
            "IRR",
            "KPW",
            "LAK",
            "LBP",
            "MGA",
            "MMK",
            "RSD",
            "SOS",
            "SYP",
            "YER",
        ),
        2,
    ),
    "IQD": 3,
}

_PLAIN_DECIMAL = re.compile(r"[+-]?[0-9]{1,18}(?:\.[0-9]{1,12})?", re.ASCII)


class NotADecimalError(ValueError):
    """A text that is no plain decimal number of at most 18 digits before the point and 12 after."""


def round_half_up(value: Decimal, places: int) -> Decimal:
    """Round to that many decimals; a five goes away from zero."""
    return value.quantize(_QUANTA[places], ROUND_HALF_UP, EXACT)


def round_price(value: Decimal) -> Decimal:
    """Round a unit price to its six decimals."""
    return value.quantize(_QUANTA[PRICE_PLACES], ROUND_HALF_UP, EXACT)


def round_quantity(value: Decimal) -> Decimal:
    """Round a quantity to its four decimals."""
    return value.quantize(_QUANTA[QUANTITY_PLACES], ROUND_HALF_UP, EXACT)


@lru_cache(maxsize=512)
def minor_unit_places(currency: str) -> int:
    """Decimals of a currency by ISO 4217: USD 2, JPY 0, BHD 3; two for a word it does not know."""
    return _ISO_4217_PLACES.get(currency, get_currency_precision(currency))


def minor_unit(currency: str) -> Decimal:
    """Return the smallest amount of a currency: 0.01 for USD, 1 for JPY."""
    return _QUANTA[minor_unit_places(currency)]


def round_money(value: Decimal, currency: str) -> Decimal:
    """Make an amount of money: rounded half up to the currency's minor unit."""
    return value.quantize(_QUANTA[minor_unit_places(currency)], ROUND_HALF_UP, EXACT)


def allocate(total: Decimal, weights: Sequence[Decimal], quantum: Decimal) -> list[Decimal]:
    """Split ``total`` by weight into parts of whole ``quantum`` that add up to it exactly.

    Largest remainders: each part is cut to the quantum below its exact share, and what is
    left goes, a quantum each, to the parts that lost most; among equals the heavier, then
    the earlier part. Negative weights get nothing. Without any weight the first part takes
    all. A total finer than the quantum is split in its own last digit instead.
    """
    if not weights:
        if total:
            raise ValueError("An amount cannot be split over no parts.")
        return []
    exponent = total.as_tuple().exponent
    if isinstance(exponent, int) and total != EXACT.quantize(total, quantum):
        quantum = Decimal(1).scaleb(exponent)
    heights = [max(weight, ZERO) for weight in weights]
    whole = sum(heights, ZERO)
    if not whole:
        return [total, *(ZERO for _ in weights[1:])]
    exact = [EXACT.divide(EXACT.multiply(total, height), whole) for height in heights]
    parts = [share.quantize(quantum, ROUND_DOWN, EXACT) for share in exact]
    left = int(EXACT.divide(abs(total - sum(parts, ZERO)), quantum))
    step = quantum if total > 0 else -quantum
    by_loss = sorted(range(len(parts)), key=lambda n: (-abs(exact[n] - parts[n]), -heights[n], n))
    for n in by_loss[:left]:
        parts[n] += step
    return parts


def plain_decimal(value: Decimal) -> str:
    """Write a number without exponent, trailing zeros or a minus before zero."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def parse_decimal(text: str, *, decimal_comma: bool = False) -> Decimal:
    """Read a plain decimal number; blanks around it are ignored.

    Refused, never guessed: an empty text, NaN, infinities, exponents (``1e400``), thousands
    separators, digits of other scripts, and anything with words in it.
    """
    plain = text.strip()
    if decimal_comma and "." not in plain:
        plain = plain.replace(",", ".", 1)
    if not _PLAIN_DECIMAL.fullmatch(plain):
        raise NotADecimalError(f"{text!r} is not a plain decimal number.")
    return Decimal(plain)
