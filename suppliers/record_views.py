"""The screens of a supplier's addresses and risk notes."""

from __future__ import annotations

import uuid

from django import forms
from django.contrib import messages
from django.http import HttpResponse

from procure.documents import find, idempotent
from procure.form_fields import DayField
from procure.permissions import requires
from procure.tenancy import OrganizationRequest
from suppliers.addresses import address, go_to
from suppliers.form_screens import plain_form
from suppliers.forms import ReasonForm, submitted
from suppliers.models import RiskNote, Supplier, SupplierAddress
from suppliers.record_keeping import close_risk, note_risk, set_supplier_address
from suppliers.supplier_views import supplier_crumbs


class AddressForm(forms.Form):
    """Where one kind of thing goes."""

    address = forms.CharField(
        required=False,
        max_length=600,
        strip=True,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="As on a label. Empty takes it away.",
    )


class RiskNoteForm(forms.Form):
    """What may go wrong."""

    kind = forms.ChoiceField(choices=RiskNote.Kind.choices)
    severity = forms.ChoiceField(
        choices=RiskNote.Severity.choices,
        initial=RiskNote.Severity.MEDIUM,
        widget=forms.RadioSelect,
    )
    valid_until = DayField(
        label="Counts until", required=False, help_text="Empty: until it is closed."
    )
    text = forms.CharField(
        label="What may go wrong, and how we know",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


@requires("suppliers.write")
@idempotent
def supplier_address(request: OrganizationRequest, public_id: uuid.UUID, kind: str) -> HttpResponse:
    """Sets one of a supplier's addresses."""
    supplier = find(Supplier, public_id)
    known = SupplierAddress.objects.filter(supplier=supplier, kind=kind).first()
    form = AddressForm(
        request.POST if request.method == "POST" else None,
        initial={"address": known.address if known else ""},
    )
    if form.is_bound and form.is_valid():
        set_supplier_address(
            supplier, kind=kind, address=form.cleaned_data["address"], actor=request.user
        )
        return go_to(request, "supplier_detail", supplier)
    title = f"{SupplierAddress.Kind(kind).label}: address of {supplier.name}"
    back_url = address(request, "supplier_detail", supplier)
    crumbs = supplier_crumbs(request, supplier, "Address")
    return plain_form(request, form, title, "Save address", back_url, crumbs)


@requires("suppliers.write")
@idempotent
def risk_note_new(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Writes down a risk."""
    supplier = find(Supplier, public_id)
    form = RiskNoteForm(request.POST if request.method == "POST" else None)
    note = submitted(form, lambda: note_risk(supplier, **form.cleaned_data, actor=request.user))
    if note is not None:
        messages.success(request, f"{note} noted.")
        return go_to(request, "supplier_detail", supplier)
    back_url = address(request, "supplier_detail", supplier)
    crumbs = supplier_crumbs(request, supplier, "Risk note")
    return plain_form(
        request, form, f"Risk with {supplier.name}", "Note the risk", back_url, crumbs
    )


@requires("suppliers.write")
@idempotent
def risk_note_close(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Closes a risk note."""
    note = find(RiskNote, public_id)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    closed = submitted(
        form, lambda: close_risk(note, reason=form.cleaned_data["reason"], actor=request.user)
    )
    if closed is not None:
        return go_to(request, "supplier_detail", closed.supplier)
    back_url = address(request, "supplier_detail", note.supplier)
    crumbs = supplier_crumbs(request, note.supplier, "Close a risk note")
    title = f"Close: {note} of {note.supplier}"
    return plain_form(request, form, title, "Close the note", back_url, crumbs)
