"""Entries that may not hold on the same day, checked before the database would refuse them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from datetime import date
from typing import NamedTuple

from procure.figures import long_date
from procure.imports import Batch, Row


class Span(NamedTuple):
    """The days of an entry as they will be, and its row when it is in the file."""

    valid_from: date
    valid_to: date | None
    row: Row | None


Spans = dict[Hashable, dict[date, Span]]


def refuse_days_out_of_order(batch: Batch) -> None:
    """An entry does not end before it begins."""
    for row in batch.open_rows:
        if row["valid_from"] and row["valid_to"] and row["valid_to"] < row["valid_from"]:
            sentence = f"The last day is before {long_date(row['valid_from'])}."
            batch.refuse(row, "valid_to", sentence)


def refuse_overlaps(batch: Batch, spans: Mapping[Hashable, Mapping[date, Span]]) -> None:
    """Of two entries for one thing on the same day, the row that begins later is refused, or the
    earlier one when only that is in the file."""
    for entries in spans.values():
        before: Span | None = None
        for span in sorted(entries.values(), key=lambda one: one.valid_from):
            if before is None or _ends_before(before, span) or not _refuse(batch, before, span):
                before = span


def _ends_before(before: Span, span: Span) -> bool:
    return before.valid_to is not None and before.valid_to < span.valid_from


def _refuse(batch: Batch, before: Span, span: Span) -> bool:
    """Refuses one of two rows; True when it is the later one."""
    if span.row is not None:
        sentence = f"The entry from {long_date(before.valid_from)} still holds then; end it first."
        batch.refuse(span.row, "valid_from", sentence)
        return True
    if before.row is not None:
        sentence = f"Another entry begins on {long_date(span.valid_from)}; end before it."
        batch.refuse(before.row, "valid_to", sentence)
    return False
