"""The settings screen of the mailbox to which suppliers send invoices."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from matching.mailboxes import Mailbox, TakenMessage
from matching.setting_mailbox import MailboxDetails, set_mailbox, try_mailbox
from procure.errors import BusinessRuleError
from procure.forms import add_rule_error
from procure.permissions import requires
from procure.screens import render_screen
from procure.tenancy import OrganizationRequest

_HOST = r"^[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$"
_PLAIN = r"^[ -~]+$"


class MailboxForm(forms.Form):
    """The mailbox; the password is never shown again."""

    host = forms.RegexField(
        _HOST, label="Mail server", max_length=253,
        error_messages={"invalid": "Give the server's name, such as imap.example.com."},
    )  # fmt: skip
    port = forms.IntegerField(min_value=1, max_value=65535, initial=993)
    security = forms.ChoiceField(
        choices=Mailbox.Security.choices, label="Encryption", initial=Mailbox.Security.TLS
    )
    folder = forms.RegexField(
        _PLAIN, max_length=200, initial="INBOX",
        error_messages={"invalid": "Give the folder's name in letters without accents."},
    )  # fmt: skip
    username = forms.CharField(label="User name", max_length=254)
    password = forms.CharField(
        required=False,
        strip=False,
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Kept encrypted. Empty: stays as it is.",
    )
    is_active = forms.BooleanField(
        required=False, initial=True, label="Read this mailbox every minute"
    )


@requires("rules.write")
def mailbox(request: OrganizationRequest) -> HttpResponse:
    """The mailbox with the state of its connection; saving tries it."""
    known = Mailbox.objects.first()
    form = MailboxForm(request.POST or None, initial=_initial(known))
    if request.method == "POST" and form.is_valid():
        try:
            set_mailbox(MailboxDetails(**form.cleaned_data), actor=request.user)
            messages.success(request, "The mailbox is saved.")
            return redirect("matching:mailbox", request.organization.slug)
        except BusinessRuleError as error:
            add_rule_error(form, error)
    latest = TakenMessage.objects.order_by("-pk").first() if known else None
    return render_screen(
        request,
        "matching/mailbox.html",
        {"form": form, "mailbox": known, "latest": latest},
        piece="matching/_mailbox_state.html",
        breadcrumb=["Mail-in"],
        section="procure:settings",
        status=422 if request.method == "POST" else 200,
    )


def _initial(known: Mailbox | None) -> dict[str, Any]:
    if known is None:
        return {}
    names = ("host", "port", "security", "folder", "username", "is_active")
    return {name: getattr(known, name) for name in names}


@requires("rules.write")
@require_POST
def mailbox_try(request: OrganizationRequest) -> HttpResponse:
    """Has the worker try the connection now."""
    known = Mailbox.objects.first()
    if known is None:
        messages.error(request, "Name the mailbox first.")
    else:
        try_mailbox(known, actor=request.user)
    return redirect("matching:mailbox", request.organization.slug)
