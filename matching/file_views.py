"""Screens of the files that come as invoices: sending several, watching, and what became of each."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from matching.as_captured import captured_from
from matching.captured_files import CapturedFile
from matching.einvoices.document import Einvoice, Kind, from_json
from matching.file_facts import findings_of, written_facts, written_lines
from matching.models import SupplierInvoice
from matching.receiving_files import ACCEPT, MOST_FILES, capture_file, pages_of, receive_file
from procure.attachments import files_of
from procure.documents import find, idempotent
from procure.errors import BusinessRuleError
from procure.permissions import requires
from procure.screens import render_screen
from procure.tenancy import OrganizationRequest
from suppliers.models import Supplier

PER_PAGE = 50
Status = CapturedFile.Status
VIEWS = (("all", "All"), (Status.NEEDS_PERSON, "Need a person"), (Status.REFUSED, "Refused"))


class SupplierOfFileForm(forms.Form):
    """Who sent it, and for a credit note what it credits."""

    supplier: forms.ModelChoiceField[Supplier] = forms.ModelChoiceField(
        queryset=None, to_field_name="public_id", label="Supplier", empty_label="Choose…"
    )
    credits_number = forms.CharField(max_length=80, required=False, label="Credits invoice")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        supplier = self.fields["supplier"]
        assert isinstance(supplier, forms.ModelChoiceField)
        supplier.queryset = Supplier.objects.exclude(status=Supplier.Status.ARCHIVED)


@requires("invoices.read")
@require_safe
def file_list(request: OrganizationRequest) -> HttpResponse:
    """Every file with its result; the rows ask again while one of them is not read yet."""
    view = request.GET.get("view", "all")
    rows = CapturedFile.objects.select_related("invoice", "supplier", "uploaded_by", "message")
    if view in Status.values:
        rows = rows.filter(status=view)
    page = Paginator(rows.order_by("-pk"), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "unread": sum(row.status in CapturedFile.UNREAD for row in page),
        "views": _views(request, view),
        "can_write": request.membership.may("invoices.write"),
        "accept": ACCEPT,
        "most_files": MOST_FILES,
    }
    return render_screen(
        request,
        "matching/file_list.html",
        context,
        piece="matching/_file_rows.html",
        breadcrumb=[*_back(request), "Electronic invoices"],
    )


def _views(request: OrganizationRequest, current: str) -> list[tuple[str, str, bool, int]]:
    counts = CapturedFile.objects.aggregate(
        all=Count("pk"),
        needs_person=Count("pk", filter=Q(status=Status.NEEDS_PERSON)),
        refused=Count("pk", filter=Q(status=Status.REFUSED)),
    )
    address = reverse("matching:file_list", args=[request.organization.slug])
    return [
        (words, address if key == "all" else f"{address}?view={key}", key == current, counts[key])
        for key, words in VIEWS
    ]


def _back(request: OrganizationRequest) -> list[tuple[str, str]]:
    address = reverse("matching:invoice_list", args=[request.organization.slug])
    return [("Supplier invoices", address)]


@requires("invoices.write")
@require_POST
@idempotent
def file_upload(request: OrganizationRequest) -> HttpResponse:
    """Takes the sent files in; each gets its line in the list."""
    uploads = request.FILES.getlist("file")
    if not uploads:
        messages.error(request, "Choose a file first.")
    elif len(uploads) > MOST_FILES:
        messages.error(request, f"Send at most {MOST_FILES} files at once. Nothing was taken in.")
    else:
        for upload in uploads:
            receive_file(upload=upload, actor=request.user)
    return redirect("matching:file_list", request.organization.slug)


@requires("invoices.read")
@require_safe
def file_detail(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """What was read from a file, what looks wrong with it, and what it became."""
    return _shown(request, find(CapturedFile, public_id), None)


def _shown(
    request: OrganizationRequest, file: CapturedFile, form: SupplierOfFileForm | None
) -> HttpResponse:
    document = None if file.document is None else from_json(Einvoice, file.document)
    may_write = request.membership.may("invoices.write")
    if form is None and document and file.is_sound and file.status == Status.NEEDS_PERSON:
        form = SupplierOfFileForm(
            initial={
                "supplier": file.supplier and file.supplier.public_id,
                "credits_number": document.credits_number,
            }
        )
    listed = reverse("matching:file_list", args=[request.organization.slug])
    context = {
        "file": file,
        "files": files_of(file),
        "pages": pages_of(file),
        "document": document,
        "found": findings_of(file),
        "facts": written_facts(document) if document else [],
        "lines": written_lines(document) if document else [],
        "form": form if may_write else None,
        "is_credit": document is not None and document.kind == Kind.CREDIT,
        "can_enter": may_write and file.may_be_entered,
    }
    return render_screen(
        request,
        "matching/file_detail.html",
        context,
        breadcrumb=[*_back(request), ("Electronic invoices", listed), file.file_name],
        status=422 if form is not None and form.is_bound else 200,
    )


@requires("invoices.write")
@require_POST
@idempotent
def file_capture(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Captures a sound file once a person has said whose it is."""
    file = find(CapturedFile, public_id)
    form = SupplierOfFileForm(request.POST)
    if not form.is_valid():
        return _shown(request, file, form)
    if file.document is None or not file.is_sound:
        raise BusinessRuleError("not_sound", "This file cannot be captured as it is.")
    try:
        invoice = capture_file(
            file,
            invoice=captured_from(
                from_json(Einvoice, file.document),
                supplier=form.cleaned_data["supplier"],
                received_on=timezone.localdate(file.uploaded_at),
                credits_number=form.cleaned_data["credits_number"],
            ),
            origin=SupplierInvoice.Origin.ELECTRONIC,
            actor=request.user,
        )
    except BusinessRuleError as error:
        form.add_error(error.field if error.field in form.fields else None, error.message)
        return _shown(request, file, form)
    messages.success(request, f"{invoice.number} is captured from {file.file_name}.")
    return redirect("matching:invoice_detail", request.organization.slug, invoice.public_id)
