"""Entries that hold for a time: from a first day to a last one, both included, or open."""

from __future__ import annotations

from datetime import date

from django.db.models import Q

from procure.errors import BusinessRuleError
from procure.figures import long_date


def valid_on(on: date, prefix: str = "") -> Q:
    """Rows whose days contain `on`."""
    begun = Q(**{f"{prefix}valid_from__lte": on})
    return begun & (Q(**{f"{prefix}valid_to__isnull": True}) | Q(**{f"{prefix}valid_to__gte": on}))


def require_days_in_order(first: date, last: date | None, field: str = "valid_to") -> None:
    """Refuses an end before the beginning."""
    if last is not None and last < first:
        raise BusinessRuleError(
            "days_out_of_order", f"The last day is before {long_date(first)}.", field
        )
