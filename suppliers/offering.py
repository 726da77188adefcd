"""What an invited supplier does: opens its link, quotes, quotes again, asks, declines.

Every function starts from the supplier's own invitation; the trail tells that it quoted, never
what. `actor` is None when the supplier itself acts, through its link.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from procure.documents import lock, require_status
from procure.errors import BusinessRuleError
from procure.events import record
from procure.figures import moment
from procure.models import User
from suppliers.models import (
    Quotation,
    QuotationBreak,
    QuotationInvitation,
    QuotationLine,
    QuotationQuestion,
    QuotationRequest,
    QuotationRequestLine,
)

MOST_VERSIONS = 50
MOST_QUESTIONS = 30
HEAD = (
    "valid_to",
    "freight_amount",
    "tooling_amount",
    "incoterm",
    "payment_terms_days",
    "note",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedLine:
    """A price per the line's unit; `breaks` are (from quantity, unit price), rising and cheaper."""

    line: QuotationRequestLine
    unit_price: Decimal
    minimum_quantity: Decimal = Decimal(0)
    breaks: tuple[tuple[Decimal, Decimal], ...] = ()
    lead_time_days: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One version of a quotation, in the supplier's currency."""

    valid_to: date
    lines: Sequence[OfferedLine]
    freight_amount: Decimal = Decimal(0)
    tooling_amount: Decimal = Decimal(0)
    incoterm: str = ""
    payment_terms_days: int | None = None
    note: str = ""

    def head(self) -> dict[str, object]:
        """Everything but the lines, by column."""
        return {name: getattr(self, name) for name in HEAD}


@transaction.atomic
def open_invitation(invitation: QuotationInvitation, *, actor: User | None) -> QuotationInvitation:
    """Remembers that the link was opened, the first time."""
    invitation = lock(invitation)
    if invitation.opened_at is not None:
        return invitation
    invitation.opened_at = timezone.now()
    invitation.save(update_fields=["opened_at"])
    record(
        "quotation_request.opened",
        invitation.request,
        actor=actor,
        summary=f"{invitation.supplier.name} opened its link.",
    )
    return invitation


@transaction.atomic
def submit_quotation(
    invitation: QuotationInvitation, *, offer: Offer, actor: User | None
) -> Quotation:
    """The supplier's offer; a further version replaces the one before, until the deadline. The
    same again confirms it when the request has changed since, and does nothing otherwise.

    A first offer after the deadline is taken and marked late. Refused: a request that takes no
    quotes, a change of a timely offer after the deadline, no price at all, prices that end in the
    past, and quantity breaks that are out of order or not cheaper.
    """
    request = lock(invitation.request)
    require_status(request, *QuotationRequest.ANSWERABLE)
    invitation = lock(invitation)
    last: Quotation | None = invitation.quotations.first()
    if last is not None and _says_the_same(last, offer):
        return _confirmed(last, request, invitation, actor)
    is_late = request.is_past_deadline()
    _require_turn(request, last, is_late=is_late)
    _require_sense(offer)
    quotation: Quotation = Quotation.objects.create(
        invitation=invitation,
        supplier_id=invitation.supplier_id,
        version=last.version + 1 if last else 1,
        is_late=is_late,
        currency=invitation.supplier.currency,
        **offer.head(),
    )
    _keep_lines(quotation, offer.lines)
    if invitation.declined_at is not None:
        invitation.declined_at, invitation.decline_reason = None, ""
        invitation.save(update_fields=["declined_at", "decline_reason"])
    record(
        "quotation_request.quoted",
        request,
        actor=actor,
        summary=f"{invitation.supplier.name} quoted, version {quotation.version}"
        f"{', after the deadline' if is_late else ''}.",
    )
    return quotation


@transaction.atomic
def ask_question(
    invitation: QuotationInvitation, *, text: str, actor: User | None
) -> QuotationQuestion:
    """The supplier asks; refused when empty, when it asked the same before, and after the end."""
    request = lock(invitation.request)
    require_status(request, *QuotationRequest.ANSWERABLE)
    asked = list(invitation.questions.all())
    if not text.strip():
        raise BusinessRuleError("no_question", "Write your question.", "text")
    if any(one.text == text.strip() for one in asked):
        raise BusinessRuleError("asked_already", "You asked this already.", "text")
    if len(asked) >= MOST_QUESTIONS:
        raise BusinessRuleError(
            "too_many", f"You asked {MOST_QUESTIONS} questions. Write to us instead.", "text"
        )
    question: QuotationQuestion = QuotationQuestion.objects.create(
        invitation=invitation, supplier_id=invitation.supplier_id, text=text.strip()
    )
    record(
        "quotation_request.asked",
        request,
        actor=actor,
        summary=f"{invitation.supplier.name} asks: {question.text}",
    )
    return question


