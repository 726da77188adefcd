"""The list of what is to be paid, and the batches made of it."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_POST

from matching.models import PaymentBatch, SupplierInvoice
from matching.payables import (
    WeekTotal,
    as_payables,
    batches_with_totals,
    currency_totals,
    payable_figures,
    payable_rows,
    week_totals,
)
from matching.paying import add_to_payment_batch, make_payment_batch
from matching.payment_forms import PayableFilter
from procure.documents import idempotent
from procure.errors import BusinessRuleError
from procure.form_fields import require_sound_year
from procure.permissions import requires
from procure.screens import render_screen
from procure.tenancy import OrganizationRequest

PER_PAGE = 100
MOST_DRAFTS = 20


@requires("invoices.read")
def payable_list(request: OrganizationRequest) -> HttpResponse:
    """Approved invoices with what is open, their due days and discounts; totals on top."""
    figures = payable_figures()
    weeks = week_totals(figures)
    currencies = sorted({currency for _, currency, _ in figures})
    can_write = request.membership.may("payments.write")
    found = PayableFilter(
        request.GET, queryset=payable_rows(), request=request, currencies=currencies
    )
    page = Paginator(found.qs, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "filter": found,
        "page": page,
        "payables": as_payables(page.object_list),
        "currencies": sorted({week.currency for week in weeks}),
        "weeks": _week_rows(request, weeks),
        "totals": currency_totals(weeks),
        "can_write": can_write,
        "drafts": _drafts() if can_write else [],
        "pay_on": timezone.localdate(),
        "is_filtered": any(request.GET.get(name) for name in found.filters),
        "views": payable_tabs(request, "payable_list"),
    }
    return render_screen(
        request, "matching/payable_list.html", context, piece="matching/_payable_table.html"
    )


def payable_tabs(request: OrganizationRequest, current: str) -> list[tuple[str, str, bool, None]]:
    """The screens around paying, as tabs."""
    tabs = (
        ("payable_list", "To pay"),
        ("payment_batch_list", "Payment batches"),
        ("grni_list", "Received, not invoiced"),
        ("settlement_list", "Receipt settlement"),
        ("statement_list", "Statements"),
    )
    return [
        (
            words,
            reverse(f"matching:{name}", args=[request.organization.slug]),
            name == current,
            None,
        )
        for name, words in tabs
    ]


def _week_rows(
    request: OrganizationRequest, weeks: list[WeekTotal]
) -> list[tuple[WeekTotal, int, list[tuple[WeekTotal | None, str]]]]:
    """Per week: how many invoices, and per currency what is open with the address that lists it."""
    address = reverse("matching:payable_list", args=[request.organization.slug])
    currencies = sorted({week.currency for week in weeks})
    rows = []
    for _, together in groupby(weeks, key=attrgetter("key")):
        of_week = {week.currency: week for week in together}
        totals = [
            (week, _week_address(address, week) if week else "")
            for week in map(of_week.get, currencies)
        ]
        first = next(iter(of_week.values()))
        rows.append((first, sum(week.invoices for week in of_week.values()), totals))
    return rows


def _week_address(address: str, week: WeekTotal) -> str:
    query = f"?currency={week.currency}"
    if week.monday is not None:
        last = week.monday + timedelta(days=6)
        query += f"&due_from={week.monday.isoformat()}&due_to={last.isoformat()}"
    return address + query


@requires("payments.write")
@require_POST
@idempotent
def payment_batch_new(request: OrganizationRequest) -> HttpResponse:
    """Makes a batch of the ticked invoices, or adds them to the draft that was chosen."""
    try:
        batch = _in_a_batch(request, _ticked(request))
    except BusinessRuleError as error:
        messages.error(request, error.message)
        return redirect("matching:payable_list", request.organization.slug)
    messages.success(request, f"{batch} is a draft. Check it, then ask for its release.")
    return redirect("matching:payment_batch_detail", request.organization.slug, batch.public_id)


def _drafts() -> list[PaymentBatch]:
    """The batches that more can be put into, the newest first."""
    return list(PaymentBatch.objects.filter(status=PaymentBatch.Status.DRAFT)[:MOST_DRAFTS])


def _in_a_batch(request: OrganizationRequest, invoices: list[SupplierInvoice]) -> PaymentBatch:
    chosen = request.POST.get("batch", "")
    if not chosen:
        return make_payment_batch(invoices=invoices, pay_on=_pay_on(request), actor=request.user)
    try:
        draft = PaymentBatch.objects.filter(public_id=uuid.UUID(chosen)).first()
    except ValueError:
        draft = None
    if draft is None:
        raise BusinessRuleError("batch", "Choose the batch again: this one is not here.", "batch")
    return add_to_payment_batch(draft, invoices=invoices, actor=request.user)


def _ticked(request: OrganizationRequest) -> list[SupplierInvoice]:
    ids: list[Any] = []
    for text in request.POST.getlist("invoice"):
        try:
            ids.append(uuid.UUID(text))
        except ValueError:
            continue
    return list(SupplierInvoice.objects.filter(public_id__in=ids).order_by("pk"))


def _pay_on(request: OrganizationRequest) -> date:
    try:
        day = parse_date(request.POST.get("pay_on", ""))
    except ValueError:
        day = None
    if day is None:
        raise BusinessRuleError("pay_on", "Say on which day it is paid.", "pay_on")
    require_sound_year(day, "pay_on")
    return day


@requires("invoices.read")
def payment_batch_list(request: OrganizationRequest) -> HttpResponse:
    """Payment batches, the newest first."""
    rows = batches_with_totals()
    context = {
        "page": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
        "views": payable_tabs(request, "payment_batch_list"),
    }
    back = reverse("matching:payable_list", args=[request.organization.slug])
    return render_screen(
        request,
        "matching/payment_batch_list.html",
        context,
        breadcrumb=[("Payables", back), "Payment batches"],
    )
