"""Figures in templates: `{{ order.total|money:order.currency }}`, `{{ share|percent }}`.

Each is escaped like any text and is right-aligned by the class pc-number on its cell.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from operator import attrgetter

from django import template

from procure import figures
from procure.units import unit_symbol

register = template.Library()

_PLURAL = re.compile(r"(ie|(?<=ss)e|(?<=x)e)?s\b")

register.filter("unit_price", figures.unit_price)
register.filter("quantity", figures.quantity)
register.filter("about", figures.about)
register.filter("short_date", figures.short_date)
register.filter("long_date", figures.long_date)
register.filter("moment", figures.moment)
register.filter("unit", unit_symbol)


@register.filter
def money(value: object, currency: str = "USD") -> str:
    """`{{ amount|money:"EUR" }}`: 4,226.00."""
    return figures.money(value, currency)


@register.filter
def counted(noun: str, count: int) -> str:
    """`{{ "list entries"|counted:1 }}`: 1 list entry. The noun comes in the plural."""
    if count == 1:
        noun = _PLURAL.sub(lambda ending: "y" if ending[1] == "ie" else "", noun, count=1)
    return f"{figures.quantity(count)} {noun}"


@register.simple_tag
def one_currency(rows: Iterable[object], path: str = "currency") -> str:
    """`{% one_currency page "invoice.currency" as currency %}`: what all rows share, for the head of
    their column, so that no cell repeats it. Nothing where they differ: then each cell says its own."""
    found = set(map(attrgetter(path), rows))
    return str(found.pop()) if len(found) == 1 else ""


@register.filter
def percent(value: object, places: int = 1) -> str:
    """`{{ share|percent }}`: 91.4%; `{{ share|percent:0 }}`: 91%."""
    return figures.percent(value, places)


@register.filter
def days(value: object, places: int | None = None) -> str:
    """`{{ lead_time|days }}`: 14 d; with `:1` always one decimal."""
    return figures.days(value, places)


@register.filter
def signed(value: object, kind: str = "quantity") -> str:
    """A difference with its sign: `{{ d|signed:"percent" }}` is +3.9%, `signed:"EUR"` is −52.51.

    Kinds are quantity, unit_price, percent, points, days, or a currency code for money.
    """
    if kind == "points":
        return figures.points(value)
    if kind == "unit_price":
        return figures.unit_price(value, signed=True)
    if kind == "percent":
        return figures.percent(value, signed=True)
    if kind == "days":
        return figures.days(value, signed=True)
    if kind == "quantity":
        return figures.quantity(value, signed=True)
    return figures.money(value, kind, signed=True)
