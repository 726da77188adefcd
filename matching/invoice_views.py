"""Screens of supplier invoices: the list, one invoice, entering one, an order's invoices."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from matching.capture import capture_invoices, void_invoice
from matching.captured_files import CapturedFile
from matching.comparison import compare_documents, disputed_by_position
from matching.einvoices.document import Einvoice, from_json
from matching.entering import (
    file_to_enter,
    forms_for,
    forms_for_document,
    order_to_bill,
    orders_to_suggest,
)
from matching.file_facts import findings_of
from matching.filters import InvoiceFilter
from matching.flags import flags_of
from matching.forms import InvoiceForm, InvoiceLineFormSet, VoidForm, show_rule_error
from matching.hold_figures import terms_in_words
from matching.models import MatchResult, SupplierInvoice
from matching.printed_accounts import PrintedAccounts, as_billed, masked_accounts
from matching.queries import (
    file_read_for,
    found_invoice,
    invoice_rows,
    invoices_of_order,
    lines_of,
    open_holds,
    status_counts,
)
from matching.receiving_files import capture_file, pages_of
from matching.sentences import header_sentences
from procure.attachments import attached, files_of
from procure.documents import find, idempotent
from procure.errors import BusinessRuleError
from procure.forms import add_rule_error
from procure.permissions import requires
from procure.queries import timeline
from procure.screens import render_screen
from procure.tenancy import OrganizationRequest
from purchasing.models import PurchaseOrder
from suppliers.payment_holds import payments_held

PER_PAGE = 50
Origin = SupplierInvoice.Origin
VIEWS = [
    ("all", "All"), ("held", "Held"), ("approved", "Approved"), ("paid", "Paid"), ("void", "Void"),
]  # fmt: skip


@requires("invoices.read")
def invoice_list(request: OrganizationRequest) -> HttpResponse:
    """Invoices with what holds them, by saved view and filter."""
    view = request.GET.get("view", "all")
    rows = invoice_rows()
    if view == "held":
        rows = rows.filter(status=SupplierInvoice.Status.OPEN)
    elif view != "all":
        rows = rows.filter(status=view)
    found = InvoiceFilter(request.GET, queryset=rows, request=request)
    context = {
        "filter": found,
        "page": Paginator(found.qs, PER_PAGE).get_page(request.GET.get("page")),
        "views": _saved_views(request, view),
        "can_write": request.membership.may("invoices.write"),
        "is_filtered": any(request.GET.get(name) for name in ("q", "supplier", "kind")),
    }
    return render_screen(
        request,
        "matching/invoice_list.html",
        context,
        piece="matching/_invoice_table.html",
        breadcrumb=["Supplier invoices"],
    )


def _saved_views(request: OrganizationRequest, current: str) -> list[tuple[str, str, bool, int]]:
    counts = status_counts()
    address = reverse("matching:invoice_list", args=[request.organization.slug])
    return [
        (words, address if key == "all" else f"{address}?view={key}", key == current, counts[key])
        for key, words in VIEWS
    ]


@requires("invoices.read")
def invoice_detail(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """One invoice beside its order and receipts, with everything that happened to it."""
    invoice = found_invoice(public_id)
    result = MatchResult.objects.filter(invoice=invoice).first()
    holds = open_holds(invoice)
    lines = lines_of(invoice)
    comparison = compare_documents(
        invoice, lines, holds, result.checks if result else [], disputed_by_position(result)
    )
    sender_file = file_read_for(invoice)
    context = {
        "invoice": invoice,
        "result": result,
        "holds": holds,
        "comparison": comparison,
        "header_sentences": header_sentences(invoice, holds),
        "billed_account": masked_accounts(invoice),
        "account_information": PrintedAccounts([invoice]).information(invoice),
        "terms_sentences": terms_in_words(result.checks if result else []),
        "flags": flags_of([invoice.pk]).get(invoice.pk, ()),
        "payment_hold": payments_held([invoice.supplier_id]).get(invoice.supplier_id)
        if invoice.status == SupplierInvoice.Status.APPROVED
        else None,
        "events": timeline({"matching.supplierinvoice": [invoice.pk]}),
        "attached": attached(request, invoice),
        "found": findings_of(sender_file) if sender_file else None,
        "sender_file": sender_file,
        # Asked for by the page only where there can be some.
        "responses": invoice.responses.select_related("made_by").order_by("pk"),
        "can_write": request.membership.may("invoices.write"),
        "can_void": request.membership.may("invoices.write")
        and invoice.status in {SupplierInvoice.Status.OPEN, SupplierInvoice.Status.APPROVED},
    }
    back = reverse("matching:invoice_list", args=[request.organization.slug])
    return render_screen(
        request,
        "matching/invoice_detail.html",
        context,
        breadcrumb=[("Supplier invoices", back), invoice.number],
    )


@requires("invoices.write")
@idempotent
def invoice_new(request: OrganizationRequest) -> HttpResponse:
    """Enters an invoice: pick the order, correct what differs, save, and it is matched."""
    order = order_to_bill(request.GET.get("order", ""))
    file = file_to_enter(request.GET.get("file", ""))
    if request.method == "POST":
        head = InvoiceForm(request.POST)
        lines = InvoiceLineFormSet(request.POST, prefix="lines")
        if head.is_valid() and lines.is_valid():
            try:
                return _captured(request, head, lines, file)
            except BusinessRuleError as error:
                show_rule_error(head, lines, error)
    elif file is not None and file.document is not None:
        document = from_json(Einvoice, file.document)
        head, lines = forms_for_document(document, file.supplier, request.organization.currency)
    else:
        head, lines = forms_for(order, request.organization.currency)
    back = reverse("matching:invoice_list", args=[request.organization.slug])
    context = {
        "head": head,
        "lines": lines,
        "order": order,
        "wanted": request.GET.get("order", ""),
        "orders": orders_to_suggest(),
        "file": file,
        "files": files_of(file) if file else [],
        "pages": pages_of(file) if file else [],
    }
    return render_screen(
        request,
        "matching/invoice_new.html",
        context,
        breadcrumb=[("Supplier invoices", back), "Enter an invoice"],
        status=422 if request.method == "POST" else 200,
    )


def _captured(
    request: OrganizationRequest, head: InvoiceForm, lines: Any, file: CapturedFile | None
) -> HttpResponse:
    billed = [line.captured() for line in lines.forms if line.is_billed]
    entered = head.captured(billed)
    if file is not None and file.document is not None:
        document = from_json(Einvoice, file.document)
        entered = replace(entered, billed_account=as_billed(document.bank_accounts))
    if file is None:
        (invoice,) = capture_invoices([entered], origin=Origin.ENTERED, actor=request.user)
    else:
        invoice = capture_file(file, invoice=entered, origin=Origin.ENTERED, actor=request.user)
    if invoice.status == SupplierInvoice.Status.APPROVED:
        messages.success(request, f"{invoice.number} matches and is approved for payment.")
    else:
        messages.warning(request, f"{invoice.number} is held. See below what holds it.")
    return redirect("matching:invoice_detail", request.organization.slug, invoice.public_id)


@requires("invoices.write")
def invoice_void(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Asks for the reason, then voids."""
    invoice = find(SupplierInvoice, public_id)
    address = reverse("matching:invoice_detail", args=[request.organization.slug, public_id])
    form = VoidForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            void_invoice(invoice, reason=form.cleaned_data["reason"], actor=request.user)
            messages.success(request, f"{invoice.number} is void.")
            return redirect(address)
        except BusinessRuleError as error:
            add_rule_error(form, error)
    context = {
        "invoice": invoice,
        "title": f"Void {invoice.number}",
        "text": "It leaves every figure and its number becomes free again.",
        "button": "Void invoice",
        "tone": "bad",
        "post_url": request.path,
        "back_url": address,
        "reason_label": "Reason",
        "reason": form["reason"].value() or "",
        "reason_error": " ".join(str(error) for error in form["reason"].errors)
        or " ".join(str(error) for error in form.non_field_errors()),
    }
    return render_screen(
        request, "matching/invoice_void.html", context, piece="_pieces/confirm.html"
    )


@requires("invoices.read")
def order_invoices(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """What was billed on an order, line by line: a panel for the order's page."""
    order = find(PurchaseOrder, public_id)
    context = {"order": order, "lines": invoices_of_order(order.pk)}
    return render_screen(
        request,
        "matching/order_invoices.html",
        context,
        piece="matching/_order_invoices.html",
        section="purchasing:order_list",
    )
