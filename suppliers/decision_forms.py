"""The form on which a sourcing decision is made: what about, who is weighed, who is chosen, why."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.forms.formsets import BaseFormSet

from suppliers.deciding import Candidate
from suppliers.forms import CategoryField, SkuField
from suppliers.models import Category, Supplier

EMPTY_ROWS = 2
MOST_ROWS = 60


class DecisionScopeForm(forms.Form):
    """What is decided about; the candidates follow from it."""

    category = CategoryField(label="Category")
    sku = SkuField(label="Or only one SKU of it", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        category = self.fields["category"]
        assert isinstance(category, CategoryField)
        category.offer(Category.objects.all())


class DecisionForm(forms.Form):
    """What is decided and why, and when it is looked at again."""

    title = forms.CharField(label="What is decided", max_length=200)
    review_on = forms.DateField(label="Look at it again on", required=False)
    reason = forms.CharField(
        label="Why",
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="The figures below are kept with it; say what they do not.",
    )


class CandidateForm(forms.Form):
    """A supplier that is weighed; an empty row is left out."""

    supplier = forms.UUIDField(label="Supplier", required=False, widget=forms.Select)
    is_chosen = forms.BooleanField(label="Chosen", required=False)
    share_percent = forms.DecimalField(
        label="Share, %",
        required=False,
        min_value=Decimal("0.01"),
        max_value=100,
        max_digits=7,
        decimal_places=2,
    )
    note = forms.CharField(label="Note", required=False, max_length=500)

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
        typed = cleaned.get("is_chosen") or cleaned.get("share_percent") or cleaned.get("note")
        if typed and cleaned.get("supplier") is None and "supplier" not in self.errors:
            self.add_error("supplier", "Say which supplier this is about.")
        return cleaned


class CandidateRows(BaseFormSet[CandidateForm]):
    """The candidates as they were ticked, read into what the action takes."""

    def candidates(self) -> list[Candidate]:
        return [
            Candidate(
                supplier=cleaned["supplier"],
                is_chosen=cleaned["is_chosen"],
                share_percent=cleaned["share_percent"],
                note=cleaned["note"],
            )
            for cleaned in (form.cleaned_data for form in self.forms)
            if cleaned.get("supplier")
        ]


CandidateFormSet = cast(
    "type[CandidateRows]",
    forms.formset_factory(
        CandidateForm,
        formset=CandidateRows,
        extra=EMPTY_ROWS,
        max_num=MOST_ROWS,
        absolute_max=MOST_ROWS,
        validate_max=True,
    ),
)


def candidate_rows(sent: Any, weighed: Sequence[Supplier]) -> CandidateRows:
    """A row for each supplier that is weighed by rule, and some for others."""
    active = Supplier.objects.filter(status=Supplier.Status.ACTIVE)
    known = {one.public_id: one for one in (*weighed, *active)}
    return CandidateFormSet(
        sent,
        prefix="candidates",
        initial=[{"supplier": one.public_id} for one in weighed],
        form_kwargs={"known": known},
    )


def _address(value: Any) -> uuid.UUID:
    """The id that was sent or is prefilled; a strange text names nobody."""
    try:
        return uuid.UUID(str(value))
    except ValueError:
        return uuid.UUID(int=0)
