"""Figures as the cells of an order hold them, and small words of the order screens."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from django import template
from django.template import Context
from django.urls import NoReverseMatch, reverse
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from procure.figures import DASH, decimal_of, plain
from purchasing.commitments import CommitmentProgress

register = template.Library()


@register.filter
def exact_price(value: object) -> str:
    """A unit price with all the decimals it has, at least two, so that a cell loses nothing."""
    number = decimal_of(value)
    return DASH if number is None else plain(number, least=2, most=6)


@register.simple_tag
def committed(commitment: CommitmentProgress, number: Decimal | None) -> str:
    """`{% committed one one.called_off %}`: a number in the commitment's unit or currency."""
    return DASH if number is None else commitment.figure(number)


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
