"""Geometry of a chart of shares before and after, with an amount beside each, one row per name.

Two panels with a scale of their own each: shares from 0 to 100 % as two dots, amounts as two bars.
Places are percents of a panel's width, so that a phone draws the same rows narrower. As in
`charts.py`, colours come from the tokens by class and coordinates are ready strings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from procure.charts import coordinate
from procure.figures import Number, decimal_of
from procure.money import ZERO

THINNEST = Decimal(1)


@dataclass(frozen=True, slots=True)
class BeforeAfter:
    """One row: a share in percent and an amount on both sides, with the words beside them.

    `measured_on` says what the share is of, such as 47 invoices.
    """

    name: str
    measured_on: str
    url: str
    share_before: Number
    share_after: Number
    share_words: str
    amount_before: Number
    amount_after: Number
    amount_words: str


@dataclass(frozen=True, slots=True)
class BeforeAfterChart:
    """The rows with the words over the two panels."""

    title: str
    share_label: str
    amount_label: str
    before: str
    after: str
    rows: Sequence[BeforeAfter]


@dataclass(frozen=True, slots=True)
class PlacedRow:
    """A row with its coordinates."""

    row: BeforeAfter
    dot_before: str
    dot_after: str
    bar_before: str
    bar_after: str


def place_rows(chart: BeforeAfterChart) -> list[PlacedRow]:
    """Lays the rows out: all bars on the scale of the largest amount."""
    amounts = [one for row in chart.rows for one in (row.amount_before, row.amount_after)]
    largest = max([ZERO, *(decimal_of(one) or ZERO for one in amounts)]) or Decimal(1)
    return [
        PlacedRow(
            row=row,
            dot_before=_share(row.share_before),
            dot_after=_share(row.share_after),
            bar_before=_bar(row.amount_before, largest),
            bar_after=_bar(row.amount_after, largest),
        )
        for row in chart.rows
    ]


def _share(share: Number) -> str:
    return _percent(min(max(decimal_of(share) or ZERO, ZERO), Decimal(100)))


def _bar(amount: Number, largest: Decimal) -> str:
    """What is not nothing is seen, however little."""
    value = max(decimal_of(amount) or ZERO, ZERO)
    return _percent(max(100 * value / largest, THINNEST) if value else ZERO)


def _percent(value: Decimal) -> str:
    return f"{coordinate(float(value))}%"
