"""Typed columns of imported tables: what a cell may hold, and the sentence when it does not.

A reader takes the cell's text, blanks around it removed, and gives a value or raises CellError.
Nothing is guessed, cut off or rounded: what does not fit is refused with its row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import cache
from typing import Any

from babel.numbers import list_currencies
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from procure.escaping import unprotect
from procure.money import NotADecimalError, parse_decimal
from procure.reading import TypedCell
from procure.units import canonical_unit

SMALL_INTEGER = 32_767
INTEGER = 2_147_483_647
BIG_INTEGER = 9_223_372_036_854_775_807

_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]", re.ASCII)
_WHOLE = re.compile(r"[0-9]{1,19}", re.ASCII)
_CURRENCY = re.compile(r"[A-Za-z]{3}", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
# YYYY, MM and the like for people who do not speak strptime.
_FRIENDLY = (("YYYY", "%Y"), ("MMM", "%b"), ("MON", "%b"), ("YY", "%y"), ("MM", "%m"), ("DD", "%d"))


class CellError(ValueError):
    """A cell does not hold what its column needs; the text is the sentence for the clerk."""


SOUND_YEARS = range(1900, 2201)  # of a day that somebody typed


@dataclass(frozen=True, slots=True)
class Notation:
    """How this file writes days, decimals and the place of a code in a tree (cpv, unspsc, auto)."""

    date_format: str = ""
    decimal_comma: bool = False
    code_scheme: str = ""

    @property
    def strptime_format(self) -> str:
        if "%" in self.date_format:
            return self.date_format
        text = self.date_format.upper()
        for word, directive in _FRIENDLY:
            text = text.replace(word, directive)
        return text


Reader = Callable[[str, Notation], Any]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of an import kind; `aliases` are other names the same column may have.

    A required column has to be in the file, and its cells filled unless they `may_be_blank`.
    """

    name: str
    read: Reader
    required: bool = False
    aliases: tuple[str, ...] = ()
    hint: str = ""
    may_be_blank: bool = False

    def value(self, cell: str, notation: Notation) -> Any:
        """The cell's value, None when it is blank; refused when a required cell is blank."""
        text = cell.strip()
        if not text:
            if self.required and not self.may_be_blank:
                raise CellError(f"The {self.name} is missing.")
            return None
        return self.read(cell if isinstance(cell, TypedCell) else text, notation)


def same_lines(text: str) -> str:
    """The text with one kind of line end, as imported cells have it."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def text(
    name: str, longest: int = 10_000, *, required: bool = False, aliases: tuple[str, ...] = ()
) -> Column:
    """A text of at most `longest` characters; one that is longer is refused, not cut."""

    def read(cell: str, _notation: Notation) -> str:
        return _words(unprotect(str(cell)), longest)

    return Column(name, read, required, aliases, f"text, at most {longest:,} characters")


def code(name: str, longest: int, *, required: bool = False) -> Column:
    """A code or number on one line."""

    def read(cell: str, _notation: Notation) -> str:
        return _one_line(unprotect(str(cell)), longest)

    return Column(name, read, required, (), "code")


def _words(text: str, longest: int) -> str:
    words = same_lines(text)
    if _CONTROL.search(words):
        raise CellError("The text has control characters in it.")
    if len(words) > longest:
        raise CellError(f"The text has {len(words)} characters; {longest} are the most here.")
    return words


def _one_line(text: str, longest: int) -> str:
    word = _words(text, longest)
    if "\n" in word or "\t" in word:
        raise CellError("The code has to stand on one line.")
    return word


def decimal(
    name: str,
    *,
    places: int,
    digits: int = 18,
    above: Decimal | None = None,
    least: Decimal | None = None,
    required: bool = False,
    aliases: tuple[str, ...] = (),
) -> Column:
    """A plain decimal number with at most that many places, above or at least a bound."""

    def read(cell: str, notation: Notation) -> Decimal:
        number = _number(cell, notation)
        kept = number.normalize()
        exponent = kept.as_tuple().exponent
        if isinstance(exponent, int) and -exponent > places:
            raise CellError(f"“{_shown(cell)}” has more than {places} decimals.")
        if abs(number) >= Decimal(10) ** (digits - places):
            raise CellError(f"“{_shown(cell)}” is too large.")
        if above is not None and number <= above:
            raise CellError(f"“{_shown(cell)}” has to be above {above}.")
        if least is not None and number < least:
            raise CellError(f"“{_shown(cell)}” has to be {least} or more.")
        return number

    return Column(name, read, required, aliases, "number")


def _number(cell: str, notation: Notation) -> Decimal:
    comma = notation.decimal_comma and not isinstance(cell, TypedCell)
    if comma and "." in cell:
        raise CellError(f"“{_shown(cell)}” has a point where decimals are written with a comma.")
    try:
        return parse_decimal(cell, decimal_comma=comma)
    except NotADecimalError as error:
        example = "1234,5" if comma else "1234.5"
        raise CellError(f"“{_shown(cell)}” is not a plain number such as {example}.") from error


def _shown(cell: str) -> str:
    return cell if len(cell) <= 40 else f"{cell[:40]}…"


def quantity(name: str, *, above_zero: bool = False, required: bool = False) -> Column:
    """A quantity with at most 4 decimals, not negative."""
    return decimal(
        name,
        places=4,
        above=Decimal(0) if above_zero else None,
        least=Decimal(0),
        required=required,
    )


def unit_price(name: str, *, required: bool = False) -> Column:
    """A price for one unit with at most 6 decimals, not negative."""
    return decimal(name, places=6, least=Decimal(0), required=required)


def amount(name: str, *, aliases: tuple[str, ...] = ()) -> Column:
    """Money with at most 4 decimals, of either sign."""
    return decimal(name, places=4, aliases=aliases)


def whole(name: str, *, least: int = 0, most: int = INTEGER, required: bool = False) -> Column:
    """A whole number between two bounds."""

    def read(cell: str, _notation: Notation) -> int:
        if not _WHOLE.fullmatch(cell):
            raise CellError(f"“{_shown(cell)}” is not a whole number.")
        number = int(cell)
        if not least <= number <= most:
            raise CellError(f"“{_shown(cell)}” is not between {least} and {most}.")
        return number

    return Column(name, read, required, (), "whole number")


def day(name: str, *, required: bool = False, may_be_blank: bool = False) -> Column:
    """A day as 2026-05-04, or in the file's one date format; another is refused, never guessed."""

    def read(cell: str, notation: Notation) -> date:
        found = _iso_day(cell)
        if notation.date_format and not isinstance(cell, TypedCell):
            found = _formatted_day(cell, notation) or (
                None if notation.strptime_format.startswith("%Y") else found
            )
        if found is None:
            wanted = notation.date_format or "2026-05-04"
            raise CellError(
                f"“{_shown(cell)}” is not a day written like {wanted}."
                + ("" if notation.date_format else " Name the file's date format to read others.")
            )
        if found.year not in SOUND_YEARS:
            raise CellError(f"The year of “{_shown(cell)}” cannot be right.")
        return found

    return Column(name, read, required, (), "day as 2026-05-04", may_be_blank)


