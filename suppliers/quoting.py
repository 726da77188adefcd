"""Asking for quotations: drafting a request, inviting, sending, answering, closing, calling off.

What suppliers do is in `suppliers.offering`, the choice among them in `suppliers.awarding`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from procure.constraints import refusing
from procure.documents import lock, next_number, require_status
from procure.errors import BusinessRuleError
from procure.events import record
from procure.figures import moment
from procure.models import Location, Organization, User
from procure.tenancy import current_organization_id
from suppliers.models import (
    Category,
    Contact,
    QuotationClarification,
    QuotationInvitation,
    QuotationQuestion,
    QuotationRequest,
    QuotationRequestLine,
    Sku,
    Supplier,
)
from suppliers.quote_links import quotation_token, token_hash

Status = QuotationRequest.Status

FURTHEST_DEADLINE = timedelta(days=3653)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestDetails:
    """What a request says at its head; `deadline` is a moment, quotes after it are late."""

    category: Category
    title: str
    deadline: datetime
    needed_on: date | None = None
    ship_to: Location | None = None
    is_sealed: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedLine:
    """How much of a SKU is asked for, in the SKU's unit."""

    sku: Sku
    quantity: Decimal
    note: str = ""


@transaction.atomic
def draft_quotation_request(
    *,
    details: RequestDetails,
    lines: Sequence[RequestedLine],
    suppliers: Collection[Supplier],
    actor: User,
) -> QuotationRequest:
    """Begins a request, compared in the organization's currency; nothing is sent yet.

    Refused: no line, a SKU twice, a deadline that is over, a supplier that may not be ordered
    from or has no e-mail address.
    """
    require_lines(lines)
    require_future(details.deadline)
    currency = Organization.objects.values_list("currency", flat=True)
    request: QuotationRequest = QuotationRequest.objects.create(
        category=details.category,
        title=details.title.strip(),
        ship_to=details.ship_to,
        needed_on=details.needed_on,
        deadline=details.deadline,
        currency=currency.get(pk=current_organization_id()),
        is_sealed=details.is_sealed,
        note=details.note.strip(),
        created_by=actor,
    )
    QuotationRequestLine.objects.bulk_create(
        QuotationRequestLine(
            request=request,
            line_no=number,
            sku=line.sku,
            quantity=line.quantity,
            unit=line.sku.unit,
            note=line.note.strip(),
        )
        for number, line in enumerate(lines, start=1)
    )
    _invite(request, dict.fromkeys(suppliers, ""))
    record(
        "quotation_request.drafted",
        request,
        actor=actor,
        summary=f"{request.title}: {len(lines)} SKUs, {len(suppliers)} suppliers.",
    )
    return request


@transaction.atomic
def invite_supplier(
    request: QuotationRequest, *, supplier: Supplier, email: str, actor: User
) -> QuotationInvitation:
    """Asks one more supplier, at this address or its own; mailed at once when the request is out.

    Refused: a supplier that is invited already, may not be ordered from or has no address, and
    an invitation after the deadline.
    """
    request = lock(request)
    require_status(request, Status.DRAFT, Status.SENT)
    require_future(request.deadline)
    (invitation,) = _invite(request, {supplier: email.strip()})
    if request.status == Status.SENT:
        _make_links(request)
    record(
        "quotation_request.invited",
        request,
        actor=actor,
        summary=f"{supplier.name} invited at {invitation.email}.",
        invitations=[invitation.pk],
    )
    return invitation


@transaction.atomic
def send_quotation_request(request: QuotationRequest, *, actor: User) -> QuotationRequest:
    """Gives the request its number and each invited supplier a link; the mail follows.

    Refused: nobody invited, and a deadline that is over.
    """
    request = lock(request)
    require_status(request, Status.DRAFT)
    require_future(request.deadline)
    if not request.invitations.exists():
        raise BusinessRuleError("nobody_invited", "Invite at least one supplier first.")
    request.status, request.sent_at, request.sent_by = Status.SENT, timezone.now(), actor
    request.number = next_number("quotation_request", QuotationRequest)
    request.save(update_fields=["status", "sent_at", "sent_by", "number"])
    invitations = _make_links(request)
    record(
        "quotation_request.sent",
        request,
        actor=actor,
        summary=f"{request.number} sent to {len(invitations)} suppliers, "
        f"quotes until {moment(request.deadline)}.",
        invitations=[one.pk for one in invitations],
    )
    return request


