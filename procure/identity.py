"""Asking again who somebody is, before a step that decides where money goes.

A browser that was left open, or a session that was taken over, is signed in and is not the person.
Such a step therefore needs the password once more when the last sign-in or confirmation in this
browser is longer ago than `FRESH_MINUTES`. What was typed into the form comes along: the page that
asks carries it, nothing of it is kept, and it reaches the view once the password is right.
"""

from __future__ import annotations

from functools import wraps
from typing import Any

from django import forms
from django.contrib.auth import logout
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from procure.forms import MOST_PASSWORD
from procure.rate_limits import count_once_more
from procure.screens import render_screen
from procure.tenancy import OrganizationRequest, View

FRESH_MINUTES = 5
MOST_WRONG_PASSWORDS = 5
PASSWORD = "identity_password"  # the name of a field, as the one below names a key of the session
CONFIRMED_AT = "identity_confirmed_at"
WRONG_PASSWORDS_SECONDS = 24 * 60 * 60
NOT_CARRIED = (PASSWORD, "csrfmiddlewaretoken")


class PasswordForm(forms.Form):
    """The password of whoever is signed in."""

    identity_password = forms.CharField(
        label="Your password",
        strip=False,
        max_length=MOST_PASSWORD,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
    )

    def __init__(self, request: OrganizationRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = request.user

    def clean_identity_password(self) -> str:
        password = str(self.cleaned_data[PASSWORD])
        if not self.person.check_password(password):
            raise forms.ValidationError("This is not your password.", code="wrong")
        return password


def confirms_identity(view: View) -> View:
    """A form that is only taken from a person whose password was given a few minutes ago.

    Stands below `@requires` and above `@idempotent`. Opening the form asks nothing. Files are not
    carried along, so a form with an upload cannot be guarded this way.
    """

    @wraps(view)
    def asked(request: OrganizationRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method == "POST" and not is_fresh(request):
            form = PasswordForm(request, request.POST if PASSWORD in request.POST else None)
            if not form.is_valid():
                return _ask(request, form)
            _confirm(request)
        _forget_password(request)
        return view(request, *args, **kwargs)

    asked.confirms_identity = True  # type: ignore[attr-defined]
    return asked


def is_fresh(request: HttpRequest) -> bool:
    """Whether the password was given in this browser within the last minutes."""
    seconds = timezone.now().timestamp() - request.session.get(CONFIRMED_AT, 0)
    return bool(0 <= seconds < FRESH_MINUTES * 60)


def _confirm(request: HttpRequest) -> None:
    request.session[CONFIRMED_AT] = int(timezone.now().timestamp())


@receiver(user_logged_in, dispatch_uid="procure.identity")
def signed_in(sender: object, request: HttpRequest, **_: object) -> None:
    """Signing in is giving the password."""
    _confirm(request)


def _wrong_passwords(request: OrganizationRequest) -> int:
    """Counts one more since the last right one. In Redis, and not in the session, of which each of
    several requests at once reads the count from before the others."""
    since = request.session.get(CONFIRMED_AT, 0)
    key = f"wrong-identity:{request.session.session_key}:{since}"
    return count_once_more(key, WRONG_PASSWORDS_SECONDS)


def _forget_password(request: OrganizationRequest) -> None:
    """The form behind gets what was typed into it, as if nobody had asked in between."""
    if PASSWORD in request.POST:
        typed = request.POST.copy()
        del typed[PASSWORD]
        request.POST = typed  # type: ignore[assignment]


def _ask(request: OrganizationRequest, form: PasswordForm) -> HttpResponse:
    """The page that asks; who guesses is signed out."""
    if form.is_bound and _wrong_passwords(request) >= MOST_WRONG_PASSWORDS:
        logout(request)
        return redirect("login")
    carried = [
        (name, value)
        for name, values in request.POST.lists()
        if name not in NOT_CARRIED
        for value in values
    ]
    response = render_screen(
        request,
        "accounts/confirm_identity.html",
        {"form": form, "carried": carried, "minutes": FRESH_MINUTES},
        breadcrumb=["Confirm it is you"],
        status=422,
    )
    response.headers["HX-Retarget"], response.headers["HX-Reswap"] = "body", "innerHTML"
    return response
