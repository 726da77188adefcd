"""The exception queue: held invoices, what differs, and what to do about each."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from matching.asking import answer_question, ask_owner
from matching.causes import cause_in_words, likely_cause
from matching.choices import colleague_for
from matching.comparison import compare_documents
from matching.fixes import proposed_fixes
from matching.forms import LinkForm, NoteForm, ResolveForm
from matching.models import Resolution, SupplierInvoice
from matching.order_changes import change_order_as_billed
from matching.order_ranking import take_order
from matching.page import held_page, latest_decision, total_at_stake
from matching.queries import (
    HeldItem,
    QueueItem,
    ages_by_owner,
    exception_queue,
    found_invoice,
    held_item,
    lines_of,
    queued_item,
)
from matching.questions import DifferenceCause
from matching.resolution import (
    accept_variance,
    add_note,
    code_as_charge,
    keep_invoice,
    link_line,
    pay_supported,
    put_aside,
    request_credit,
    return_to_supplier,
    undo_resolution,
)
from matching.together import decide_each
from procure.documents import find
from procure.errors import BusinessRuleError
from procure.forms import first_error
from procure.permissions import requires
from procure.screens import render_screen
from procure.tenancy import OrganizationRequest
from purchasing.models import OrderChange, PurchaseOrder, PurchaseOrderLine

SCREEN_KEYS = [
    ("J", "Next in the queue"),
    ("K", "Previous in the queue"),
    ("1–5", "Choose what to do"),
    ("Enter", "Apply and open the next"),
    ("A", "Apply to the equal ones, too"),
    ("L", "Show only the differences"),
    ("V", "Open the invoice"),
    ("Z", "Undo the last decision"),
]
USUAL_QUESTION = "Is this as you agreed? Please say what you know of it."
SUPPORTED_REASON = "Supported by order, receipt and agreement"
Decide = Callable[..., Resolution]
# What decides, and the reason that stands for it when nobody writes one; else the cause is it.
DECISIONS: dict[str, tuple[Decide, str]] = {
    "accept": (accept_variance, ""),
    "keep": (keep_invoice, "Checked: not a duplicate"),
    "return": (return_to_supplier, "Not payable as it stands"),
    "pay_supported": (pay_supported, SUPPORTED_REASON),
    "request_credit": (request_credit, ""),
}


@requires("holds.read")
def exception_queue_page(
    request: OrganizationRequest, public_id: uuid.UUID | None = None
) -> HttpResponse:
    """The queue with one held invoice opened: the one named, else the first."""
    return _answer(request, public_id)


def _answer(
    request: OrganizationRequest,
    public_id: uuid.UUID | None = None,
    *,
    form: ResolveForm | None = None,
    status: int = 200,
) -> HttpResponse:
    only_mine = request.GET.get("all") != "1"
    search = request.GET.get("q", "").strip()
    queue = exception_queue(request.membership, only_mine=only_mine, search=search)
    if only_mine and not search:
        request.waiting_exceptions = len(queue)  # type: ignore[attr-defined]
    item = _chosen(queue, public_id)
    decision = latest_decision(request.membership, request.GET.get("decided", ""))
    at_stake, currency = total_at_stake(queue)
    context: dict[str, Any] = {
        "queue": queue,
        "causes": DifferenceCause.choices,
        "likely_cause": likely_cause(item.holds) if item else "",
        "page": held_page(item, request.membership, queue) if item else None,
        "only_mine": only_mine,
        "at_stake": at_stake,
        "currency": currency,
        "query": "" if only_mine else "?all=1",
        "form": form,
        "decision": decision,
        "fixes": [
            fix
            for fix in proposed_fixes(request.organization, decision.invoice.supplier_id)
            if fix.cause == decision.cause
        ]
        if decision and decision.cause
        else [],
        "owners": ages_by_owner(queue),
        "can_resolve": request.membership.may("holds.resolve"),
        "screen_keys": SCREEN_KEYS,
    }
    return render_screen(
        request,
        "matching/exception_queue.html",
        context,
        breadcrumb=["Match exceptions"],
        section="matching:exception_queue",
        status=status,
    )


def _chosen(queue: list[QueueItem], public_id: uuid.UUID | None) -> HeldItem | None:
    """The invoice named, in the queue or not, else the first of the queue."""
    if public_id is None:
        return queued_item(queue[0]) if queue else None
    waiting = next((item for item in queue if item.invoice.public_id == public_id), None)
    found = queued_item(waiting) if waiting else None
    return found or held_item(found_invoice(public_id))


@requires("holds.resolve")
@require_POST
def exception_resolve(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Applies a choice and opens the next invoice, with ten seconds to undo."""
    invoice = find(SupplierInvoice, public_id)
    form = ResolveForm(request.POST)
    if form.is_valid():
        try:
            decided = _apply(request, invoice, form.cleaned_data)
            if isinstance(decided, Resolution) and form.cleaned_data["equals"]:
                _apply_to_equals(request, decided, form.cleaned_data)
            return _open_next(request, decided)
        except BusinessRuleError as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
    return _answer(request, public_id, form=form, status=422)


def _apply_to_equals(
    request: OrganizationRequest, first: Resolution, chosen: dict[str, Any]
) -> None:
    """Decides the same about the equal ones that stood on the screen, and says what was refused."""
    shown = SupplierInvoice.objects.filter(
        public_id__in=chosen["equals"], supplier=first.invoice.supplier_id
    )
    together = decide_each(
        first, shown.order_by("pk"), lambda one: _decide(one, chosen, request.user)
    )
    for invoice, words in together.refused:
        messages.warning(request, f"{invoice.number} was left: {words}")


