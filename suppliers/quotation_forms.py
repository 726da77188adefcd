"""Forms for requests for quotation and for the choice among quotes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.forms.formsets import BaseFormSet
from django.utils import timezone

from procure.form_fields import DayField, MomentField
from procure.models import Location
from suppliers.awarding import AwardChoice
from suppliers.comparing import Comparison
from suppliers.forms import CategoryField, SkuField
from suppliers.models import Category, QuotationRequest, Sku, Supplier
from suppliers.quoting import RequestDetails, RequestedLine

EMPTY_ROWS = 3
MOST_ROWS = 300
DAYS_TO_QUOTE = 7
DEADLINE_HOUR = 17
DETAILS = ("category", "title", "deadline", "needed_on", "ship_to", "is_sealed", "note")
PROMISED = ("category", "deadline", "is_sealed")


def usual_deadline() -> datetime:
    """A week from today at five in the afternoon."""
    day = timezone.localdate() + timedelta(days=DAYS_TO_QUOTE)
    return timezone.make_aware(datetime.combine(day, time(DEADLINE_HOUR)))


class QuotationRequestForm(forms.Form):
    """The head of a request, and whom it asks."""

    category = CategoryField(label="Category")
    title = forms.CharField(label="Title", max_length=200)
    deadline = MomentField(
        label="Quotes until",
        initial=usual_deadline,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    needed_on = DayField(label="Needed by", required=False)
    ship_to = forms.ModelChoiceField[Location](
        queryset=None,
        to_field_name="public_id",
        label="Ship to",
        required=False,
        empty_label="Not said",
    )
    is_sealed = forms.BooleanField(
        label="Sealed: nobody sees a price before the deadline", required=False
    )
    suppliers = forms.ModelMultipleChoiceField[Supplier](
        queryset=None,
        to_field_name="public_id",
        label="Suppliers to ask",
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    note = forms.CharField(
        label="What suppliers should know",
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, offered: Iterable[Supplier], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        category, ship_to = self.fields["category"], self.fields["ship_to"]
        suppliers = self.fields["suppliers"]
        assert isinstance(category, CategoryField)
        assert isinstance(ship_to, forms.ModelChoiceField)
        assert isinstance(suppliers, forms.ModelMultipleChoiceField)
        category.offer(Category.objects.all())
        ship_to.queryset = Location.objects.filter(is_active=True).order_by("name")
        suppliers.queryset = Supplier.objects.filter(status=Supplier.Status.ACTIVE)
        suppliers.choices = [(one.public_id, one.name) for one in offered]

    def details(self) -> RequestDetails:
        """What was typed, without the suppliers."""
        return RequestDetails(**{name: self.cleaned_data[name] for name in DETAILS})


class ChangeRequestForm(QuotationRequestForm):
    """The head of a request that is there; of a sent one without what suppliers were promised."""

    def __init__(self, *args: Any, asked: QuotationRequest, **kwargs: Any) -> None:
        initial = {name: getattr(asked, name) for name in DETAILS}
        initial["ship_to"] = asked.ship_to and asked.ship_to.public_id
        super().__init__(*args, offered=(), initial=initial, **kwargs)
        self.asked = asked
        is_out = asked.status == QuotationRequest.Status.SENT
        for name in ("suppliers", *(PROMISED if is_out else ())):
            del self.fields[name]

    def details(self) -> RequestDetails:
        """What was typed, beside what stays."""
        kept = {name: getattr(self.asked, name) for name in DETAILS}
        typed = {name: self.cleaned_data[name] for name in DETAILS if name in self.fields}
        return RequestDetails(**{**kept, **typed})


class ExtendForm(forms.Form):
    """A later deadline."""

    deadline = MomentField(
        label="Quotes until",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )


class RequestLineForm(forms.Form):
    """A SKU asked for; a row without a quantity is left out."""

    sku = SkuField(label="SKU", required=False)
    quantity = forms.DecimalField(
        label="Quantity", required=False, min_value=0, max_digits=18, decimal_places=4
    )
    note = forms.CharField(label="Note for suppliers", required=False, max_length=400)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("quantity") and cleaned.get("sku") is None and "sku" not in self.errors:
            self.add_error("sku", "Say which SKU is asked for.")
        return cleaned


class RequestLines(BaseFormSet[RequestLineForm]):
    """The lines of a request."""

    def full_clean(self) -> None:
        """Looks every typed code up at once."""
        if self.is_bound:
            codes = {str(form["sku"].data or "").strip().upper() for form in self.forms}
            known = {sku.code_key: sku for sku in Sku.objects.filter(code_key__in=codes - {""})}
            for form in self.forms:
                field = form.fields["sku"]
                assert isinstance(field, SkuField)
                field.known = known
        super().full_clean()

    def lines(self) -> list[RequestedLine]:
        """The rows with a SKU and a quantity."""
        given = [form.cleaned_data for form in self.forms if form.cleaned_data.get("quantity")]
        return [
            RequestedLine(sku=row["sku"], quantity=row["quantity"], note=row["note"])
            for row in given
        ]


RequestLineFormSet = cast(
    "type[RequestLines]",
    forms.formset_factory(
        RequestLineForm,
        formset=RequestLines,
        extra=EMPTY_ROWS,
        max_num=MOST_ROWS,
        absolute_max=MOST_ROWS,
        validate_max=True,
    ),
)


class InviteForm(forms.Form):
    """One more supplier."""

    supplier = forms.ModelChoiceField[Supplier](
        queryset=None, to_field_name="public_id", label="Supplier", empty_label="Choose a supplier"
    )
    email = forms.EmailField(
        label="E-mail address", required=False, help_text="Empty: the supplier's own."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        supplier = self.fields["supplier"]
        assert isinstance(supplier, forms.ModelChoiceField)
        supplier.queryset = Supplier.objects.filter(status=Supplier.Status.ACTIVE)


class AnswerForm(forms.Form):
    """The answer to a supplier's question."""

    answer = forms.CharField(
        label="Answer", max_length=4000, widget=forms.Textarea(attrs={"rows": 3})
    )
    goes_to_all = forms.BooleanField(
        label="Send it to all invited, without the name", required=False, initial=True
    )


