"""Words of checks, and what was typed into a cell."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import Any

from django import template
from django.forms.boundfield import BoundField

from matching.case_reading import read_limit
from matching.limits import Sample
from matching.queries import in_words
from matching.tolerance_forms import CHECKS, USUAL
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


@register.filter
def typed(bound: BoundField) -> str:
    """What stands in a cell: what was typed, else the prefilled value without trailing zeros."""
    value = bound.value()
    if value is None:
        return ""
    return plain_decimal(value) if isinstance(value, Decimal) else str(value)


@register.filter
def limits_in_words(limits: dict[str, Any]) -> list[tuple[str, str]]:
    """`{{ rule.limits|limits_in_words }}`: pairs of a check and its limit, such as 1 % and 25."""
    found = [
        (label, str(read_limit(limits[check], check)) if check in limits else USUAL[1].lower())
        for check, label, _ in CHECKS
        if check in limits or check == "quantity_received"
    ]
    cap = limits.get("header_cap")
    found.append(("All together", "no cap" if cap is None else f"at most {cap}"))
    if leakage := limits.get("leakage_cap"):
        found.append(("Accepted from a supplier in a month", f"at most {leakage}"))
    if sample := limits.get("sample"):
        drawn = Sample(Decimal(sample["percent"]), Decimal(sample["threshold"]))
        found.append(("Sample of clean invoices", str(drawn)))
    return found
