"""Forms for price agreements and their rows."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, cast

from django import forms
from django.forms.formsets import BaseFormSet
from django.utils import timezone

from procure.form_fields import DayField
from suppliers.agreeing import AgreementTerms, PriceRow, Step
from suppliers.forms import SkuField
from suppliers.models import Sku

EMPTY_ROWS = 5
MOST_ROWS = 600
SMALLEST_LOT = Decimal("0.0001")


class TermsForm(forms.Form):
    """What an agreement says besides its prices."""

    is_price_fixed = forms.BooleanField(
        label="Prices are fixed until the last day", required=False, initial=True
    )
    incoterm = forms.CharField(
        label="Incoterm", required=False, max_length=10, help_text="Empty: the supplier's own."
    )
    payment_terms_days = forms.IntegerField(
        label="Payment terms, days",
        required=False,
        min_value=0,
        max_value=365,
        help_text="Empty: the supplier's own.",
    )

    def values(self) -> dict[str, Any]:
        """The cleaned form as the actions take it: the terms together, the rest by name."""
        cleaned = dict(self.cleaned_data)
        terms = AgreementTerms(
            is_price_fixed=cleaned.pop("is_price_fixed"),
            incoterm=cleaned.pop("incoterm").strip().upper(),
            payment_terms_days=cleaned.pop("payment_terms_days"),
        )
        return {**cleaned, "terms": terms}


class AgreementForm(TermsForm):
    """The head of a price agreement."""

    number = forms.CharField(label="Agreement number", max_length=60)
    valid_from = DayField(label="First day", initial=timezone.localdate)
    valid_to = DayField(label="Last day", required=False)
    note = forms.CharField(
        required=False, max_length=8000, widget=forms.Textarea(attrs={"rows": 2})
    )

    field_order = ["number", "valid_from", "valid_to"]


class AmendingForm(forms.Form):
    """A change of an agreement as it was shown, with the reason for it."""

    version_shown = forms.IntegerField(widget=forms.HiddenInput, required=False)
    reason = forms.CharField(
        label="Why it changes", required=False, max_length=1000, help_text="Kept with the version."
    )


class AgreementChangeForm(AmendingForm, TermsForm):
    """The end, the terms and the note of an agreement."""

    valid_to = DayField(label="Last day", required=False, help_text="Empty: without an end.")
    note = forms.CharField(
        required=False, max_length=8000, widget=forms.Textarea(attrs={"rows": 2})
    )

    field_order = ["valid_to", "incoterm", "payment_terms_days", "is_price_fixed", "note"]


class EffectiveForm(AmendingForm):
    """From which day changed prices hold."""

    effective_on = DayField(label="Prices hold from", initial=timezone.localdate)

    field_order = ["effective_on", "reason"]


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
    minimum_order_quantity = forms.DecimalField(
        label="Order at least",
        required=False,
        min_value=SMALLEST_LOT,
        max_digits=18,
        decimal_places=4,
    )
    order_multiple = forms.DecimalField(
        label="In multiples of",
        required=False,
        min_value=SMALLEST_LOT,
        max_digits=18,
        decimal_places=4,
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
                minimum_order_quantity=cleaned["minimum_order_quantity"],
                order_multiple=cleaned["order_multiple"],
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
