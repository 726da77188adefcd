"""The curve of a trial: one limit at every value of its ladder, as a picture and in numbers.

It shows all invoices, or those of the supplier or category that the address names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from matching.ladders import VARIED, Varied
from matching.models import ToleranceTrial
from matching.trial_results import Compared, Side, TrialResult
from procure.curves import CurveChart, CurvePoint
from procure.figures import money, percent, quantity


@dataclass(frozen=True, slots=True)
class CurveRow:
    """One value with what it would have meant; `is_now` and `is_on_trial` mark two of them."""

    name: str
    side: Side
    rate: Decimal | None
    more_touchless: int
    more_let_pass: Decimal
    url: str = ""
    is_now: bool = False
    is_on_trial: bool = False


@dataclass(frozen=True, slots=True)
class Curve:
    """The rows of what was chosen, drawn; `is_flat` when no value makes any difference."""

    varied: Varied
    of: Compared
    rows: Sequence[CurveRow]
    chart: CurveChart
    is_flat: bool


def curve_of(
    trial: ToleranceTrial,
    result: TrialResult,
    asked: Mapping[str, str],
    *,
    currency: str,
    try_url: str = "",
) -> Curve | None:
    """What the limit's values mean; none for a trial without a ladder or without invoices.

    With `try_url` each value leads to the form that tries it.
    """
    varied, of = VARIED.get(trial.varied), _chosen(result, asked)
    if varied is None or not of.steps:
        return None
    steps = [
        _row(
            of, side, _words(value, varied, currency),
            url=f"{try_url}&at={value}" if try_url else "",
            is_on_trial=value == result.value_on_trial,
        )
        for value, side in zip(result.ladder, of.steps, strict=True)
    ]  # fmt: skip
    now = _row(of, of.now, _words(result.value_now, varied, currency), is_now=True)
    on_trial = _row(
        of, of.on_trial, _words(result.value_on_trial, varied, currency), is_on_trial=True
    )
    is_on_ladder = any(row.is_on_trial for row in steps)
    return Curve(
        varied=varied,
        of=of,
        rows=[now, *steps, *([] if is_on_ladder else [on_trial])],
        chart=_chart(varied, steps, now, on_trial, currency),
        is_flat=len({(side.touchless, side.let_pass) for side in of.steps}) == 1,
    )


def _chosen(result: TrialResult, asked: Mapping[str, str]) -> Compared:
    """The supplier or the category that the address names, else all."""
    for parameter, compared in (("supplier", result.suppliers), ("category", result.categories)):
        for one in compared:
            if asked.get(parameter) == (one.key or "none"):
                return one
    return result.total


def _row(of: Compared, side: Side, name: str, *, url: str = "", **marks: bool) -> CurveRow:
    return CurveRow(
        name=name,
        side=side,
        rate=of.rate(side),
        more_touchless=side.touchless - of.now.touchless,
        more_let_pass=side.let_pass - of.now.let_pass,
        url=url,
        **marks,
    )


def _words(value: Decimal | None, varied: Varied, currency: str) -> str:
    if value is None:
        return ""  # not limited, or its checks differ: the limits beside it say so
    if not varied.is_percent:
        return money(value, currency)
    return percent(value, max(0, -int(value.as_tuple().exponent)))


def _chart(
    varied: Varied, steps: Sequence[CurveRow], now: CurveRow, on_trial: CurveRow, currency: str
) -> CurveChart:
    return CurveChart(
        title=f"Share of invoices that pass untouched against money let pass. {varied.label}",
        up_label="Pass untouched",
        across_label=f"Let pass unseen, {currency}",
        points=[_point(row, row.name, currency) for row in steps],
        before=_point(now, f"now {now.name}".strip(), currency),
        after=_point(on_trial, f"on trial {on_trial.name}".strip(), currency),
    )


def _point(row: CurveRow, name: str, currency: str) -> CurvePoint:
    return CurvePoint(
        name=name,
        title=f"{name}: {percent(row.rate)} pass untouched ({quantity(row.side.touchless)} "
        f"invoices), {money(row.side.let_pass, currency)} let pass",
        across=row.side.let_pass,
        up=row.rate,
        url=row.url,
    )
