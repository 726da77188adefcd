"""Small pictures in templates, drawn by the server as SVG and coloured by classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from procure.before_after import BeforeAfterChart, place_rows
from procure.charts import MonthChart, coordinate, place_months
from procure.charts import sparkline as sparkline_of
from procure.curves import CurveChart, place_curve
from procure.figures import Number, decimal_of

register = template.Library()


def _toned(name: str, tone: str) -> str:
    return f"{name} {name}--{tone}" if tone else name


@register.simple_tag
def sparkline(values: Sequence[Number], tone: str = "") -> str:
    """`{% sparkline months tone="bad" %}`: the shape beside a number that says the same in words."""
    line = sparkline_of(list(values or ()))
    if line is None:
        return ""
    return format_html(
        '<svg class="{}" viewBox="0 0 56 18" width="56" height="18" aria-hidden="true">'
        '<path d="{}"/><circle cx="{}" cy="{}" r="2"/></svg>',
        _toned("pc-spark", tone), line.path, line.end_x, line.end_y,
    )  # fmt: skip


@register.simple_tag
def bar(share: Number, of: Number = 100, before: Number = 0, tone: str = "") -> SafeString:
    """`{% bar 4406 of=100000 before=71000 %}`: how much of the whole, beside its words.

    `before` is what was used already, drawn in grey in front of the accent part.
    """
    whole = decimal_of(of) or 1
    earlier = min(max((decimal_of(before) or 0) / whole * 100, 0), 100)
    part = min(max((decimal_of(share) or 0) / whole * 100, 0), 100 - earlier)
    return format_html(
        '<svg class="{}" viewBox="0 0 100 6" width="100" height="6" preserveAspectRatio="none" '
        'aria-hidden="true"><rect class="pc-bar__used" width="{}" height="6"/>'
        '<rect x="{}" width="{}" height="6"/></svg>',
        _toned("pc-bar", tone), coordinate(float(earlier)),
        coordinate(float(earlier)), coordinate(float(part)),
    )  # fmt: skip


@register.inclusion_tag("_pieces/month_chart.html")
def month_chart(chart: MonthChart) -> dict[str, Any]:
    """`{% month_chart chart %}`: the measure above, its volume beneath, each month a link."""
    return {"placed": place_months(chart), "chart": chart}


@register.inclusion_tag("_pieces/before_after_chart.html")
def before_after_chart(chart: BeforeAfterChart) -> dict[str, Any]:
    """`{% before_after_chart chart %}`: a share and an amount before and after, a row per name."""
    return {"placed": place_rows(chart), "chart": chart}


@register.inclusion_tag("_pieces/curve_chart.html")
def curve_chart(chart: CurveChart) -> dict[str, Any]:
    """`{% curve_chart chart %}`: a share against an amount, point by point, two of them marked."""
    placed = place_curve(chart)
    marked = [
        {"mark": "before", "placed": placed.before},
        {"mark": "after", "placed": placed.after},
    ]
    return {"placed": placed, "chart": chart, "marked": marked}
