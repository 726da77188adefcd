"""Our screens of requests for quotation: the list, a new one, one in work, the comparison."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from procure.documents import find, idempotent
from procure.money import NotADecimalError, parse_decimal
from procure.permissions import requires
from procure.queries import timeline
from procure.screens import render_screen
from procure.tenancy import OrganizationRequest
from suppliers.addresses import address, address_if, go_to
from suppliers.awarding import award_quotation
from suppliers.comparing import SCORE_RULE, Comparison, compare_quotations
from suppliers.filters import QuotationFilter
from suppliers.forms import submitted
from suppliers.listing import sorted_page
from suppliers.models import (
    Category,
    Quotation,
    QuotationInvitation,
    QuotationQuestion,
    QuotationRequest,
    Sku,
)
from suppliers.profiles import EVENTS_SHOWN
from suppliers.quotation_forms import (
    AnswerForm,
    AwardForm,
    CancelForm,
    ExtendForm,
    InviteForm,
    QuotationRequestForm,
    RequestLineFormSet,
    share_name,
)
from suppliers.quoting import (
    answer_question,
    cancel_quotation_request,
    close_quotation_request,
    draft_quotation_request,
    invite_supplier,
    send_quotation_request,
)
from suppliers.request_changes import due_for_reminder
from suppliers.sourcing import supplier_ranking

SORTS = {"number": "number", "title": "title", "deadline": "deadline", "created": "created_at"}
SKUS_OFFERED = 40
WEEK = timedelta(days=7)


@requires("suppliers.read")
def quotation_list(request: OrganizationRequest) -> HttpResponse:
    """What we asked for, who answered."""
    rows = QuotationRequest.objects.select_related("category")
    found = QuotationFilter(request.GET, rows, request=request)
    page = sorted_page(request, found.qs, SORTS, "-created")
    requests = list(page)
    invited = QuotationInvitation.objects.filter(request__in=requests)
    asked = Counter(invited.values_list("request_id", flat=True))
    quoted = Counter(invited.filter(quotations__version=1).values_list("request_id", flat=True))
    context = {
        "filter": found,
        "page": page,
        "rows": [(one, asked[one.pk], quoted[one.pk]) for one in requests],
        "new_url": address_if(request, "sourcing.write", "quotation_new"),
    }
    return render_screen(
        request, "suppliers/quotation_list.html", context, piece="suppliers/_quotation_table.html"
    )


@requires("sourcing.write")
@idempotent
def quotation_new(request: OrganizationRequest) -> HttpResponse:
    """A new request; the category comes with the address or is chosen first, and brings its SKUs
    and suppliers. An order's lines come as `line=CODE:QUANTITY`."""
    sent = request.POST if request.method == "POST" else None
    category = _category(request)
    ranking = (
        supplier_ranking(category=category, lines=[], needed_on=None, on=timezone.localdate())
        if category
        else []
    )
    form = QuotationRequestForm(
        sent,
        offered=[one.supplier for one in ranking],
        initial={
            "category": category,
            "title": category and f"{category.name} {timezone.localdate():%Y}",
            "suppliers": [one.supplier.public_id for one in ranking if one.is_suggested],
        },
    )
    rows = RequestLineFormSet(sent, prefix="lines", initial=_wanted_lines(request, category))
    if sent is not None and rows.is_valid():
        drafted = submitted(
            form,
            lambda: draft_quotation_request(
                details=form.details(),
                lines=rows.lines(),
                suppliers=list(form.cleaned_data["suppliers"]),
                actor=request.user,
            ),
        )
        if drafted is not None:
            return go_to(request, "quotation_detail", drafted)
    context = {
        "form": form,
        "rows": rows,
        "category": category,
        "title": "New request for quotation",
        "back_url": address(request, "quotation_list"),
    }
    return render_screen(
        request,
        "suppliers/quotation_form.html",
        context,
        breadcrumb=[("Quotations", address(request, "quotation_list")), "New"],
        status=422 if sent is not None else 200,
    )


