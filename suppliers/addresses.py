"""Where the screens of this app are: for redirects and breadcrumbs."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from procure.tenancy import Addressed, OrganizationRequest


def address(request: OrganizationRequest, name: str, row: Addressed | None = None) -> str:
    """The address of a named screen of this app, of one row where the screen shows one."""
    values: dict[str, object] = {"organization_slug": request.organization.slug}
    if row is not None:
        values["public_id"] = row.public_id
    return reverse(f"suppliers:{name}", kwargs=values)


def go_to(request: OrganizationRequest, name: str, row: Addressed | None = None) -> HttpResponse:
    """Answers a finished form with the screen that shows the result."""
    return HttpResponseRedirect(address(request, name, row))


def address_if(
    request: OrganizationRequest, permission: str, name: str, row: Addressed | None = None
) -> str:
    """The address for those who may go there, nothing for others."""
    return address(request, name, row) if request.membership.may(permission) else ""
