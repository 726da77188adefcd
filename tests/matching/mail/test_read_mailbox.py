"""Invoices that come by mail, out of a real mailbox, up to what the settings screen says."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from threading import Thread
from time import monotonic, sleep
from typing import Any

import pytest
from django.utils import timezone

from matching import imap, reading_mail
from matching.captured_files import CapturedFile
from matching.imap import TOO_LARGE
from matching.mailboxes import Mailbox, TakenMessage
from matching.reading_mail import read_mailbox
from matching.setting_mailbox import MailboxDetails, set_mailbox
from procure.events import work_off
from procure.models import BusinessEvent
from tests.matching.einvoices.sold import paper, ubl
from tests.matching.mail.server import PASSWORD, USER, Server, a_mail, free_port, running
from tests.world import World

pytestmark = pytest.mark.django_db
Status = CapturedFile.Status


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("mail")) as started:
        yield started


@pytest.fixture(autouse=True)
def here(
    server: Server, settings: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    settings.MEDIA_ROOT = tmp_path
    settings.PRIVATE_SERVERS = ["127.0.0.1"]
    monkeypatch.setenv("SSL_CERT_FILE", str(server.certificate))
    yield
    server.empty()


def named(world: World, server: Server, **changes: Any) -> None:
    details: dict[str, Any] = {
        "host": "127.0.0.1", "port": server.port, "security": "starttls",
        "username": USER, "password": PASSWORD,
    }  # fmt: skip
    with world.inside():
        set_mailbox(MailboxDetails(**(details | changes)), actor=world.people["admin"])


def look(world: World) -> Mailbox:
    """A look into the mailbox that is due now, and what is known of it then."""
    with world.inside():
        Mailbox.objects.update(polled_at=None)
    read_mailbox(world.organization.pk)
    with world.inside():
        return Mailbox.objects.get()


def came(world: World) -> list[tuple[str, str, str, str]]:
    with world.inside():
        rows = CapturedFile.objects.select_related("message").order_by("pk")
        return [
            (row.file_name, row.status, row.sentence, row.message.subject if row.message else "")
            for row in rows
        ]


def test_attached_invoices_also_forwarded_ones_wait_to_be_read(
    world: World, server: Server
) -> None:
    named(world, server)
    forwarded = a_mail("Fwd: July")
    forwarded.add_attachment(a_mail("July", ("july.xml", ubl())))
    server.deliver(
        a_mail("Rechnung März", ("a.pdf", paper()), ("logo.png", b"\x89PNG")).as_bytes(),
        forwarded.as_bytes(),
    )
    assert look(world).problem == ""
    assert came(world) == [
        ("a.pdf", Status.WAITING, "", "Rechnung März"),
        ("july.xml", Status.WAITING, "", "Fwd: July"),
    ]
    assert server.unread() == 0
    with world.inside():
        message = TakenMessage.objects.earliest("pk")
        assert (message.sender, message.message_id) == (
            "Nörth Billing <billing@north.test>", "<1@north.test>",
        )  # fmt: skip
    page = world.client("ap_clerk").get(world.url("invoices/files/")).content.decode()
    assert "by mail from billing@north.test" in page


def test_a_mail_is_taken_once_however_often_and_by_which_way_it_comes(
    world: World, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    named(world, server)
    mail = a_mail("July", ("july.xml", ubl())).as_bytes()
    server.deliver(mail, b"Received: by another way\r\n" + mail)
    with monkeypatch.context() as patched:
        patched.setattr(imap.Inbox, "mark_read", lambda *_: None)  # died after the commit
        look(world)
    assert server.unread() == 2
    look(world)
    assert server.unread() == 0
    assert came(world) == [("july.xml", Status.WAITING, "", "July")]


def test_a_mail_that_cannot_be_stored_stays_unread(
    world: World, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    named(world, server)
    server.deliver(a_mail("July", ("july.xml", ubl())).as_bytes())
    with monkeypatch.context() as patched:
        patched.setattr(reading_mail, "take_message", failing)
        with pytest.raises(OSError, match="no space"):
            look(world)
    assert (server.unread(), came(world)) == (1, [])
    look(world)
    assert (server.unread(), len(came(world))) == (0, 1)


def failing(*_: object, **__: object) -> None:
    raise OSError("no space")


def test_a_mail_without_invoice_or_too_large_has_its_line(
    world: World, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    named(world, server)
    monkeypatch.setattr(imap, "MOST_BYTES", 20_000)
    large = a_mail("All of 2025", ("all.pdf", b"%PDF-" + b"x" * 20_000), identity="<2@north.test>")
    broken = b"From: =?x?q?\xff?= <a@b>\r\nContent-Type: multipart/mixed; boundary=\r\n\r\n--\r\n"
    server.deliver(a_mail("Hello").as_bytes(), large.as_bytes(), broken)
    assert look(world).problem == ""
    none = "The message has no XML or PDF attached."
    assert came(world) == [
        ("Mail: Hello", Status.REFUSED, none, "Hello"),
        ("Mail: All of 2025", Status.REFUSED, TOO_LARGE, "All of 2025"),
        ("Mail: mail without subject", Status.REFUSED, none, ""),
    ]
    assert server.unread() == 0


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"password": "wrong"}, "127.0.0.1 does not accept this name and password."),
        ({"folder": "Nowhere"}, "There is no folder Nowhere in the mailbox."),
        ({"security": "tls"}, "There is no TLS at 127.0.0.1 on port {port}. Choose another encryption."),
        ({"port": 0}, "There is no connection to 127.0.0.1 on port {port}."),
        ({"host": "localhost"}, "localhost is inside a private network. If it is your own server, "
         "ask the operator to name it in PRIVATE_SERVERS."),
    ],
)  # fmt: skip
def test_a_mailbox_that_fails_says_so_and_stops_nothing(
    world: World, server: Server, changes: dict[str, Any], sentence: str
) -> None:
    port = changes.get("port", server.port) or free_port()
    named(world, server, **changes | {"port": port})
    work_off(world.organization.pk)
    sentence = sentence.format(port=port)
    with world.inside():
        mailbox = Mailbox.objects.get()
        assert (mailbox.problem, mailbox.is_tried) == (sentence, True)
        assert BusinessEvent.objects.filter(kind="mailbox.failed").count() == 1
    client = world.client("admin")
    for address in ("", "settings/mail-in/"):
        assert sentence in client.get(world.url(address)).content.decode()
    assert sentence not in world.client("ap_clerk").get(world.url()).content.decode()


def test_a_certificate_that_nobody_vouches_for_is_refused(
    world: World, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    named(world, server)
    assert look(world).problem == "The certificate of 127.0.0.1 is not valid."


def test_it_looks_every_minute_and_every_five_while_it_fails(world: World, server: Server) -> None:
    named(world, server)
    assert look(world).problem == ""
    for problem, waits in (("", 60), ("Down.", 300)):
        for seconds, is_due in ((waits - 2, False), (waits + 1, True)):
            with world.inside():
                now = timezone.now()
                Mailbox.objects.update(
                    problem=problem,
                    failing_since=now if problem else None,
                    asked_at=None,
                    polled_at=now - timedelta(seconds=seconds),
                )
                assert (reading_mail.claim_mailbox() is not None) is is_due
                assert reading_mail.claim_mailbox() is None


def test_a_server_that_drips_is_hung_up_on(
    world: World, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A byte now and then would keep every single answer within its time."""
    monkeypatch.setattr(imap, "OPEN_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as dripping:
        port = dripping.getsockname()[1]
        named(world, server, port=port, security="none")
        dripper = Thread(target=drip, args=[dripping], daemon=True)
        dripper.start()
        begun = monotonic()
        problem = look(world).problem
        dripper.join(2)
    assert problem == f"127.0.0.1 on port {port} ended the connection or is no mail server."
    assert monotonic() - begun < 2


def drip(listening: socket.socket) -> None:
    connection, _ = listening.accept()
    with connection, suppress(OSError):
        for _ in range(40):
            connection.sendall(b"*")
            sleep(0.05)
