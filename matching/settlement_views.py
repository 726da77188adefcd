"""Screens of receipt settlement: who is settled, what is due, the documents that we wrote."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from matching.models import ReceiptSettlement, SettlementTerms, SupplierInvoice
from matching.payable_views import payable_tabs
from matching.settlement_documents import pdf_name, settlement_page, settlement_pdf
from matching.settlement_due import due_lines
from matching.settlement_figures import supplier_figures
from matching.settlement_forms import SettlementTermsForm
from matching.settling_receipts import (
    debit_returned_goods,
    end_receipt_settlement,
    settle_by_receipt,
    settle_receipts,
)
from procure.documents import find, idempotent
from procure.errors import BusinessRuleError
from procure.permissions import requires
from procure.screens import render_screen
from procure.tenancy import OrganizationRequest
from suppliers.form_screens import named_row, plain_form
from suppliers.forms import submitted
from suppliers.models import Supplier

PER_PAGE = 100
DOCUMENTS_SHOWN = 20


def _crumbs(request: OrganizationRequest, *last: str) -> list[tuple[str, str] | str]:
    slug = request.organization.slug
    crumbs: list[tuple[str, str] | str] = [
        ("Payables", reverse("matching:payable_list", args=[slug])),
        ("Receipt settlement", reverse("matching:settlement_list", args=[slug])),
        *last,
    ]
    return crumbs if last else [crumbs[0], "Receipt settlement"]


@requires("invoices.read")
def settlement_list(request: OrganizationRequest) -> HttpResponse:
    """Suppliers that are paid by what came, what is open for them, and what we wrote last."""
    terms = list(SettlementTerms.objects.filter(ended_at__isnull=True).select_related("supplier"))
    lines = sorted(
        (one for one in due_lines() if one.open_quantity), key=lambda one: not one.blocked
    )
    documents = ReceiptSettlement.objects.select_related("invoice__supplier", "terms")
    context = {
        "rows": supplier_figures(terms, lines),
        "page": Paginator(lines, PER_PAGE).get_page(request.GET.get("page")),
        "documents": list(documents[:DOCUMENTS_SHOWN]),
        "may_set": request.membership.may("settlements.write"),
        "may_settle": request.membership.may("payments.write"),
        "new_url": reverse("matching:settlement_new", args=[request.organization.slug]),
        "views": payable_tabs(request, "settlement_list"),
    }
    return render_screen(
        request,
        "matching/settlement_list.html",
        context,
        breadcrumb=_crumbs(request),
        section="matching:payable_list",
    )


@requires("settlements.write")
@idempotent
def settlement_new(request: OrganizationRequest) -> HttpResponse:
    """Agrees with a supplier to bill ourselves, or changes what was agreed."""
    supplier = named_row(request, Supplier, "supplier")
    form = SettlementTermsForm(
        request.POST if request.method == "POST" else None, initial=_agreed_before(supplier)
    )
    terms = submitted(
        form,
        lambda: settle_by_receipt(
            form.cleaned_data["supplier"], terms=form.details, actor=request.user
        ),
    )
    back = reverse("matching:settlement_list", args=[request.organization.slug])
    if terms is not None:
        messages.success(request, f"{terms.supplier} is settled by receipt.")
        return redirect(back)
    title = "Settle a supplier by receipt"
    return plain_form(request, form, title, "Settle by receipt", back, _crumbs(request, title))


def _agreed_before(supplier: Supplier | None) -> dict[str, Any]:
    """The form as it was agreed last, when the address names a supplier."""
    if supplier is None:
        return {}
    terms = SettlementTerms.objects.filter(supplier=supplier, ended_at__isnull=True).first()
    if terms is None:
        return {"supplier": supplier.public_id}
    return {
        "supplier": supplier.public_id,
        "tax_code": terms.tax_code,
        "tax_rate": terms.tax_rate.normalize() if terms.tax_rate else None,
        "ageing_days": terms.ageing_days,
        "starts_on": terms.starts_on,
        "note": terms.note,
    }


@requires("payments.write")
@require_POST
@idempotent
def settlement_run(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Settles what is due for one supplier now, without waiting for the night."""
    terms = find(SettlementTerms, public_id)
    try:
        made = [
            *debit_returned_goods(terms, actor=request.user),
            *settle_receipts(terms, actor=request.user),
        ]
        words = ", ".join(invoice.number for invoice in made)
        if made:
            messages.success(request, f"{terms.supplier}: {words} written and mailed.")
        else:
            messages.info(request, f"{terms.supplier}: nothing is due yet.")
    except BusinessRuleError as error:
        messages.error(request, error.message)
    return redirect("matching:settlement_list", request.organization.slug)


@requires("settlements.write")
@idempotent
def settlement_end(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Asks for the reason; then the supplier sends invoices again."""
    terms = find(SettlementTerms, public_id)
    back = reverse("matching:settlement_list", args=[request.organization.slug])
    reason, error_words = request.POST.get("reason", ""), ""
    if request.method == "POST":
        try:
            end_receipt_settlement(terms, reason=reason, actor=request.user)
            messages.success(request, f"{terms.supplier} sends invoices again.")
            return redirect(back)
        except BusinessRuleError as error:
            error_words = error.message
    context = {
        "title": f"No longer settle {terms.supplier} by receipt",
        "text": "It sends invoices again, for everything that is not settled yet.",
        "button": "End the settlement",
        "tone": "bad",
        "post_url": request.path,
        "back_url": back,
        "reason_label": "Reason",
        "reason": reason,
        "reason_error": error_words,
    }
    return render_screen(
        request,
        "matching/payment_step.html",
        context,
        piece="_pieces/confirm.html",
        breadcrumb=_crumbs(request, "End"),
        section="matching:payable_list",
        status=422 if request.method == "POST" else 200,
    )


def _settled(public_id: uuid.UUID) -> SupplierInvoice:
    found: SupplierInvoice = get_object_or_404(
        SupplierInvoice.objects.filter(origin=SupplierInvoice.Origin.SETTLED), public_id=public_id
    )
    return found


@requires("invoices.read")
def settlement_print(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """The document as a page to print."""
    return HttpResponse(settlement_page(_settled(public_id), for_pdf=False))


@requires("invoices.read")
def settlement_document(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """The document as a PDF; the page to print where no PDF can be made."""
    invoice = _settled(public_id)
    document = settlement_pdf(invoice)
    if document is None:
        return redirect("matching:settlement_print", request.organization.slug, public_id)
    response = HttpResponse(document, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{pdf_name(invoice)}"'
    return response
