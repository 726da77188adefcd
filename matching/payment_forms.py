"""Forms of payment batches, their files and the accounts they leave from."""

from __future__ import annotations

from typing import Any

import django_filters
from babel.numbers import list_currencies
from django import forms
from django.db.models import QuerySet

from matching.models import PaymentFile, SupplierInvoice
from suppliers.models import Supplier


def _suppliers(request: Any) -> QuerySet[Supplier]:
    suppliers: QuerySet[Supplier] = Supplier.objects.all()
    return suppliers


class PayableFilter(django_filters.FilterSet):  # type: ignore[misc]
    """What is to be paid, by supplier, currency, and the days it falls due."""

    supplier = django_filters.ModelChoiceFilter(
        label="Supplier", queryset=_suppliers, to_field_name="public_id", empty_label="Any supplier"
    )
    currency = django_filters.ChoiceFilter(label="Currency", empty_label="Any currency")
    due_from = django_filters.DateFilter(label="Due from", field_name="due_on", lookup_expr="gte")
    due_to = django_filters.DateFilter(label="Due to", field_name="due_on", lookup_expr="lte")

    class Meta:
        model = SupplierInvoice
        fields = ["supplier", "currency", "due_from", "due_to"]

    def __init__(self, *args: Any, currencies: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["currency"].extra["choices"] = [(code, code) for code in currencies]


class FileForm(forms.Form):
    """Which file a released batch leaves as."""

    file_format = forms.ChoiceField(label="File", choices=PaymentFile.Format.choices)
    account_code = forms.CharField(
        label="Ledger account of bills",
        max_length=40,
        required=False,
        help_text="For QuickBooks and Xero, as it stands in their chart of accounts.",
    )


class PayingAccountForm(forms.Form):
    """A bank account of ours that payments leave from."""

    holder = forms.CharField(label="Account holder", max_length=70)
    iban = forms.CharField(
        label="IBAN", max_length=42, required=False, help_text="Or the account and routing number."
    )
    account_number = forms.CharField(label="Account number", max_length=34, required=False)
    routing_number = forms.CharField(
        label="Routing number", max_length=20, required=False,
        help_text="Of the bank: nine digits in the United States, else its sort code.",
    )  # fmt: skip
    bic = forms.CharField(label="BIC", max_length=11, required=False)
    bank_name = forms.CharField(label="Bank", max_length=200, required=False)
    currency = forms.CharField(max_length=3, initial="EUR", help_text="Three letters, as EUR.")

    def clean_currency(self) -> str:
        currency = str(self.cleaned_data["currency"]).upper()
        if currency not in list_currencies():
            raise forms.ValidationError(f"“{currency}” is not a currency such as EUR.")
        return currency
