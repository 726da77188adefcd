"""Signing in, joining by invitation, one's own preferences, and the way to one's organization."""

from __future__ import annotations

from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import AuthenticationForm, PasswordResetForm
from django.contrib.auth.views import LoginView, PasswordResetView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from procure.errors import BusinessRuleError
from procure.forms import JoinForm, PreferencesForm, SignInForm, add_rule_error
from procure.guessing import WRONG_PASSWORDS_SECONDS, is_put_off
from procure.models import Membership, User
from procure.organizing import change_theme
from procure.people import accept_invitation, invited_organization, open_invitation
from procure.rate_limits import is_too_often, sender_address
from procure.tenancy import tenant_atomic

THEME_COOKIE_AGE = 365 * 24 * 60 * 60  # seconds
MOST_RESETS = 3
MOST_RESETS_FROM_ADDRESS = 20
RESETS_SECONDS = 3600


class SignInView(LoginView):
    """Signing in; whoever guessed too often reads when to come back."""

    template_name = "accounts/login.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        email = str(form.cleaned_data.get("username") or "")
        if not email or not is_put_off(self.request, email):
            return super().form_invalid(form)
        form.errors.clear()
        form.add_error(None, "Too many wrong tries from here. Wait ten minutes and try again.")
        response = super().form_invalid(form)
        response.status_code = 429
        response.headers["Retry-After"] = str(WRONG_PASSWORDS_SECONDS)
        return response


class ForgottenPasswordView(PasswordResetView):
    """Mails a link for a new password, some times an hour: nobody's mailbox is flooded from here.

    An unknown address counts as a known one does, so that the answer tells nothing.
    """

    template_name = "accounts/password_reset.html"
    email_template_name = "accounts/password_reset_email.txt"
    subject_template_name = "accounts/password_reset_subject.txt"

    def form_valid(self, form: PasswordResetForm) -> HttpResponse:
        sentence = self._why_not(str(form.cleaned_data["email"]))
        if not sentence:
            return super().form_valid(form)
        form.add_error("email", sentence)
        response = self.form_invalid(form)
        response.status_code = 429
        response.headers["Retry-After"] = str(RESETS_SECONDS)
        return response

    def _why_not(self, email: str) -> str:
        """Counts one more and says what is too often, first by sender: it costs no mailbox."""
        sender = sender_address(self.request)
        if is_too_often(f"resets-from:{sender}", MOST_RESETS_FROM_ADDRESS, RESETS_SECONDS):
            return "Too many links were asked for from here. Wait an hour and try again."
        if is_too_often(f"resets:{email.strip().casefold()}", MOST_RESETS, RESETS_SECONDS):
            return (
                "A link for this address was asked for several times within the hour. Look in "
                "the mail, in the spam folder too, or wait an hour."
            )
        return ""


@login_required
def landing(request: HttpRequest) -> HttpResponse:
    """Sends a person to the organization they joined first, or says that there is none."""
    membership = (
        Membership.objects.filter(user__email=request.user.get_username(), is_active=True)
        .select_related("organization")
        .order_by("joined_at", "pk")
        .first()
    )
    if membership is None:
        return render(request, "accounts/no_organization.html")
    return redirect("procure:home", membership.organization.slug)


def accept(request: HttpRequest, token: str) -> HttpResponse:
    """Shows an invitation and joins; the link itself says which organization."""
    organization, public_id = invited_organization(token)
    signed_in = request.user if isinstance(request.user, User) else None
    form = JoinForm(request.POST or None)
    with tenant_atomic(organization.pk):
        invitation = open_invitation(public_id)
        if request.method == "POST" and form.is_valid():
            try:
                user = accept_invitation(invitation, **form.cleaned_data, signed_in=signed_in)
            except BusinessRuleError as error:
                add_rule_error(form, error)
            else:
                login(request, user, backend="django.contrib.auth.backends.ModelBackend")
                return redirect("procure:home", organization.slug)
    has_account = User.objects.filter(email=invitation.email).exists()
    context = {
        "form": form,
        "organization": organization,
        "invitation": invitation,
        "has_account": has_account,
    }
    return render(request, "accounts/accept_invitation.html", context)


@login_required
def preferences(request: HttpRequest) -> HttpResponse:
    """A person's name, theme, number format and keys."""
    user = User.objects.get(email=request.user.get_username())
    form = PreferencesForm(request.POST or None, instance=user)
    if request.method == "POST" and form.is_valid():
        form.save()
        return redirect("landing")
    return render(request, "accounts/preferences.html", {"form": form})


@require_POST
def choose_theme(request: HttpRequest) -> HttpResponse:
    """Light, dark or as the device: kept with the person and, before signing in, in a cookie."""
    chosen = request.POST.get("theme", "")
    theme = chosen if chosen in User.Theme.values else User.Theme.SYSTEM.value
    if isinstance(request.user, User):
        change_theme(request.user, theme)
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}):
        back = "/"
    response = redirect(back)
    response.set_cookie("theme", theme, max_age=THEME_COOKIE_AGE, samesite="Lax")
    response.cookies["theme"]["secure"] = request.is_secure()
    return response
