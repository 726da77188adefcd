"""The figures of holds and limits as a person reads them; they are kept as plain numbers.

compared(hold, "USD")           expected 3,960 ea, found 4,000 ea
limit_of(hold, "USD")           "2 % and 50.00, T-14 v3"
limit_in_words("2 % and 50")    the same of a limit alone; its percent sign never leaves its number
terms_in_words(checks)          what the invoice's terms say otherwise than the order's
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from functools import partial
from typing import Any

from matching.models import Hold
from matching.results import Check
from procure.figures import decimal_of, long_date, money, quantity, unit_price
from procure.units import unit_symbol

NO_BREAK = "\u00a0"
PRICES = frozenset({Check.PRICE, Check.CONTRACT_PRICE})
QUANTITIES = frozenset({
    Check.QTY_ORDERED, Check.AWAITING_RECEIPT, Check.QTY_RECEIVED, Check.QUALITY,
})  # fmt: skip
AMOUNTS = frozenset({
    Check.HEADER_BALANCE, Check.HEADER_CAP, Check.LINE_AMOUNT, Check.CHARGE, Check.TAX,
})  # fmt: skip
# As the engine says a limit, at the beginning of what is kept.
_SIDE = r"\d[\d.]*(?: %)?(?: (?:and|or|at) \d[\d.]*)?"
_LIMIT = re.compile(rf"(?:below )?{_SIDE}(?:, below {_SIDE})?")
_FIGURE = re.compile(r"(\d+(?:\.\d+)?)( %)?")


def compared(hold: Hold, currency: str) -> str:
    """What was expected and what was found, as far as there is something to say."""
    told = (("expected", hold.expected), ("found", hold.actual))
    return ", ".join(f"{word} {_figure(hold, kept, currency)}" for word, kept in told if kept)


def _figure(hold: Hold, kept: str, currency: str) -> str:
    check = Check(hold.check_code)
    if decimal_of(kept) is None or check not in PRICES | QUANTITIES | AMOUNTS:
        return kept
    if check in PRICES:
        return unit_price(kept)
    if check in AMOUNTS:
        return money(kept, currency)
    unit = "" if hold.order_line is None else NO_BREAK + unit_symbol(hold.order_line.unit)
    return f"{quantity(kept)}{unit}"


def limit_of(hold: Hold, currency: str) -> str:
    """The limit that a hold went over and the rule that sets it."""
    is_counted = Check(hold.check_code) in QUANTITIES
    return limit_in_words(hold.rule, quantity if is_counted else partial(money, currency=currency))


def limit_in_words(text: str, amount: Callable[[Any], str] = unit_price) -> str:
    """The limit at the beginning of a text with its numbers written for people."""

    def written(found: re.Match[str]) -> str:
        return f"{quantity(found[1])}{NO_BREAK}%" if found[2] else amount(found[1])

    limit = _LIMIT.match(text)
    if limit is None:
        return text
    return _FIGURE.sub(written, limit[0]) + text[limit.end() :]


def terms_in_words(checks: Iterable[Mapping[str, Any]]) -> list[str]:
    """Where the terms differ from the order's: nobody has to act on it."""
    return [_terms(check) for check in checks if check["check"] == Check.TERMS]


def _terms(check: Mapping[str, Any]) -> str:
    order = f"order {check['order']}" if check.get("order") else "the order"
    if check.get("code") == "due date":
        theirs, ours = (date.fromisoformat(check[name]) for name in ("actual", "expected"))
        days = (theirs - ours).days
        apart = (
            f"{abs(days)} day{'' if abs(days) == 1 else 's'} {'later' if days > 0 else 'earlier'}"
        )
        return (
            f"It is due on {long_date(theirs)}, {apart} than by the terms of {order} "
            f"({long_date(ours)})."
        )
    return f"Its {check.get('code')} is {check['actual']}, that of {order} is {check['expected']}."
