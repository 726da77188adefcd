"""Changing where a supplier is paid: proposed by one person, called back, confirmed by another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from procure.constraints import refusing
from procure.documents import lock, require_status
from procure.errors import BusinessRuleError
from procure.events import record
from procure.figures import long_date
from procure.models import User
from suppliers.merged_records import lock_supplier, records_within
from suppliers.models import BankAccount, Contact, Supplier

Status = BankAccount.Status


@dataclass(frozen=True, slots=True, kw_only=True)
class BankDetails:
    """Where to pay: an IBAN, or an account number with what routes to its bank."""

    holder: str
    country: str
    currency: str
    iban: str = ""
    account_number: str = ""
    routing_number: str = ""
    bic: str = ""
    bank_name: str = ""

    def tidied(self) -> dict[str, str]:
        """As stored: no spaces in numbers, capitals in codes."""
        values = {field.name: getattr(self, field.name).strip() for field in fields(self)}
        for name in ("iban", "bic", "country", "currency"):
            values[name] = "".join(values[name].split()).upper()
        return values


@transaction.atomic
def propose_bank_account(
    supplier: Supplier, *, details: BankDetails, reason: str, actor: User
) -> BankAccount:
    """Begins a change of bank details; payments to the supplier are on hold from now on.

    The contacts' numbers and addresses of this moment are kept with it: only they are called back
    and told. Refused: no account or no reason, the account that is there already, a change beside
    another that is open, and a supplier of whom no phone number is on file; where details were
    confirmed before, none that was on file for a while, because whoever wants to lead payments
    astray puts a number on file first.
    """
    supplier = lock_supplier(supplier)
    require_status(supplier, Supplier.Status.ACTIVE, Supplier.Status.BLOCKED)
    values = details.tidied()
    _require_sense(values, reason)
    _require_change(supplier, values)
    contacts = list(Contact.objects.filter(supplier=supplier).order_by("pk"))
    last = BankAccount.objects.filter(supplier=supplier).aggregate(last=Max("version"))["last"]
    account = BankAccount(
        supplier=supplier,
        version=(last or 0) + 1,
        reason=reason.strip(),
        phones_on_file=_phones_on_file(supplier, contacts),
        emails_on_file=_emails_on_file(supplier, contacts),
        proposed_by=actor,
        **values,
    )
    with refusing(_already_open(supplier)):
        account.save()
    _tell("proposed", account, f"New bank details {account.masked} were proposed: ", reason, actor)
    return account


@transaction.atomic
def record_call_back(
    account: BankAccount,
    *,
    number: str,
    spoke_with: str,
    called_at: datetime,
    note: str,
    actor: User,
) -> BankAccount:
    """Writes down that the supplier was called about the change and what was said.

    Refused: a number that was not on file when the change was proposed, a call before the
    proposal or in the future, and a call without whom and what.
    """
    account = lock(account)
    require_status(account, Status.PROPOSED)
    if number not in account.phones_on_file:
        raise BusinessRuleError(
            "number_not_on_file",
            "Call a number that was on file before the change was proposed.",
            "number",
        )
    if not account.proposed_at.replace(second=0, microsecond=0) <= called_at <= timezone.now():
        raise BusinessRuleError(
            "called_when",
            "The call is made after the proposal, and not in the future.",
            "called_at",
        )
    for field, text in (("spoke_with", spoke_with), ("note", note)):
        if not text.strip():
            raise BusinessRuleError("call_incomplete", "Say whom you spoke with, and what.", field)
    account.called_number, account.called_at, account.called_by = number, called_at, actor
    account.spoke_with, account.call_note = spoke_with.strip(), note.strip()
    account.status = Status.CALLED_BACK
    account.save(
        update_fields=[
            *("status", "called_number", "called_at", "called_by", "spoke_with", "call_note")
        ]
    )
    words = f"{account.spoke_with} was called back about {account.masked}: "
    _tell("called_back", account, words, note, actor)
    return account


@transaction.atomic
def confirm_bank_account(account: BankAccount, *, actor: User) -> BankAccount:
    """Confirms a change that was called back; it is in force when the waiting period is over.

    Refused for the person who proposed it, and before the call-back.
    """
    account = lock(account)
    require_status(account, Status.CALLED_BACK)
    if account.proposed_by_id == actor.pk:
        raise BusinessRuleError(
            "second_person", "You proposed this change; a second person has to confirm it."
        )
    waits = timedelta(days=account.organization.bank_waiting_days)
    account.status, account.confirmed_by = Status.CONFIRMED, actor
    account.confirmed_at, account.usable_from = timezone.now(), timezone.localdate() + waits
    account.save(update_fields=["status", "confirmed_by", "confirmed_at", "usable_from"])
    words = f"Bank details {account.masked} were confirmed, in force from "
    _tell("confirmed", account, words, f"{long_date(account.usable_from)}.", actor)
    return account


@transaction.atomic
def reject_bank_account(account: BankAccount, *, reason: str, actor: User) -> BankAccount:
    """Turns a change down, also a confirmed one whose waiting period is not over.

    Refused once it is in force: then only another change leads away from it.
    """
    account = lock(account)
    require_status(account, *BankAccount.OPEN, Status.CONFIRMED)
    if account.is_in_force(timezone.localdate()):
        raise BusinessRuleError(
            "in_force", "These bank details are in force. Propose the right ones instead."
        )
    if not reason.strip():
        raise BusinessRuleError("reason_missing", "Say why in a few words.", "reason")
    account.status, account.rejection_reason = Status.REJECTED, reason.strip()
    account.rejected_by, account.rejected_at = actor, timezone.now()
    account.save(update_fields=["status", "rejection_reason", "rejected_by", "rejected_at"])
    _tell("rejected", account, f"Bank details {account.masked} were rejected: ", reason, actor)
    return account


def _tell(step: str, account: BankAccount, words: str, more: str, actor: User) -> None:
    """One event at the supplier. The trail is read by more people than may see the number."""
    record(
        f"supplier.bank_account_{step}",
        account.supplier,
        actor=actor,
        summary=f"{words}{more.strip()}",
        bank_account=account.pk,
        version=account.version,
    )


def _require_sense(values: dict[str, str], reason: str) -> None:
    if not values["holder"]:
        raise BusinessRuleError("holder_missing", "Say whose account it is.", "holder")
    if not values["iban"] and not values["account_number"]:
        raise BusinessRuleError("number_missing", "Give an IBAN or an account number.", "iban")
    if not reason.strip():
        raise BusinessRuleError(
            "reason_missing", "Say who asked for it, and how it reached us.", "reason"
        )


def _require_change(supplier: Supplier, values: dict[str, str]) -> None:
    """The latest version that was not turned down says the same already."""
    last = BankAccount.objects.filter(supplier=supplier).exclude(status=Status.REJECTED).first()
    if last is None:
        return
    if last.is_open:
        raise _already_open(supplier)["suppliers_bankaccount_open"]
    if all(getattr(last, name) == value for name, value in values.items()):
        raise BusinessRuleError("no_change", "These are the bank details on file already.", "iban")


def _already_open(supplier: Supplier) -> dict[str, BusinessRuleError]:
    refusal = BusinessRuleError(
        "bank_change_open",
        f"A change of {supplier.name}'s bank details is open. Confirm or reject it first.",
    )
    return {"suppliers_bankaccount_open": refusal, "suppliers_bankaccount_version": refusal}


def _phones_on_file(supplier: Supplier, contacts: list[Contact]) -> list[str]:
    today = timezone.localdate()
    known = [one for one in contacts if one.phone]
    if not known:
        raise BusinessRuleError(
            "no_number_on_file",
            f"No phone number of {supplier.name} is on file to call back. Add a contact whose "
            "number you know from elsewhere than this request.",
        )
    # The first bank details lead no payment away from anywhere; the second person is warned. They
    # are not the first where those of a record that was merged into this one were confirmed.
    accounts = BankAccount.objects.filter(supplier__in=records_within(supplier))
    if not accounts.filter(status=Status.CONFIRMED).exists():
        return _once_each(one.phone for one in known)
    settled = [one.phone for one in known if one.has_settled_phone(today)]
    if not settled:
        raise BusinessRuleError("number_too_new", _too_new(supplier, known))
    return _once_each(settled)


def _too_new(supplier: Supplier, contacts: list[Contact]) -> str:
    numbers = "; ".join(
        f"{one.phone} ({one.name}) counts from {long_date(one.phone_settles_on)}"
        for one in contacts
    )
    return (
        f"No phone number of {supplier.name} has been on file for {Contact.PHONE_SETTLES_DAYS} "
        f"days, and a newer one proves nothing: {numbers}."
    )


def _emails_on_file(supplier: Supplier, contacts: list[Contact]) -> list[str]:
    known = [supplier.email, *(one.email for one in contacts)]
    return _once_each(email for email in known if email)


def _once_each(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))
