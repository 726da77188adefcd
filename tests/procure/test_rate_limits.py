"""Counts of all processes together, in a real Redis, and the site goes on without it."""

from __future__ import annotations

import logging
import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import pytest
from django.core import mail
from django.test import Client, RequestFactory

from procure.account_views import MOST_RESETS, MOST_RESETS_FROM_ADDRESS
from procure.guessing import MOST_WRONG_PASSWORDS
from procure.rate_limits import how_often, is_too_often, sender_address
from tests.counts import forget_counts
from tests.factories import UserFactory
from tests.world import World


@pytest.fixture(autouse=True)
def no_counts_from_before() -> None:
    forget_counts()


@pytest.fixture
def without_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "unix:///nowhere/valkey.sock")


def three_times() -> list[bool]:
    return [is_too_often("processes:acme", 4, 60) for _ in range(3)]


def two_processes() -> list[bool]:
    """Each asks three times where four are allowed."""
    fork = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(1, mp_context=fork) as one, ProcessPoolExecutor(1, fork) as other:
        asked = [one.submit(three_times), other.submit(three_times)]
        return sorted(answer for future in asked for answer in future.result(timeout=60))


def test_two_processes_count_together() -> None:
    assert two_processes() == [False] * 4 + [True] * 2


@pytest.mark.usefixtures("without_redis")
def test_control_each_counting_for_itself_would_let_all_pass() -> None:
    assert two_processes() == [False] * 6


def test_a_count_is_forgotten_after_its_window() -> None:
    assert [is_too_often("window:acme", 1, 1) for _ in range(2)] == [False, True]
    assert how_often("window:acme", "window:globex") == [2, 0]


@pytest.mark.usefixtures("without_redis")
def test_without_redis_a_process_counts_alone_and_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING, logger="procure.rate_limits"):
        answers = [is_too_often("alone:acme", 2, 60) for _ in range(3)]
    assert answers == [False, False, True]
    assert "this process counts alone" in caplog.text


def test_behind_a_proxy_the_sender_is_whom_the_proxy_saw(
    settings: pytest.FixtureRequest, rf: RequestFactory
) -> None:
    request = rf.get("/", headers={"X-Forwarded-For": "6.6.6.6, 203.0.113.9"})
    assert sender_address(request) == "127.0.0.1"
    settings.BEHIND_PROXY = True  # type: ignore[attr-defined]
    assert sender_address(request) == "203.0.113.9"


# --- Guessing passwords -------------------------------------------------------------------------


def tried(password: str, address: str = "10.0.0.1", page: str = "/accounts/login/") -> int:
    sent = {"username": "buyer@acme.test", "password": password}
    return Client(REMOTE_ADDR=address).post(page, sent).status_code


@pytest.fixture
def with_password(world: World) -> None:
    person = world.people["buyer"]
    person.set_password("a-long-password-9")
    person.save()


@pytest.mark.django_db
@pytest.mark.usefixtures("with_password")
def test_after_ten_wrong_passwords_the_right_one_waits_from_there_only() -> None:
    wrong = [tried("wrong") for _ in range(MOST_WRONG_PASSWORDS)]
    assert wrong == [200] * (MOST_WRONG_PASSWORDS - 1) + [429]
    assert tried("a-long-password-9") == 429
    assert tried("a-long-password-9", address="10.0.0.2") == 302


@pytest.mark.django_db
@pytest.mark.usefixtures("with_password")
def test_the_admins_door_counts_too_and_is_shut_with_the_other() -> None:
    for _ in range(MOST_WRONG_PASSWORDS):
        tried("wrong", page="/admin/login/")
    assert tried("a-long-password-9") == 429


@pytest.mark.django_db
@pytest.mark.usefixtures("with_password")
def test_control_without_the_guard_the_eleventh_password_is_looked_at(
    settings: pytest.FixtureRequest,
) -> None:
    settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]  # type: ignore[attr-defined]
    for _ in range(MOST_WRONG_PASSWORDS):
        tried("wrong")
    assert tried("a-long-password-9") == 302


@pytest.mark.django_db
@pytest.mark.usefixtures("with_password", "without_redis")
def test_without_redis_people_sign_in() -> None:
    assert tried("a-long-password-9") == 302


# --- Links for a new password -------------------------------------------------------------------
# Addresses of their own: other tests ask for links, too, and count in the same Redis.


@pytest.fixture
def flooded(db: None) -> str:
    person = UserFactory(email="flooded@acme.test")
    person.set_password("a-long-password-9")
    person.save()
    return "flooded@acme.test"


def asked_for_a_link(email: str, address: str = "10.0.0.1") -> int:
    page = "/accounts/password/forgotten/"
    return Client(REMOTE_ADDR=address).post(page, {"email": email}).status_code


def test_a_mailbox_gets_three_links_an_hour_whoever_asks_in_whatever_case(flooded: str) -> None:
    written = [flooded, flooded.upper(), flooded.title(), flooded]
    asked = [asked_for_a_link(one, f"10.0.0.{n}") for n, one in enumerate(written)]
    assert asked == [302] * MOST_RESETS + [429]
    assert [one.to for one in mail.outbox] == [[flooded]] * MOST_RESETS


@pytest.mark.django_db
def test_an_unknown_address_is_counted_as_a_known_one() -> None:
    asked = [asked_for_a_link("stranger@acme.test") for _ in range(MOST_RESETS + 1)]
    assert asked == [302] * MOST_RESETS + [429]
    assert mail.outbox == []


def test_from_one_address_only_so_many_links_are_asked_for(flooded: str) -> None:
    for n in range(MOST_RESETS_FROM_ADDRESS):
        asked_for_a_link(f"person{n}@acme.test")
    assert asked_for_a_link(flooded) == 429
    assert asked_for_a_link(flooded, address="10.0.0.2") == 302
    assert len(mail.outbox) == 1
