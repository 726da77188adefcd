"""Forms of the ground: signing in, joining, people, the organization's settings."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from babel.core import Locale, UnknownLocaleError
from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.core.validators import MaxLengthValidator

from procure.errors import BusinessRuleError
from procure.models import Location, Membership, Organization, User
from procure.permissions import Role
from procure.tenancy import current_organization_id

MOST_PASSWORD = 1000  # characters; hashing more is work that anybody could make


def first_error(form: forms.BaseForm) -> str:
    """What a form that is not shown again refuses first, in words."""
    name, errors = next(iter(form.errors.items()))
    label = form[name].label if name in form.fields else ""
    return f"{label}: {errors[0]}" if label else str(errors[0])


def add_rule_error(form: forms.BaseForm, error: BusinessRuleError) -> None:
    """Shows a refusal at its field, or above the form when it names none of the form's."""
    form.add_error(error.field if error.field in form.fields else None, error.message)


class SignInForm(AuthenticationForm):
    """Signing in by e-mail address, in whatever case it is typed."""

    error_messages = {
        "invalid_login": "E-mail address or password is not right.",
        "inactive": "This account is closed.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "E-mail address"
        password = self.fields["password"]
        password.validators.append(MaxLengthValidator(MOST_PASSWORD))
        self.fields["username"].widget = forms.EmailInput(
            attrs={"autocomplete": "username", "autofocus": True}
        )

    def clean_username(self) -> str:
        return str(self.cleaned_data["username"]).strip().lower()


class JoinForm(forms.Form):
    """What a person without an account gives when joining."""

    full_name = forms.CharField(
        label="Your name",
        max_length=150,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    password = forms.CharField(
        label="Password",
        required=False,
        strip=False,
        max_length=MOST_PASSWORD,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class InvitationForm(forms.Form):
    """Whom to invite, as what."""

    email = forms.EmailField(label="E-mail address")
    roles = forms.MultipleChoiceField(
        label="Roles", choices=Role.choices, widget=forms.CheckboxSelectMultiple
    )


class MembershipForm(forms.ModelForm[Membership]):
    """A member's roles, limit and lead."""

    roles = forms.MultipleChoiceField(
        label="Roles", choices=Role.choices, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = Membership
        fields = ["roles", "acceptance_limit", "lead", "is_active"]
        labels = {
            "acceptance_limit": "May accept differences up to",
            "lead": "Their lead",
            "is_active": "Active member",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        lead = self.fields["lead"]
        assert isinstance(lead, forms.ModelChoiceField)
        lead.queryset = User.objects.filter(
            memberships__organization_id=current_organization_id(),
            memberships__is_active=True,
        ).order_by("full_name")


class OrganizationForm(forms.ModelForm[Organization]):
    """The organization's name and its rules for deliveries."""

    class Meta:
        model = Organization
        fields = [
            "name",
            "locale",
            "time_zone",
            "due_date_basis",
            "early_days",
            "late_days",
            "skip_weekends",
            "over_receipt",
            "over_receipt_percent",
            "exception_lapse_days",
            "separate_supplier_approval",
            "bank_waiting_days",
        ]
        labels = {
            "due_date_basis": "Deliveries are measured against the",
            "early_days": "Days early that still count as on time",
            "late_days": "Days late that still count as on time",
            "skip_weekends": "Leave weekends out",
            "over_receipt": "Receiving more than ordered",
            "over_receipt_percent": "Limit over the ordered quantity, %",
            "exception_lapse_days": "An exception holds while the order is sent within, days",
            "separate_supplier_approval": "Who adds a supplier does not qualify it",
            "bank_waiting_days": "Waiting period for new bank details, days",
        }

    def clean_locale(self) -> str:
        return known_locale(self.cleaned_data["locale"])

    def clean_time_zone(self) -> str:
        return known_time_zone(self.cleaned_data["time_zone"])


class LocationForm(forms.ModelForm[Location]):
    """A place goods are shipped to."""

    address = forms.CharField(
        required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 4})
    )

    class Meta:
        model = Location
        fields = ["code", "name", "address", "country", "is_active"]
        labels = {"is_active": "In use"}


class PreferencesForm(forms.ModelForm[User]):
    """A person's own settings."""

    class Meta:
        model = User
        fields = ["full_name", "theme", "locale", "letter_keys"]
        labels = {
            "full_name": "Your name",
            "locale": "Numbers and dates as in",
            "letter_keys": "Single-letter keys on work screens",
        }

    def clean_locale(self) -> str:
        text = self.cleaned_data["locale"]
        return known_locale(text) if text else ""


def known_locale(text: str) -> str:
    """A locale such as en_US that numbers can be written in, or a sentence."""
    try:
        return str(Locale.parse(text.replace("-", "_")))
    except (UnknownLocaleError, ValueError) as error:
        raise forms.ValidationError(f"“{text}” is not a known locale such as en_US.") from error


def known_time_zone(text: str) -> str:
    """A time zone such as Europe/Berlin, or a sentence."""
    if text not in available_timezones():
        raise forms.ValidationError(f"“{text}” is not a time zone such as Europe/Berlin.")
    return text
