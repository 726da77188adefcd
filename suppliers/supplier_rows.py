"""Rows of a form that each are about one supplier: known ones are named, others can be chosen."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any, TypeVar

from django import forms
from django.forms.formsets import BaseFormSet

from suppliers.models import Supplier

MOST_ROWS = 60


class SupplierRowForm(forms.Form):
    """A row about a supplier; one that names nobody is left out."""

    supplier = forms.UUIDField(label="Supplier", required=False, widget=forms.Select)

    known: dict[uuid.UUID, Supplier]

    def __init__(self, *args: Any, known: dict[uuid.UUID, Supplier], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = known
        typed = self.data.get(self.add_prefix("supplier")) if self.is_bound else None
        self.shown = known.get(_address(typed or self.initial.get("supplier")))
        if self.shown is not None:
            self.fields["supplier"].widget = forms.HiddenInput()
        else:
            others = [(one.public_id, one.name) for one in known.values()]
            self.fields["supplier"].widget = forms.Select(
                choices=[("", "Another supplier"), *others],
                attrs={"class": "pc-input", "aria-label": "Another supplier"},
            )

    def clean_supplier(self) -> Supplier | None:
        address = self.cleaned_data["supplier"]
        if address is None:
            return None
        supplier = self.known.get(address)
        if supplier is None:
            raise forms.ValidationError("This supplier is not in use.", code="unknown")
        return supplier

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        typed = any(value for name, value in cleaned.items() if name != "supplier")
        if typed and cleaned.get("supplier") is None and "supplier" not in self.errors:
            self.add_error("supplier", "Say which supplier this is about.")
        return cleaned


def _address(value: Any) -> uuid.UUID:
    """The id that was sent or is prefilled; a strange text names nobody."""
    try:
        return uuid.UUID(str(value))
    except ValueError:
        return uuid.UUID(int=0)


Rows = TypeVar("Rows", bound=BaseFormSet[Any])


def supplier_rows(
    rows: type[Rows], prefix: str, sent: Any, weighed: Sequence[Supplier], initial: Any = None
) -> Rows:
    """A row for each supplier that is named, and some for others; `initial` adds to a row by id."""
    active = Supplier.objects.filter(status=Supplier.Status.ACTIVE)
    known = {one.public_id: one for one in (*weighed, *active)}
    more = initial or {}
    return rows(
        sent,
        prefix=prefix,
        initial=[{"supplier": one.public_id, **more.get(one.pk, {})} for one in weighed],
        form_kwargs={"known": known},
    )
