"""Screens of invoice responses: choosing what the supplier is told, and the file of what was."""

from __future__ import annotations

import uuid

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from matching.addresses import mail_address_of
from matching.invoice_answers import answers_for
from matching.models import InvoiceResponse
from matching.queries import found_invoice
from matching.responding import MOST_NOTE, respond_to_invoice
from procure.documents import find, idempotent
from procure.errors import BusinessRuleError
from procure.forms import add_rule_error
from procure.permissions import requires
from procure.screens import render_screen
from procure.tenancy import OrganizationRequest


class ResponseForm(forms.Form):
    """Which status is told, with a sentence of one's own."""

    status = forms.ChoiceField(
        choices=InvoiceResponse.Status.choices,
        error_messages={"required": "Choose what the supplier is told."},
    )
    note = forms.CharField(
        required=False,
        max_length=MOST_NOTE,
        label="A sentence of your own",
        help_text="It stands in the mail and in the file.",
    )
    by_mail = forms.BooleanField(required=False)


@requires("invoices.write")
@idempotent
def response_new(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """What the supplier of an invoice can be told now; telling it makes the response."""
    invoice = found_invoice(public_id)
    address = reverse("matching:invoice_detail", args=[request.organization.slug, public_id])
    form = ResponseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            response = respond_to_invoice(invoice, actor=request.user, **form.cleaned_data)
        except BusinessRuleError as error:
            add_rule_error(form, error)
        else:
            to = f" goes to {response.email}" if response.email else " is made"
            messages.success(request, f"{response}{to}. You find it below.")
            return redirect(address)
    answers = answers_for(invoice)
    listed = reverse("matching:invoice_list", args=[request.organization.slug])
    context = {
        "invoice": invoice,
        "answers": answers.answers,
        "told": answers.told,
        "why_not": answers.why_not,
        "form": form,
        "chosen": form["status"].value() or (answers.answers and answers.answers[0].status),
        "email": mail_address_of(invoice.supplier),
        "back_url": address,
    }
    return render_screen(
        request,
        "matching/response_new.html",
        context,
        breadcrumb=[("Supplier invoices", listed), (invoice.number, address), "Response"],
        section="matching:invoice_list",
        status=422 if request.method == "POST" else 200,
    )


@requires("invoices.read")
def response_file(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """A response as it was made, byte for byte."""
    response = find(InvoiceResponse, public_id)
    return HttpResponse(
        bytes(response.content),
        content_type="application/xml",
        headers={"Content-Disposition": f'attachment; filename="{response.file_name}"'},
    )
