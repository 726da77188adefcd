"""The mails round a request for quotation, sent after the commit that they tell of.

Each may be sent twice; its Message-ID comes from the event and the invitation, so that the
receiver sees one mail.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.core.mail import EmailMessage
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.utils import timezone

from procure.events import reacts_to
from procure.figures import reading_as
from procure.models import BusinessEvent, Organization
from procure.tenancy import current_organization_id
from suppliers.models import (
    Quotation,
    QuotationAward,
    QuotationInvitation,
    QuotationQuestion,
    QuotationRequest,
)
from suppliers.quote_links import quotation_link

INVITATION = "suppliers/quote_invitation_mail.txt"
ANSWER = "suppliers/quote_answer_mail.txt"
OUTCOME = "suppliers/quote_outcome_mail.txt"
CALLED_OFF = "suppliers/quote_cancelled_mail.txt"
CHANGED = "suppliers/quote_changed_mail.txt"
EXTENDED = "suppliers/quote_extended_mail.txt"
REMINDER = "suppliers/quote_reminder_mail.txt"


@reacts_to("quotation_request.sent", "quotation_request.invited")
def mail_quotation_links(events: Sequence[BusinessEvent]) -> None:
    """Sends each invited supplier its own link; those of a draft wait until it is sent."""
    for event in events:
        invitations = _invited(event).filter(
            pk__in=event.payload["invitations"], sent_at__isnull=False
        )
        _mail(event, invitations, "Request for quotation {request}: {request.title}", INVITATION)


@reacts_to("quotation_request.answered")
def mail_quotation_answers(events: Sequence[BusinessEvent]) -> None:
    """Tells the answer to whoever asked, or to all that are still in."""
    for event in events:
        question = QuotationQuestion.objects.get(pk=event.payload["question"])
        invitations = _invited(event).filter(sent_at__isnull=False, declined_at__isnull=True)
        if question.clarification_id is None:
            invitations = invitations.filter(pk=question.invitation_id)
        _mail(event, invitations, "An answer about {request}", ANSWER, question=question)


@reacts_to("quotation_request.awarded")
def mail_quotation_outcomes(events: Sequence[BusinessEvent]) -> None:
    """Tells everybody who quoted whether they were chosen, and nothing about the others."""
    for event in events:
        chosen = set(
            QuotationAward.objects.filter(request_id=event.subject_id).values_list(
                "supplier_id", flat=True
            )
        )
        invitations = _invited(event).filter(quotations__isnull=False).distinct()
        _mail(event, invitations, "Your quotation {request}", OUTCOME, chosen=chosen)


@reacts_to("quotation_request.cancelled")
def mail_quotation_cancellations(events: Sequence[BusinessEvent]) -> None:
    """Tells everybody who was asked that nothing more is wanted."""
    for event in events:
        invitations = _invited(event).filter(sent_at__isnull=False, declined_at__isnull=True)
        _mail(event, invitations, "{request} was called off", CALLED_OFF)


@reacts_to("quotation_request.changed")
def mail_quotation_changes(events: Sequence[BusinessEvent]) -> None:
    """Tells everybody who was asked what changed, and whoever quoted to confirm."""
    for event in events:
        if event.payload["is_sent"]:
            invitations = _invited(event).filter(sent_at__isnull=False)
            told = {"changes": event.payload["changes"], "quoted": _quoted(event)}
            _mail(event, invitations, "{request} was changed", CHANGED, **told)


@reacts_to("quotation_request.extended")
def mail_later_deadlines(events: Sequence[BusinessEvent]) -> None:
    """Tells everybody who was asked that there is more time."""
    for event in events:
        invitations = _invited(event).filter(sent_at__isnull=False)
        _mail(event, invitations, "More time for {request}", EXTENDED, quoted=_quoted(event))


@reacts_to("quotation_request.reminded")
def mail_quotation_reminders(events: Sequence[BusinessEvent]) -> None:
    """Reminds those that had not answered then."""
    for event in events:
        invitations = _invited(event).filter(pk__in=event.payload["invitations"])
        _mail(event, invitations, "Reminder: {request}", REMINDER, quoted=_quoted(event))


def _quoted(event: BusinessEvent) -> set[int]:
    """The invitations of a request that have a quote."""
    rows = Quotation.objects.filter(invitation__request_id=event.subject_id)
    return set(rows.values_list("invitation_id", flat=True))


def _invited(event: BusinessEvent) -> QuerySet[QuotationInvitation]:
    rows: QuerySet[QuotationInvitation] = QuotationInvitation.objects.filter(
        request_id=event.subject_id
    )
    return rows.select_related("request__category", "request__sent_by", "supplier").order_by("pk")


def _mail(
    event: BusinessEvent,
    invitations: Iterable[QuotationInvitation],
    subject: str,
    template: str,
    **context: object,
) -> None:
    organization = Organization.objects.get(pk=current_organization_id())
    for invitation in invitations:
        request: QuotationRequest = invitation.request
        link = quotation_link(invitation, organization)
        about = {"invitation": invitation, "request": request, "organization": organization}
        with reading_as(organization.locale), timezone.override(organization.time_zone):
            body = render_to_string(template, {**about, "link": link, **context})
        EmailMessage(
            subject=f"{subject.format(request=request)} ({organization.name})",
            body=body,
            to=[invitation.email],
            reply_to=[request.sent_by.email] if request.sent_by else None,
            headers={
                "Message-ID": f"<event-{event.pk}-{invitation.pk}@{organization.slug}.procure>"
            },
        ).send()
