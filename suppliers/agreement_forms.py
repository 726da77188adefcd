"""Forms for price agreements and their rows."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, cast

from django import forms
from django.forms.formsets import BaseFormSet
from django.utils import timezone

from suppliers.agreeing import PriceRow, Step
from suppliers.forms import SkuField
from suppliers.models import PriceAgreement, Sku

EMPTY_ROWS = 5
MOST_ROWS = 600


class AgreementForm(forms.Form):
    """The head of a price agreement."""

    number = forms.CharField(label="Agreement number", max_length=60)
    valid_from = forms.DateField(label="First day", initial=timezone.localdate)
    valid_to = forms.DateField(label="Last day", required=False)
    note = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 2}))


class AgreementChangeForm(forms.ModelForm[PriceAgreement]):
    """The end and the note of an agreement."""

    class Meta:
        model = PriceAgreement
        fields = ["valid_to", "note"]
        labels = {"valid_to": "Last day"}
        help_texts = {"valid_to": "Empty: without an end."}


class EffectiveForm(forms.Form):
    """From which day changed prices hold."""

    effective_on = forms.DateField(label="Prices hold from", initial=timezone.localdate)


class PriceRowForm(forms.Form):
    """A row of an agreement; an empty one is left out."""

    sku = SkuField(label="SKU", required=False)
    minimum_quantity = forms.DecimalField(
        label="From quantity", required=False, min_value=0, max_digits=18, decimal_places=4
    )
    unit_price = forms.DecimalField(
        label="Unit price", required=False, min_value=0, max_digits=18, decimal_places=6
    )
    lead_time_days = forms.IntegerField(
        label="Lead time, days", required=False, min_value=0, max_value=2000
    )
    supplier_sku = forms.CharField(label="Supplier's code", required=False, max_length=80)
    unit = forms.CharField(label="Per", required=False, max_length=20)
    committed_quantity = forms.DecimalField(
        label="Committed", required=False, min_value=0, max_digits=18, decimal_places=4
    )
    ends = forms.BooleanField(label="Ends", required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        typed = [
            name for name in ("unit_price", "minimum_quantity") if cleaned.get(name) is not None
        ]
        if cleaned.get("sku") is None and "sku" not in self.errors and typed:
            self.add_error("sku", "Say which SKU this price is for.")
        wanted = cleaned.get("sku") is not None and not cleaned.get("ends")
        if wanted and cleaned.get("unit_price") is None and "unit_price" not in self.errors:
            self.add_error("unit_price", "Give the price of one unit.")
        return cleaned


class PriceRows(BaseFormSet[PriceRowForm]):
    """The rows of an agreement, read into what the actions take."""

    def full_clean(self) -> None:
        """Looks every typed code up at once, before the rows are read one by one."""
        if self.is_bound:
            codes = {str(form["sku"].data or "").strip().upper() for form in self.forms}
            known = {sku.code_key: sku for sku in Sku.objects.filter(code_key__in=codes - {""})}
            for form in self.forms:
                field = form.fields["sku"]
                assert isinstance(field, SkuField)
                field.known = known
        super().full_clean()

    def rows(self) -> list[PriceRow]:
        """The prices given, empty rows and ended ones left out."""
        return [
            PriceRow(
                sku=cleaned["sku"],
                unit_price=cleaned["unit_price"],
                minimum_quantity=cleaned["minimum_quantity"] or Decimal(0),
                lead_time_days=cleaned["lead_time_days"],
                supplier_sku=cleaned["supplier_sku"],
                unit=cleaned["unit"],
                committed_quantity=cleaned["committed_quantity"],
            )
            for cleaned in self._given()
            if not cleaned["ends"]
        ]

    def ended(self) -> list[Step]:
        """The steps marked to end."""
        return [
            (cleaned["sku"].pk, cleaned["minimum_quantity"] or Decimal(0))
            for cleaned in self._given()
            if cleaned["ends"]
        ]

    def _given(self) -> list[dict[str, Any]]:
        return [form.cleaned_data for form in self.forms if form.cleaned_data.get("sku")]


PriceRowFormSet = cast(
    "type[PriceRows]",
    forms.formset_factory(
        PriceRowForm,
        formset=PriceRows,
        extra=EMPTY_ROWS,
        max_num=MOST_ROWS,
        absolute_max=MOST_ROWS,
        validate_max=True,
    ),
)
