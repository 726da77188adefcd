"""Form fields with the bounds that every screen shares."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, TypeVar

from django import forms

from procure.columns import SOUND_YEARS
from procure.errors import BusinessRuleError

Day = TypeVar("Day", bound=date)


def require_sound_year(day: date, field: str) -> None:
    """Refuses a day whose year is a slip of the keyboard: later steps count days from it."""
    if day.year not in SOUND_YEARS:
        raise BusinessRuleError(
            field, f"The year of {day.isoformat()[:10]} cannot be right.", field
        )


class DayField(forms.DateField):
    """A day that somebody typed, in a year that can be right."""

    def to_python(self, value: Any) -> date | None:
        day = super().to_python(value)
        return None if day is None else _with_sound_year(day)


class MomentField(forms.DateTimeField):
    """A day and time that somebody typed, in a year that can be right."""

    def to_python(self, value: Any) -> datetime | None:
        moment = super().to_python(value)
        return None if moment is None else _with_sound_year(moment)


def _with_sound_year(day: Day) -> Day:
    try:
        require_sound_year(day, "year")
    except BusinessRuleError as error:
        raise forms.ValidationError(error.message, code=error.code) from error
    return day