@transaction.atomic
def decline_invitation(
    invitation: QuotationInvitation, *, reason: str, actor: User | None
) -> QuotationInvitation:
    """The supplier does not quote; it may change its mind while quotes are taken."""
    request = lock(invitation.request)
    require_status(request, *QuotationRequest.ANSWERABLE)
    invitation = lock(invitation)
    if invitation.declined_at is not None:
        raise BusinessRuleError("declined_already", "You declined already.", "reason")
    if invitation.quotations.exists():
        raise BusinessRuleError(
            "quoted_already", "You quoted already. Ask us if the offer does not stand.", "reason"
        )
    invitation.declined_at, invitation.decline_reason = timezone.now(), reason.strip()
    invitation.save(update_fields=["declined_at", "decline_reason"])
    words = f": {invitation.decline_reason}" if invitation.decline_reason else "."
    record(
        "quotation_request.declined",
        request,
        actor=actor,
        summary=f"{invitation.supplier.name} does not quote{words}",
    )
    return invitation


def _confirmed(
    last: Quotation, request: QuotationRequest, invitation: QuotationInvitation, actor: User | None
) -> Quotation:
    """The same offer once more: for a request that has changed since, it stands from now on."""
    if not last.is_before_change(request):
        return last
    last.confirmed_at = timezone.now()
    last.save(update_fields=["confirmed_at"])
    record(
        "quotation_request.confirmed",
        request,
        actor=actor,
        summary=f"{invitation.supplier.name} confirmed version {last.version} after the change.",
    )
    return last


def _require_turn(request: QuotationRequest, last: Quotation | None, *, is_late: bool) -> None:
    if last is None:
        return
    if is_late and not last.is_late:
        raise BusinessRuleError(
            "deadline_over",
            f"The deadline was {moment(request.deadline)}. Version {last.version} of your "
            "offer counts.",
        )
    if last.version >= MOST_VERSIONS:
        raise BusinessRuleError(
            "too_many", f"You sent {MOST_VERSIONS} versions. Write to us instead."
        )


def _require_sense(offer: Offer) -> None:
    if not offer.lines:
        raise BusinessRuleError("no_prices", "Give the price of at least one line.")
    if offer.valid_to < timezone.localdate():
        raise BusinessRuleError("already_over", "This day is over. Choose a later one.", "valid_to")
    for offered in offer.lines:
        quantity, price = offered.minimum_quantity, offered.unit_price
        for from_quantity, unit_price in offered.breaks:
            if from_quantity <= quantity or unit_price >= price:
                raise BusinessRuleError(
                    "breaks_out_of_order",
                    f"{offered.line.sku}: each step needs a larger quantity and a lower price "
                    "than the one before.",
                )
            quantity, price = from_quantity, unit_price


def _keep_lines(quotation: Quotation, offered: Sequence[OfferedLine]) -> None:
    rows = QuotationLine.objects.bulk_create(
        QuotationLine(
            quotation=quotation,
            supplier_id=quotation.supplier_id,
            request_line=one.line,
            unit_price=one.unit_price,
            minimum_quantity=one.minimum_quantity,
            lead_time_days=one.lead_time_days,
            note=one.note.strip(),
        )
        for one in offered
    )
    QuotationBreak.objects.bulk_create(
        QuotationBreak(
            line=row,
            supplier_id=quotation.supplier_id,
            minimum_quantity=minimum_quantity,
            unit_price=unit_price,
        )
        for row, one in zip(rows, offered, strict=True)
        for minimum_quantity, unit_price in one.breaks
    )


def _says_the_same(last: Quotation, offer: Offer) -> bool:
    if any(getattr(last, name) != value for name, value in offer.head().items()):
        return False
    kept = {
        row.request_line_id: (
            row.unit_price,
            row.minimum_quantity,
            tuple((step.minimum_quantity, step.unit_price) for step in row.breaks.all()),
            row.lead_time_days,
            row.note,
        )
        for row in last.lines.prefetch_related("breaks")
    }
    offered = {
        one.line.pk: (
            one.unit_price,
            one.minimum_quantity,
            one.breaks,
            one.lead_time_days,
            one.note.strip(),
        )
        for one in offer.lines
    }
    return kept == offered
