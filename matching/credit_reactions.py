"""What follows for expected credits: the mails that ask, credit notes that come, days that pass."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urljoin

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from matching.addresses import mail_address_of
from matching.claiming import receive_credits, take_credits_back
from matching.credit_documents import credit_pdf, pdf_name
from matching.expected_credits import ExpectedCredit
from matching.returned_goods import drop_credits_of_reversed_returns, expect_credits_for_returns
from procure.daily import every_day
from procure.events import reacts_to, record_all
from procure.figures import money, reading_as
from procure.models import BusinessEvent, Membership, Organization
from procure.permissions import Role
from procure.tenancy import OrganizationRequest, current_organization_id
from procure.work import WaitingWork, tells_work


@reacts_to("supplier_invoice.captured", "supplier_invoice.approved")
def let_credit_notes_serve(events: Sequence[BusinessEvent]) -> None:
    """A credit note that became payable closes what was asked for on its invoice."""
    receive_credits({event.subject_id for event in events})


@reacts_to("supplier_invoice.voided")
def expect_again_what_was_voided(events: Sequence[BusinessEvent]) -> None:
    """What a voided credit note had brought is expected again."""
    take_credits_back({event.subject_id for event in events})


@reacts_to("goods_receipt.returned")
def ask_for_returned_goods(events: Sequence[BusinessEvent]) -> None:
    """Goods that go back after they were paid are asked back in money."""
    expect_credits_for_returns({event.subject_id for event in events})


@reacts_to("goods_receipt.reversed")
def drop_what_never_went_back(events: Sequence[BusinessEvent]) -> None:
    """A return that is reversed leaves nothing to wait for."""
    drop_credits_of_reversed_returns({event.subject_id for event in events})


@reacts_to("credit.asked", "credit.reminded")
def mail_credit_requests(events: Sequence[BusinessEvent]) -> None:
    """Sends the document with its evidence to the supplier; without an address it is printed.

    It may be sent twice; its Message-ID comes from the event.
    """
    organization = Organization.objects.get(pk=current_organization_id())
    wanted = ExpectedCredit.objects.select_related("invoice__supplier", "asked_by").in_bulk(
        {event.payload["expected_credit_id"] for event in events}
    )
    for event in events:
        credit = wanted[event.payload["expected_credit_id"]]
        email = mail_address_of(credit.invoice.supplier)
        if email:
            _mail(event, credit, email, organization)


def _mail(
    event: BusinessEvent, credit: ExpectedCredit, email: str, organization: Organization
) -> None:
    document = credit_pdf(credit)
    is_reminder = event.kind == "credit.reminded"
    with reading_as(organization.locale), timezone.override(organization.time_zone):
        body = render_to_string(
            "matching/credit_mail.txt",
            {
                "credit": credit,
                "organization": organization,
                "is_attached": document is not None,
                "is_reminder": is_reminder,
            },
        )
    subject = f"{credit.document_name} {credit} on your invoice {credit.invoice}"
    mail = EmailMessage(
        subject=f"{'Reminder: ' if is_reminder else ''}{subject} ({organization.name})",
        body=body,
        to=[email],
        reply_to=[credit.asked_by.email] if credit.asked_by else None,
        headers={"Message-ID": f"<event-{event.pk}@{organization.slug}.procure>"},
    )
    if document is not None:
        mail.attach(pdf_name(credit), document, "application/pdf")
    mail.send()


@every_day
def tell_overdue_credits() -> None:
    """Credits that have not come by their day are told once to the AP leads."""
    today = timezone.localdate()
    late = list(
        ExpectedCredit.objects.filter(
            status=ExpectedCredit.Status.OPEN, due_on__lt=today, overdue_told_on__isnull=True
        )
        .select_for_update(no_key=True)
        .order_by("pk")
    )
    ExpectedCredit.objects.filter(pk__in=[one.pk for one in late]).update(overdue_told_on=today)
    record_all(
        "credit.overdue",
        late,
        actor=None,
        summaries=[f"{one} has not come." for one in late],
        payloads=[{} for _ in late],
    )


@reacts_to("credit.overdue")
def mail_overdue_credits(events: Sequence[BusinessEvent]) -> None:
    """One mail to the AP leads with every credit that did not come; the clerks without a lead."""
    organization = Organization.objects.get(pk=current_organization_id())
    late = list(
        ExpectedCredit.objects.filter(pk__in=[event.subject_id for event in events])
        .filter(status=ExpectedCredit.Status.OPEN)
        .select_related("invoice__supplier")
        .order_by("due_on", "pk")
    )
    members = Membership.objects.filter(organization=organization, is_active=True)
    people = list(members.filter(roles__contains=[Role.AP_LEAD]).select_related("user"))
    people = people or list(members.filter(roles__contains=[Role.AP_CLERK]).select_related("user"))
    if not late or not people:
        return
    path = reverse("matching:credit_list", args=[organization.slug])
    with reading_as(organization.locale):
        rows = "\n".join(
            f"{one}  {one.invoice.supplier}, invoice {one.invoice}: "
            f"{money(one.amount, one.invoice.currency)} {one.invoice.currency}, "
            f"asked {one.days_open} days ago"
            for one in late
        )
    noun = "credit has" if len(late) == 1 else "credits have"
    EmailMessage(
        subject=f"{len(late)} expected {noun} not come ({organization.name})",
        body=f"These were asked for and are overdue:\n\n{rows}\n\n"
        f"Remind the supplier or give them up: {urljoin(settings.SITE_URL, path)}?view=overdue\n",
        to=sorted({member.user.email for member in people}),
        headers={"Message-ID": f"<event-{events[0].pk}@{organization.slug}.procure>"},
    ).send()


@tells_work
def credits_that_never_came(request: OrganizationRequest) -> list[WaitingWork]:
    """Overdue credits, for accounts payable: one statement."""
    if not request.membership.may("invoices.write"):
        return []
    late = ExpectedCredit.objects.filter(
        status=ExpectedCredit.Status.OPEN, due_on__lt=timezone.localdate()
    )
    return [
        WaitingWork(
            title="Credits that have not come",
            count=late.count(),
            detail="Money asked back from suppliers, overdue",
            address=reverse("matching:credit_list", args=[request.organization.slug])
            + "?view=overdue",
            icon="undo-2",
            tone="warn",
            urgency=40,
        )
    ]
