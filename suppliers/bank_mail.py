"""The notice to a supplier's old contacts that its bank details are being changed.

It may be sent twice; its Message-ID comes from the event and the place in the list, so that the
receiver sees one mail.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import timezone

from procure.events import reacts_to
from procure.figures import reading_as
from procure.models import BusinessEvent, Organization
from procure.tenancy import current_organization_id
from suppliers.models import BankAccount


@reacts_to("supplier.bank_account_proposed")
def mail_bank_change_notices(events: Sequence[BusinessEvent]) -> None:
    """Tells everybody who was a contact when the change was proposed, each in a mail alone."""
    organization = Organization.objects.get(pk=current_organization_id())
    wanted = {event.payload["bank_account"]: event for event in events}
    accounts = BankAccount.objects.filter(pk__in=wanted).select_related("supplier", "proposed_by")
    for account in accounts.order_by("pk"):
        event = wanted[account.pk]
        with reading_as(organization.locale), timezone.override(organization.time_zone):
            body = render_to_string(
                "suppliers/bank_change_mail.txt", {"account": account, "organization": organization}
            )
        for place, email in enumerate(account.emails_on_file):
            EmailMessage(
                subject=f"Change of {account.supplier}'s bank details ({organization.name})",
                body=body,
                to=[email],
                reply_to=[account.proposed_by.email],
                headers={"Message-ID": f"<event-{event.pk}-{place}@{organization.slug}.procure>"},
            ).send()
