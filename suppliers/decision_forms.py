"""The form on which a sourcing decision is made: what about, who is weighed, who is chosen, why."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, cast

from django import forms
from django.forms.formsets import BaseFormSet

from procure.form_fields import DayField
from suppliers.deciding import Candidate
from suppliers.forms import CategoryField, SkuField
from suppliers.models import Category
from suppliers.supplier_rows import MOST_ROWS, SupplierRowForm

EMPTY_ROWS = 2


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
    review_on = DayField(label="Look at it again on", required=False)
    reason = forms.CharField(
        label="Why",
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="The figures above are kept with it; say what they do not.",
    )


class CandidateForm(SupplierRowForm):
    """A supplier that is weighed."""

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
