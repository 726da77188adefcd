"""Forms for qualification, the approved vendor list and price agreements."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone

from suppliers.forms import CategoryField, SkuField
from suppliers.models import ApprovedVendor, Category, Supplier

EMPTY_ROWS = 5
MOST_ROWS = 600


class ApprovalForm(forms.Form):
    """A new entry of the approved vendor list."""

    supplier = forms.ModelChoiceField[Supplier](
        queryset=None, to_field_name="public_id", label="Supplier"
    )
    standing = forms.ChoiceField(
        choices=ApprovedVendor.Standing.choices,
        initial=ApprovedVendor.Standing.APPROVED,
        widget=forms.RadioSelect,
    )
    category = CategoryField(
        label="Category", required=False, help_text="Counts for everything below it, too."
    )
    sku = SkuField(label="Or one SKU", required=False)
    valid_from = forms.DateField(label="First day", initial=timezone.localdate)
    valid_to = forms.DateField(label="Last day", required=False)
    rank = forms.IntegerField(
        min_value=1, max_value=99, initial=1, help_text="Order among equals, 1 first."
    )
    reason = forms.CharField(
        required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        supplier = self.fields["supplier"]
        assert isinstance(supplier, forms.ModelChoiceField)
        supplier.queryset = Supplier.objects.filter(status=Supplier.Status.ACTIVE)
        _offer_categories(self.fields["category"])

    def suggest_skus(self, url: str) -> None:
        """Names the address that suggests SKUs."""
        sku = self.fields["sku"]
        assert isinstance(sku, SkuField)
        sku.suggest(url)


class ApprovalChangeForm(forms.Form):
    """A changed entry of the approved vendor list, from today on."""

    standing = forms.ChoiceField(choices=ApprovedVendor.Standing.choices, widget=forms.RadioSelect)
    rank = forms.IntegerField(min_value=1, max_value=99, help_text="Order among equals, 1 first.")
    valid_to = forms.DateField(label="Last day", required=False)
    reason = forms.CharField(
        required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )


class ApprovalEndForm(forms.Form):
    """The end of an entry."""

    last_day = forms.DateField(label="Last day", initial=timezone.localdate)
    reason = forms.CharField(max_length=300, widget=forms.Textarea(attrs={"rows": 3}))


def _offer_categories(field: forms.Field) -> None:
    assert isinstance(field, CategoryField)
    field.offer(Category.objects.all())
