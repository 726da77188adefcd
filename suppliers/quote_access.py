"""Who may see a supplier's quote page: the browser that came through the supplier's link.

The link is exchanged once for a note in the browser's session and leaves the address bar. From
then on each request runs in `supplier_atomic`, and the invitation is looked up anew.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from procure.figures import reading_as
from procure.models import Organization
from procure.rate_limits import is_too_often
from procure.tenancy import supplier_atomic
from suppliers.models import QuotationInvitation
from suppliers.quote_links import is_expired

SESSION_KEY = "quotation_links"
MOST_WRONG_LINKS = 20
WRONG_LINKS_SECONDS = 600
MOST_POSTS = 60
POSTS_SECONDS = 60

QuoteView = Callable[..., HttpResponse]


class QuoteRequest(HttpRequest):
    """The request as a page of an invited supplier sees it."""

    invitation: QuotationInvitation


def remember_link(request: HttpRequest, invitation: QuotationInvitation) -> None:
    """Lets this browser in, under a new session key so that a planted one is worth nothing."""
    request.session.cycle_key()
    links = request.session.get(SESSION_KEY, {})
    links[str(invitation.public_id)] = [
        invitation.organization_id,
        invitation.supplier_id,
        invitation.token_hash,
    ]
    request.session[SESSION_KEY] = links


def invited(view: QuoteView) -> QuoteView:
    """Runs a page for the supplier that the session knows, and as that supplier only."""

    @wraps(view)
    def wrapped(
        request: QuoteRequest, organization_slug: str, public_id: UUID, **kwargs: Any
    ) -> HttpResponse:
        organization = Organization.objects.filter(slug=organization_slug).first()
        known = request.session.get(SESSION_KEY, {}).get(str(public_id))
        if organization is None or known is None or known[0] != organization.pk:
            return no_entry(request, 404)
        if request.method == "POST" and is_too_often(
            f"quote-posts:{organization.pk}:{public_id}", MOST_POSTS, POSTS_SECONDS
        ):
            return no_entry(request, 429)
        with (
            reading_as(organization.locale),
            timezone.override(organization.time_zone),
            supplier_atomic(organization.pk, known[1]),
        ):
            invitation = (
                QuotationInvitation.objects.select_related("request__ship_to", "supplier")
                .filter(public_id=public_id, token_hash=known[2])
                .first()
            )
            if invitation is None or is_expired(invitation):
                return no_entry(request, 404)
            request.invitation = invitation
            return private(view(request, organization, **kwargs))

    return wrapped


def no_entry(request: HttpRequest, status: int) -> HttpResponse:
    """A page that says why nothing opens, the same for forged, expired and foreign links."""
    response = private(render(request, "quotes/no_entry.html", {"status": status}, status=status))
    response.headers["Referrer-Policy"] = "no-referrer"
    if status == 429:
        response.headers["Retry-After"] = str(WRONG_LINKS_SECONDS)
    return response


def private(response: HttpResponse) -> HttpResponse:
    """Nothing of a quote is kept by a browser, a proxy or a search engine."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
