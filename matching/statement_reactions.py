"""The mail that asks a supplier about its statement."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import timezone

from matching.addresses import mail_address_of
from matching.supplier_statements import SupplierStatement
from procure.events import reacts_to
from procure.figures import long_date, reading_as
from procure.models import BusinessEvent, Organization
from procure.tenancy import current_organization_id


@reacts_to("supplier_statement.asked")
def mail_questions(events: Sequence[BusinessEvent]) -> None:
    """Sends what was asked, answers go to who asked. It may be sent twice, under one Message-ID."""
    organization = Organization.objects.get(pk=current_organization_id())
    rows = SupplierStatement.objects.select_related("supplier")
    statements = rows.in_bulk({event.subject_id for event in events})
    for event in events:
        statement = statements.get(event.subject_id or 0)
        email = mail_address_of(statement.supplier) if statement else ""
        if statement is None or not email:
            continue
        with reading_as(organization.locale), timezone.override(organization.time_zone):
            body = render_to_string(
                "matching/statement_mail.txt",
                {
                    "statement": statement,
                    "supplier": statement.supplier,
                    "questions": event.payload["questions"],
                    "message": event.payload["message"],
                    "actor": event.actor,
                    "organization": organization,
                },
            )
            subject = f"Your statement of {long_date(statement.stated_on)} ({organization.name})"
        EmailMessage(
            subject=subject,
            body=body,
            to=[email],
            reply_to=[event.actor.email] if event.actor else None,
            headers={"Message-ID": f"<event-{event.pk}@{organization.slug}.procure>"},
        ).send()
