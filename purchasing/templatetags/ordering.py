"""Figures as the cells of an order hold them, and small words of the order screens."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from django import template
from django.template import Context
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from procure.figures import DASH, decimal_of, money, plain, quantity, short_date
from procure.units import unit_symbol
from purchasing.commitments import CommitmentProgress
from purchasing.order_form import FormLine

register = template.Library()


@register.filter
def exact_price(value: object) -> str:
    """A unit price with all the decimals it has, at least two, so that a cell loses nothing."""
    number = decimal_of(value)
    return DASH if number is None else plain(number, least=2, most=6)


MARK = "\x1f"  # between the words of a row and the places of its figures
LINE_PLACES = (
    "key", "number", "sku", "description", "quantity", "unit", "unit_price", "hint",
    "price_reason", "reason_hidden", "arrives", "amount",
)  # fmt: skip


@register.simple_tag(takes_context=True)
def order_lines(context: Context, lines: Sequence[FormLine]) -> SafeString:
    """`{% order_lines lines %}`: the rows of the order form, one for each line.

    Their template is drawn once, with a mark at each place, and then filled in for every line:
    300 lines drawn one by one took three times as long as all the rest of the form.
    """
    marks = {name: f"{MARK}{name}{MARK}" for name in LINE_PLACES}
    drawn = render_to_string("purchasing/_order_line.html", {"base": context["base"], **marks})
    words = drawn.split(MARK)
    currency = context["order"].currency
    rows = []
    for row in lines:
        filled = words.copy()
        values = _places_of(row, currency)
        filled[1::2] = [values[name] for name in words[1::2]]
        rows.append("".join(filled))
    return mark_safe("".join(rows))


def _places_of(row: FormLine, currency: str) -> dict[str, str]:
    line = row.line
    keeps_quiet = not row.is_edited and not line.price_reason
    values: dict[str, str] = {
        "key": row.key,
        "number": str(line.line_no),
        "sku": line.sku.code if line.sku else "",
        "description": line.description,
        "quantity": quantity(line.ordered_quantity),
        "unit": unit_symbol(line.unit),
        "unit_price": exact_price(line.unit_price),
        "hint": line_hint(row),
        "price_reason": line.price_reason,
        "reason_hidden": " hidden" if keeps_quiet else "",
        "arrives": short_date(row.arrives_on) if row.arrives_on else "",
        "amount": money(line.amount, currency),
    }
    return {name: str(conditional_escape(value)) for name, value in values.items()}


@register.filter
def line_hint(row: FormLine) -> SafeString:
    """`{{ row|line_hint }}`: the small print under a price, the agreed one when it was edited."""
    if row.is_edited:
        agreed = exact_price(row.line.agreed_price)
        return format_html('<s class="pc-line__struck">{}</s> agreed', agreed)
    if not row.hint and not row.source:
        return SafeString("")
    source = (
        format_html('<span class="pc-line__source">{}</span>', row.source) if row.source else ""
    )
    between = " " if row.source and row.hint else ""
    tone = format_html(' class="pc-{}"', row.hint_tone) if row.hint_tone else ""
    return format_html("{}{}<span{}>{}</span>", source, between, tone, row.hint)


@register.simple_tag
def committed(commitment: CommitmentProgress, number: Decimal | None, said: str = "") -> str:
    """`{% committed one one.called_off %}`: a number in the commitment's unit or currency.

    `said` is the currency that the column's head names: the cell leaves it out.
    """
    words = DASH if number is None else commitment.figure(number)
    return words.removesuffix(f" {said}") if said else words


@register.filter
def magnitude(value: object) -> object:
    """The size of a number whose sign the words around it say."""
    number = decimal_of(value)
    return None if number is None else abs(number)


@register.filter
def usual(span: timedelta | None) -> str:
    """How long an approver usually takes."""
    if span is None:
        return ""
    hours = span.total_seconds() / 3600
    if hours < 1:
        return "usually within an hour"
    if hours < 48:
        return f"usually within {round(hours)} h"
    return f"usually within {round(hours / 24)} d"


@register.filter
def marked(text: str, words: Sequence[str]) -> SafeString:
    """The text with what was typed marked in it, each word at its first place."""
    spots: list[tuple[int, int]] = []
    for word in words:
        start = text.casefold().find(word.casefold())
        end = start + len(word)
        if start >= 0 and all(end <= begin or start >= stop for begin, stop in spots):
            spots.append((start, end))
    parts, at = [], 0
    for start, end in sorted(spots):
        parts += [
            conditional_escape(text[at:start]),
            format_html("<mark>{}</mark>", text[start:end]),
        ]
        at = end
    parts.append(conditional_escape(text[at:]))
    return mark_safe("".join(parts))


@register.simple_tag(takes_context=True)
def url_or_none(context: Context, name: str, public_id: object) -> str:
    """The address of another app's screen in this organization, or "" while there is none."""
    slug = context["request"].organization.slug
    try:
        return reverse(name, args=[slug, public_id])
    except NoReverseMatch:
        return ""
