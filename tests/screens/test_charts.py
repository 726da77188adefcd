"""The server's pictures: exact paths, one link per month, labels only where the target is missed."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from django.template import Context, Template
from django.utils import translation

from procure.charts import Month, MonthChart, axis, place_months
from procure.curves import CurveChart, CurvePoint, amounts_axis, place_curve, shares_axis


def drawn(source: str, **context: Any) -> str:
    return Template("{% load charts %}" + source).render(Context(context))


def test_a_sparkline_runs_on_its_own_scale_and_ends_in_a_dot() -> None:
    assert drawn("{% sparkline values %}", values=[Decimal(1), 2, 3]) == (
        '<svg class="pc-spark" viewBox="0 0 56 18" width="56" height="18" aria-hidden="true">'
        '<path d="M2.5 15.5 L28 9 L53.5 2.5"/><circle cx="53.5" cy="2.5" r="2"/></svg>'
    )


def test_a_sparkline_breaks_where_a_month_is_unknown() -> None:
    line = drawn('{% sparkline values "bad" %}', values=[1, 2, None, 2, 1])
    assert 'class="pc-spark pc-spark--bad"' in line
    assert 'd="M2.5 15.5 L15.2 2.5 M40.8 2.5 L53.5 15.5"' in line


def test_one_value_or_none_has_no_shape() -> None:
    assert drawn("{% sparkline values %}", values=[None, 5]) == ""
    assert drawn("{% sparkline values %}", values=None) == ""


def test_a_flat_series_is_a_line_in_the_middle() -> None:
    assert 'd="M2.5 9 L53.5 9"' in drawn("{% sparkline values %}", values=[4, 4])


def test_a_bar_shows_what_was_used_before_and_stops_at_the_whole() -> None:
    bar = drawn("{% bar 4406 of=100000 before=71000 %}")
    assert '<rect class="pc-bar__used" width="71" height="6"/>' in bar
    assert '<rect x="71" width="4.4" height="6"/>' in bar
    assert '<rect x="90" width="10" height="6"/>' in drawn("{% bar 50 before=90 %}")


def test_coordinates_keep_their_point_in_every_language() -> None:
    with translation.override("de"):
        assert 'width="4.4"' in drawn("{% bar 4.4 %}")


def months() -> MonthChart:
    return MonthChart(
        title="On-time deliveries by month",
        target=95,
        target_label="target 95%",
        months=[
            Month("Jul", "July: 100% of 5", 100, 5, "?month=2026-07", label="100%"),
            Month("Aug", "August: nothing due", None, 0, "?month=2026-08"),
            Month(
                "Sep", "September: 71% of 14", 71, 14, "?month=2026-09",
                label="71%", missed=True, selected=True,
            ),
        ],
    )  # fmt: skip


def test_each_month_is_a_link_with_its_words() -> None:
    chart = drawn("{% month_chart chart %}", chart=months())
    assert re.findall(r'href="([^"]+)" aria-label="([^"]+)"', chart) == [
        ("?month=2026-07", "July: 100% of 5"),
        ("?month=2026-08", "August: nothing due"),
        ("?month=2026-09", "September: 71% of 14"),
    ]
    assert chart.count('aria-current="true"') == 1
    assert 'role="group" aria-label="On-time deliveries by month"' in chart


def test_only_a_month_that_misses_the_target_is_labelled() -> None:
    chart = drawn("{% month_chart chart %}", chart=months())
    assert ">71%</text>" in chart
    assert ">100%</text>" not in chart.split("pc-chart__month", 1)[1]


def test_a_month_without_documents_breaks_the_line() -> None:
    placed = place_months(months())
    assert placed.path == "M180 18 M668 126.8"
    assert placed.months[1].point_y == ""
    assert placed.months[1].bar_height == "0"
    assert [tick[2] for tick in placed.ticks] == ["60%", "80%", "100%"]
    assert placed.target_y == "36.8"


def test_an_axis_takes_round_steps() -> None:
    assert axis([71.0, 95.0], 100) == (60.0, 100.0, 20.0)
    assert axis([100.0], 100) == (80.0, 100.0, 20.0)
    assert axis([14.2, 15.2, 17.9], None) == (14.0, 18.0, 1.0)
    assert axis([3.0], None) == (3.0, 4.0, 0.5)
    assert axis([], None)[1] > axis([], None)[0]


def test_htmx_replaces_what_the_chart_names() -> None:
    chart = drawn(
        "{% month_chart chart %}",
        chart=MonthChart(title="t", months=months().months, swap="#documents"),
    )
    assert chart.count('hx-target="#documents"') == 3


def test_a_curve_runs_through_its_points_and_names_those_with_room() -> None:
    def point(name: str, across: object, up: object) -> CurvePoint:
        return CurvePoint(name, name, Decimal(str(across)), Decimal(str(up)))

    points = [point("0%", 0, 90), point("1%", 10, 91), point("2%", 50, 94), point("5%", 200, 98)]
    placed = place_curve(
        CurveChart("T", "Up", "Across", points, point("now 1%", 10, 91), point("on trial", 50, 94))
    )
    assert [(one.x, one.y) for one in placed.points] == [
        ("0%", "224"), ("5%", "199"), ("25%", "124"), ("100%", "24"),
    ]  # fmt: skip
    assert [text for _, _, text in placed.ticks_up] == ["90%", "92%", "94%", "96%", "98%"]
    assert [value for _, value, _ in placed.ticks_across] == [0, 50, 100, 150, 200]
    assert len(placed.stretches) == 3
    assert [one.is_named for one in placed.points] == [True, False, False, True]
    assert [one.is_named_narrow for one in placed.points] == [False, False, False, True]
    assert (placed.before.anchor, placed.after.anchor, placed.points[3].anchor) == (
        "start", "start", "end",
    )  # fmt: skip
    assert (placed.after.y, placed.after.name_y) == ("124", "144")  # under it: the curve is above


@pytest.mark.parametrize(
    ("largest", "end", "ticks"),
    [("0.03", "0.03", 4), ("85.03", "100", 3), ("1278.70", "1500", 4), ("2622.8", "3000", 4)],
)
def test_an_axis_of_amounts_ends_round(largest: str, end: str, ticks: int) -> None:
    high, places = amounts_axis(Decimal(largest))
    assert (high, len(places)) == (Decimal(end), ticks)


@pytest.mark.parametrize(
    ("shares", "axis"),
    [("90 93.5", "90 94 1"), ("0 100", "0 100 25"), ("100 100", "99 100 1"), ("0 0", "0 1 1"),
     ("55.6 77.8", "50 80 10")],
)  # fmt: skip
def test_an_axis_of_shares_is_about_what_it_shows(shares: str, axis: str) -> None:
    assert " ".join(map(str, shares_axis([Decimal(one) for one in shares.split()]))) == axis
