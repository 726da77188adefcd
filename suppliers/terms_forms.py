"""Forms for qualification, the approved vendor list and price agreements."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone

from procure.form_fields import DayField
from procure.models import Location
from suppliers.forms import CategoryField, SkuField
from suppliers.models import ApprovedVendor, Category, Supplier
from suppliers.vendor_approval import usual_flags

EMPTY_ROWS = 5
MOST_ROWS = 600


BY_STANDING = ""


def _flag(label: str, help_text: str) -> forms.ChoiceField:
    """A flag that follows the standing, whichever is chosen, until somebody says yes or no."""
    return forms.ChoiceField(
        label=label,
        required=False,
        choices=[(BY_STANDING, "By standing"), ("yes", "Yes"), ("no", "No")],
        help_text=help_text,
    )


class EntryFlagsForm(forms.Form):
    """What an entry of the approved vendor list says beyond its standing."""

    share_percent = forms.DecimalField(
        label="Share of volume in percent",
        required=False,
        min_value=Decimal("0.0001"),
        max_value=100,
        decimal_places=4,
        help_text="What the supplier is meant to get; all shares here together are 100 at most.",
    )
    may_be_suggested = _flag(
        "May be suggested",
        "Otherwise it comes after those suggested, and is ordered from when chosen. "
        "By standing: yes, but for a backup.",
    )
    may_be_ordered = _flag(
        "May be ordered from", "Otherwise every new order to it is refused. By standing: yes."
    )
    needs_justification = _flag(
        "Needs a justification",
        "Orders give a reason, although the supplier is approved. By standing: no.",
    )

    def clean(self) -> dict[str, Any]:
        """A flag left to the standing becomes what the chosen standing has."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for flag, usual in usual_flags(cleaned.get("standing", "")).items():
            if flag in cleaned:
                cleaned[flag] = usual if cleaned[flag] == BY_STANDING else cleaned[flag] == "yes"
        return cleaned


def shown_flags(entry: ApprovedVendor) -> dict[str, str]:
    """The flags of an entry as its form shows them: those its standing has are left to it."""
    return {
        flag: BY_STANDING if getattr(entry, flag) == usual else "no" if usual else "yes"
        for flag, usual in usual_flags(entry.standing).items()
    }


class ApprovalForm(EntryFlagsForm):
    """A new entry of the approved vendor list."""

    field_order = [
        *("supplier", "standing", "category", "sku", "location", "valid_from", "valid_to"),
        *("rank", "share_percent", "may_be_suggested", "may_be_ordered", "needs_justification"),
        "reason",
    ]

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
    location = forms.ModelChoiceField[Location](
        queryset=None,
        to_field_name="public_id",
        label="Only when shipped to",
        required=False,
        empty_label="Anywhere",
        help_text="Counts before an entry for anywhere.",
    )
    valid_from = DayField(label="First day", initial=timezone.localdate)
    valid_to = DayField(label="Last day", required=False)
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
        location = self.fields["location"]
        assert isinstance(location, forms.ModelChoiceField)
        location.queryset = Location.objects.filter(is_active=True)
        _offer_categories(self.fields["category"])

    def suggest_skus(self, url: str) -> None:
        """Names the address that suggests SKUs."""
        sku = self.fields["sku"]
        assert isinstance(sku, SkuField)
        sku.suggest(url)


class ApprovalChangeForm(EntryFlagsForm):
    """A changed entry of the approved vendor list, from today on."""

    field_order = [
        *("standing", "rank", "valid_to", "share_percent"),
        *("may_be_suggested", "may_be_ordered", "needs_justification", "reason"),
    ]

    standing = forms.ChoiceField(choices=ApprovedVendor.Standing.choices, widget=forms.RadioSelect)
    rank = forms.IntegerField(min_value=1, max_value=99, help_text="Order among equals, 1 first.")
    valid_to = DayField(label="Last day", required=False)
    reason = forms.CharField(
        required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )


class ApprovalEndForm(forms.Form):
    """The end of an entry."""

    last_day = DayField(label="Last day", initial=timezone.localdate)
    reason = forms.CharField(max_length=300, widget=forms.Textarea(attrs={"rows": 3}))


def _offer_categories(field: forms.Field) -> None:
    assert isinstance(field, CategoryField)
    field.offer(Category.objects.all())
