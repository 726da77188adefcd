"""Words of checks, the figures of holds, and what was typed into a cell."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

from django import template
from django.forms.boundfield import BoundField

from matching.hold_figures import compared, limit_of
from matching.queries import in_words
from matching.tolerance_forms import limits_in_words
from procure.money import plain_decimal

register = template.Library()


@register.filter
def checks_in_words(checks: Collection[str]) -> str:
    """`{{ invoice.held_by|checks_in_words }}`: Price, Quantity."""
    return in_words(checks)


@register.filter
def check_in_words(check: str) -> str:
    """`{{ hold.check_code|check_in_words }}`: Price."""
    return in_words([check])


register.filter("compared_in_words", compared)
register.filter("limit_of", limit_of)


@register.filter
def typed(bound: BoundField) -> str:
    """What stands in a cell: what was typed, else the prefilled value without trailing zeros."""
    value = bound.value()
    if value is None:
        return ""
    return plain_decimal(value) if isinstance(value, Decimal) else str(value)


register.filter("limits_in_words", limits_in_words)
