"""An open browser is not the person: where money goes is decided with the password given lately."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import get_resolver
from django.utils import timezone

from procure import identity
from suppliers.bank_changes import BankDetails, propose_bank_account, record_call_back
from suppliers.models import BankAccount, Contact
from tests.world import World

PASSWORD = "a-long-password-9"
TYPED = {
    "holder": "Northline “Pack”", "country": "DE", "iban": "DE89 3704 0044 0532 0130 00",
    "currency": "USD", "reason": "Letter",
}  # fmt: skip
GUARDED = {
    "bank_account_new",
    "bank_account_confirm",
    "payment_batch_release",
    "paying_account_new",
    "paying_account_confirm",
}


def left_open(world: World, role: str, minutes: int = 6) -> Client:
    """A browser in which this person gave the password that long ago."""
    person = world.people[role]
    person.set_password(PASSWORD)
    person.save()
    client = world.client(role)
    session = client.session
    session[identity.CONFIRMED_AT] = int((timezone.now() - timedelta(minutes=minutes)).timestamp())
    session.save()
    return client


def proposed(world: World, client: Client, **more: str) -> tuple[object, int]:
    """The answer to a proposal, and how many there are then."""
    with world.inside():
        Contact.objects.get_or_create(supplier=world.northline, name="Ida", phone="+1 555 0101")
    path = world.url(f"suppliers/{world.northline.public_id}/bank-accounts/new/")
    answer = client.post(path, {**TYPED, **more})
    with world.inside():
        return answer, BankAccount.objects.count()


def test_after_five_minutes_the_password_is_asked_and_what_was_typed_is_kept(world: World) -> None:
    client = left_open(world, "ap_lead")
    page, count = proposed(world, client, idempotency_key="6f7c0d7a-4a7c-4d57-9a52-0d4c1c1f6a11")
    words = page.content.decode()
    assert (page.status_code, count) == (422, 0)
    assert "Confirm it is you" in words
    assert dict(page.context["carried"]) == {
        **TYPED, "idempotency_key": "6f7c0d7a-4a7c-4d57-9a52-0d4c1c1f6a11"
    }  # fmt: skip
    assert 'value="Northline “Pack”"' in words
    wrong, count = proposed(world, client, identity_password="no")
    assert (wrong.status_code, count) == (422, 0)
    assert "This is not your password." in wrong.content.decode()
    assert "Northline “Pack”" in wrong.content.decode()
    right, count = proposed(world, client, identity_password=PASSWORD)
    assert (right.status_code, count) == (302, 1)
    with world.inside():
        assert BankAccount.objects.get().holder == "Northline “Pack”"
    again, _ = proposed(world, client)
    assert "is open. Confirm or reject it first." in again.content.decode()


def test_the_second_person_gives_the_password_too(world: World) -> None:
    with world.inside():
        Contact.objects.create(supplier=world.northline, name="Ida", phone="+1 555 0101")
        lead = world.people["ap_lead"]
        account = propose_bank_account(
            world.northline,
            details=BankDetails(holder="N", country="US", currency="USD", account_number="1234"),
            reason="Letter",
            actor=lead,
        )
        record_call_back(
            account, number="+1 555 0101", spoke_with="Ida", called_at=timezone.now(), note="Yes",
            actor=lead,
        )  # fmt: skip
    path = world.url(f"bank-accounts/{account.public_id}/confirm/")
    sent = {"is_compared": "on"}
    stale = left_open(world, "admin")
    assert stale.post(path, sent).status_code == 422
    with world.inside():
        assert BankAccount.objects.get().status == "called_back"
    assert stale.post(path, {**sent, "identity_password": PASSWORD}).status_code == 302
    with world.inside():
        assert BankAccount.objects.get().status == "confirmed"


def test_within_five_minutes_nothing_is_asked(world: World) -> None:
    answer, count = proposed(world, left_open(world, "ap_lead", minutes=4))
    assert (answer.status_code, count) == (302, 1)


def test_who_guesses_is_signed_out(world: World) -> None:
    client = left_open(world, "ap_lead")
    for _ in range(identity.MOST_WRONG_PASSWORDS):
        answer, count = proposed(world, client, identity_password="guess")
    assert (answer.status_code, answer.headers["Location"], count) == (
        302, "/accounts/login/", 0,
    )  # fmt: skip
    answer, count = proposed(world, client, identity_password=PASSWORD)
    assert (answer.status_code, answer.headers["Location"][:16], count) == (
        302, "/accounts/login/", 0,
    )  # fmt: skip


def test_guesses_made_at_once_count_together(world: World) -> None:
    """Each request reads the session as it was before the others: the count is not kept there."""
    client = left_open(world, "ap_lead")
    before = dict(client.session)
    statuses = []
    for _ in range(identity.MOST_WRONG_PASSWORDS):
        session = client.session
        session.clear()
        session.update(before)
        session.save()
        answer, count = proposed(world, client, identity_password="guess")
        statuses.append(answer.status_code)
    assert (statuses, count) == ([422] * (identity.MOST_WRONG_PASSWORDS - 1) + [302], 0)


def test_control_without_the_guard_an_open_browser_is_enough(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity, "is_fresh", lambda _request: True)
    answer, count = proposed(world, left_open(world, "ap_lead"))
    assert (answer.status_code, count) == (302, 1)


def test_every_step_that_decides_where_money_goes_is_guarded() -> None:
    guarded = {
        pattern.name
        for resolver in get_resolver().url_patterns
        for pattern in _patterns(resolver)
        if getattr(pattern.callback, "confirms_identity", False)
    }
    assert guarded >= GUARDED


def _patterns(resolver: object) -> list[object]:
    inner = getattr(resolver, "url_patterns", None)
    if inner is None:
        return [resolver]
    return [one for each in inner for one in _patterns(each)]
