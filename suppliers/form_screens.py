"""A form on a screen of its own, and what its address names."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpResponse

from procure.screens import render_screen
from procure.tenancy import OrganizationRequest


def plain_form(
    request: OrganizationRequest, form: Any, title: str, button: str, back_url: str, crumbs: Any
) -> HttpResponse:
    """A form of one card; 422 when it was refused."""
    return render_screen(
        request,
        "suppliers/plain_form.html",
        {"form": form, "title": title, "button": button, "back_url": back_url},
        breadcrumb=crumbs,
        status=422 if form.is_bound else 200,
    )


def named_row(request: OrganizationRequest, model: Any, name: str) -> Any:
    """The row that the address names by its id, or None; a strange text names nothing."""
    text = request.GET.get(name) or request.POST.get(name)
    try:
        return model.objects.filter(public_id=uuid.UUID(text or "")).first()
    except ValueError:
        return None
