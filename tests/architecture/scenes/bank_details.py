"""What is kept about a supplier: its bank details, addresses and risks."""

from __future__ import annotations

from collections.abc import Callable

from django.utils import timezone

from suppliers import bank_changes, record_keeping
from suppliers.models import BankAccount, Contact, RiskNote
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
        "record_keeping.py:set_supplier_address": lambda: record_keeping.set_supplier_address(
            world.northline, kind="returns", address="12 Mill Road", actor=admin
        ),
        "record_keeping.py:note_risk": lambda: record_keeping.note_risk(
            world.northline,
            kind="financial",
            severity="high",
            text="Late accounts",
            valid_until=None,
            actor=admin,
        ),
        "record_keeping.py:close_risk": lambda: record_keeping.close_risk(
            RiskNote.objects.get(), reason="Filed", actor=admin
        ),
        "bank_changes.py:reject_bank_account": lambda: bank_changes.reject_bank_account(
            account(), reason="Fraud", actor=admin
        ),
    }
