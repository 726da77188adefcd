"""What follows from the ground's own events: the mail that carries an invitation."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urljoin

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse

from procure.events import reacts_to
from procure.models import BusinessEvent, Invitation, Organization
from procure.people import invitation_token
from procure.tenancy import current_organization_id


@reacts_to("person.invited")
def mail_invitations(events: Sequence[BusinessEvent]) -> None:
    """Sends each open invitation its signed link."""
    organization = Organization.objects.get(pk=current_organization_id())
    invitations = Invitation.objects.in_bulk([event.subject_id for event in events])
    for event in events:
        invitation = invitations[event.subject_id]
        address = reverse("accept_invitation", args=[invitation_token(invitation)])
        EmailMessage(
            subject=f"{event.actor} invites you to {organization.name}",
            body=(
                f"{event.actor} invites you to buy for {organization.name}.\n\n"
                f"Open this link within seven days to join:\n"
                f"{urljoin(settings.SITE_URL, address)}\n"
            ),
            to=[invitation.email],
            headers={"Message-ID": f"<event-{event.pk}@{organization.slug}.procure>"},
        ).send()
