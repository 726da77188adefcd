"""Why an invoice differs: guessed from the kind of its holds and their figures, said by a person."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from matching.models import Hold
from matching.questions import DifferenceCause
from matching.results import Check
from procure.figures import decimal_of

BY_CHECK = {
    Check.UOM_UNKNOWN: DifferenceCause.UNIT,
    Check.CHARGE: DifferenceCause.FREIGHT,
    Check.TAX: DifferenceCause.TAX,
    Check.AWAITING_RECEIPT: DifferenceCause.NOT_POSTED,
    Check.QTY_RECEIVED: DifferenceCause.SHORT_DELIVERY,
    Check.QUALITY: DifferenceCause.SHORT_DELIVERY,
    Check.QTY_ORDERED: DifferenceCause.OUR_ORDER,
    Check.CONTRACT_PRICE: DifferenceCause.OUR_ORDER,
    Check.PRICE: DifferenceCause.PRICE_LIST,
    Check.LINE_AMOUNT: DifferenceCause.PRICE_LIST,
    Check.HEADER_CAP: DifferenceCause.PRICE_LIST,
}
# What explains the others: a wrong unit makes every figure of its line wrong.
ORDER = (
    Check.UOM_UNKNOWN, Check.AWAITING_RECEIPT, Check.QUALITY, Check.QTY_RECEIVED, Check.PRICE,
    Check.CONTRACT_PRICE, Check.QTY_ORDERED, Check.CHARGE, Check.TAX, Check.LINE_AMOUNT,
    Check.HEADER_CAP,
)  # fmt: skip
PACK_SIZES = range(3, 1001)  # twice the price is a price
CLOSE = Decimal("0.01")


def likely_cause(holds: Sequence[Hold]) -> str:
    """The cause that is preselected.

    A price that is a whole multiple or a whole part of the ordered one is a unit; the same price
    as agreed against a dearer or cheaper order is our order.
    """
    by_check = {hold.check_code: hold for hold in holds}
    for check in ORDER:
        hold = by_check.get(check)
        if hold is None:
            continue
        if check == Check.PRICE and pack_size(hold.expected, hold.actual):
            return DifferenceCause.UNIT.value
        return BY_CHECK[check].value
    return DifferenceCause.OTHER.value


def pack_size(expected: str, actual: str) -> int | None:
    """How many fold one price is the other, where that is a whole number up to a thousand."""
    one, other = decimal_of(expected), decimal_of(actual)
    if not one or not other:
        return None
    ratio = max(one, other) / min(one, other)
    whole = ratio.to_integral_value()
    return int(whole) if int(whole) in PACK_SIZES and abs(ratio - whole) <= CLOSE * whole else None


def cause_in_words(cause: str) -> str:
    """The cause as a reason: a decision needs one, and this is one."""
    return str(DifferenceCause(cause).label) if cause else ""
