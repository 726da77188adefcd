"""What follows from the ground's own events: the mail that carries an invitation."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urljoin

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse

from procure.events import reacts_to
from procure.models import BusinessEvent, Invitation, Location, Membership, Organization
from procure.people import invitation_token
from procure.screens import step_url
from procure.tenancy import OrganizationRequest, current_organization_id
from procure.work import FirstStep, tells_first_steps


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


@tells_first_steps
def company_steps(request: OrganizationRequest) -> list[FirstStep]:
    """A place that goods are shipped to, and somebody beside the founder: two statements."""
    places = Location.objects.exists()
    people = Membership.objects.filter(organization=request.organization, is_active=True).count()
    return [
        FirstStep(
            title="Add a place",
            detail="Where suppliers ship to.",
            address=step_url(request, "rules.write", "procure:location_new"),
            icon="map-pin",
            is_done=places,
            place=10,
        ),
        FirstStep(
            title="Invite an approver",
            detail="Nobody approves their own order. While you are alone, set no approval "
            "rules: an order that no rule asks about is approved when it is submitted.",
            address=step_url(request, "people.write", "procure:person_invite", "?role=approver"),
            icon="user-plus",
            is_done=people > 1,
            place=40,
        ),
    ]
