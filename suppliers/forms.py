"""Forms for suppliers, categories and SKUs. They read what was typed; actions decide."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from babel.numbers import list_currencies
from django import forms
from django.db.models import QuerySet

from procure.errors import BusinessRuleError
from procure.form_fields import DayField
from procure.forms import add_rule_error
from procure.models import User
from procure.tenancy import current_organization_id
from procure.units import unit_symbol
from suppliers.details import CategoryDetails, ContactDetails, SkuDetails, SupplierDetails
from suppliers.models import Category, Contact, Sku, Supplier

Result = TypeVar("Result")


def submitted(form: forms.BaseForm, action: Callable[[], Result]) -> Result | None:
    """The action's result, or None when the form or the action refused; the form says why."""
    if not form.is_valid():
        return None
    try:
        return action()
    except BusinessRuleError as error:
        add_rule_error(form, error)
        return None


class CategoryField(forms.ModelChoiceField[Category]):
    """A category chosen from the tree, in its order and indented by depth."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(queryset=None, to_field_name="public_id", **kwargs)
        self.addresses: dict[int, uuid.UUID] = {}

    def offer(self, rows: Iterable[Category]) -> None:
        """Reads the organization's categories once, for the choices and for checking."""
        tree = in_tree_order(rows)
        self.queryset = Category.objects.all()
        self.addresses = {one.pk: one.public_id for one in tree}
        empty = "Choose a category" if self.required else "None"
        self.choices = [("", empty), *((one.public_id, indented(one)) for one in tree)]

    def prepare_value(self, value: Any) -> Any:
        """A model form hands the id of the row over, the choices name its address."""
        return self.addresses.get(value) or super().prepare_value(value)


def indented(category: Category) -> str:
    """The name, moved right by its depth in the tree."""
    return "\u2003" * (len(category.lineage) - 1) + category.name


def in_tree_order(rows: Iterable[Category]) -> list[Category]:
    """Each category before those below it, brothers by name."""
    known = {one.pk: one for one in rows}

    def path(one: Category) -> list[str]:
        return [known[pk].name.casefold() for pk in reversed(one.lineage) if pk in known]

    return sorted(known.values(), key=path)


def active_members() -> QuerySet[User]:
    """People of the current organization."""
    return User.objects.filter(
        memberships__organization_id=current_organization_id(), memberships__is_active=True
    ).order_by("full_name")


class SkuField(forms.CharField):
    """A SKU typed by its code, in whatever case; cleaned to the SKU.

    A form with many rows sets `known`, by upper-case code, so that it asks once for all of them.
    """

    known: Mapping[str, Sku] | None = None

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=80, **kwargs)

    def suggest(self, url: str) -> None:
        """Makes the field ask this address for SKUs while it is typed into."""
        self.widget.attrs |= suggestion_attributes(url)

    def clean(self, value: Any) -> Any:
        code = super().clean(value)
        if not code:
            return None
        known = self.known
        if known is None:
            known = {one.code_key: one for one in Sku.objects.filter(code_key=code.upper())}
        sku = known.get(code.upper())
        if sku is None:
            raise forms.ValidationError(f"There is no SKU “{code}”.", code="unknown")
        return sku

    def prepare_value(self, value: Any) -> Any:
        return value.code if isinstance(value, Sku) else value


def suggestion_attributes(url: str) -> dict[str, str]:
    """What makes a field offer SKUs in the browser's own list."""
    return {
        "list": "sku-suggestions",
        "autocomplete": "off",
        "hx-get": url,
        "hx-trigger": "input changed delay:200ms",
        "hx-target": "#sku-suggestions",
        "hx-swap": "innerHTML",
    }


