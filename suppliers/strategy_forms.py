"""The forms of a category's strategy: what is wanted, from whom, and what may stand in."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, cast

from django import forms
from django.forms.formsets import BaseFormSet

from suppliers.forms import SkuField, active_members
from suppliers.models import CategoryStrategy, Supplier
from suppliers.strategies import MOST_MONTHS, MOST_SOURCES
from suppliers.strategy_setting import StrategyDetails
from suppliers.supplier_rows import MOST_ROWS, SupplierRowForm

EMPTY_ROWS = 2


class StrategyForm(forms.ModelForm[CategoryStrategy]):
    """What is wanted of a category; empty fields follow the category above."""

    objective = forms.CharField(
        required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 3})
    )
    minimum_sources = forms.IntegerField(
        label="Qualified sources, at least", required=False, min_value=1, max_value=MOST_SOURCES
    )
    lead_time_days = forms.IntegerField(
        label="Lead time required, days", required=False, min_value=0, max_value=2000
    )
    review_months = forms.IntegerField(
        label="Review every, months", required=False, min_value=1, max_value=MOST_MONTHS
    )

    class Meta:
        model = CategoryStrategy
        fields = ["objective", "minimum_sources", "lead_time_days", "review_months", "owner"]
        labels = {"owner": "Owner of the strategy"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owner = self.fields["owner"]
        assert isinstance(owner, forms.ModelChoiceField)
        owner.queryset = active_members()
        owner.empty_label = "As above"


class PreferredForm(SupplierRowForm):
    """A supplier that the strategy prefers, with its target share."""

    is_preferred = forms.BooleanField(label="Preferred", required=False)
    share_percent = forms.DecimalField(
        label="Target share, %",
        required=False,
        min_value=Decimal("0.01"),
        max_value=100,
        max_digits=7,
        decimal_places=2,
    )


class PreferredRows(BaseFormSet[PreferredForm]):
    """The preferred suppliers as they were ticked; a target share is a tick, too."""

    def shares(self) -> dict[Supplier, Decimal | None]:
        given = (form.cleaned_data for form in self.forms)
        return {
            cleaned["supplier"]: cleaned["share_percent"]
            for cleaned in given
            if cleaned.get("supplier")
            and (cleaned["is_preferred"] or cleaned["share_percent"] is not None)
        }


PreferredFormSet = cast(
    "type[PreferredRows]",
    forms.formset_factory(
        PreferredForm,
        formset=PreferredRows,
        extra=EMPTY_ROWS,
        max_num=MOST_ROWS,
        absolute_max=MOST_ROWS,
        validate_max=True,
    ),
)


def strategy_details(form: StrategyForm, rows: PreferredRows) -> StrategyDetails:
    """What both forms say together."""
    return StrategyDetails(**form.cleaned_data, shares=rows.shares())


class ReviewForm(forms.Form):
    """What a review found."""

    note = forms.CharField(
        label="What the review found", max_length=400, widget=forms.Textarea(attrs={"rows": 3})
    )


class SubstituteForm(forms.Form):
    """One SKU that may stand in for another."""

    sku = SkuField(label="SKU")
    substitute = SkuField(label="May be replaced by")
    note = forms.CharField(label="On which condition", required=False, max_length=300)
