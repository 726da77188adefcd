"""The bank accounts that payments leave from: in the settings, under four eyes."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from matching.models import PayingAccount
from matching.paying_accounts import (
    confirm_paying_account,
    propose_paying_account,
    reject_paying_account,
)
from matching.payment_forms import PayingAccountForm
from procure.documents import find, idempotent
from procure.errors import BusinessRuleError
from procure.identity import confirms_identity
from procure.permissions import requires
from procure.screens import render_screen
from procure.tenancy import OrganizationRequest
from suppliers.form_screens import plain_form
from suppliers.forms import submitted


@requires("settings.read")
def paying_account_list(request: OrganizationRequest) -> HttpResponse:
    """Our accounts, the newest first, with the step that is next."""
    accounts = list(PayingAccount.objects.select_related("proposed_by", "decided_by"))
    used: set[str] = set()
    rows = []
    for account in accounts:
        is_used = account.status == "confirmed" and account.currency not in used
        used |= {account.currency} if is_used else set()
        rows.append((account, is_used, account.proposed_by_id != request.user.pk))
    may_write = request.membership.may("paying_accounts.write")
    new_url = reverse("matching:paying_account_new", args=[request.organization.slug])
    return render_screen(
        request,
        "matching/paying_account_list.html",
        {"rows": rows, "may_write": may_write, "new_url": new_url if may_write else ""},
        breadcrumb=[_settings(request), "Our bank accounts"],
        section="procure:settings",
    )


def _settings(request: OrganizationRequest) -> tuple[str, str]:
    return "Settings", reverse("procure:settings", args=[request.organization.slug])


@requires("paying_accounts.write")
@confirms_identity
@idempotent
def paying_account_new(request: OrganizationRequest) -> HttpResponse:
    """Enters an account of ours; a second person confirms it."""
    form = PayingAccountForm(
        request.POST if request.method == "POST" else None,
        initial={"holder": request.organization.name},
    )
    account = submitted(
        form, lambda: propose_paying_account(**form.cleaned_data, actor=request.user)
    )
    back = reverse("matching:paying_account_list", args=[request.organization.slug])
    if account is not None:
        messages.success(request, "Entered. A second person confirms it before it is used.")
        return redirect(back)
    crumbs = [_settings(request), ("Our bank accounts", back), "Enter an account"]
    return plain_form(request, form, "Enter an account of ours", "Enter account", back, crumbs)


def _step(
    request: OrganizationRequest,
    public_id: uuid.UUID,
    step: Callable[..., PayingAccount],
    done: str,
) -> HttpResponse:
    account = find(PayingAccount, public_id)
    try:
        step(account, actor=request.user)
        messages.success(request, done)
    except BusinessRuleError as error:
        messages.error(request, error.message)
    return redirect("matching:paying_account_list", request.organization.slug)


@requires("paying_accounts.write")
@require_POST
@confirms_identity
@idempotent
def paying_account_confirm(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """The second person's yes."""
    return _step(request, public_id, confirm_paying_account, "Confirmed. Payments leave from it.")


@requires("paying_accounts.write")
@require_POST
@idempotent
def paying_account_reject(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Anybody's no."""
    return _step(request, public_id, reject_paying_account, "Rejected. Nothing leaves from it.")