class SupplierForm(forms.ModelForm[Supplier]):
    """What is said about a supplier."""

    class Meta:
        model = Supplier
        fields = [
            "name",
            "code",
            "legal_name",
            "tax_id",
            "country",
            "email",
            "currency",
            "payment_terms_days",
            "incoterm",
            "early_late_days",
        ]
        labels = {
            "code": "Supplier code",
            "tax_id": "Tax id",
            "email": "E-mail for orders",
            "payment_terms_days": "Payment terms, days",
            "early_late_days": "Delivery window, days",
        }
        help_texts = {"currency": "Three letters, as USD."}

    def clean_currency(self) -> str:
        currency = str(self.cleaned_data["currency"]).upper()
        if currency not in list_currencies():
            raise forms.ValidationError(f"“{currency}” is not a currency such as USD.")
        return currency

    def details(self) -> SupplierDetails:
        return SupplierDetails(**self.cleaned_data)


class ContactForm(forms.ModelForm[Contact]):
    """A person at a supplier."""

    class Meta:
        model = Contact
        fields = ["name", "position", "email", "phone"]
        labels = {"email": "E-mail"}

    def details(self) -> ContactDetails:
        return ContactDetails(**self.cleaned_data)


class ReasonForm(forms.Form):
    """A step that needs its reason."""

    reason = forms.CharField(
        label="Reason", max_length=300, widget=forms.Textarea(attrs={"rows": 3})
    )


class CategoryForm(forms.ModelForm[Category]):
    """What is said about a category; its parent is chosen when it is made."""

    parent = CategoryField(label="Below", required=False)

    class Meta:
        model = Category
        fields = [
            "name",
            "code",
            "owner",
            "criticality",
            "lead_time_days",
            "off_list_rule",
            "match_level",
        ]
        labels = {
            "code": "Category code",
            "lead_time_days": "Usual lead time, days",
            "off_list_rule": "Orders off the approved list",
            "match_level": "Invoices are matched",
        }
        help_texts = {"owner": "Asked first to approve orders of this category."}

    field_order = ["name", "code", "parent"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owner, parent = self.fields["owner"], self.fields["parent"]
        assert isinstance(owner, forms.ModelChoiceField)
        assert isinstance(parent, CategoryField)
        owner.queryset = active_members()
        if self.instance.pk:
            del self.fields["parent"]
        else:
            parent.offer(Category.objects.all())

    def details(self) -> CategoryDetails:
        values = {name: value for name, value in self.cleaned_data.items() if name != "parent"}
        return CategoryDetails(**values)


class MoveCategoryForm(forms.Form):
    """Where a category is put in the tree."""

    parent = CategoryField(
        label="Below", required=False, help_text="Empty: at the top of the tree."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        parent = self.fields["parent"]
        assert isinstance(parent, CategoryField)
        parent.offer(Category.objects.all())


class UnitFactorForm(forms.Form):
    """What another unit of a SKU holds, in the SKU's own unit."""

    unit = forms.CharField(label="Unit on the paper", max_length=20)
    factor = forms.DecimalField(label="Holds", max_digits=18, decimal_places=6)
    valid_from = DayField(label="From", widget=forms.DateInput(attrs={"type": "date"}))
    back = forms.CharField(required=False, max_length=400, widget=forms.HiddenInput)

    def __init__(self, sku: Sku, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["factor"].label = f"Holds how many {unit_symbol(sku.unit)}"


class SkuForm(forms.ModelForm[Sku]):
    """What is said about a SKU."""

    category = CategoryField(label="Category")

    class Meta:
        model = Sku
        fields = [
            "code",
            "description",
            "category",
            "unit",
            "pack_size",
            "gtin",
            "standard_cost",
            "sale_price",
            "reorder_point",
            "in_full_tolerance_percent",
            "is_active",
        ]
        labels = {
            "code": "SKU",
            "gtin": "GTIN",
            "in_full_tolerance_percent": "In-full tolerance, %",
            "is_active": "In use",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        category = self.fields["category"]
        assert isinstance(category, CategoryField)
        category.offer(Category.objects.all())

    def details(self) -> SkuDetails:
        return SkuDetails(**self.cleaned_data)
