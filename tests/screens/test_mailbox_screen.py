"""The settings screen of the mailbox for invoices; that it is really read, tests/matching/mail shows."""

from __future__ import annotations

from typing import Any

import pytest

from matching.mailboxes import Mailbox
from procure.models import BusinessEvent
from procure.sealing import unseal
from tests.world import World

pytestmark = pytest.mark.django_db
SENT = {
    "host": "imap.acme.test", "port": "993", "security": "tls", "folder": "INBOX",
    "username": "ap@acme.test", "password": "secret", "is_active": "on",
}  # fmt: skip


def save(world: World, role: str = "admin", **changes: str) -> Any:
    return world.client(role).post(world.url("settings/mail-in/"), SENT | changes)


def kept(world: World) -> tuple[str, str, str, bool]:
    with world.inside():
        one = Mailbox.objects.get()
        return one.host, one.folder, unseal(one.sealed_password), one.is_active


def test_an_administrator_names_the_mailbox_and_its_password_is_never_shown(world: World) -> None:
    assert save(world).status_code == 302
    assert kept(world) == ("imap.acme.test", "INBOX", "secret", True)
    page = world.client("admin").get(world.url("settings/mail-in/")).content.decode()
    assert "The connection is being tried." in page
    assert "secret" not in page
    assert save(world, password="", folder="Bills", is_active="").status_code == 302
    assert kept(world) == ("imap.acme.test", "Bills", "secret", False)
    with world.inside():
        told = list(BusinessEvent.objects.filter(kind="mailbox.set").values_list("payload"))
        assert len(told) == 2
        assert "secret" not in str(told)
    assert save(world, role="ap_lead", folder="Mine").status_code == 403
    assert kept(world)[1] == "Bills"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"host": "imap.other.test"}, "Give the password again: it goes to another place now."),
        ({"port": "143", "security": "starttls"}, "Give the password again"),
        ({"security": "none", "password": "x"}, "Without encryption the password can be read"),
        ({"host": "a b\r\n"}, "Give the server&#x27;s name"),
        ({"folder": "A\r\nB"}, "Give the folder&#x27;s name"),
        ({"port": "70000"}, "65535"),
    ],
)
def test_what_could_tell_the_password_to_others_is_refused_and_changes_nothing(
    world: World, changes: dict[str, str], sentence: str
) -> None:
    save(world)
    before = kept(world)
    answer = save(world, **({"password": ""} | changes))
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert kept(world) == before


def test_a_mailbox_needs_its_password_at_first(world: World) -> None:
    answer = save(world, password="")
    assert "Give the mailbox&#x27;s password." in answer.content.decode()
    with world.inside():
        assert not Mailbox.objects.exists()
