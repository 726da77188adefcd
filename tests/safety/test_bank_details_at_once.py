"""Two people confirm one change of bank details at one instant: one of them did."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from procure.models import BusinessEvent
from suppliers import bank_changes
from suppliers.bank_changes import BankDetails
from suppliers.models import BankAccount, Contact
from tests.safety.crowd import Meeting, at_once, refusals
from tests.world import World, make_world

pytestmark = pytest.mark.django_db(transaction=True)


def confirm_at_once(world: World) -> list[Any]:
    with world.inside():
        Contact.objects.create(supplier=world.northline, name="Ida", phone="+1 555 0101")
        clerk = world.people["ap_clerk"]
        account = bank_changes.propose_bank_account(
            world.northline,
            details=BankDetails(holder="N", country="US", currency="USD", account_number="123456"),
            reason="Letter",
            actor=clerk,
        )
        bank_changes.record_call_back(
            account,
            number="+1 555 0101",
            spoke_with="Ida",
            called_at=timezone.now(),
            note="Yes",
            actor=clerk,
        )

    def confirm(role: str) -> Callable[[], BankAccount]:
        def step() -> BankAccount:
            with world.inside():
                return bank_changes.confirm_bank_account(account, actor=world.people[role])

        return step

    return at_once([confirm("ap_lead"), confirm("admin")])


def confirmations(world: World) -> int:
    with world.inside():
        return BusinessEvent.objects.filter(kind="supplier.bank_account_confirmed").count()


def test_of_two_confirmations_at_once_one_counts() -> None:
    world = make_world()
    assert refusals(confirm_at_once(world)) == ["wrong_status"]
    assert confirmations(world) == 1


def test_control_without_the_lock_only_the_database_stands_between(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = make_world()
    meeting = Meeting(2)
    lock = bank_changes.lock

    def read_without_lock(row: Any) -> Any:
        if not isinstance(row, BankAccount) or row.called_at is None:
            return lock(row)
        found = BankAccount.objects.get(pk=row.pk)
        meeting.wait()
        return found

    monkeypatch.setattr(bank_changes, "lock", read_without_lock)
    monkeypatch.setattr(bank_changes, "require_status", lambda *_: None)
    answers = confirm_at_once(world)
    # Both passed every check; the trigger that keeps versions as they are stopped the second.
    assert sum(isinstance(answer, Exception) for answer in answers) == 1
    assert refusals(answer for answer in answers if not isinstance(answer, Exception)) == []
    assert "another version" in str(next(one for one in answers if isinstance(one, Exception)))
