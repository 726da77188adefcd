"""The form that takes a supplier's statement in."""

from __future__ import annotations

from typing import Any

from babel.numbers import list_currencies
from django import forms
from django.utils import timezone

from matching.statement_files import ColumnNames, read_statement
from matching.statement_taking import StatementDetails
from procure.columns import Notation
from procure.form_fields import DayField
from procure.reading import MAXIMUM_UPLOAD_BYTES
from procure.upload_forms import DATE_FORMATS
from suppliers.models import Supplier


class StatementForm(forms.Form):
    """Whose statement of which day, the file, and what its columns are called if nobody knows."""

    supplier: forms.ModelChoiceField[Supplier] = forms.ModelChoiceField(
        queryset=None, to_field_name="public_id", empty_label="Choose a supplier"
    )
    stated_on = DayField(label="Statement of", initial=timezone.localdate)
    file = forms.FileField(
        label="CSV or XLSX file",
        help_text="As the supplier sent it, at most 10 MB. Usual names of columns are known.",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx"}),
    )
    currency = forms.CharField(
        max_length=3, required=False, help_text="Empty: the supplier’s own currency."
    )
    date_format = forms.ChoiceField(label="Days look like", choices=DATE_FORMATS, required=False)
    decimal_comma = forms.BooleanField(label="Decimals have a comma", required=False)
    number_column = forms.CharField(
        label="Column of the document’s number", max_length=100, required=False,
        help_text="These three only where the file’s names are not known.",
    )  # fmt: skip
    amount_column = forms.CharField(label="Column of the amount", max_length=100, required=False)
    dated_on_column = forms.CharField(label="Column of the day", max_length=100, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["supplier"]
        assert isinstance(choice, forms.ModelChoiceField)
        choice.queryset = Supplier.objects.exclude(status__in=Supplier.GONE)

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MAXIMUM_UPLOAD_BYTES:
            raise forms.ValidationError("The file is larger than 10 MB. Split it.")
        return file

    def clean_currency(self) -> str:
        currency = str(self.cleaned_data["currency"]).upper()
        if currency and currency not in list_currencies():
            raise forms.ValidationError(f"“{currency}” is not a currency such as EUR.")
        return currency

    def details(self) -> StatementDetails:
        """What the file says; refused like the file."""
        given = self.cleaned_data
        currency = given["currency"] or given["supplier"].currency
        lines = read_statement(
            given["file"].read(),
            Notation(given["date_format"], given["decimal_comma"], ""),
            currency_code=currency,
            names=ColumnNames(
                given["number_column"], given["dated_on_column"], given["amount_column"]
            ),
        )
        return StatementDetails(given["stated_on"], currency, lines, given["file"].name)
