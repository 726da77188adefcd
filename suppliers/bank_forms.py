"""Forms for bank details: proposing them, the call-back, and turning them down."""

from __future__ import annotations

from typing import Any

from babel.numbers import list_currencies
from django import forms
from django.utils import timezone

from procure.figures import long_date
from procure.form_fields import MomentField
from suppliers.bank_changes import BankDetails
from suppliers.bank_checks import countries
from suppliers.models import BankAccount, Contact

DAY_AND_TIME = "%Y-%m-%dT%H:%M"


class BankAccountForm(forms.Form):
    """New bank details. What only looks wrong is said on the next screen, not refused here."""

    holder = forms.CharField(label="Account holder", max_length=200)
    country = forms.ChoiceField(label="Country of the bank")
    iban = forms.CharField(label="IBAN", required=False, max_length=42)
    bic = forms.CharField(label="BIC", required=False, max_length=11)
    account_number = forms.CharField(label="Or account number", required=False, max_length=40)
    routing_number = forms.CharField(
        label="Routing number or sort code", required=False, max_length=40
    )
    bank_name = forms.CharField(label="Bank", required=False, max_length=200)
    currency = forms.CharField(max_length=3, help_text="Three letters, as USD.")
    reason = forms.CharField(
        label="Who asked for it, and how it reached us",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        country = self.fields["country"]
        assert isinstance(country, forms.ChoiceField)
        names = sorted(countries().items(), key=lambda one: one[1])
        country.choices = [("", "Choose a country"), *names]

    def clean_iban(self) -> str:
        number = "".join(self.cleaned_data["iban"].split())
        if len(number) > 34:
            raise forms.ValidationError("An IBAN has at most 34 letters and digits.")
        return number

    def clean_currency(self) -> str:
        currency = str(self.cleaned_data["currency"]).upper()
        if currency not in list_currencies():
            raise forms.ValidationError(f"“{currency}” is not a currency such as USD.")
        return currency

    def details(self) -> BankDetails:
        values = {name: text for name, text in self.cleaned_data.items() if name != "reason"}
        return BankDetails(**values)


class CallBackForm(forms.Form):
    """A call about a change, to a number that was on file before it."""

    number = forms.ChoiceField(
        label="Number called",
        widget=forms.RadioSelect,
        help_text="On file before the change was proposed. No other number proves anything.",
    )
    spoke_with = forms.CharField(label="Whom you spoke with", max_length=150)
    called_at = MomentField(
        label="When",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=DAY_AND_TIME),
    )
    note = forms.CharField(
        label="What was said", max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, account: BankAccount, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["called_at"].initial = timezone.localtime()
        contacts = Contact.objects.filter(supplier_id=account.supplier_id)
        words = {one.phone: _whose(one) for one in contacts}
        number = self.fields["number"]
        assert isinstance(number, forms.ChoiceField)
        number.choices = [(phone, words.get(phone, phone)) for phone in account.phones_on_file]


def _whose(contact: Contact) -> str:
    words = f"{contact.phone}, {contact.name}"
    if contact.phone_since is None:
        return words
    return f"{words}, on file since {long_date(contact.phone_since)}"


class ConfirmationForm(forms.Form):
    """The second person's word."""

    is_compared = forms.BooleanField(
        label="I compared these details with what was said on the phone."
    )
