"""What an invited supplier fills in: the head of its offer, a row per line, a question."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone

from procure.form_fields import DayField
from suppliers.models import Quotation, QuotationInvitation, QuotationRequestLine
from suppliers.offering import Offer, OfferedLine

STEPS = (1, 2, 3)


def _amount(label: str, **more: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=label, required=False, min_value=0, max_digits=12, decimal_places=2, **more
    )


class OfferForm(forms.Form):
    """The head of an offer."""

    valid_to = DayField(label="Prices hold until")
    freight_amount = _amount("Freight", help_text="For the whole offer, on top of the prices.")
    tooling_amount = _amount("Tooling and other charges", help_text="Once, for the whole offer.")
    incoterm = forms.CharField(label="Delivery term", max_length=10, required=False)
    payment_terms_days = forms.IntegerField(
        label="Payment, days", min_value=0, max_value=365, required=False
    )
    note = forms.CharField(
        label="Note", required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 3})
    )

    def clean_valid_to(self) -> Any:
        day = self.cleaned_data["valid_to"]
        if day < timezone.localdate():
            raise forms.ValidationError("This day is over. Choose a later one.")
        return day


class OfferLineForm(forms.Form):
    """A line of an offer; without a price it is not offered."""

    unit_price = forms.DecimalField(
        label="Unit price", required=False, min_value=0, max_digits=18, decimal_places=6
    )
    lead_time_days = forms.IntegerField(
        label="Lead time, days", required=False, min_value=0, max_value=2000
    )
    minimum_quantity = forms.DecimalField(
        label="Minimum quantity", required=False, min_value=0, max_digits=18, decimal_places=4
    )
    note = forms.CharField(label="Note or alternative", required=False, max_length=400)

    def __init__(self, sent: Any, *, line: QuotationRequestLine, initial: dict[str, Any]) -> None:
        super().__init__(sent, prefix=f"line-{line.line_no}", initial=initial)
        self.line = line
        for step in STEPS:
            self.fields[f"from_{step}"] = forms.DecimalField(
                label=f"From quantity, step {step}",
                required=False,
                min_value=0,
                max_digits=18,
                decimal_places=4,
            )
            self.fields[f"price_{step}"] = forms.DecimalField(
                label=f"Unit price, step {step}",
                required=False,
                min_value=0,
                max_digits=18,
                decimal_places=6,
            )

    @property
    def steps(self) -> list[tuple[int, forms.BoundField, forms.BoundField]]:
        """The quantity steps as pairs of fields."""
        return [(step, self[f"from_{step}"], self[f"price_{step}"]) for step in STEPS]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        typed = [name for name, value in cleaned.items() if value not in (None, "")]
        if typed and cleaned.get("unit_price") is None and "unit_price" not in self.errors:
            self.add_error("unit_price", "Give the unit price, or empty this line.")
        quantity, price = cleaned.get("minimum_quantity") or Decimal(0), cleaned.get("unit_price")
        for step in STEPS:
            from_quantity, unit_price = cleaned.get(f"from_{step}"), cleaned.get(f"price_{step}")
            if (from_quantity is None) != (unit_price is None):
                missing = f"from_{step}" if from_quantity is None else f"price_{step}"
                if missing not in self.errors:
                    self.add_error(missing, "A step needs its quantity and its price.")
            elif from_quantity is not None and price is not None:
                if from_quantity <= quantity:
                    self.add_error(f"from_{step}", "Larger than the quantity before.")
                if unit_price >= price:
                    self.add_error(f"price_{step}", "Lower than the price before.")
                quantity, price = from_quantity, unit_price
        return cleaned

    def offered(self) -> OfferedLine | None:
        """What was typed, or None when the line is not offered."""
        cleaned = self.cleaned_data
        if cleaned.get("unit_price") is None:
            return None
        steps = ((cleaned[f"from_{step}"], cleaned[f"price_{step}"]) for step in STEPS)
        return OfferedLine(
            line=self.line,
            unit_price=cleaned["unit_price"],
            minimum_quantity=cleaned["minimum_quantity"] or Decimal(0),
            breaks=tuple((quantity, price) for quantity, price in steps if quantity is not None),
            lead_time_days=cleaned["lead_time_days"],
            note=cleaned["note"],
        )


class QuestionForm(forms.Form):
    """A question to us."""

    text = forms.CharField(
        label="Your question", max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )


class DeclineForm(forms.Form):
    """Why no offer comes, if the supplier wants to say it."""

    reason = forms.CharField(
        label="Reason",
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


def offer_from(head: OfferForm, rows: Iterable[OfferLineForm]) -> Offer:
    """The offer that valid forms hold."""
    cleaned = head.cleaned_data
    return Offer(
        valid_to=cleaned["valid_to"],
        freight_amount=cleaned["freight_amount"] or Decimal(0),
        tooling_amount=cleaned["tooling_amount"] or Decimal(0),
        incoterm=cleaned["incoterm"],
        payment_terms_days=cleaned["payment_terms_days"],
        note=cleaned["note"],
        lines=[one for row in rows if (one := row.offered()) is not None],
    )


def known_head(invitation: QuotationInvitation, last: Quotation | None) -> dict[str, Any]:
    """What the head shows first: the last version, else what we know of the supplier."""
    if last is None:
        supplier = invitation.supplier
        return {
            "incoterm": supplier.incoterm,
            "payment_terms_days": supplier.payment_terms_days,
        }
    return {
        "valid_to": last.valid_to,
        "freight_amount": last.freight_amount or None,
        "tooling_amount": last.tooling_amount or None,
        "incoterm": last.incoterm,
        "payment_terms_days": last.payment_terms_days,
        "note": last.note,
    }


def line_forms(
    sent: Any, lines: Sequence[QuotationRequestLine], last: Quotation | None
) -> list[OfferLineForm]:
    """A form per requested line, filled from the last version."""
    kept = {one.request_line_id: one for one in last.lines.all()} if last else {}
    forms_made = []
    for line in lines:
        initial: dict[str, Any] = {}
        if (offered := kept.get(line.pk)) is not None:
            initial = {
                "unit_price": offered.unit_price,
                "minimum_quantity": offered.minimum_quantity or None,
                "lead_time_days": offered.lead_time_days,
                "note": offered.note,
            }
            for step, one in zip(STEPS, offered.breaks.all(), strict=False):
                initial |= {f"from_{step}": one.minimum_quantity, f"price_{step}": one.unit_price}
        forms_made.append(OfferLineForm(sent, line=line, initial=initial))
    return forms_made
