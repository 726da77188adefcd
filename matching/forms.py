"""Forms of invoices and exceptions."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from contextlib import suppress
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone

from matching.captured import CapturedInvoice, CapturedLine
from matching.models import SupplierInvoice
from matching.questions import DifferenceCause
from procure.errors import BusinessRuleError
from procure.form_fields import DayField
from procure.money import ZERO
from suppliers.models import Supplier

BLANK_LINES = 2
CHARGES = [
    ("", "No charge"), ("freight", "Freight"), ("pallet", "Pallet"), ("fuel", "Fuel"),
    ("duty", "Duty"), ("tooling", "Tooling"), ("deposit", "Deposit"),
]  # fmt: skip


def money_field(label: str, **more: Any) -> forms.DecimalField:
    """An amount in the invoice's currency."""
    return forms.DecimalField(label=label, min_value=ZERO, max_digits=16, decimal_places=4, **more)


class InvoiceForm(forms.Form):
    """The head of an invoice as it stands on the paper."""

    supplier: forms.ModelChoiceField[Supplier] = forms.ModelChoiceField(
        queryset=None, to_field_name="public_id", label="Supplier", empty_label="Choose…"
    )
    kind = forms.ChoiceField(choices=SupplierInvoice.Kind.choices, label="Kind")
    number = forms.CharField(max_length=80, label="Invoice number")
    credits_number = forms.CharField(max_length=80, required=False, label="Credits invoice")
    order_reference = forms.CharField(max_length=120, required=False, label="Order")
    despatch_reference = forms.CharField(
        max_length=200, required=False, label="Delivery note or receipt"
    )
    note = forms.CharField(
        max_length=2000, required=False, label="Text on it",
        help_text="An order or delivery note in it is found.",
    )  # fmt: skip
    currency = forms.CharField(max_length=3, label="Currency")
    invoiced_on = DayField(label="Invoice date")
    received_on = DayField(label="Received on")
    due_on = DayField(required=False, label="Due on", help_text="Empty: by the terms of the order.")
    discount_until = DayField(required=False, label="Discount until")
    early_discount_percent = forms.DecimalField(
        required=False,
        min_value=ZERO,
        max_value=Decimal(100),
        decimal_places=4,
        label="Discount, %",
    )
    charge_code = forms.ChoiceField(choices=CHARGES, required=False, label="Charge")
    charge_amount = money_field("Charge amount", required=False)
    discount_amount = money_field("Discount on the whole", required=False)
    tax_amount = money_field("Tax", required=False)
    prepaid_amount = money_field("Paid before", required=False)
    total_amount = money_field("Total")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        supplier = self.fields["supplier"]
        assert isinstance(supplier, forms.ModelChoiceField)
        supplier.queryset = Supplier.objects.exclude(status__in=Supplier.GONE)
        self.fields["received_on"].initial = timezone.localdate

    def clean_currency(self) -> str:
        return str(self.cleaned_data["currency"]).strip().upper()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if bool(cleaned.get("charge_code")) != bool(cleaned.get("charge_amount")):
            self.add_error("charge_amount", "Give a charge and its amount, or neither.")
        return cleaned

    def captured(self, lines: Iterable[CapturedLine]) -> CapturedInvoice:
        """The invoice to take in."""
        data = self.cleaned_data
        charges = {data["charge_code"]: data["charge_amount"]} if data["charge_code"] else {}
        return CapturedInvoice(
            supplier=data["supplier"],
            number=data["number"],
            invoiced_on=data["invoiced_on"],
            currency=data["currency"],
            lines=list(lines),
            kind=data["kind"],
            received_on=data["received_on"],
            due_on=data["due_on"],
            charges=charges,
            tax_amount=data["tax_amount"] or ZERO,
            discount_amount=data["discount_amount"] or ZERO,
            prepaid_amount=data["prepaid_amount"] or ZERO,
            total_amount=data["total_amount"],
            order_reference=data["order_reference"],
            despatch_reference=data["despatch_reference"],
            note=data["note"],
            credits_number=data["credits_number"],
            discount_until=data["discount_until"],
            early_discount_percent=data["early_discount_percent"],
        )


