"""One payment batch: what is in it, what stops it, its release and its files."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from matching.models import PaymentBatch, PaymentBatchLine, PaymentFile
from matching.payables import with_open_amount
from matching.paying import (
    LockedBatch,
    cancel_payment_batch,
    propose_payment_batch,
    reasons_by_line,
    release_payment_batch,
    return_payment_batch,
    take_out_payment,
)
from matching.payment_forms import FileForm
from matching.sending import export_payment_batch
from procure.documents import find, idempotent
from procure.errors import BusinessRuleError
from procure.identity import confirms_identity
from procure.money import ZERO
from procure.permissions import requires
from procure.queries import timeline
from procure.screens import render_screen
from procure.tenancy import OrganizationRequest

Status = PaymentBatch.Status
LineStatus = PaymentBatchLine.Status
CONTENT_TYPES = {"csv": "text/csv; charset=utf-8", "xml": "application/xml"}


@requires("invoices.read")
def payment_batch_detail(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """The payments of a batch, whatever stops one beside it, and the next step."""
    return _detail(request, find(PaymentBatch, public_id), FileForm())


def _detail(
    request: OrganizationRequest, batch: PaymentBatch, form: FileForm, status: int = 200
) -> HttpResponse:
    lines = list(
        batch.lines.select_related("invoice", "supplier", "bank_account").order_by(
            "supplier__name", "pk"
        )
    )
    live = [line for line in lines if line.status != LineStatus.TAKEN_OUT]
    reasons = _reasons(batch, lines)
    may_write = request.membership.may("payments.write")
    context = {
        "batch": batch,
        "rows": [(line, reasons.get(line.pk, "")) for line in lines],
        "count": len(live),
        "total": sum((line.amount for line in live), ZERO),
        "discount": sum((line.discount_amount for line in live), ZERO),
        "suppliers": len({line.supplier_id for line in live}),
        "files": list(batch.files.select_related("made_by").defer("content")),
        "form": form,
        "may_write": may_write,
        "may_release": request.membership.may("payments.release")
        and request.user.pk not in {batch.made_by_id, batch.proposed_by_id},
        "is_open": batch.status in PaymentBatch.OPEN,
        "can_send": may_write and batch.status in {Status.RELEASED, Status.EXPORTED},
        "events": timeline({"matching.paymentbatch": [batch.pk]}),
    }
    return render_screen(
        request,
        "matching/payment_batch.html",
        context,
        breadcrumb=_crumbs(request, batch.number),
        section="matching:payable_list",
        status=status,
    )


def _reasons(batch: PaymentBatch, lines: list[PaymentBatchLine]) -> dict[int, str]:
    """What stops a payment of an open batch, read without a lock: the step itself asks again."""
    planned = [line for line in lines if line.status == LineStatus.PLANNED]
    if not planned or batch.status not in PaymentBatch.OPEN:
        return {}
    rows = with_open_amount().filter(pk__in=[line.invoice_id for line in planned])
    invoices: dict[int, Any] = {row.pk: row for row in rows.select_related("supplier")}
    return reasons_by_line(LockedBatch(batch, planned, invoices))


def _crumbs(request: OrganizationRequest, last: str) -> list[tuple[str, str] | str]:
    slug = request.organization.slug
    return [
        ("Payables", reverse("matching:payable_list", args=[slug])),
        ("Payment batches", reverse("matching:payment_batch_list", args=[slug])),
        last,
    ]


def _step(
    request: OrganizationRequest,
    public_id: uuid.UUID,
    step: Callable[[PaymentBatch], object],
    done: str,
) -> HttpResponse:
    """One button of a batch: the action, its sentence, and back to the batch."""
    batch = find(PaymentBatch, public_id)
    try:
        step(batch)
        messages.success(request, f"{batch} {done}")
    except BusinessRuleError as error:
        messages.error(request, error.message)
    return redirect("matching:payment_batch_detail", request.organization.slug, public_id)


@requires("payments.write")
@require_POST
@idempotent
def payment_batch_propose(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Asks for the release."""
    return _step(
        request,
        public_id,
        lambda batch: propose_payment_batch(batch, actor=request.user),
        "waits for a second person to release it.",
    )


