"""Forms for volume commitments."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone

from procure.form_fields import DayField
from suppliers.committing import CommittedVolume
from suppliers.forms import CategoryField, SkuField
from suppliers.models import Category, PriceAgreement, Supplier, VolumeCommitment


class CommitmentForm(forms.Form):
    """What is committed to a supplier."""

    supplier = forms.ModelChoiceField[Supplier](
        queryset=None, to_field_name="public_id", label="Supplier", empty_label="Choose a supplier"
    )
    agreement = forms.ModelChoiceField[PriceAgreement](
        queryset=None,
        to_field_name="public_id",
        label="Under the agreement",
        required=False,
        empty_label="None",
    )
    category = CategoryField(
        label="Category", required=False, help_text="With everything below it. Empty: all we buy."
    )
    sku = SkuField(label="Or one SKU", required=False)
    measure = forms.ChoiceField(
        choices=VolumeCommitment.Measure.choices,
        initial=VolumeCommitment.Measure.VALUE,
        widget=forms.RadioSelect,
    )
    committed = forms.DecimalField(
        label="Committed",
        max_digits=14,
        decimal_places=4,
        help_text="A value in the supplier's currency.",
    )
    unit = forms.CharField(
        label="Unit of the quantity",
        required=False,
        max_length=20,
        help_text="Empty: the SKU's own.",
    )
    starts_on = DayField(label="First day", initial=timezone.localdate)
    ends_on = DayField(label="Last day")
    note = forms.CharField(
        required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        supplier, agreement = self.fields["supplier"], self.fields["agreement"]
        category = self.fields["category"]
        assert isinstance(supplier, forms.ModelChoiceField)
        assert isinstance(agreement, forms.ModelChoiceField)
        assert isinstance(category, CategoryField)
        supplier.queryset = Supplier.objects.filter(status=Supplier.Status.ACTIVE)
        agreement.queryset = PriceAgreement.objects.order_by("number")
        category.offer(Category.objects.all())

    def suggest_skus(self, url: str) -> None:
        """Names the address that suggests SKUs."""
        sku = self.fields["sku"]
        assert isinstance(sku, SkuField)
        sku.suggest(url)

    def volume(self) -> CommittedVolume:
        """The cleaned form as the action takes it."""
        names = ("measure", "committed", "starts_on", "ends_on", "sku", "category", "unit", "note")
        return CommittedVolume(**{name: self.cleaned_data[name] for name in names})


class CommitmentChangeForm(forms.Form):
    """How much is committed, and until when."""

    committed = forms.DecimalField(label="Committed", max_digits=14, decimal_places=4)
    ends_on = DayField(label="Last day")
    note = forms.CharField(
        required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 2})
    )


class CommitmentWithdrawForm(forms.Form):
    """Why a commitment is taken back."""

    reason = forms.CharField(max_length=300, widget=forms.Textarea(attrs={"rows": 3}))