@transaction.atomic
def answer_question(
    question: QuotationQuestion, *, answer: str, goes_to_all: bool, actor: User
) -> QuotationQuestion:
    """Answers a supplier's question, to it alone or to all invited without its name.

    Refused: an empty answer, a second one, and a request that is decided or called off.
    """
    request = lock(QuotationRequest.objects.get(invitations__questions=question))
    require_status(request, *QuotationRequest.DECIDABLE)
    question = lock(question)
    if question.answer:
        raise BusinessRuleError("answered", "This question is answered already.", "answer")
    if not answer.strip():
        raise BusinessRuleError("no_answer", "Write the answer.", "answer")
    question.answer, question.answered_by = answer.strip(), actor
    question.answered_at = timezone.now()
    if goes_to_all:
        question.clarification = QuotationClarification.objects.create(
            request=request, question=question.text, answer=question.answer
        )
    question.save(update_fields=["answer", "answered_by", "answered_at", "clarification"])
    record(
        "quotation_request.answered",
        request,
        actor=actor,
        summary=f"A question was answered{' to all invited' if goes_to_all else ''}: "
        f"{question.answer}",
        question=question.pk,
    )
    return question


@transaction.atomic
def close_quotation_request(request: QuotationRequest, *, actor: User) -> QuotationRequest:
    """Takes no more quotes, late ones included; refused while prices are sealed."""
    request = lock(request)
    require_status(request, Status.SENT)
    require_unsealed(request)
    request.status, request.closed_at, request.closed_by = Status.CLOSED, timezone.now(), actor
    request.save(update_fields=["status", "closed_at", "closed_by"])
    record(
        "quotation_request.closed", request, actor=actor, summary=f"{request} takes no more quotes."
    )
    return request


@transaction.atomic
def cancel_quotation_request(
    request: QuotationRequest, *, reason: str, actor: User
) -> QuotationRequest:
    """Calls a request off; whoever was asked is told why. Refused without a reason."""
    request = lock(request)
    require_status(request, Status.DRAFT, *QuotationRequest.DECIDABLE)
    if not reason.strip():
        raise BusinessRuleError("reason_missing", "Say why it is called off.", "reason")
    request.status, request.cancelled_at = Status.CANCELLED, timezone.now()
    request.cancelled_by, request.cancel_reason = actor, reason.strip()
    request.save(update_fields=["status", "cancelled_at", "cancelled_by", "cancel_reason"])
    record(
        "quotation_request.cancelled",
        request,
        actor=actor,
        summary=f"{request} called off: {request.cancel_reason}",
    )
    return request


def require_unsealed(request: QuotationRequest) -> None:
    """Refuses whatever needs prices that nobody of ours may know yet."""
    if request.keeps_prices_sealed:
        raise BusinessRuleError(
            "sealed", f"Prices stay sealed until {moment(request.deadline)}. Come back then."
        )


def require_lines(lines: Sequence[RequestedLine]) -> None:
    """Refuses a request for nothing, or for one SKU twice."""
    if not lines:
        raise BusinessRuleError("no_lines", "Give at least one SKU with its quantity.", "lines")
    seen: set[int] = set()
    for line in lines:
        if line.sku.pk in seen:
            raise BusinessRuleError(
                "sku_twice", f"{line.sku} stands there twice. Keep one.", "lines"
            )
        if line.quantity <= 0:
            raise BusinessRuleError("no_quantity", f"Say how much of {line.sku}.", "lines")
        seen.add(line.sku.pk)


def require_future(deadline: datetime) -> None:
    """Refuses a deadline that is over, or so far off that no day after it can be counted."""
    if deadline <= timezone.now():
        raise BusinessRuleError(
            "deadline_over", "The deadline is over. Set a later one.", "deadline"
        )
    if deadline > timezone.now() + FURTHEST_DEADLINE:
        raise BusinessRuleError(
            "deadline_too_far", "This is more than ten years away. Check the year.", "deadline"
        )


def _invite(request: QuotationRequest, emails: dict[Supplier, str]) -> list[QuotationInvitation]:
    """Rows of invitations, each with the address given, or the supplier's, or its contact's."""
    contacts = dict(
        Contact.objects.filter(supplier__in=emails)
        .exclude(email="")
        .order_by("-pk")
        .values_list("supplier_id", "email")
    )
    rows = []
    for supplier, given in emails.items():
        require_status(supplier, Supplier.Status.ACTIVE)
        email = given or supplier.email or contacts.get(supplier.pk, "")
        if not email:
            raise BusinessRuleError(
                "no_email", f"{supplier.name} has no e-mail address. Give one.", "email"
            )
        rows.append(QuotationInvitation(request=request, supplier=supplier, email=email))
    taken = BusinessRuleError("invited_already", "This supplier is invited already.", "supplier")
    with refusing({"suppliers_quotationinvitation_once": taken}):
        return list(QuotationInvitation.objects.bulk_create(rows))


def _make_links(request: QuotationRequest) -> list[QuotationInvitation]:
    """Marks the invitations that have no link yet as sent, by the hash of theirs."""
    fresh = list(request.invitations.filter(sent_at__isnull=True).order_by("pk"))
    for invitation in fresh:
        invitation.token_hash = token_hash(quotation_token(invitation))
        invitation.sent_at = timezone.now()
    QuotationInvitation.objects.bulk_update(fresh, ["token_hash", "sent_at"])
    return fresh