@requires("payments.release")
@require_POST
@confirms_identity
@idempotent
def payment_batch_release(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Releases what was shown."""
    text = request.POST.get("version", "")
    version = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    return _step(
        request,
        public_id,
        lambda batch: release_payment_batch(batch, version=version, actor=request.user),
        "is released. Its file can be made.",
    )


def _with_reason(
    request: OrganizationRequest,
    batch: PaymentBatch,
    step: Callable[[str], object],
    words: dict[str, str],
    done: str,
) -> HttpResponse:
    """Asks for a reason, then does it."""
    address = reverse(
        "matching:payment_batch_detail", args=[request.organization.slug, batch.public_id]
    )
    reason, error_words = request.POST.get("reason", ""), ""
    if request.method == "POST":
        try:
            step(reason)
            messages.success(request, done)
            return redirect(address)
        except BusinessRuleError as error:
            error_words = error.message
    context = {
        **words,
        "post_url": request.path,
        "back_url": address,
        "reason_label": "Reason",
        "reason": reason,
        "reason_error": error_words,
    }
    return render_screen(
        request,
        "matching/payment_step.html",
        context,
        piece="_pieces/confirm.html",
        breadcrumb=_crumbs(request, batch.number),
        section="matching:payable_list",
        status=422 if request.method == "POST" else 200,
    )


@requires("payments.return")
@idempotent
def payment_batch_return(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Makes a draft of it again, by whoever may make or release batches."""
    batch = find(PaymentBatch, public_id)
    return _with_reason(
        request,
        batch,
        lambda reason: return_payment_batch(batch, reason=reason, actor=request.user),
        {
            "title": f"Send {batch} back",
            "text": "It becomes a draft again and can be changed.",
            "button": "Make it a draft",
            "tone": "info",
        },
        f"{batch} is a draft again.",
    )


@requires("payments.write")
@idempotent
def payment_batch_cancel(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Gives it up."""
    batch = find(PaymentBatch, public_id)
    return _with_reason(
        request,
        batch,
        lambda reason: cancel_payment_batch(batch, reason=reason, actor=request.user),
        {
            "title": f"Give up {batch}",
            "text": "Nothing of it is paid. Its invoices can be put into another batch.",
            "button": "Give it up",
            "tone": "bad",
        },
        f"{batch} is given up.",
    )


@requires("payments.write")
@idempotent
def payment_take_out(
    request: OrganizationRequest, public_id: uuid.UUID, line_id: int
) -> HttpResponse:
    """Takes one payment out."""
    batch = find(PaymentBatch, public_id)
    line = get_object_or_404(batch.lines.select_related("invoice", "batch"), pk=line_id)
    return _with_reason(
        request,
        batch,
        lambda reason: take_out_payment(line, reason=reason, actor=request.user),
        {
            "title": f"Take {line.invoice} out of {batch}",
            "text": "It is not paid with this batch and can be put into another one.",
            "button": "Take it out",
            "tone": "bad",
        },
        f"{line.invoice} is out of {batch}.",
    )


@requires("payments.write")
@require_POST
@idempotent
def payment_file_new(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Makes the file of a released batch."""
    batch = find(PaymentBatch, public_id)
    form = FileForm(request.POST)
    if not form.is_valid():
        return _detail(request, batch, form, 422)
    return _step(
        request,
        public_id,
        lambda one: export_payment_batch(one, actor=request.user, **form.cleaned_data),
        "has its file. Take it to the bank.",
    )


@requires("payments.write")
def payment_file(request: OrganizationRequest, public_id: uuid.UUID, kind: str) -> HttpResponse:
    """A file as it was made, byte for byte."""
    batch = find(PaymentBatch, public_id)
    file = get_object_or_404(PaymentFile.objects.filter(batch=batch), file_format=kind)
    ending = file.name.rpartition(".")[2]
    return HttpResponse(
        bytes(file.content),
        content_type=CONTENT_TYPES[ending],
        headers={"Content-Disposition": f'attachment; filename="{file.name}"'},
    )
