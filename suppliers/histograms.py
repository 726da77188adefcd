"""Statistics of whole days from their histogram, exact however many histograms were added up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

from procure.money import EXACT

Days = Counter[int]


def count_of(days: Days) -> int:
    """How many were counted."""
    return sum(days.values())


def mean_of(days: Days) -> Decimal | None:
    """The arithmetic mean; None of nothing."""
    count = count_of(days)
    if not count:
        return None
    return Decimal(sum(day * times for day, times in days.items())) / count


def quantile_of(days: Days, share: Decimal) -> Decimal | None:
    """The value below which this share lies, between two neighbours in proportion."""
    count = count_of(days)
    if not count:
        return None
    place = share * (count - 1)
    below = int(place)
    lower, upper = _values_at(days, (below, min(below + 1, count - 1)))
    return lower + (place - below) * (upper - lower)


def median_of(days: Days) -> Decimal | None:
    """The middle value, or the mean of the two middle ones."""
    return quantile_of(days, Decimal("0.5"))


def deviation_of(days: Days) -> Decimal | None:
    """The standard deviation of a sample; None below two."""
    count = count_of(days)
    if count < 2:
        return None
    total = sum(day * times for day, times in days.items())
    squares = sum(day * day * times for day, times in days.items())
    variance = Decimal(squares * count - total * total) / (count * (count - 1))
    return +variance.sqrt(EXACT)


def _values_at(days: Days, places: Sequence[int]) -> list[int]:
    values, reached = [], 0
    ordered = iter(sorted(days.items()))
    day = 0
    for place in places:
        while reached <= place:
            day, times = next(ordered)
            reached += times
        values.append(day)
    return values
