"""Changing a request for quotation: its content, its deadline, and reminding who said nothing yet.

A sent request never changes silently: whoever was asked is told by mail, and a quote that was given
before counts only once its supplier has confirmed it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from procure.documents import lock, require_status
from procure.errors import BusinessRuleError
from procure.events import record
from procure.figures import long_date, moment, quantity
from procure.models import User
from suppliers.models import (
    Quotation,
    QuotationInvitation,
    QuotationRequest,
    QuotationRequestLine,
)
from suppliers.quoting import RequestDetails, RequestedLine, require_future, require_lines

Status = QuotationRequest.Status
BETWEEN_REMINDERS = timedelta(hours=24)
OF_A_DRAFT = ("category", "title", "deadline", "needed_on", "ship_to", "is_sealed", "note")
OF_A_SENT_ONE = ("title", "needed_on", "ship_to", "note")
"""What suppliers were promised, deadline and seal, is not changed with the rest."""


@transaction.atomic
def change_quotation_request(
    request: QuotationRequest,
    *,
    details: RequestDetails,
    lines: Sequence[RequestedLine],
    actor: User,
) -> QuotationRequest:
    """Changes what is asked for. Of a sent request everybody asked is told, and quotes given
    before have to be confirmed; its category, deadline and seal stay.

    Refused: no line, a SKU twice, a deadline that is over, and leaving out a line that was sent.
    """
    request = lock(request)
    require_status(request, Status.DRAFT, Status.SENT)
    require_lines(lines)
    is_out = request.status == Status.SENT
    require_future(request.deadline if is_out else details.deadline)
    names = OF_A_SENT_ONE if is_out else OF_A_DRAFT
    words = [*_change_head(request, details, names), *_change_lines(request, lines, is_out=is_out)]
    if not words:
        return request
    if is_out:
        request.changed_at, request.change_note = timezone.now(), "\n".join(words)
    request.save(update_fields=[*names, "changed_at", "change_note"])
    record(
        "quotation_request.changed",
        request,
        actor=actor,
        summary=f"{request} changed: {' '.join(words)}"[:500],
        is_sent=is_out,
        changes=words,
    )
    return request


@transaction.atomic
def extend_quotation_deadline(
    request: QuotationRequest, *, deadline: datetime, actor: User
) -> QuotationRequest:
    """Gives suppliers longer, and tells them; what is sealed stays so until the new deadline.

    Quotes that came late are in time by it. Refused: an earlier moment, one that is over, and a
    seal that was opened upon quotes: somebody may have seen them.
    """
    request = lock(request)
    require_status(request, Status.SENT)
    require_future(deadline)
    if deadline <= request.deadline:
        raise BusinessRuleError(
            "not_later",
            f"Suppliers have until {moment(request.deadline)}. Set a later moment.",
            "deadline",
        )
    quotations = Quotation.objects.filter(invitation__request=request)
    if request.is_sealed and request.is_past_deadline() and quotations.exists():
        raise BusinessRuleError(
            "seal_opened",
            "The seal was opened at the deadline. Decide, or call it off and ask anew.",
            "deadline",
        )
    before, request.deadline = request.deadline, deadline
    request.save(update_fields=["deadline"])
    quotations.filter(is_late=True).update(is_late=False)
    record(
        "quotation_request.extended",
        request,
        actor=actor,
        summary=f"{request}: quotes until {moment(deadline)}, was {moment(before)}.",
    )
    return request


@transaction.atomic
def remind_invited(request: QuotationRequest, *, actor: User) -> QuotationRequest:
    """Reminds by mail whoever neither quoted nor declined, or has a quote to confirm.

    Refused: after the deadline, when all have answered, and twice within a day.
    """
    request = lock(request)
    require_status(request, Status.SENT)
    require_future(request.deadline)
    if not waited_for(request).exists():
        raise BusinessRuleError("all_answered", "Everybody has answered. Nobody is left to remind.")
    now = timezone.now()
    due = list(due_for_reminder(request).select_related("supplier"))
    if not due:
        raise BusinessRuleError(
            "reminded_lately", "They were asked within the last day. Give them until tomorrow."
        )
    for one in due:
        one.reminded_at = now
    QuotationInvitation.objects.bulk_update(due, ["reminded_at"])
    names = ", ".join(one.supplier.name for one in due)
    record(
        "quotation_request.reminded",
        request,
        actor=actor,
        summary=f"{names} reminded of {request}."[:500],
        invitations=[one.pk for one in due],
    )
    return request


def waited_for(request: QuotationRequest) -> QuerySet[QuotationInvitation]:
    """The invitations that went out and have no answer that counts yet."""
    answered = Q(quotations__isnull=False)
    if request.changed_at is not None:
        since = request.changed_at
        answered = Q(quotations__submitted_at__gte=since) | Q(quotations__confirmed_at__gte=since)
    done = QuotationInvitation.objects.filter(answered, request=request).values("pk")
    rows: QuerySet[QuotationInvitation] = request.invitations.filter(
        sent_at__isnull=False, declined_at__isnull=True
    )
    return rows.exclude(pk__in=done).order_by("pk")


def due_for_reminder(request: QuotationRequest) -> QuerySet[QuotationInvitation]:
    """Those of them that were not reminded within the last day."""
    lately = timezone.now() - BETWEEN_REMINDERS
    return waited_for(request).exclude(reminded_at__gt=lately)


def _change_head(
    request: QuotationRequest, details: RequestDetails, names: Sequence[str]
) -> list[str]:
    """Takes the named details over; what changed, as suppliers read it."""
    changed = []
    for name in names:
        value = getattr(details, name)
        value = value.strip() if isinstance(value, str) else value
        if getattr(request, name) != value:
            setattr(request, name, value)
            changed.append(name)
    words = {
        "title": f"It is called {request.title} now.",
        "needed_on": f"Needed by {long_date(request.needed_on)}."
        if request.needed_on
        else "No day is given by which it is needed.",
        "ship_to": f"Ship to {request.ship_to.name}."
        if request.ship_to
        else "No ship-to is named.",
        "note": "The note says something else.",
        "deadline": f"Quotes until {moment(request.deadline)}.",
        "category": f"Category {request.category.name}.",
        "is_sealed": "Sealed until the deadline." if request.is_sealed else "Not sealed.",
    }
    return [words[name] for name in changed]


def _change_lines(
    request: QuotationRequest, lines: Sequence[RequestedLine], *, is_out: bool
) -> list[str]:
    """Brings the lines to what is wanted; what changed, as suppliers read it."""
    known = {line.sku_id: line for line in request.lines.select_related("sku")}
    words = _leave_out(known, {line.sku.pk for line in lines}, is_out=is_out)
    last = request.lines.aggregate(last=Max("line_no"))["last"] or 0
    fresh, kept = [], []
    for wanted in lines:
        line = known.get(wanted.sku.pk)
        if line is None:
            last += 1
            fresh.append(_new_line(request, wanted, last))
            words.append(
                f"{wanted.sku.code} is asked for too: {_much(wanted.quantity, fresh[-1])}."
            )
        elif (line.quantity, line.note) != (wanted.quantity, wanted.note.strip()):
            words.append(_said(line, wanted))
            line.quantity, line.note = wanted.quantity, wanted.note.strip()
            kept.append(line)
    QuotationRequestLine.objects.bulk_create(fresh)
    QuotationRequestLine.objects.bulk_update(kept, ["quantity", "note"])
    return words


def _leave_out(
    known: dict[int, QuotationRequestLine], wanted: set[int], *, is_out: bool
) -> list[str]:
    gone = [line for sku_id, line in known.items() if sku_id not in wanted]
    if gone and is_out:
        raise BusinessRuleError(
            "line_was_sent",
            f"{gone[0].sku.code} was asked for already. Keep its quantity and award nothing for it, "
            "or call the request off.",
            "lines",
        )
    QuotationRequestLine.objects.filter(pk__in=[line.pk for line in gone]).delete()
    return [f"{line.sku.code} is not asked for any more." for line in gone]


def _new_line(
    request: QuotationRequest, wanted: RequestedLine, line_no: int
) -> QuotationRequestLine:
    return QuotationRequestLine(
        request=request,
        line_no=line_no,
        sku=wanted.sku,
        quantity=wanted.quantity,
        unit=wanted.sku.unit,
        note=wanted.note.strip(),
    )


def _said(line: QuotationRequestLine, wanted: RequestedLine) -> str:
    if line.quantity == wanted.quantity:
        return f"{line.sku.code}: another note."
    return f"{line.sku.code}: {_much(wanted.quantity, line)}, was {_much(line.quantity, line)}."


def _much(amount: Decimal, line: QuotationRequestLine) -> str:
    return f"{quantity(amount)} {line.unit}"
