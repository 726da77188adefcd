"""Signing in, a forgotten password and what went wrong, as pages a person reads."""

from __future__ import annotations

import re

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from tests.world import World

pytestmark = pytest.mark.django_db


def test_a_wrong_password_is_said_and_the_address_kept() -> None:
    page = Client().post("/accounts/login/", {"username": "maya@acme.test", "password": "wrong"})
    words = page.content.decode()
    assert "E-mail address or password is not right." in words
    assert 'value="maya@acme.test"' in words
    assert 'class="pc-error-summary"' in words


def test_a_forgotten_password_is_set_by_the_mailed_link_once(world: World) -> None:
    client = Client()
    buyer = world.people["buyer"]
    sent = client.post("/accounts/password/forgotten/", {"email": buyer.email}, follow=True)
    assert "The link is on its way" in sent.content.decode()
    assert mail.outbox[0].subject == "A new password for Procure"
    found = re.search(r"/accounts/password/new/\S+", mail.outbox[0].body)
    assert found
    opened = client.get(found.group(), follow=True)
    assert "<h1>New password</h1>" in opened.content.decode()
    address = opened.redirect_chain[-1][0]
    passwords = {"new_password1": "harvest-moon-77", "new_password2": "harvest-moon-78"}
    refused = client.post(address, passwords)
    assert "One thing needs attention" in refused.content.decode()
    passwords["new_password2"] = "harvest-moon-77"
    done = client.post(address, passwords, follow=True)
    assert "The password is set" in done.content.decode()
    again = Client().get(found.group(), follow=True)
    assert "This link no longer works" in again.content.decode()
    assert Client().login(username=buyer.email, password="harvest-moon-77")


def test_an_unknown_address_gets_the_same_page_and_no_mail() -> None:
    sent = Client().post("/accounts/password/forgotten/", {"email": "no@acme.test"}, follow=True)
    assert "The link is on its way" in sent.content.decode()
    assert mail.outbox == []


def test_a_missing_page_and_a_forbidden_one_speak_plainly(world: World) -> None:
    missing = world.client("buyer").get("/nowhere/")
    assert missing.status_code == 404
    assert "This page does not exist" in missing.content.decode()
    forbidden = world.client("buyer").get(world.url("settings/people/invite/"))
    assert forbidden.status_code == 403
    assert "you are Buyer, and that role does not include this" in forbidden.content.decode()


def test_a_person_without_organization_is_told_whom_to_ask(world: World) -> None:
    buyer = world.people["buyer"]
    buyer.memberships.all().delete()
    page = world.client("buyer").get(reverse("landing"))
    assert "No organization yet" in page.content.decode()


def test_every_page_of_an_account_can_be_read_in_the_dark() -> None:
    client = Client()
    client.cookies["theme"] = "dark"
    for address in ("/accounts/login/", "/accounts/password/forgotten/"):
        assert b'data-theme="dark"' in client.get(address).content
