"""The form of what was agreed with a supplier about billing ourselves."""

from __future__ import annotations

from decimal import Decimal

from django import forms
from django.utils import timezone

from matching.settlement_terms import AGEING_DAYS, SettlementTerms
from matching.settling_receipts import MOST_AGEING_DAYS, TermsDetails
from procure.form_fields import DayField
from procure.money import ZERO
from suppliers.models import Supplier


class SettlementTermsForm(forms.Form):
    """Which supplier, its tax, from which receipts on, after how many days."""

    supplier: forms.ModelChoiceField[Supplier] = forms.ModelChoiceField(
        queryset=None, to_field_name="public_id", empty_label="Choose a supplier"
    )
    tax_code = forms.ChoiceField(
        label="Tax code", choices=[("", "Choose the tax code"), *SettlementTerms.TaxCode.choices]
    )
    tax_rate = forms.DecimalField(
        label="Tax rate in percent",
        required=False,
        min_value=ZERO,
        max_value=Decimal(100),
        decimal_places=4,
        help_text="For the standard rate only.",
    )
    ageing_days = forms.IntegerField(
        label="Settle after days",
        initial=AGEING_DAYS,
        min_value=0,
        max_value=MOST_AGEING_DAYS,
        help_text="Corrections of receipts land within this time.",
    )
    starts_on = DayField(
        label="Goods received from",
        initial=timezone.localdate,
        help_text="What came earlier is still billed by the supplier.",
    )
    note = forms.CharField(
        label="The agreement with the supplier",
        max_length=200,
        help_text="Its date and where it is kept; self-billing needs one.",
    )

    field_order = ["supplier", "note", "tax_code", "tax_rate", "starts_on", "ageing_days"]

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        choice = self.fields["supplier"]
        assert isinstance(choice, forms.ModelChoiceField)
        choice.queryset = Supplier.objects.filter(status=Supplier.Status.ACTIVE)

    @property
    def details(self) -> TermsDetails:
        """What was typed, once it is clean."""
        given = {name: value for name, value in self.cleaned_data.items() if name != "supplier"}
        return TermsDetails(**{**given, "tax_rate": given["tax_rate"] or ZERO})
