"""The screens of a supplier's bank details: one version beside the one before, and its steps."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.utils import timezone

from procure.documents import find, idempotent
from procure.figures import long_date
from procure.identity import confirms_identity
from procure.permissions import requires
from procure.screens import render_screen
from procure.tenancy import OrganizationRequest
from suppliers.addresses import address, go_to
from suppliers.bank_changes import (
    confirm_bank_account,
    propose_bank_account,
    record_call_back,
    reject_bank_account,
)
from suppliers.bank_checks import bank_warnings, countries
from suppliers.bank_forms import BankAccountForm, CallBackForm, ConfirmationForm
from suppliers.form_screens import plain_form
from suppliers.forms import ReasonForm, submitted
from suppliers.models import BankAccount, Supplier
from suppliers.payment_holds import payments_held
from suppliers.supplier_views import supplier_crumbs


@requires("bank_accounts.write")
@confirms_identity
@idempotent
def bank_account_new(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Proposes where a supplier is paid from now on."""
    supplier = find(Supplier, public_id)
    form = BankAccountForm(
        request.POST if request.method == "POST" else None,
        initial={"holder": supplier.legal_name or supplier.name, "currency": supplier.currency},
    )
    account = submitted(
        form,
        lambda: propose_bank_account(
            supplier,
            details=form.details(),
            reason=form.cleaned_data["reason"],
            actor=request.user,
        ),
    )
    if account is not None:
        messages.success(request, f"Proposed. Payments to {supplier.name} wait for the call-back.")
        return go_to(request, "bank_account_detail", account)
    back_url = address(request, "supplier_detail", supplier)
    crumbs = supplier_crumbs(request, supplier, "Bank details")
    title = f"New bank details of {supplier.name}"
    return plain_form(request, form, title, "Propose bank details", back_url, crumbs)


@requires("suppliers.read")
def bank_account_detail(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """One version beside the one before, what looks wrong, and how far it is."""
    account = find(BankAccount, public_id)
    supplier = account.supplier
    versions = list(
        BankAccount.objects.filter(supplier=supplier).select_related(
            "proposed_by", "called_by", "confirmed_by", "rejected_by"
        )
    )
    account = next(one for one in versions if one.pk == account.pk)
    before = next((one for one in versions if _was_used_before(one, account)), None)
    is_full = request.membership.may("bank_accounts.write")
    return render_screen(
        request,
        "suppliers/bank_account_detail.html",
        {
            "supplier": supplier,
            "account": account,
            "before": before,
            "rows": compared(account, before, is_full=is_full),
            "versions": versions,
            "warnings": bank_warnings(account, supplier),
            "hold": payments_held([supplier.pk]).get(supplier.pk),
            "is_full": is_full,
            "is_second": account.proposed_by_id != request.user.pk,
            "today": timezone.localdate(),
        },
        breadcrumb=supplier_crumbs(request, supplier, f"Bank details, version {account.version}"),
    )


def _was_used_before(one: BankAccount, account: BankAccount) -> bool:
    return one.version < account.version and one.status == BankAccount.Status.CONFIRMED


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """A part of bank details before and now."""

    label: str
    before: str
    now: str

    @property
    def is_changed(self) -> bool:
        return self.before != self.now


def compared(
    account: BankAccount, before: BankAccount | None, *, is_full: bool
) -> list[ComparedRow]:
    """Both versions part by part; numbers are masked for those who may not see them."""

    def parts(one: BankAccount | None) -> dict[str, str]:
        if one is None:
            return {}
        number = one.number if is_full else one.masked
        return {
            "Account holder": one.holder,
            "IBAN" if one.iban else "Account number": number,
            "Routing number": one.routing_number,
            "BIC": one.bic,
            "Bank": one.bank_name,
            "Country": countries().get(one.country, one.country),
            "Currency": one.currency,
        }

    old, new = parts(before), parts(account)
    labels = list(dict.fromkeys([*new, *old]))
    rows = (ComparedRow(label, old.get(label, ""), new.get(label, "")) for label in labels)
    return [row for row in rows if row.before or row.now]


def _step(
    request: OrganizationRequest,
    account: BankAccount,
    form: Form,
    step: Callable[[], BankAccount],
    title: str,
    button: str,
) -> HttpResponse:
    done = submitted(form, step)
    if done is not None:
        messages.success(request, _said(done))
        return go_to(request, "bank_account_detail", done)
    back_url = address(request, "bank_account_detail", account)
    crumbs = supplier_crumbs(request, account.supplier, ("Bank details", back_url), title)
    return plain_form(request, form, title, button, back_url, crumbs)


def _said(account: BankAccount) -> str:
    if account.status == BankAccount.Status.CONFIRMED:
        return f"Confirmed. Payments go there from {long_date(account.usable_from)}."
    if account.status == BankAccount.Status.REJECTED:
        return "Rejected. Nothing is paid there."
    return "Noted. A second person confirms next."


@requires("bank_accounts.write")
@idempotent
def bank_account_call(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Writes down the call-back."""
    account = find(BankAccount, public_id)
    form = CallBackForm(account, request.POST if request.method == "POST" else None)
    return _step(
        request,
        account,
        form,
        lambda: record_call_back(account, **form.cleaned_data, actor=request.user),
        f"Call {account.supplier} back about {account.masked}",
        "Record the call-back",
    )


@requires("bank_accounts.write")
@confirms_identity
@idempotent
def bank_account_confirm(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Confirms a change as the second person."""
    account = find(BankAccount, public_id)
    form = ConfirmationForm(request.POST if request.method == "POST" else None)
    return _step(
        request,
        account,
        form,
        lambda: confirm_bank_account(account, actor=request.user),
        f"Confirm {account.masked} for {account.supplier}",
        "Confirm bank details",
    )


@requires("bank_accounts.write")
@idempotent
def bank_account_reject(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Turns a change down."""
    account = find(BankAccount, public_id)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    return _step(
        request,
        account,
        form,
        lambda: reject_bank_account(
            account, reason=form.cleaned_data["reason"], actor=request.user
        ),
        f"Reject {account.masked} of {account.supplier}",
        "Reject bank details",
    )
