"""Read the objects of case files: strictly, saying where a mistake is.

    reader = ObjectReader(mapping, "order.lines[1]", ORDER_LINE_KEYS)
    reader.text("line"), reader.number("quantity", ZERO), …
    read_policy(mapping, "policy")
    read_rule(mapping, "limits")       the limits of a stored tolerance rule, which have more keys

Quantities, prices and amounts are strings; a JSON number is refused, as are keys nobody knows.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from matching.limits import (
    CASE_POLICY,
    DEFAULT_POLICY,
    Combine,
    Limit,
    MatchLevel,
    Mode,
    Policy,
    Sample,
)
from procure.money import ZERO, NotADecimalError, parse_decimal

Word = TypeVar("Word", bound=StrEnum)

LIMIT_KEYS = frozenset({"mode", "percent", "amount", "lower_percent", "lower_amount", "combine"})
SAMPLE_KEYS = frozenset({"percent", "threshold"})
POLICY_KEYS = frozenset(
    {
        "match_level", "header_cap", "price", "contract_price", "quantity_ordered",
        "quantity_received", "line_amount", "tax", "charge",
    }
)  # fmt: skip
# What needs more than one case to be judged: only stored rules have it.
RULE_KEYS = POLICY_KEYS | {"sample", "leakage_cap"}


class CaseFileError(ValueError):
    """A case file that cannot be read; says the key and what is wrong with it."""


class ObjectReader:
    """One JSON object, read key by key; `where` is its path for messages."""

    def __init__(self, value: object, where: str, keys: Iterable[str]) -> None:
        if not isinstance(value, dict):
            raise CaseFileError(f"{where or 'case'}: must be an object, not {_kind(value)}")
        self.values: Mapping[str, object] = value
        self.where = where
        known = frozenset(keys)
        for key in value:
            if key not in known:
                raise CaseFileError(f"{self.path(key)}: unknown key")

    def path(self, key: str) -> str:
        """Return the key with where it stands."""
        return f"{self.where}.{key}" if self.where else key

    def error(self, key: str, problem: str) -> CaseFileError:
        """Make the error that names this key."""
        return CaseFileError(f"{self.path(key)}: {problem}")

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def text(self, key: str) -> str:
        """Return a text that must be given and not be blank."""
        if key not in self.values:
            raise self.error(key, "is missing")
        value = self.values[key]
        if not isinstance(value, str):
            raise self.error(key, f"must be a string, not {_kind(value)}")
        if not value.strip():
            raise self.error(key, "must not be blank")
        return value

    def optional_text(self, key: str) -> str | None:
        """Return a text, or None when it is left out or null."""
        return None if self.values.get(key) is None else self.text(key)

    def number(self, key: str, default: Decimal | None = None) -> Decimal:
        """Return a decimal written as a string; without a default it must be given."""
        if key not in self.values and default is not None:
            return default
        return _decimal(self.text(key), self.path(key))

    def positive(self, key: str, default: Decimal | None = None) -> Decimal:
        """Return a decimal at or above zero."""
        value = self.number(key, default)
        if value < 0:
            raise self.error(key, "must not be negative")
        return value

    def optional_positive(self, key: str) -> Decimal | None:
        """Return a decimal at or above zero, or None when it is left out or null."""
        return None if self.values.get(key) is None else self.positive(key)

    def whole(self, key: str) -> int:
        """Return a whole number at or above zero written as a string; zero when left out."""
        value = self.positive(key, ZERO)
        if value != value.to_integral_value() or value > 100_000:
            raise self.error(key, "must be a whole number of days")
        return int(value)

    def word(self, key: str, words: type[Word], default: Word | None = None) -> Word:
        """Return one of the known words."""
        if key not in self.values and default is not None:
            return default
        text = self.text(key)
        try:
            return words(text)
        except ValueError:
            known = ", ".join(words)
            raise self.error(key, f"{text!r} is none of {known}") from None

    def day(self, key: str) -> date | None:
        """Return an ISO date, the day of an ISO time, or None when left out."""
        text = self.optional_text(key)
        if text is None:
            return None
        try:
            return (
                date.fromisoformat(text) if len(text) <= 10 else datetime.fromisoformat(text).date()
            )
        except ValueError:
            raise self.error(key, f"{text!r} is no date such as 2026-05-04") from None

    def numbers(self, key: str, read: Callable[[str, str], Decimal]) -> dict[str, Decimal]:
        """Return an object of decimals, each value read by ``read``; empty when left out."""
        if key not in self.values:
            return {}
        value = self.values[key]
        if not isinstance(value, dict):
            raise self.error(key, f"must be an object, not {_kind(value)}")
        inner = ObjectReader(value, self.path(key), value)
        for code in value:
            if not code.strip():
                raise self.error(key, "has a blank key")
        return {code: read(inner.text(code), inner.path(code)) for code in value}

    def items(self, key: str) -> list[tuple[object, str]]:
        """Return the members of an array, each with its path; positions count from 1."""
        if key not in self.values:
            raise self.error(key, "is missing")
        value = self.values[key]
        if not isinstance(value, list):
            raise self.error(key, f"must be an array, not {_kind(value)}")
        return [(item, f"{self.path(key)}[{n}]") for n, item in enumerate(value, 1)]


def read_limit(value: object, where: str) -> Limit:
    """Read one limit object; `limit` without any limit is refused."""
    reader = ObjectReader(value, where, LIMIT_KEYS)
    limit = Limit(
        mode=reader.word("mode", Mode),
        percent=reader.optional_positive("percent"),
        amount=reader.optional_positive("amount"),
        lower_percent=reader.optional_positive("lower_percent"),
        lower_amount=reader.optional_positive("lower_amount"),
        combine=reader.word("combine", Combine, Combine.BOTH),
    )
    given = (limit.percent, limit.amount, limit.lower_percent, limit.lower_amount)
    if limit.mode is Mode.LIMIT and all(each is None for each in given):
        raise reader.error("mode", "'limit' needs a percent or an amount")
    return limit


def read_policy(value: object, where: str = "policy") -> Policy:
    """Read the policy of a case; a limit given replaces the default one as a whole."""
    return _read_limits(ObjectReader(value, where, POLICY_KEYS), "case", CASE_POLICY)


def read_rule(value: object, where: str, *, rule: str) -> Policy:
    """Read the limits of a stored tolerance rule: a policy, a random sample and a leakage cap."""
    reader = ObjectReader(value, where, RULE_KEYS)
    policy = _read_limits(reader, rule, DEFAULT_POLICY)
    return replace(
        policy,
        sample=_read_sample(reader),
        leakage_cap=reader.optional_positive("leakage_cap"),
    )


def _read_sample(reader: ObjectReader) -> Sample | None:
    if reader.values.get("sample") is None:
        return None
    sample = ObjectReader(reader.values["sample"], reader.path("sample"), SAMPLE_KEYS)
    percent = sample.positive("percent")
    if percent > 100:
        raise sample.error("percent", "must not be over 100")
    return Sample(percent, sample.positive("threshold", ZERO))


def _read_limits(reader: ObjectReader, rule: str, base: Policy) -> Policy:
    def limit(check: str, default: Limit) -> Limit:
        return read_limit(reader.values[check], reader.path(check)) if check in reader else default

    weighed = None if "quantity_received" in reader else base.quantity_received_weighed
    return Policy(
        rule=rule,
        match_level=reader.word("match_level", MatchLevel, base.match_level),
        price=limit("price", base.price),
        contract_price=limit("contract_price", base.contract_price),
        quantity_ordered=limit("quantity_ordered", base.quantity_ordered),
        quantity_received=limit("quantity_received", base.quantity_received),
        quantity_received_weighed=weighed,
        line_amount=limit("line_amount", base.line_amount),
        charge=limit("charge", base.charge),
        tax=limit("tax", base.tax),
        header_cap=reader.optional_positive("header_cap")
        if "header_cap" in reader
        else base.header_cap,
    )


def positive_decimal(text: str, where: str) -> Decimal:
    """Read a decimal at or above zero."""
    value = _decimal(text, where)
    if value < 0:
        raise CaseFileError(f"{where}: must not be negative")
    return value


def any_decimal(text: str, where: str) -> Decimal:
    """Read a decimal of either sign."""
    return _decimal(text, where)


def _decimal(text: str, where: str) -> Decimal:
    try:
        return parse_decimal(text)
    except NotADecimalError as error:
        raise CaseFileError(f"{where}: {error}") from None


def _kind(value: object) -> str:
    kinds = {
        bool: "true or false",
        int: "a number",
        float: "a number",
        str: "a string",
        list: "an array",
        dict: "an object",
    }
    return kinds.get(type(value), "null")
