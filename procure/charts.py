"""Geometry of the small pictures the server draws as SVG: sparkline, bar, months.

Only geometry and words: colours come from the tokens by class, and coordinates are ready
strings with a point, so that no locale can put a comma into a path.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from math import ceil, floor

from procure.figures import Number, decimal_of

SPARK_WIDTH, SPARK_HEIGHT, SPARK_MARGIN = 56.0, 18.0, 2.5

CHART_WIDTH, CHART_HEIGHT = 800, 252
PLOT_LEFT, PLOT_RIGHT = 58.0, 790.0
PLOT_TOP, PLOT_BOTTOM = 18.0, 168.0
VOLUME_TOP, VOLUME_BOTTOM = 192.0, 222.0
BAND_TOP, BAND_HEIGHT = 4.0, 246.0


def coordinate(value: float) -> str:
    """A number as SVG writes it, to a tenth of a unit."""
    return f"{value:.1f}".removesuffix(".0")


def _runs(points: Sequence[tuple[float, float] | None]) -> Iterator[list[tuple[float, float]]]:
    run: list[tuple[float, float]] = []
    for point in [*points, None]:
        if point is not None:
            run.append(point)
        elif run:
            yield run
            run = []


def line_path(points: Sequence[tuple[float, float] | None]) -> str:
    """A path through the points, broken where one is absent."""
    return " ".join(
        "M" + " L".join(f"{coordinate(x)} {coordinate(y)}" for x, y in run) for run in _runs(points)
    )


@dataclass(frozen=True, slots=True)
class Sparkline:
    """A line on its own scale, ending in a dot."""

    path: str
    end_x: str
    end_y: str


def sparkline(values: Sequence[Number]) -> Sparkline | None:
    """The shape of a series; None when fewer than two values are known."""
    numbers = [decimal_of(value) for value in values]
    known = [float(number) for number in numbers if number is not None]
    if len(known) < 2:
        return None
    low, high = min(known), max(known)
    step = (SPARK_WIDTH - 2 * SPARK_MARGIN) / (len(numbers) - 1)
    span = SPARK_HEIGHT - 2 * SPARK_MARGIN

    def height(value: float) -> float:
        share = 0.5 if high == low else (high - value) / (high - low)
        return SPARK_MARGIN + share * span

    points = [
        None if number is None else (SPARK_MARGIN + index * step, height(float(number)))
        for index, number in enumerate(numbers)
    ]
    end = [point for point in points if point is not None][-1]
    return Sparkline(line_path(points), coordinate(end[0]), coordinate(end[1]))


@dataclass(frozen=True, slots=True)
class Month:
    """One month of a chart: its value, the count it is measured on, and its documents.

    `label` is printed only when the month misses its target; `title` is what a screen reader
    says, as "September 2026: 71%, 10 of 14 on time".
    """

    name: str
    title: str
    value: Number
    count: int
    url: str
    label: str = ""
    missed: bool = False
    selected: bool = False


@dataclass(frozen=True, slots=True)
class MonthChart:
    """Months with one measure above and their volume beneath; never two scales on one axis.

    `unit` is written after each tick of the axis ("%", " d"). `ceiling` bounds the axis, 100
    for shares. `swap` names the element that htmx replaces when a month is picked.
    """

    title: str
    months: Sequence[Month]
    target: Number = None
    target_label: str = ""
    unit: str = "%"
    ceiling: Number = 100
    volume_label: str = "lines"
    swap: str = ""


@dataclass(frozen=True, slots=True)
class PlacedMonth:
    """A month with its coordinates."""

    month: Month
    centre: str
    band_x: str
    band_width: str
    point_y: str
    label_x: str
    label_y: str
    radius: str
    bar_x: str
    bar_y: str
    bar_width: str
    bar_height: str
    count_y: str


@dataclass(frozen=True, slots=True)
class PlacedChart:
    """Everything the template needs to draw a MonthChart."""

    chart: MonthChart
    path: str
    ticks: list[tuple[str, str, str]]
    target_y: str
    target_text_y: str
    months: list[PlacedMonth] = field(default_factory=list)


def axis(values: Sequence[float], ceiling: float | None) -> tuple[float, float, float]:
    """Low end, high end and step of an axis with two to five round steps."""
    top = max([*values, ceiling] if ceiling is not None else values, default=1.0)
    bottom = min(values, default=0.0)
    if ceiling is None and top == bottom:
        top = bottom + 1
    spread = max(top - bottom, 1e-9)
    for step in (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 500.0, 1000.0):
        if spread / step <= 4:
            break
    if ceiling is not None:
        step = max(step, float(ceiling) / 5)
    low, high = floor(bottom / step) * step, ceil(top / step) * step
    return (low if low < high else high - step), high, step


def place_months(chart: MonthChart) -> PlacedChart:
    """Lays a chart out on its fixed canvas."""
    values = [decimal_of(month.value) for month in chart.months]
    target, ceiling = decimal_of(chart.target), decimal_of(chart.ceiling)
    shown = [float(value) for value in [*values, target] if value is not None]
    low, high, step = axis(shown, None if ceiling is None else float(ceiling))
    slot = (PLOT_RIGHT - PLOT_LEFT) / max(len(chart.months), 1)
    busiest = max([month.count for month in chart.months], default=0) or 1

    def height(value: Decimal | float) -> float:
        return PLOT_TOP + (high - float(value)) / (high - low) * (PLOT_BOTTOM - PLOT_TOP)

    points: list[tuple[float, float] | None] = []
    placed: list[PlacedMonth] = []
    for index, (month, value) in enumerate(zip(chart.months, values, strict=True)):
        centre = PLOT_LEFT + (index + 0.5) * slot
        y = None if value is None else height(value)
        points.append(None if y is None else (centre, y))
        placed.append(_placed_month(month, centre, y, slot, busiest))
    placed = _clear_labels(placed, points)
    count = round((high - low) / step)
    ticks = [low + index * step for index in range(count + 1)]
    return PlacedChart(
        chart=chart,
        path=line_path(points),
        ticks=[
            (coordinate(height(tick)), coordinate(height(tick) + 4), f"{tick:g}{chart.unit}")
            for tick in ticks
        ],
        target_y="" if target is None else coordinate(height(target)),
        target_text_y="" if target is None else coordinate(height(target) + 14),
        months=placed,
    )


def _clear_labels(
    placed: list[PlacedMonth], points: list[tuple[float, float] | None]
) -> list[PlacedMonth]:
    """Moves each label away from the line that leaves its point."""
    moved = []
    for index, (month, point) in enumerate(zip(placed, points, strict=True)):
        if point is None:
            moved.append(month)
            continue
        before = points[index - 1] if index else None
        after = points[index + 1] if index + 1 < len(points) else None
        falls_left = before is not None and before[1] > point[1]
        falls_right = after is not None and after[1] > point[1]
        if falls_left and falls_right:
            moved.append(replace(month, label_y=coordinate(point[1] - 10)))
        elif falls_left or falls_right:
            aside = 16 if falls_left else -16
            moved.append(replace(month, label_x=coordinate(point[0] + aside)))
        else:
            moved.append(month)
    return moved


def _placed_month(
    month: Month, centre: float, y: float | None, slot: float, busiest: int
) -> PlacedMonth:
    """The coordinates of one month; a bar of a counted month is never thinner than 2."""
    bar = month.count / busiest * (VOLUME_BOTTOM - VOLUME_TOP)
    bar = max(bar, 2.0) if month.count else 0.0
    bar_width = min(22.0, slot * 0.5)
    return PlacedMonth(
        month=month,
        centre=coordinate(centre),
        band_x=coordinate(centre - slot * 0.46),
        band_width=coordinate(slot * 0.92),
        point_y="" if y is None else coordinate(y),
        label_x=coordinate(centre),
        label_y="" if y is None else coordinate(min(y + 18, PLOT_BOTTOM + 14)),
        radius="5" if month.selected else "3",
        bar_x=coordinate(centre - bar_width / 2),
        bar_y=coordinate(VOLUME_BOTTOM - bar),
        bar_width=coordinate(bar_width),
        bar_height=coordinate(bar),
        count_y=coordinate(VOLUME_BOTTOM - bar - 5),
    )
