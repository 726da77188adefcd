"""What is done about a supplier's bank details."""

from __future__ import annotations

from collections.abc import Callable

from django.utils import timezone

from suppliers import bank_changes
from suppliers.models import BankAccount, Contact
from tests.world import World

PHONE = "+1 555 0101"


def for_bank_details(world: World) -> dict[str, Callable[[], object]]:
    clerk, admin = world.people["ap_lead"], world.people["admin"]
    Contact.objects.create(supplier=world.northline, name="Ida", phone=PHONE)
    details = bank_changes.BankDetails(
        holder="Northline", country="DE", currency="USD", iban="DE89370400440532013000"
    )

    def account() -> BankAccount:
        return BankAccount.objects.get()

    return {
        "bank_changes.py:propose_bank_account": lambda: bank_changes.propose_bank_account(
            world.northline, details=details, reason="Letter", actor=clerk
        ),
        "bank_changes.py:record_call_back": lambda: bank_changes.record_call_back(
            account(),
            number=PHONE,
            spoke_with="Ida",
            called_at=timezone.now(),
            note="Yes",
            actor=clerk,
        ),
        "bank_changes.py:confirm_bank_account": lambda: bank_changes.confirm_bank_account(
            account(), actor=admin
        ),
        "bank_changes.py:reject_bank_account": lambda: bank_changes.reject_bank_account(
            account(), reason="Fraud", actor=admin
        ),
    }
