"""The organization's own screens: home, search, people, settings, the trail."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect

from procure.documents import find, idempotent
from procure.errors import BusinessRuleError
from procure.forms import (
    InvitationForm,
    LocationForm,
    MembershipForm,
    OrganizationForm,
    add_rule_error,
)
from procure.models import BusinessEvent, Location, Membership
from procure.organizing import change_organization, save_location
from procure.people import change_membership, invite_person
from procure.permissions import requires
from procure.queries import members, open_invitations
from procure.screens import render_screen, settings_entries, step_url
from procure.tenancy import OrganizationRequest
from procure.work import first_steps, found_items, waiting_work, what_moved

EVENTS_PER_PAGE = 100


@requires("home.read")
def home(request: OrganizationRequest) -> HttpResponse:
    """What waits for this person, most urgent first, and what moved lately."""
    context = {
        "work": waiting_work(request),
        "moved": what_moved(request),
        "steps": first_steps(request),
        "import_url": step_url(request, "imports.tables", "procure:import_list"),
    }
    return render_screen(request, "home.html", context)


@requires("home.read")
def search(request: OrganizationRequest) -> HttpResponse:
    """Orders, suppliers, SKUs and invoices by number, code or name."""
    text = request.GET.get("q", "").strip()
    return render_screen(
        request, "search.html", {"text": text, "items": found_items(request, text)}
    )


@requires("settings.read")
def settings(request: OrganizationRequest) -> HttpResponse:
    """The way to everything that can be set."""
    return render_screen(request, "settings/index.html", {"entries": settings_entries(request)})


@requires("rules.write")
def organization_settings(request: OrganizationRequest) -> HttpResponse:
    """The organization's name and delivery rules."""
    form = OrganizationForm(request.POST or None, instance=request.organization)
    if request.method == "POST" and form.is_valid():
        change_organization(request.organization, values=form.cleaned_data, actor=request.user)
        messages.success(request, "Settings are saved.")
        return redirect("procure:settings", request.organization.slug)
    return render_screen(request, "settings/organization.html", {"form": form})


@requires("settings.read")
def location_list(request: OrganizationRequest) -> HttpResponse:
    """The places goods are shipped to."""
    context = {
        "locations": Location.objects.all(),
        "can_write": request.membership.may("rules.write"),
    }
    return render_screen(request, "settings/locations.html", context)


@requires("rules.write")
@idempotent
def location_form(request: OrganizationRequest, public_id: uuid.UUID | None = None) -> HttpResponse:
    """Adds or changes a place."""
    location = find(Location, public_id) if public_id else Location()
    form = LocationForm(request.POST or None, instance=location)
    if request.method == "POST" and form.is_valid():
        try:
            save_location(form.save(commit=False), actor=request.user)
            return redirect("procure:location_list", request.organization.slug)
        except BusinessRuleError as error:
            add_rule_error(form, error)
    return render_screen(request, "settings/location.html", {"form": form, "location": location})


@requires("settings.read")
def people_list(request: OrganizationRequest) -> HttpResponse:
    """Members with their roles, and invitations that wait."""
    context = {
        "members": members(request.organization),
        "invitations": open_invitations(),
        "can_write": request.membership.may("people.write"),
    }
    return render_screen(request, "settings/people.html", context)


@requires("people.write")
@idempotent
def person_invite(request: OrganizationRequest) -> HttpResponse:
    """Invites somebody by mail."""
    form = InvitationForm(request.POST or None, initial={"roles": request.GET.getlist("role")})
    if request.method == "POST" and form.is_valid():
        try:
            invite_person(**form.cleaned_data, actor=request.user)
            messages.success(request, f"{form.cleaned_data['email']} gets a mail with the link.")
            return redirect("procure:people_list", request.organization.slug)
        except BusinessRuleError as error:
            add_rule_error(form, error)
    return render_screen(request, "settings/person_invite.html", {"form": form})


@requires("people.write")
def person_edit(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Changes a member's roles, limit, lead or leave."""
    membership = get_object_or_404(
        Membership.objects.select_related("user"),
        organization=request.organization,
        public_id=public_id,
    )
    form = MembershipForm(request.POST or None, instance=membership)
    if request.method == "POST" and form.is_valid():
        try:
            change_membership(membership, **form.cleaned_data, actor=request.user)
            return redirect("procure:people_list", request.organization.slug)
        except BusinessRuleError as error:
            add_rule_error(form, error)
    return render_screen(request, "settings/person.html", {"form": form, "member": membership})


@requires("trail.read")
def trail(request: OrganizationRequest) -> HttpResponse:
    """Everything that happened, newest first."""
    events = BusinessEvent.objects.select_related("actor").order_by("-id")
    page = Paginator(events, EVENTS_PER_PAGE).get_page(request.GET.get("page"))
    return render_screen(request, "settings/trail.html", {"page": page})
