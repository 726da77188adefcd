"""The pages of an invited supplier: the way in, and its one page to quote, ask and decline."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from procure.models import Organization
from procure.rate_limits import is_too_often, sender_address
from procure.tenancy import tenant_atomic
from suppliers.forms import submitted
from suppliers.models import QuotationClarification, QuotationRequest
from suppliers.offering import (
    ask_question,
    decline_invitation,
    open_invitation,
    submit_quotation,
)
from suppliers.quote_access import (
    MOST_WRONG_LINKS,
    WRONG_LINKS_SECONDS,
    QuoteRequest,
    invited,
    no_entry,
    private,
    remember_link,
)
from suppliers.quote_forms import (
    DeclineForm,
    OfferForm,
    QuestionForm,
    known_head,
    line_forms,
    offer_from,
)
from suppliers.quote_links import invitation_behind, is_expired


@require_GET
def open_link(request: HttpRequest, organization_slug: str, token: str) -> HttpResponse:
    """Exchanges a mailed link for a session and goes on to the page without the secret.

    It notes the first opening although it is a GET: the exchange itself is what was mailed.
    """
    key = f"wrong-quote-links:{organization_slug}:{sender_address(request)}"
    organization = Organization.objects.filter(slug=organization_slug).first()
    if organization is not None:
        with tenant_atomic(organization.pk):
            invitation = invitation_behind(token)
            if invitation is not None and not is_expired(invitation):
                open_invitation(invitation, actor=None)
                remember_link(request, invitation)
                response = private(redirect("quotes:page", organization.slug, invitation.public_id))
                response.headers["Referrer-Policy"] = "no-referrer"
                return response
    is_many = is_too_often(key, MOST_WRONG_LINKS, WRONG_LINKS_SECONDS)
    return no_entry(request, 429 if is_many else 404)


@invited
def page(request: QuoteRequest, organization: Organization) -> HttpResponse:
    """What is asked for and the supplier's own offer; a POST sends the next version."""
    invitation = request.invitation
    sent = request.POST if request.method == "POST" else None
    lines = list(invitation.request.lines.select_related("sku"))
    last = invitation.quotations.prefetch_related("lines__breaks").first()
    head = OfferForm(sent, initial=known_head(invitation, last))
    rows = line_forms(sent, lines, last)
    read = [row.is_valid() for row in rows]
    if sent is not None and all(read):
        quotation = submitted(
            head, lambda: submit_quotation(invitation, offer=offer_from(head, rows), actor=None)
        )
        if quotation is not None:
            messages.success(
                request, f"Your offer is here: version {quotation.version}. Thank you."
            )
            return _back(request, organization)
    status = 422 if sent is not None else 200
    context = {"head": head, "rows": rows, "last": last}
    return _shown(request, organization, context, status)


@require_POST
@invited
def ask(request: QuoteRequest, organization: Organization) -> HttpResponse:
    """The supplier asks us something."""
    form = QuestionForm(request.POST)
    asked = submitted(
        form, lambda: ask_question(request.invitation, actor=None, **form.cleaned_data)
    )
    if asked is None:
        return _shown(request, organization, {"question_form": form}, 422)
    messages.success(request, "Your question was sent. The answer comes by mail and stands here.")
    return _back(request, organization)


@require_POST
@invited
def decline(request: QuoteRequest, organization: Organization) -> HttpResponse:
    """The supplier does not quote."""
    form = DeclineForm(request.POST)
    declined = submitted(
        form, lambda: decline_invitation(request.invitation, actor=None, **form.cleaned_data)
    )
    if declined is None:
        return _shown(request, organization, {"decline_form": form}, 422)
    messages.success(request, "Thank you for telling us. You may still quote while it is open.")
    return _back(request, organization)


def _back(request: QuoteRequest, organization: Organization) -> HttpResponseRedirect:
    return redirect("quotes:page", organization.slug, request.invitation.public_id)


def _shown(
    request: QuoteRequest, organization: Organization, context: dict[str, Any], status: int
) -> HttpResponse:
    """The page with whatever forms came back refused; everything else as it is stored."""
    invitation = request.invitation
    asked = list(invitation.questions.all())
    mine = [one.clarification_id for one in asked if one.clarification_id]
    if "head" not in context:
        lines = list(invitation.request.lines.select_related("sku"))
        last = invitation.quotations.prefetch_related("lines__breaks").first()
        context |= {
            "last": last,
            "head": OfferForm(initial=known_head(invitation, last)),
            "rows": line_forms(None, lines, last),
        }
    last = context["last"]
    is_late = invitation.request.is_past_deadline()
    is_to_confirm = last is not None and last.is_before_change(invitation.request)
    defaults = {
        "organization": organization,
        "invitation": invitation,
        "request_for_quotation": invitation.request,
        "is_late": is_late,
        "may_quote": invitation.request.status in QuotationRequest.ANSWERABLE
        and (is_to_confirm or not (is_late and last is not None and not last.is_late)),
        "is_to_confirm": is_to_confirm,
        "may_ask": invitation.request.status in QuotationRequest.ANSWERABLE,
        "questions": asked,
        "clarifications": QuotationClarification.objects.filter(
            request_id=invitation.request_id
        ).exclude(pk__in=mine),
        "question_form": QuestionForm(),
        "decline_form": DeclineForm(),
        "awards": invitation.request.awards.filter(supplier=invitation.supplier).select_related(
            "request_line__sku"
        ),
    }
    return render(request, "quotes/page.html", {**defaults, **context}, status=status)