def _category(request: OrganizationRequest) -> Category | None:
    text = request.POST.get("category") or request.GET.get("category", "")
    try:
        return Category.objects.filter(public_id=uuid.UUID(text)).first()
    except ValueError:
        return None


def _wanted_lines(request: OrganizationRequest, category: Category | None) -> list[dict[str, Any]]:
    """The lines that the address names, or the category's SKUs waiting for quantities."""
    named = [text.rpartition(":") for text in request.GET.getlist("line")]
    if named:
        return [{"sku": code, "quantity": _quantity(text)} for code, _, text in named]
    if category is None:
        return []
    skus = Sku.objects.filter(category__lineage__contains=[category.pk], is_active=True)
    return [{"sku": sku} for sku in skus.order_by("code")[:SKUS_OFFERED]]


def _quantity(text: str) -> Decimal | None:
    try:
        return parse_decimal(text)
    except NotADecimalError:
        return None


@dataclass(frozen=True, slots=True)
class InvitedSupplier:
    """An invitation with what came of it; no price."""

    invitation: QuotationInvitation
    versions: int
    last: Quotation | None
    is_before_change: bool = False


@requires("suppliers.read")
def quotation_detail(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """A request in work: who opened, quoted, declined, what was asked."""
    return show_request(request, find(QuotationRequest, public_id))


def show_request(
    request: OrganizationRequest, asked: QuotationRequest, status: int = 200, **forms: Any
) -> HttpResponse:
    """The page of a request; `forms` are those that came back refused."""
    questions = QuotationQuestion.objects.filter(invitation__request=asked)
    is_running = asked.status == QuotationRequest.Status.SENT and not asked.is_past_deadline()
    context = {
        "asked": asked,
        "lines": asked.lines.select_related("sku"),
        "invited": _invited(asked),
        "questions": [
            (one, AnswerForm(prefix=str(one.public_id)))
            for one in questions.select_related("supplier", "answered_by")
        ],
        "awards": asked.awards.select_related("supplier", "agreement", "request_line__sku"),
        "events": timeline({"suppliers.quotationrequest": [asked.pk]}, EVENTS_SHOWN),
        "can_source": request.membership.may("sourcing.write"),
        "is_sealed": asked.keeps_prices_sealed,
        "may_change": is_running or asked.status == QuotationRequest.Status.DRAFT,
        "waiting": due_for_reminder(asked).count() if is_running else 0,
        "invite_form": InviteForm(),
        "cancel_form": CancelForm(),
        "extend_form": ExtendForm(initial={"deadline": max(asked.deadline, timezone.now()) + WEEK}),
        **forms,
    }
    return render_screen(
        request,
        "suppliers/quotation_detail.html",
        context,
        breadcrumb=[("Quotations", address(request, "quotation_list")), str(asked)],
        status=status,
    )


def _invited(asked: QuotationRequest) -> list[InvitedSupplier]:
    """Who is asked, with number and time of versions: two statements, and no price in them."""
    versions: dict[int, list[Quotation]] = {}
    heads = Quotation.objects.filter(invitation__request=asked).only(
        *("organization_id", "invitation_id", "version", "submitted_at", "confirmed_at", "is_late")
    )
    for one in heads.order_by("-version"):
        versions.setdefault(one.invitation_id, []).append(one)
    rows = []
    for one in asked.invitations.select_related("supplier"):
        said = versions.get(one.pk, [])
        last = said[0] if said else None
        is_before = last is not None and last.is_before_change(asked)
        rows.append(InvitedSupplier(one, len(said), last, is_before))
    return rows


@requires("sourcing.write")
@require_POST
@idempotent
def quotation_send(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Sends the links."""
    sent = send_quotation_request(find(QuotationRequest, public_id), actor=request.user)
    messages.success(request, f"{sent.number} is on its way to the invited suppliers.")
    return go_to(request, "quotation_detail", sent)


@requires("sourcing.write")
@require_POST
@idempotent
def quotation_close(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Takes no more quotes."""
    return go_to(
        request,
        "quotation_detail",
        close_quotation_request(find(QuotationRequest, public_id), actor=request.user),
    )


@requires("sourcing.write")
@require_POST
@idempotent
def quotation_invite(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Asks one more supplier."""
    form = InviteForm(request.POST)
    return small_step(
        request,
        find(QuotationRequest, public_id),
        form,
        "invite_form",
        lambda asked: invite_supplier(asked, **form.cleaned_data, actor=request.user),
    )


@requires("sourcing.write")
@require_POST
@idempotent
def quotation_cancel(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Calls the request off."""
    form = CancelForm(request.POST)
    return small_step(
        request,
        find(QuotationRequest, public_id),
        form,
        "cancel_form",
        lambda asked: cancel_quotation_request(asked, **form.cleaned_data, actor=request.user),
    )


def small_step(
    request: OrganizationRequest,
    asked: QuotationRequest,
    form: Any,
    name: str,
    action: Callable[[QuotationRequest], object],
) -> HttpResponse:
    """A small form of the page: done and back, or the page again with what is wrong."""
    if submitted(form, lambda: action(asked)) is None:
        asked.refresh_from_db()
        return show_request(request, asked, 422, **{name: form})
    return go_to(request, "quotation_detail", asked)


@requires("sourcing.write")
@require_POST
@idempotent
def quotation_answer(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Answers a question."""
    question = find(QuotationQuestion, public_id)
    asked = QuotationRequest.objects.get(invitations__questions=question)
    form = AnswerForm(request.POST, prefix=str(question.public_id))
    answered = submitted(
        form, lambda: answer_question(question, **form.cleaned_data, actor=request.user)
    )
    if answered is not None:
        return go_to(request, "quotation_detail", asked)
    question.refresh_from_db()
    return show_request(request, asked, 422, refused_answer=(question, form))


@requires("suppliers.read")
def quotation_compare(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """All quotes side by side; refused with its reason while they are sealed."""
    asked = find(QuotationRequest, public_id)
    comparison = compare_quotations(asked)
    return _compared(request, asked, comparison, AwardForm(comparison=comparison))


@requires("sourcing.write")
@require_POST
@idempotent
def quotation_award(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Decides, line by line."""
    asked = find(QuotationRequest, public_id)
    comparison = compare_quotations(asked)
    form = AwardForm(request.POST, comparison=comparison)
    awarded = submitted(
        form,
        lambda: award_quotation(
            asked,
            choices=form.choices(),
            reason=form.cleaned_data["reason"],
            review_on=form.cleaned_data["review_on"],
            actor=request.user,
        ),
    )
    if awarded is None:
        return _compared(request, asked, comparison, form, 422)
    messages.success(request, f"{awarded} is awarded. Its prices hold from today on.")
    return go_to(request, "quotation_detail", awarded)


def _compared(
    request: OrganizationRequest,
    asked: QuotationRequest,
    comparison: Comparison,
    form: AwardForm,
    status: int = 200,
) -> HttpResponse:
    quoted = {offer.quotation.invitation_id for offer in comparison.offers}
    context = {
        "asked": asked,
        "comparison": comparison,
        "rows": [
            (
                line,
                [
                    (
                        offer,
                        cell,
                        form[share_name(line.line_no, offer.quotation.pk)] if cell else None,
                    )
                    for offer, cell in cells
                ],
            )
            for line, cells in comparison.rows
        ],
        "missing": [
            one for one in asked.invitations.select_related("supplier") if one.pk not in quoted
        ],
        "form": form,
        "score_rule": SCORE_RULE,
        "can_award": request.membership.may("sourcing.write")
        and asked.status in QuotationRequest.DECIDABLE,
    }
    back = address(request, "quotation_detail", asked)
    return render_screen(
        request,
        "suppliers/quotation_compare.html",
        context,
        breadcrumb=[
            ("Quotations", address(request, "quotation_list")),
            (str(asked), back),
            "Comparison",
        ],
        status=status,
    )


STEPS = {
    "send": quotation_send,
    "invite": quotation_invite,
    "close": quotation_close,
    "cancel": quotation_cancel,
    "compare": quotation_compare,
    "award": quotation_award,
}
