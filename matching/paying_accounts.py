"""The bank accounts that payments leave from: entered by one person, confirmed by another."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from stdnum import iban as ibans
from stdnum.exceptions import ValidationError
from stdnum.us import rtn

from matching.models import PayingAccount
from procure.constraints import refusing
from procure.documents import lock, require_status
from procure.errors import BusinessRuleError
from procure.events import record
from procure.models import User

Status = PayingAccount.Status
DOLLARS = "USD"


@transaction.atomic
def propose_paying_account(
    *,
    holder: str,
    iban: str = "",
    account_number: str = "",
    routing_number: str = "",
    bic: str,
    bank_name: str,
    currency: str,
    actor: User,
) -> PayingAccount:
    """Enters an account of ours; it is used once a second person has confirmed it.

    Refused: no holder, neither an IBAN nor an account number with its routing number, or both, a
    number that fails its check, an account of that currency that waits already.
    """
    if not holder.strip():
        raise BusinessRuleError("holder", "Say whose account it is.", "holder")
    currency = currency.strip().upper()
    account = PayingAccount(
        holder=holder.strip()[:70],
        **_numbers(iban, account_number, routing_number, currency),
        bic="".join(bic.split()).upper(),
        bank_name=bank_name.strip(),
        currency=currency,
        proposed_by=actor,
    )
    waits = BusinessRuleError(
        "open", f"Another account for {account.currency} waits to be confirmed.", "currency"
    )
    with refusing({"matching_payingaccount_open": waits}):
        account.save()
    _tell("proposed", account, actor)
    return account


def _numbers(iban: str, account_number: str, routing_number: str, currency: str) -> dict[str, str]:
    """The numbers without blanks, once they are found sound."""
    account, routing = ("".join(one.split()) for one in (account_number, routing_number))
    if iban.strip() and (account or routing):
        words = "Give the IBAN, or the account and routing number, not both."
        raise BusinessRuleError("both", words, "iban")
    if not account and not routing:
        try:
            return {"iban": ibans.validate(iban)}
        except ValidationError as error:
            raise BusinessRuleError(
                "iban", "This is no IBAN: check it for a typing error.", "iban"
            ) from error
    if not (account.isascii() and account.isalnum()):
        words = "Give the account number, in letters and digits."
        raise BusinessRuleError("account_number", words, "account_number")
    is_sound = (
        rtn.is_valid(routing)
        if currency == DOLLARS
        else routing.isascii() and (routing.replace("-", "").isalnum())
    )
    if not is_sound:
        words = "This is no routing number: check it for a typing error."
        raise BusinessRuleError("routing_number", words, "routing_number")
    return {"account_number": account, "routing_number": routing}


@transaction.atomic
def confirm_paying_account(account: PayingAccount, *, actor: User) -> PayingAccount:
    """Takes an account of ours into use. Refused for whoever entered it."""
    account = lock(account)
    require_status(account, Status.PROPOSED)
    if account.proposed_by_id == actor.pk:
        raise BusinessRuleError(
            "second_person", "You entered this account; a second person has to confirm it."
        )
    return _decide(account, Status.CONFIRMED, actor)


@transaction.atomic
def reject_paying_account(account: PayingAccount, *, actor: User) -> PayingAccount:
    """Turns an account of ours down, by whoever sees that it is wrong."""
    account = lock(account)
    require_status(account, Status.PROPOSED)
    return _decide(account, Status.REJECTED, actor)


def account_in_use(currency: str) -> PayingAccount | None:
    """The newest confirmed account of a currency."""
    return PayingAccount.objects.filter(currency=currency, status=Status.CONFIRMED).first()


def _decide(account: PayingAccount, status: Status, actor: User) -> PayingAccount:
    account.status, account.decided_by, account.decided_at = status, actor, timezone.now()
    account.save(update_fields=["status", "decided_by", "decided_at"])
    _tell(status, account, actor)
    return account


def _tell(step: str, account: PayingAccount, actor: User) -> None:
    record(
        f"paying_account.{step}", account, actor=actor,
        summary=f"{account.currency} account {account.masked} {step}.",
    )  # fmt: skip
