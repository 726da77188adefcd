"""Geometry of a curve through named points, such as a share against money, with two of them marked.

Across, places are percents of the plot's width; down, they are pixels: a phone draws the same curve
narrower, with its words as large. As in `charts.py`, colours come from the tokens by class and
coordinates are ready strings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from itertools import pairwise

from procure.charts import coordinate
from procure.figures import Number, decimal_of, percent
from procure.money import ZERO

TOP, BOTTOM = 24.0, 224.0
WIDE, NARROW = 620.0, 250.0  # plots of a desktop and of a phone, in pixels: where words still fit
LETTER, LINE = 7.0, 14.0  # how much room a letter and a line of words take
BEFORE_ANCHOR = {"start": 0.0, "middle": 0.5, "end": 1.0}  # the part of a name left of its point
LEFT_EDGE = 30  # percent
MOST_TICKS = 4
SHARE_STEPS = (1, 2, 5, 10, 25)


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """A point by its name on the ladder; `title` is what a screen reader says of it."""

    name: str
    title: str
    across: Number
    up: Number
    url: str = ""


@dataclass(frozen=True, slots=True)
class CurveChart:
    """Points in the order of the curve; `before` and `after` are marked and need not lie on it."""

    title: str
    up_label: str
    across_label: str
    points: Sequence[CurvePoint]
    before: CurvePoint
    after: CurvePoint


@dataclass(frozen=True, slots=True)
class _Place:
    """A point in percents across and pixels down, with how its name is set."""

    x: float
    y: float
    anchor: str
    name_y: float


@dataclass(frozen=True, slots=True)
class PlacedPoint:
    """A point with its coordinates; its name is written where it has room, less often on a phone."""

    point: CurvePoint
    x: str
    y: str
    name_y: str
    anchor: str
    is_named: bool
    is_named_narrow: bool


@dataclass(frozen=True, slots=True)
class PlacedCurve:
    """All that the template needs: ticks as place and value, stretches from place to place."""

    chart: CurveChart
    ticks_up: Sequence[tuple[str, str, str]]
    ticks_across: Sequence[tuple[str, Decimal, str]]
    stretches: Sequence[tuple[str, str, str, str]]
    points: Sequence[PlacedPoint]
    before: PlacedPoint
    after: PlacedPoint


def place_curve(chart: CurveChart) -> PlacedCurve:
    """Lays the curve out: the shares that it has, the other axis from nothing."""
    every = [*chart.points, chart.before, chart.after]
    low, high, step = shares_axis([_number(one.up) for one in every])
    end, across = amounts_axis(max(_number(one.across) for one in every) or Decimal(1))

    def height(up: Decimal) -> float:
        return TOP + float((high - up) / (high - low)) * (BOTTOM - TOP)

    def place(point: CurvePoint) -> _Place:
        x, y = 100 * float(_number(point.across) / end), height(_number(point.up))
        is_marked = point is chart.before or point is chart.after
        return _Place(x, y, *(_aside(x, y) if is_marked else _above(x, y)))

    at = {id(one): place(one) for one in every}
    wide, narrow = (_with_room(chart, at, width) for width in (WIDE, NARROW))

    def placed(point: CurvePoint) -> PlacedPoint:
        here = at[id(point)]
        return PlacedPoint(
            point=point,
            x=_percent(here.x),
            y=coordinate(here.y),
            name_y=coordinate(here.name_y),
            anchor=here.anchor,
            is_named=id(point) in wide,
            is_named_narrow=id(point) in narrow,
        )

    points = [placed(one) for one in chart.points]
    ups = [low + step * place for place in range(int((high - low) / step) + 1)]
    return PlacedCurve(
        chart=chart,
        ticks_up=[
            (coordinate(height(up)), coordinate(height(up) + 4), percent(up, 0)) for up in ups
        ],
        ticks_across=[
            (_percent(100 * float(value / end)), value, _anchor(100 * float(value / end)))
            for value in across
        ],
        stretches=[
            (one.x, one.y, two.x, two.y)
            for one, two in pairwise(points)
            if (one.x, one.y) != (two.x, two.y)
        ],
        points=points,
        before=placed(chart.before),
        after=placed(chart.after),
    )


def shares_axis(shares: Sequence[Decimal]) -> tuple[Decimal, Decimal, Decimal]:
    """Both ends of an axis of percents and its step, whole ones: about what is shown, not from
    nothing, so that small differences are seen."""
    for step in (Decimal(one) for one in SHARE_STEPS):
        low = step * (min(shares) / step).to_integral_value(ROUND_FLOOR)
        high = step * (max(shares) / step).to_integral_value(ROUND_CEILING)
        if high == low:
            low, high = (low - step, high) if low else (low, high + step)
        if high - low <= MOST_TICKS * step:
            break
    return low, high, step


def amounts_axis(largest: Decimal) -> tuple[Decimal, list[Decimal]]:
    """The end of an axis from nothing, and its at most five round ticks."""
    step = next(step for step in _round_steps() if largest <= MOST_TICKS * step)
    count = max((largest / step).to_integral_value(ROUND_CEILING), Decimal(1))
    return count * step, [step * place for place in range(int(count) + 1)]


def _round_steps() -> Iterator[Decimal]:
    scale = Decimal("0.01")
    while True:
        yield from (scale * step for step in (1, 2, 5))
        scale *= 10


def _with_room(chart: CurveChart, at: dict[int, _Place], width: float) -> set[int]:
    """The points whose names do not run into each other: the marked ones first, then the ends."""
    taken: list[tuple[float, float, float]] = []
    named = set()
    ends = [*chart.points[-1:], *chart.points[:1], *chart.points[1:-1]]
    marked = (chart.after, chart.before)
    spots = {(at[id(one)].x, at[id(one)].y) for one in marked}
    steps = (one for one in ends if (at[id(one)].x, at[id(one)].y) not in spots)
    for point in (*marked, *steps):
        here = at[id(point)]
        room = len(point.name) * LETTER
        left = here.x * width / 100 - room * BEFORE_ANCHOR[here.anchor]
        mine = left, left + room, here.name_y
        if all(_is_apart(mine, other) for other in taken):
            taken.append(mine)
            named.add(id(point))
    return named


def _is_apart(one: tuple[float, float, float], two: tuple[float, float, float]) -> bool:
    return one[1] + LETTER < two[0] or two[1] + LETTER < one[0] or abs(one[2] - two[2]) >= LINE


def _above(x: float, y: float) -> tuple[str, float]:
    return _anchor(x), (y - 10 if y - 10 > LINE else y + 20)


def _aside(x: float, y: float) -> tuple[str, float]:
    """Where a rising curve is not: left of the point, or at the left edge under it."""
    if x > LEFT_EDGE:
        return "end", max(y - 10, LINE)
    return "start", (y + 20 if y + 20 < BOTTOM else y - 10)


def _anchor(x: float) -> str:
    """Words at the ends of the plot run into it."""
    return "start" if x < 8 else "end" if x > 92 else "middle"


def _number(value: Number) -> Decimal:
    return decimal_of(value) or ZERO


def _percent(value: float) -> str:
    return f"{coordinate(value)}%"
