"""The link that lets a supplier quote without an account.

A token is 256 bits made from the invitation with its random seed, the organization, the request
and the server's own key. Only its hash is stored: a copy of the database opens nothing, and a mail
that is sent again carries the same link, also when the supplier's record was merged meanwhile.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta
from urllib.parse import urljoin

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from procure.models import Organization
from suppliers.models import QuotationInvitation

GRACE = timedelta(days=14)
"""How long after its deadline a request may still be looked at, and quoted late."""

_SALT = "suppliers.quotation-link"


def quotation_token(invitation: QuotationInvitation) -> str:
    """The secret part of the invitation's link."""
    bound = (
        invitation.organization_id,
        invitation.request_id,
        invitation.pk,
        invitation.link_seed,
    )
    value = "|".join(str(part) for part in bound)
    digest = salted_hmac(_SALT, value, algorithm="sha256").digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def token_hash(token: str) -> str:
    """What is stored of a token, and what it is found by."""
    return hashlib.sha256(token.encode()).hexdigest()


def is_expired(invitation: QuotationInvitation) -> bool:
    """Whether the link opens nothing any more; its request is loaded with it."""
    expires_at = invitation.request.deadline + GRACE
    return bool(timezone.now() > expires_at)


def invitation_behind(token: str) -> QuotationInvitation | None:
    """The current organization's invitation that this token was made for; forged ones find none."""
    found = QuotationInvitation.objects.filter(token_hash=token_hash(token), sent_at__isnull=False)
    invitation: QuotationInvitation | None = found.select_related("request", "supplier").first()
    if invitation is None or not constant_time_compare(token, quotation_token(invitation)):
        return None
    return invitation


def quotation_link(invitation: QuotationInvitation, organization: Organization) -> str:
    """The whole link, as a mail carries it."""
    path = reverse("quotes:open", args=[organization.slug, quotation_token(invitation)])
    return str(urljoin(settings.SITE_URL, path))
