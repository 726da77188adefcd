"""Signing in by e-mail address, forgetting the password, preferences."""

from __future__ import annotations

import re

from django.core import mail
from django.test import Client

from procure.models import User
from tests.world import World


def sign_in(world: World, email: str, password: str) -> Client:
    client = Client()
    client.post("/accounts/login/", {"username": email, "password": password})
    return client


def with_password(world: World) -> User:
    person = world.people["buyer"]
    person.set_password("a-long-password-9")
    person.save()
    return person


def test_the_address_counts_in_any_case(world: World) -> None:
    with_password(world)
    client = sign_in(world, " BUYER@Acme.test ", "a-long-password-9")
    assert client.get("/").headers["Location"] == world.url()


def test_a_wrong_password_is_said_in_words(world: World) -> None:
    with_password(world)
    response = Client().post(
        "/accounts/login/", {"username": "buyer@acme.test", "password": "wrong"}
    )
    assert "E-mail address or password is not right." in response.content.decode()


def test_a_forgotten_password_is_set_by_mail(world: World) -> None:
    with_password(world)
    client = Client()
    client.post("/accounts/password/forgotten/", {"email": "buyer@acme.test"})
    (message,) = mail.outbox
    found = re.search(r"/accounts/password/new/\S+", message.body)
    assert found is not None
    page = client.get(found[0], follow=True)
    new = {"new_password1": "another-long-one-7", "new_password2": "another-long-one-7"}
    client.post(page.redirect_chain[-1][0], new)
    assert sign_in(world, "buyer@acme.test", "another-long-one-7").get("/").status_code == 302


def test_an_unknown_address_gets_the_same_answer_and_no_mail(world: World) -> None:
    response = Client().post("/accounts/password/forgotten/", {"email": "nobody@acme.test"})
    assert response.status_code == 302
    assert mail.outbox == []


def test_preferences_are_kept_and_a_wrong_locale_is_refused(world: World) -> None:
    client = world.client("buyer")
    form = {"full_name": "Bea Buyer", "theme": "dark", "locale": "de_DE", "letter_keys": "on"}
    assert client.post("/accounts/preferences/", form).status_code == 302
    person = User.objects.get(email="buyer@acme.test")
    assert (person.full_name, person.theme, person.locale) == ("Bea Buyer", "dark", "de_DE")
    refused = client.post("/accounts/preferences/", {**form, "locale": "xx_YY"})
    assert "is not a known locale" in refused.content.decode()
    person.refresh_from_db()
    assert person.locale == "de_DE"
