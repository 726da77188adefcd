"""The mail that carries an invoice response to the supplier."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import timezone

from matching.models import InvoiceResponse
from procure.events import reacts_to
from procure.figures import reading_as
from procure.models import BusinessEvent, Organization
from procure.tenancy import current_organization_id


@reacts_to("invoice_response.told")
def mail_invoice_responses(events: Sequence[BusinessEvent]) -> None:
    """Sends the document to where it was made for; one that was made as a file stays here.

    It may be sent twice; its Message-ID comes from the event.
    """
    mailed = [event for event in events if event.payload["by_mail"]]
    if not mailed:
        return
    organization = Organization.objects.get(pk=current_organization_id())
    wanted = InvoiceResponse.objects.select_related("invoice__supplier", "made_by").in_bulk(
        {event.payload["invoice_response_id"] for event in mailed}
    )
    for event in mailed:
        _mail(event, wanted[event.payload["invoice_response_id"]], organization)


def _mail(event: BusinessEvent, response: InvoiceResponse, organization: Organization) -> None:
    context = {"response": response, "invoice": response.invoice, "organization": organization}
    with reading_as(organization.locale), timezone.override(organization.time_zone):
        body = render_to_string("matching/response_mail.txt", context)
    status = response.get_status_display().lower()
    mail = EmailMessage(
        subject=f"Your invoice {response.invoice}: {status} ({organization.name})",
        body=body,
        to=[response.email],
        reply_to=[response.made_by.email],
        headers={"Message-ID": f"<event-{event.pk}@{organization.slug}.procure>"},
    )
    mail.attach(response.file_name, bytes(response.content), "application/xml")
    mail.send()
