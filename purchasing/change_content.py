"""The content of an order change: its value, its fingerprint, and its words."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from decimal import Decimal

from procure.figures import long_date, plain, quantity
from procure.money import ZERO, plain_decimal
from purchasing.content import line_amount
from purchasing.models import OrderChange, OrderChangeLine, PurchaseOrderLine


def change_hash(change: OrderChange, lines: Sequence[OrderChangeLine]) -> str:
    """A fingerprint of all that an approver of a change is shown, old beside new."""
    shown = [
        change.pk,
        change.reason,
        plain_decimal(change.value_before),
        plain_decimal(change.value_after),
        change.off_list_reason,
        change.off_list_explanation,
        [_shown_of(line) for line in sorted(lines, key=lambda line: line.line_no)],
    ]
    return hashlib.sha256(json.dumps(shown).encode()).hexdigest()


def _shown_of(line: OrderChangeLine) -> list[object]:
    figures = (
        line.quantity_before, line.quantity_after, line.unit_price_before, line.unit_price_after,
    )  # fmt: skip
    return [
        line.line_no,
        line.sku_id,
        line.is_added,
        line.cancels_rest,
        line.price_reason,
        *(None if figure is None else plain_decimal(figure) for figure in figures),
        *(str(day) if day else "" for day in (line.expected_before, line.expected_after)),
    ]


def committed_value(currency: str, lines: Sequence[PurchaseOrderLine]) -> Decimal:
    """What the lines are worth without what is cancelled."""
    return sum((line_amount(awaited(line), line.unit_price, currency) for line in lines), ZERO)


def awaited(line: PurchaseOrderLine) -> Decimal:
    """What of a line is to be delivered in all."""
    ordered, cancelled = Decimal(line.ordered_quantity), Decimal(line.cancelled_quantity)
    return ordered - cancelled


def in_words(wanted: Sequence[OrderChangeLine]) -> str:
    """A change as one sentence for the trail and the mail: “Line 1: 105 instead of 100.”"""
    said = []
    for line in wanted:
        words = []
        if line.is_added:
            words.append(f"{quantity(line.quantity_after)} {line.sku} added")
        elif line.cancels_rest:
            words.append("the rest cancelled")
        elif line.quantity_after != line.quantity_before:
            words.append(_instead(line.quantity_after, line.quantity_before, most=4))
        if not line.is_added and line.unit_price_after != line.unit_price_before:
            price = _instead(line.unit_price_after, line.unit_price_before, most=6)
            words.append(f"price {price}")
        if not line.is_added and line.expected_after != line.expected_before:
            words.append(f"expected {long_date(line.expected_after)}")
        said.append(f"Line {line.line_no}: {', '.join(words)}.")
    return " ".join(said[:6]) + (f" And {len(said) - 6} more lines." if len(said) > 6 else "")


def _instead(after: Decimal, before: Decimal | None, *, most: int) -> str:
    now, then = (plain(one, least=0, most=most) for one in (after, before or ZERO))
    return f"{now} instead of {then}"
