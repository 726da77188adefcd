"""Screens of expected credits: what suppliers owe us back, and the document that asks for it."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q, Sum
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from matching.claiming import drop_expected_credit, remind_of_credit
from matching.credit_documents import credit_page, credit_pdf, pdf_name
from matching.expected_credits import ExpectedCredit, with_received
from matching.forms import VoidForm
from procure.documents import find
from procure.errors import BusinessRuleError
from procure.forms import add_rule_error
from procure.money import ZERO
from procure.permissions import requires
from procure.queries import timeline
from procure.screens import render_screen
from procure.tenancy import OrganizationRequest

PER_PAGE = 50
Status = ExpectedCredit.Status
VIEWS = [
    ("open", "Expected"), ("overdue", "Overdue"), ("received", "Received"),
    ("dropped", "Given up"), ("all", "All"),
]  # fmt: skip


def _of_view(view: str) -> Q:
    if view == "overdue":
        return Q(status=Status.OPEN, due_on__lt=timezone.localdate())
    return Q() if view == "all" else Q(status=view)


@requires("invoices.read")
def credit_list(request: OrganizationRequest) -> HttpResponse:
    """What was asked back, the longest overdue first: a fixed number of statements."""
    view = request.GET.get("view", "open")
    if view not in dict(VIEWS):
        view = "open"
    rows = with_received(ExpectedCredit.objects.filter(_of_view(view)))
    rows = rows.select_related("invoice__supplier").order_by("due_on", "pk")
    counts = ExpectedCredit.objects.aggregate(
        **{key: Count("pk", filter=_of_view(key)) for key, _ in VIEWS}
    )
    address = reverse("matching:credit_list", args=[request.organization.slug])
    context = {
        "page": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
        "view": view,
        "views": [
            (words, f"{address}?view={key}", key == view, counts[key]) for key, words in VIEWS
        ],
        "open_amounts": list(
            ExpectedCredit.objects.filter(status=Status.OPEN)
            .values_list("invoice__currency")
            .annotate(amount=Sum("amount"))
            .order_by("-amount")
        ),
    }
    return render_screen(
        request, "matching/credit_list.html", context, breadcrumb=["Expected credits"]
    )


def _found(public_id: uuid.UUID) -> ExpectedCredit:
    rows = ExpectedCredit.objects.select_related(
        "invoice__supplier", "asked_by", "closed_by", "receipt"
    )
    credit: ExpectedCredit = get_object_or_404(rows, public_id=public_id)
    return credit


@requires("invoices.read")
def credit_detail(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """One expected credit: what it asks for, why, and what has come of it."""
    credit = _found(public_id)
    received = list(credit.received.select_related("credit_note"))
    brought = sum((part.amount for part in received), ZERO)
    back = reverse("matching:credit_list", args=[request.organization.slug])
    context = {
        "credit": credit,
        "received": received,
        "brought": brought,
        "missing": credit.amount - brought,
        "events": timeline({"matching.supplierinvoice": [credit.invoice_id]}),
        "can_write": request.membership.may("invoices.write") and credit.status == Status.OPEN,
    }
    return render_screen(
        request,
        "matching/credit_detail.html",
        context,
        breadcrumb=[("Expected credits", back), credit.number],
        section="matching:credit_list",
    )


@requires("invoices.read")
def credit_print(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """The debit note or credit request as a page to print."""
    return HttpResponse(credit_page(find(ExpectedCredit, public_id), for_pdf=False))


@requires("invoices.read")
def credit_document(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """The document as a PDF; the page to print where no PDF can be made."""
    credit = find(ExpectedCredit, public_id)
    document = credit_pdf(credit)
    if document is None:
        return redirect("matching:credit_print", request.organization.slug, public_id)
    response = HttpResponse(document, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{pdf_name(credit)}"'
    return response


@requires("invoices.write")
@require_POST
def credit_remind(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Sends the document again."""
    credit = remind_of_credit(find(ExpectedCredit, public_id), actor=request.user)
    messages.success(request, f"{credit.invoice.supplier} is reminded of {credit}.")
    return redirect("matching:credit_detail", request.organization.slug, public_id)


@requires("invoices.write")
def credit_drop(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Asks for the reason, then gives the credit up."""
    credit = find(ExpectedCredit, public_id)
    address = reverse("matching:credit_detail", args=[request.organization.slug, public_id])
    form = VoidForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            drop_expected_credit(credit, reason=form.cleaned_data["reason"], actor=request.user)
            messages.success(request, f"Nobody waits for {credit} any more.")
            return redirect(address)
        except BusinessRuleError as error:
            add_rule_error(form, error)
    context = {
        "title": f"Give up {credit}",
        "text": "Nobody waits for this credit any more. The invoice stays as it is.",
        "button": "Give up the credit",
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
