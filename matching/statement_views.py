"""Screens of suppliers' statements: the list, taking one in, and the two sides beside each other."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from matching.addresses import mail_address_of
from matching.payable_views import payable_tabs
from matching.statement_comparison import compare_statement
from matching.statement_forms import StatementForm
from matching.statement_taking import (
    ask_about_statement,
    close_statement,
    remove_statement,
    take_statement,
)
from matching.supplier_statements import SupplierStatement
from procure.documents import find, idempotent
from procure.errors import BusinessRuleError
from procure.permissions import requires
from procure.queries import timeline
from procure.screens import render_screen
from procure.tenancy import OrganizationRequest
from suppliers.form_screens import named_row, plain_form
from suppliers.forms import submitted
from suppliers.models import Supplier

PER_PAGE = 50


def _crumbs(request: OrganizationRequest, last: str = "") -> list[tuple[str, str] | str]:
    slug = request.organization.slug
    payables = ("Payables", reverse("matching:payable_list", args=[slug]))
    if not last:
        return [payables, "Statements"]
    return [payables, ("Statements", reverse("matching:statement_list", args=[slug])), last]


@requires("invoices.read")
def statement_list(request: OrganizationRequest) -> HttpResponse:
    """Statements, the newest first."""
    rows = (
        SupplierStatement.objects.select_related("supplier", "taken_by")
        .annotate(documents=Count("lines"))
        .order_by("-stated_on", "-pk")
    )
    can_write = request.membership.may("invoices.write")
    new_url = reverse("matching:statement_new", args=[request.organization.slug])
    context = {
        "page": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
        "new_url": new_url if can_write else "",
        "views": payable_tabs(request, "statement_list"),
    }
    return render_screen(
        request,
        "matching/statement_list.html",
        context,
        breadcrumb=_crumbs(request),
        section="matching:payable_list",
    )


@requires("invoices.write")
@idempotent
def statement_new(request: OrganizationRequest) -> HttpResponse:
    """Takes a supplier's file in; the answer is the comparison."""
    supplier = named_row(request, Supplier, "supplier")
    form = StatementForm(
        request.POST if request.method == "POST" else None,
        request.FILES or None,
        initial={"supplier": supplier.public_id} if supplier else {},
    )
    statement = submitted(
        form,
        lambda: take_statement(
            form.cleaned_data["supplier"], statement=form.details(), actor=request.user
        ),
    )
    if statement is not None:
        return redirect("matching:statement_detail", request.organization.slug, statement.public_id)
    back = reverse("matching:statement_list", args=[request.organization.slug])
    title = "Check a supplier’s statement"
    return plain_form(request, form, title, "Compare with our books", back, _crumbs(request, title))


@requires("invoices.read")
def statement_detail(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """What is missing on either side, what differs in amount, and the next step of each."""
    statement = _found(public_id)
    found = compare_statement(statement)
    is_open = statement.status == SupplierStatement.Status.OPEN
    view = request.GET.get("view", "")
    shown = [one for one in found.documents if view in ("", one.state)]
    address = reverse("matching:statement_detail", args=[request.organization.slug, public_id])
    count = len(found.documents)
    context = {
        "statement": statement,
        "found": found,
        "rows": shown,
        "tabs": [
            ("All", address, not view, count),
            *(
                (state.label, f"{address}?view={state.value}", view == state, count)
                for state, count in found.counts
            ),
        ],
        "can_write": is_open and request.membership.may("invoices.write"),
        "can_ask": is_open
        and request.membership.may("invoices.write")
        and any(one.question for one in shown),
        "email": mail_address_of(statement.supplier),
        "events": timeline({"matching.supplierstatement": [statement.pk]}),
    }
    return render_screen(
        request,
        "matching/statement_detail.html",
        context,
        breadcrumb=_crumbs(request, str(statement)),
        section="matching:payable_list",
    )


def _found(public_id: uuid.UUID) -> SupplierStatement:
    rows = SupplierStatement.objects.select_related("supplier", "taken_by", "closed_by")
    found: SupplierStatement = get_object_or_404(rows, public_id=public_id)
    return found


def _step(
    request: OrganizationRequest,
    public_id: uuid.UUID,
    step: Callable[[SupplierStatement], object],
    done: str,
) -> HttpResponse:
    """One button of a statement: the action, its sentence, and back to the statement."""
    try:
        step(find(SupplierStatement, public_id))
        messages.success(request, done)
    except BusinessRuleError as error:
        messages.error(request, error.message)
    return redirect("matching:statement_detail", request.organization.slug, public_id)


@requires("invoices.write")
@require_POST
@idempotent
def statement_ask(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Sends the ticked questions to the supplier."""
    ticked = request.POST.getlist("line")
    positions = {
        int(text) for text in ticked if text.isascii() and text.isdigit() and text[8:] == ""
    }
    return _step(
        request,
        public_id,
        lambda statement: ask_about_statement(
            statement,
            positions=positions,
            message=request.POST.get("message", ""),
            actor=request.user,
        ),
        "The supplier is asked by mail.",
    )


@requires("invoices.write")
@require_POST
@idempotent
def statement_close(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Nobody works on it any more."""
    return _step(
        request,
        public_id,
        lambda statement: close_statement(
            statement, note=request.POST.get("note", ""), actor=request.user
        ),
        "The statement is reconciled.",
    )


@requires("invoices.write")
@require_POST
@idempotent
def statement_remove(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Takes a statement away that was sent in wrongly."""
    try:
        remove_statement(find(SupplierStatement, public_id), actor=request.user)
    except BusinessRuleError as error:
        messages.error(request, error.message)
        return redirect("matching:statement_detail", request.organization.slug, public_id)
    messages.success(request, "The statement is removed.")
    return redirect("matching:statement_list", request.organization.slug)