def moment(name: str, *, required: bool = False) -> Column:
    """A day with a time as 2026-05-04T14:30, with or without an offset; a day alone is its begin.

    Without an offset our own time is meant. Parts of a second are dropped.
    """
    just_a_day = day(name)

    def read(cell: str, notation: Notation) -> datetime:
        found = _moment(cell) or datetime.combine(just_a_day.read(cell, notation), time.min)
        if found.year not in SOUND_YEARS:
            raise CellError(f"The year of “{_shown(cell)}” cannot be right.")
        if timezone.is_naive(found):
            found = timezone.make_aware(found)
        return found.astimezone(UTC).replace(microsecond=0)

    return Column(name, read, required, (), "day, or 2026-05-04T14:30")


def _moment(cell: str) -> datetime | None:
    try:
        return parse_datetime(cell) if _MOMENT.match(cell) else None
    except ValueError as error:
        raise CellError(f"“{_shown(cell)}” is no moment that there is.") from error


def _iso_day(cell: str) -> date | None:
    if not _ISO_DAY.fullmatch(cell):
        return None
    try:
        return date.fromisoformat(cell)
    except ValueError:
        return None


def _formatted_day(cell: str, notation: Notation) -> date | None:
    try:
        return datetime.strptime(cell, notation.strptime_format).date()  # noqa: DTZ007 - a day
    except ValueError:
        return None


def choice(name: str, values: Iterable[str], *, required: bool = False) -> Column:
    """One of a few words, in any case."""
    words = tuple(values)

    def read(cell: str, _notation: Notation) -> str:
        word = cell.lower()
        if word not in words:
            raise CellError(f"“{_shown(cell)}” is none of {', '.join(words)}.")
        return word

    return Column(name, read, required, (), ", ".join(words))


def currency(name: str, *, required: bool = False) -> Column:
    """A currency code of ISO 4217."""

    def read(cell: str, _notation: Notation) -> str:
        word = cell.upper()
        if not _CURRENCY.fullmatch(cell) or word not in _currencies():
            raise CellError(f"“{_shown(cell)}” is not a currency code such as USD.")
        return word

    return Column(name, read, required, (), "currency code such as USD")


@cache
def _currencies() -> frozenset[str]:
    return frozenset(list_currencies())


def unit(name: str) -> Column:
    """A unit of measure, kept as one word per unit."""

    def read(cell: str, _notation: Notation) -> str:
        return canonical_unit(_one_line(unprotect(str(cell)), 20))

    return Column(name, read, False, (), "unit such as EA or KGM")


def email(name: str) -> Column:
    """An e-mail address."""

    def read(cell: str, _notation: Notation) -> str:
        address = unprotect(cell)
        try:
            validate_email(address)
        except ValidationError as error:
            raise CellError(f"“{_shown(cell)}” is not an e-mail address.") from error
        if len(address) > 254:
            raise CellError("The e-mail address is too long.")
        return address

    return Column(name, read, False, (), "e-mail address")


def gtin(name: str) -> Column:
    """A trade item number of 8 to 14 digits."""

    def read(cell: str, _notation: Notation) -> str:
        if not (_WHOLE.fullmatch(cell) and 8 <= len(cell) <= 14):
            raise CellError(f"“{_shown(cell)}” is not a number of 8 to 14 digits.")
        return str(cell)

    return Column(name, read, False, (), "8 to 14 digits")


def names(name: str, longest: int) -> Column:
    """Several codes, separated by semicolons."""

    def read(cell: str, _notation: Notation) -> tuple[str, ...]:
        parts = (part.strip() for part in unprotect(cell).split(";"))
        return tuple(dict.fromkeys(_one_line(part, longest) for part in parts if part))

    return Column(name, read, False, (), "codes separated by ;")


def code_key(word: str) -> str:
    """The key under which the database compares codes: upper case, letter by letter."""
    plain = word.strip()
    key = plain.upper()
    if len(key) == len(plain):
        return key
    return "".join(letter.upper() if len(letter.upper()) == 1 else letter for letter in plain)