class InvoiceLineForm(forms.Form):
    """One billed line; a line without quantity and amount was not billed."""

    order_number = forms.CharField(max_length=120, required=False, label="Order")
    order_line_no = forms.CharField(max_length=40, required=False, label="Order line")
    sku_code = forms.CharField(max_length=80, required=False, label="SKU")
    description = forms.CharField(max_length=400, required=False, label="Description")
    quantity = forms.DecimalField(
        required=False, min_value=ZERO, max_digits=16, decimal_places=4, label="Quantity"
    )
    unit = forms.CharField(max_length=20, required=False, label="Unit")
    unit_price = forms.DecimalField(
        required=False, min_value=ZERO, max_digits=16, decimal_places=6, label="Unit price"
    )
    amount = money_field("Amount", required=False)

    @property
    def is_billed(self) -> bool:
        """Whether the line stands on the invoice."""
        data = self.cleaned_data
        return bool(data.get("quantity") or data.get("amount"))

    def captured(self) -> CapturedLine:
        """The line to take in; the amount is quantity x price unless it is written."""
        data = self.cleaned_data
        return CapturedLine(
            quantity=data["quantity"] or ZERO,
            unit_price=data["unit_price"] or ZERO,
            amount=data["amount"],
            unit=data["unit"],
            order_number=data["order_number"],
            order_line_no=data["order_line_no"],
            sku_code=data["sku_code"],
            description=data["description"],
        )


InvoiceLineFormSet = forms.formset_factory(InvoiceLineForm, extra=0, max_num=600, absolute_max=600)


def show_rule_error(form: InvoiceForm, lines: Any, error: BusinessRuleError) -> None:
    """Shows a refusal at its field, at its line's field, or above the form."""
    field = error.field or ""
    if field.startswith("line-"):
        _, position, name = field.split("-", 2)
        billed = [line for line in lines.forms if line.is_billed]
        billed[int(position) - 1].add_error(name, error.message)
    else:
        form.add_error(field if field in form.fields else None, error.message)


CHOICES = {
    "pay_supported", "accept", "keep", "return", "ask", "request_credit", "put_aside",
    "change_order", "take_order", "answer",
}  # fmt: skip


class ResolveForm(forms.Form):
    """What somebody chose for a held invoice."""

    choice = forms.CharField(max_length=80, error_messages={"required": "Choose what to do."})
    reason = forms.CharField(max_length=300, required=False, label="Reason or question")
    cause = forms.ChoiceField(
        choices=[("", "Not said"), *DifferenceCause.choices], required=False, label="Cause"
    )
    until = DayField(required=False, label="Look again on")

    equals = forms.CharField(max_length=12_000, required=False)

    def clean_equals(self) -> list[uuid.UUID]:
        """The equal invoices that were shown; what is no address is left out."""
        found = []
        for text in str(self.cleaned_data["equals"]).split(","):
            with suppress(ValueError):
                found.append(uuid.UUID(text))
        return found

    def clean_choice(self) -> str:
        """A kind of choice; that of an order has the order behind a slash."""
        choice = str(self.cleaned_data["choice"])
        if choice.partition("/")[0] not in CHOICES:
            raise forms.ValidationError("Choose what to do.")
        return choice


class NoteForm(forms.Form):
    """A sentence to the team."""

    text = forms.CharField(max_length=2000, label="Note to the team", widget=forms.Textarea)


class VoidForm(forms.Form):
    """Why an invoice is voided."""

    reason = forms.CharField(max_length=300, label="Reason")


class LinkForm(forms.Form):
    """Which order line a stray line bills, or which charge it is."""

    position = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    target = forms.CharField(max_length=60, label="Bills")
