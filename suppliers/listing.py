"""Lists: an order that stands in the address, and one page at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import F, QuerySet
from django.http import HttpRequest

ROWS_PER_PAGE = 50


def sorted_page(
    request: HttpRequest, rows: QuerySet[Any], sorts: Mapping[str, str], default: str
) -> Page[Any]:
    """The page of `?page=` in the order of `?sort=`; an unknown order is the default.

    `sorts` maps the words of the address to columns; "-" before a word turns it round. Rows
    without a value come last both ways.
    """
    wanted = request.GET.get("sort", "")
    name = wanted.removeprefix("-")
    if name not in sorts:
        wanted, name = default, default.removeprefix("-")
    column = F(sorts[name])
    order = column.desc(nulls_last=True) if wanted[:1] == "-" else column.asc(nulls_last=True)
    return Paginator(rows.order_by(order, "pk"), ROWS_PER_PAGE).get_page(request.GET.get("page"))