def _apply(
    request: OrganizationRequest, invoice: SupplierInvoice, chosen: dict[str, Any]
) -> Resolution | SupplierInvoice | OrderChange:
    """Calls the one action that a choice stands for."""
    kind, reason, actor = chosen["choice"], chosen["reason"], request.user
    if kind == "change_order":
        return change_order_as_billed(invoice, reason=reason, actor=actor)
    if kind.startswith("take_order/"):
        return take_order(invoice, order=_order(kind.removeprefix("take_order/")), actor=actor)
    if kind == "put_aside":
        if chosen["until"] is None:
            raise BusinessRuleError("until", "Choose a day.", "until")
        return put_aside(invoice, until=chosen["until"], actor=actor)
    if kind == "ask":
        question = reason or USUAL_QUESTION
        return ask_owner(invoice, person=_colleague(invoice), question=question, actor=actor)
    if kind == "answer":
        return answer_question(invoice, answer=reason, actor=actor)
    return _decide(invoice, chosen, actor)


def _decide(invoice: SupplierInvoice, chosen: dict[str, Any], actor: Any) -> Resolution:
    """What pays, claims or voids; where nobody writes a reason, the cause is one."""
    kind, cause = chosen["choice"], chosen["cause"]
    if kind not in DECISIONS:
        raise BusinessRuleError("choice", "Choose what to do.", "choice")
    decide, usual = DECISIONS[kind]
    reason = chosen["reason"] or usual or cause_in_words(cause)
    return decide(invoice, reason=reason, cause=cause, actor=actor)


def _colleague(invoice: SupplierInvoice) -> Any:
    item = held_item(invoice)
    comparison = compare_documents(invoice, lines_of(invoice), item.holds, [], {})
    colleague = colleague_for(item.holds, comparison)
    if colleague is None:
        raise BusinessRuleError("person", "Nobody is known who could answer. Write a note.")
    return colleague.person


def _open_next(
    request: OrganizationRequest, decided: Resolution | SupplierInvoice | OrderChange
) -> HttpResponse:
    """The next in the queue; a decision that can be undone is offered there."""
    slug, following = request.organization.slug, request.POST.get("next", "")
    address = reverse("matching:exception_queue", args=[slug])
    with suppress(ValueError):
        if not isinstance(decided, Resolution) or decided.batch is None:
            address = reverse("matching:exception_detail", args=[slug, uuid.UUID(following)])
    if isinstance(decided, Resolution):
        return redirect(f"{address}?decided={decided.public_id}")
    if isinstance(decided, OrderChange):
        words = decided.get_status_display().lower()
        messages.success(request, f"{decided.order}, {decided}: {words}. The hold then clears.")
        return redirect(address)
    messages.success(request, f"{decided.number}: {_what_became_of(decided)}")
    return redirect(address)


def _what_became_of(invoice: SupplierInvoice) -> str:
    if invoice.status == SupplierInvoice.Status.APPROVED:
        return f"matches {invoice.found_reference} and is approved for payment."
    return "done. It stays in the queue until it clears."


@requires("holds.resolve")
@require_POST
def resolution_undo(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Takes back one's own decision before it takes effect."""
    resolution = get_object_or_404(
        Resolution.objects.select_related("invoice"), public_id=public_id, decided_by=request.user
    )
    undo_resolution(resolution, actor=request.user)
    messages.info(request, f"Undone. {resolution.invoice.number} is in the queue again.")
    return redirect(
        "matching:exception_detail", request.organization.slug, resolution.invoice.public_id
    )


@requires("holds.resolve")
@require_POST
def exception_note(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Writes a note beside the invoice."""
    invoice = find(SupplierInvoice, public_id)
    form = NoteForm(request.POST)
    if form.is_valid():
        add_note(invoice, text=form.cleaned_data["text"], actor=request.user)
    else:
        messages.error(request, f"The note was not kept. {first_error(form)}")
    return redirect("matching:exception_detail", request.organization.slug, public_id)


@requires("invoices.write")
@require_POST
def exception_link(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Links a stray line to an order line, or reads it as a charge."""
    invoice = find(SupplierInvoice, public_id)
    form = LinkForm(request.POST)
    if form.is_valid():
        position, target = form.cleaned_data["position"], form.cleaned_data["target"]
        if target.startswith("charge/"):
            code = target.removeprefix("charge/")
            code_as_charge(invoice, position=position, charge_code=code, actor=request.user)
        else:
            line = _order_line(target)
            link_line(invoice, position=position, order_line=line, actor=request.user)
        messages.success(request, f"Line {position} is placed and matched again.")
    else:
        messages.error(request, f"The line was not placed. {first_error(form)}")
    return redirect("matching:exception_detail", request.organization.slug, public_id)


def _order(public_id: str) -> PurchaseOrder:
    try:
        return find(PurchaseOrder, uuid.UUID(public_id))
    except ValueError as error:
        raise BusinessRuleError("order", "Choose an order.", "choice") from error


def _order_line(target: str) -> PurchaseOrderLine:
    order_id, _, line_no = target.partition("/")
    try:
        wanted = {"order__public_id": uuid.UUID(order_id), "line_no": int(line_no)}
    except ValueError as error:
        raise BusinessRuleError("order_line", "Choose an order line.", "target") from error
    line: PurchaseOrderLine = get_object_or_404(
        PurchaseOrderLine.objects.select_related("order"), **wanted
    )
    return line
