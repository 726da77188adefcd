"""Every form keeps the bounds that all share: no year that cannot be right, no text without an end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django import forms
from django.urls import get_resolver

from procure.form_fields import DayField, MomentField

OURS = ("procure", "suppliers", "purchasing", "matching")
MOST_TEXT = 20_000  # characters
# Django declares these; the form bounds them when it is made.
BOUND_WHEN_MADE = {"procure.forms.SignInForm.username", "procure.forms.SignInForm.password"}


def declared_fields() -> Iterator[tuple[str, forms.Field]]:
    """The fields of every form class that a screen imports."""
    assert get_resolver().url_patterns
    waiting = list(forms.BaseForm.__subclasses__())
    seen: set[type] = set()
    while waiting:
        form = waiting.pop()
        if form in seen:
            continue
        seen.add(form)
        waiting += form.__subclasses__()
        if form.__module__.partition(".")[0] in OURS:
            for name, field in getattr(form, "base_fields", {}).items():
                yield f"{form.__module__}.{form.__name__}.{name}", field


def test_every_day_in_a_form_has_a_year_that_can_be_right() -> None:
    days = [
        (name, field)
        for name, field in declared_fields()
        if isinstance(field, forms.DateField | forms.DateTimeField)
    ]
    assert len(days) > 20
    assert [name for name, field in days if not isinstance(field, DayField | MomentField)] == []


def test_every_text_in_a_form_ends_somewhere() -> None:
    endless = [
        name
        for name, field in declared_fields()
        if isinstance(field, forms.CharField)
        and not isinstance(field, forms.UUIDField)
        and name not in BOUND_WHEN_MADE
        and (field.max_length is None or field.max_length > MOST_TEXT)
    ]
    assert not endless, "\n".join(endless)


@pytest.mark.parametrize("typed", ["0001-01-01", "1899-12-31", "2201-01-01", "9999-12-31"])
@pytest.mark.parametrize("field", [DayField(), MomentField()])
def test_a_year_that_cannot_be_right_is_refused_in_words(field: forms.Field, typed: str) -> None:
    with pytest.raises(forms.ValidationError) as refused:
        field.clean(typed)
    assert refused.value.messages == [f"The year of {typed} cannot be right."]


def test_the_first_and_the_last_sound_year_are_taken() -> None:
    assert str(DayField().clean("1900-01-01")) == "1900-01-01"
    assert str(DayField().clean("2200-12-31")) == "2200-12-31"
