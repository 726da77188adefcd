"""The form of a tolerance rule's next version: a mode and limits per check."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils import timezone

from matching.case_reading import read_limit
from matching.hold_figures import limit_in_words
from matching.ladders import VARIED
from matching.limits import Mode, Sample
from procure.figures import unit_price
from procure.form_fields import DayField
from procure.money import ZERO, plain_decimal
from suppliers.models import Category, Sku, Supplier

CHECKS = [
    ("price", "Price against the order", "on the line"),
    ("contract_price", "Price against the agreement", "on the line"),
    ("quantity_ordered", "Quantity billed against ordered", "in its unit"),
    ("quantity_received", "Quantity billed against received", "in its unit"),
    ("line_amount", "Line amount against ordered", "on the line"),
    ("charge", "Charges", "per charge"),
    ("tax", "Tax", "per rate"),
]
MODES = [
    (Mode.OFF.value, "Not checked"),
    (Mode.EXACT.value, "Exact"),
    (Mode.LIMIT.value, "Up to a limit"),
]


PERIODS = [(30, "last 30 days"), (90, "last 90 days"), (180, "last 180 days"), (365, "last year")]
CAPS = ("header_cap", "leakage_cap")
USUAL = ("", "Exact, weighed goods 2\u00a0%")  # what `quantity_received` is when nothing is said


class ToleranceForm(forms.Form):
    """Scope, first day, and the limits; a limit needs a percent or an amount."""

    supplier: forms.ModelChoiceField[Supplier] = forms.ModelChoiceField(
        queryset=None, to_field_name="public_id", required=False, empty_label="Any supplier"
    )
    category: forms.ModelChoiceField[Category] = forms.ModelChoiceField(
        queryset=None, to_field_name="public_id", required=False, empty_label="Any category"
    )
    sku = forms.CharField(required=False, max_length=80, label="SKU", help_text="Its code.")
    valid_from = DayField(label="Applies to invoices received from", initial=timezone.localdate)
    header_cap = forms.DecimalField(
        required=False, min_value=ZERO, max_digits=14, decimal_places=4,
        label="All accepted differences of an invoice together, at most",
        help_text="Empty: no cap.",
    )  # fmt: skip
    leakage_cap = forms.DecimalField(
        required=False, min_value=ZERO, max_digits=14, decimal_places=4,
        label="Accepted differences of a supplier in a month, at most",
        help_text="In the organization's currency. Past it, the supplier is matched without "
        "tolerance until somebody has looked. Empty: no cap.",
    )  # fmt: skip
    sample_percent = forms.DecimalField(
        required=False, min_value=ZERO, max_value=Decimal(100), max_digits=7, decimal_places=4,
        label="Clean invoices to look at, percent",
        help_text="Drawn at random from those that nothing else holds. Empty: none.",
    )  # fmt: skip
    sample_threshold = forms.DecimalField(
        required=False, min_value=ZERO, max_digits=14, decimal_places=4,
        label="Drawn that often from this amount on",
        help_text="Smaller invoices are drawn more rarely, in proportion. Empty: all alike.",
    )  # fmt: skip

    def __init__(self, *args: Any, limits: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, model in (("supplier", Supplier), ("category", Category)):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = model.objects.all()
        for check, words, unit in CHECKS:
            has_usual = check == "quantity_received"
            usual = {"mode": "" if has_usual else Mode.EXACT.value}
            limit = (limits or {}).get(check) or usual
            self.fields[f"{check}_mode"] = forms.ChoiceField(
                choices=[USUAL, *MODES] if has_usual else MODES,
                required=not has_usual,
                label=f"{words}: mode",
                initial=limit.get("mode"),
            )
            for part, label in (("percent", "percent"), ("amount", f"amount {unit}")):
                self.fields[f"{check}_{part}"] = forms.DecimalField(
                    required=False, min_value=ZERO, max_digits=14, decimal_places=4,
                    label=f"{words}: {label}", initial=limit.get(part),
                )  # fmt: skip
        sample = (limits or {}).get("sample") or {}
        for name, value in (
            *((cap, (limits or {}).get(cap)) for cap in CAPS),
            ("sample_percent", sample.get("percent")),
            ("sample_threshold", sample.get("threshold")),
        ):
            self.fields[name].initial = value

    def rows(self) -> Iterator[tuple[str, BoundField, BoundField, BoundField]]:
        """The checks with their three fields, for the table."""
        for check, words, _ in CHECKS:
            yield words, self[f"{check}_mode"], self[f"{check}_percent"], self[f"{check}_amount"]

    def clean_sku(self) -> Sku | None:
        return sku_by_code(self.cleaned_data["sku"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for check, _, _ in CHECKS:
            is_limit = cleaned.get(f"{check}_mode") == Mode.LIMIT
            given = (cleaned.get(f"{check}_percent"), cleaned.get(f"{check}_amount"))
            if is_limit and all(value is None for value in given):
                self.add_error(f"{check}_percent", "Give a percent, an amount, or both.")
        return cleaned

    def limits(self) -> dict[str, Any]:
        """The limits as a rule stores them."""
        data = self.cleaned_data
        found: dict[str, Any] = {}
        for check, _, _ in CHECKS:
            mode = data[f"{check}_mode"]
            if not mode:
                continue
            found[check] = {"mode": mode}
            for part in ("percent", "amount"):
                value = data[f"{check}_{part}"]
                if mode == Mode.LIMIT and value is not None:
                    found[check][part] = plain_decimal(value)
        for cap in CAPS:
            found[cap] = None if data[cap] is None else plain_decimal(data[cap])
        if data["sample_percent"]:
            found["sample"] = {
                "percent": plain_decimal(data["sample_percent"]),
                "threshold": plain_decimal(data["sample_threshold"] or ZERO),
            }
        return found


class TrialForm(ToleranceForm):
    """The same limits, tried on past invoices instead of set."""

    valid_from = None  # type: ignore[assignment]
    days = forms.TypedChoiceField(
        choices=PERIODS, coerce=int, initial=180, label="Tried on invoices received in the"
    )
    varied = forms.ChoiceField(
        choices=[(one.code, one.label) for one in VARIED.values()], label="Shown as a curve",
        help_text="This limit is tried at smaller and larger values, too.",
    )  # fmt: skip


class WhichRuleForm(forms.Form):
    """Asks which rule judges an invoice of a supplier for a SKU, received on a day."""

    supplier: forms.ModelChoiceField[Supplier] = forms.ModelChoiceField(
        queryset=None, to_field_name="public_id", empty_label="Choose a supplier"
    )
    sku = forms.CharField(required=False, max_length=80, label="SKU")
    on = DayField(required=False, label="Received on")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        supplier = self.fields["supplier"]
        assert isinstance(supplier, forms.ModelChoiceField)
        supplier.queryset = Supplier.objects.all()
        self.fields["on"].initial = timezone.localdate

    def clean_sku(self) -> Sku | None:
        return sku_by_code(self.cleaned_data["sku"])


def sku_by_code(text: str) -> Sku | None:
    """The SKU of that code, in whatever case; none for a blank, refused when it is unknown."""
    code = text.strip()
    if not code:
        return None
    sku: Sku | None = Sku.objects.select_related("category").filter(code_key=code.upper()).first()
    if sku is None:
        raise forms.ValidationError(f"There is no SKU {code}.")
    return sku


def limits_in_words(limits: Mapping[str, Any]) -> list[tuple[str, str]]:
    """`{{ rule.limits|limits_in_words }}`: pairs of a check and its limit, such as 1 % and 25."""
    found = [
        (
            label,
            limit_in_words(str(read_limit(limits[check], check)))
            if check in limits
            else USUAL[1].lower(),
        )
        for check, label, _ in CHECKS
        if check in limits or check == "quantity_received"
    ]
    cap = limits.get("header_cap")
    found.append(("All together", "no cap" if cap is None else f"at most {unit_price(cap)}"))
    if leakage := limits.get("leakage_cap"):
        found.append(("Accepted from a supplier in a month", f"at most {unit_price(leakage)}"))
    if sample := limits.get("sample"):
        drawn = Sample(Decimal(sample["percent"]), Decimal(sample["threshold"]))
        found.append(("Sample of clean invoices", limit_in_words(str(drawn))))
    return found
