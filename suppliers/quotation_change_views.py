"""Changing a request for quotation that is there: its content, its deadline, a reminder."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.views.decorators.http import require_POST

from procure.documents import find, idempotent, require_status
from procure.money import plain_decimal
from procure.permissions import requires
from procure.screens import render_screen
from procure.tenancy import OrganizationRequest
from suppliers.addresses import address, go_to
from suppliers.forms import submitted
from suppliers.models import Quotation, QuotationRequest
from suppliers.quotation_forms import ChangeRequestForm, ExtendForm, RequestLineFormSet
from suppliers.quotation_views import small_step
from suppliers.request_changes import (
    change_quotation_request,
    extend_quotation_deadline,
    remind_invited,
)


@requires("sourcing.write")
@idempotent
def quotation_edit(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """What is asked for, to be changed; of a sent request everybody asked is told."""
    asked = find(QuotationRequest, public_id)
    require_status(asked, QuotationRequest.Status.DRAFT, QuotationRequest.Status.SENT)
    sent = request.POST if request.method == "POST" else None
    form = ChangeRequestForm(sent, asked=asked)
    lines = asked.lines.select_related("sku")
    known = [
        {"sku": one.sku, "quantity": plain_decimal(one.quantity), "note": one.note} for one in lines
    ]
    rows = RequestLineFormSet(sent, prefix="lines", initial=known)
    if sent is not None and rows.is_valid():
        changed = submitted(
            form,
            lambda: change_quotation_request(
                asked, details=form.details(), lines=rows.lines(), actor=request.user
            ),
        )
        if changed is not None:
            return go_to(request, "quotation_detail", changed)
    back = address(request, "quotation_detail", asked)
    context = {
        "form": form,
        "rows": rows,
        "category": asked.category,
        "asked": asked,
        "quoted": Quotation.objects.filter(invitation__request=asked, version=1).count(),
        "title": f"Change {asked}",
        "back_url": back,
    }
    return render_screen(
        request,
        "suppliers/quotation_form.html",
        context,
        breadcrumb=[
            ("Quotations", address(request, "quotation_list")),
            (str(asked), back),
            "Change",
        ],
        status=422 if sent is not None else 200,
    )


@requires("sourcing.write")
@require_POST
@idempotent
def quotation_extend(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Gives suppliers longer."""
    form = ExtendForm(request.POST)
    return small_step(
        request,
        find(QuotationRequest, public_id),
        form,
        "extend_form",
        lambda asked: extend_quotation_deadline(asked, **form.cleaned_data, actor=request.user),
    )


@requires("sourcing.write")
@require_POST
@idempotent
def quotation_remind(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Reminds whoever has not answered."""
    asked = remind_invited(find(QuotationRequest, public_id), actor=request.user)
    messages.success(request, "The reminder is on its way.")
    return go_to(request, "quotation_detail", asked)


CHANGES = {"edit": quotation_edit, "extend": quotation_extend, "remind": quotation_remind}