class CancelForm(forms.Form):
    """Why a request is called off; suppliers read it."""

    reason = forms.CharField(
        label="Reason, suppliers read it", max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )


class AwardForm(forms.Form):
    """The choice: a share per line and quote, why, and when to look at it again.

    Shares begin with the whole of each line for its lowest quote.
    """

    reason = forms.CharField(label="Why", max_length=4000, widget=forms.Textarea(attrs={"rows": 3}))
    review_on = DayField(label="Review on", required=False)
    condition = forms.CharField(
        label="Admit who is not qualified on this condition", required=False, max_length=1000
    )

    def __init__(self, *args: Any, comparison: Comparison, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.comparison = comparison
        for line, cells in comparison.rows:
            for offer, cell in cells:
                if cell is None:
                    continue
                self.fields[share_name(line.line_no, offer.quotation.pk)] = forms.DecimalField(
                    label=f"Share of {offer.supplier.name}, line {line.line_no}, percent",
                    required=False,
                    min_value=0,
                    max_value=100,
                    max_digits=6,
                    decimal_places=2,
                    initial=Decimal(100) if cell.is_best else None,
                )

    def choices(self) -> list[AwardChoice]:
        """The shares above zero."""
        return [
            AwardChoice(
                line_no=line.line_no,
                supplier=offer.supplier,
                share_percent=share,
                condition=self.cleaned_data["condition"],
            )
            for line, cells in self.comparison.rows
            for offer, _cell in cells
            if (share := self.cleaned_data.get(share_name(line.line_no, offer.quotation.pk)))
        ]


def share_name(line_no: int, quotation_id: int) -> str:
    """What the field of a share is called."""
    return f"share-{line_no}-{quotation_id}"
