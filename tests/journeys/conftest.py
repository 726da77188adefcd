"""What surrounds the company in a journey: a mail server, a broker and a worker of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from celery import Celery
from django.conf import settings
from django.db import connection
from psycopg.conninfo import make_conninfo

from procure import heartbeat
from procure.bootstrap import ROOT
from procure.celery import celery_url
from procure.local import Place, spawn_process, start_valkey, stop_server
from tests.running.machine import free_port, wait_for
from tests.services import temporary_place


@dataclass
class Mailbox:
    """A mail server on loopback that keeps what it is given."""

    port: int
    mails: list[EmailMessage] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        mail = message_from_bytes(envelope.content or b"", policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 OK"

    def wait_for(self, to: str) -> EmailMessage:
        """The one mail to this address, as soon as it is here."""

        def theirs() -> list[EmailMessage]:
            return [mail for mail in self.mails if to in str(mail["To"])]

        found: list[EmailMessage] = wait_for(theirs, f"a mail to {to}")
        assert len(found) == 1
        return found[0]


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    kept = Mailbox(free_port())
    server = Controller(kept, hostname="127.0.0.1", port=kept.port)
    server.start()
    yield kept
    server.stop()


@pytest.fixture
def journey_place() -> Iterator[Place]:
    with temporary_place() as place:
        yield place


@pytest.fixture
def broker(journey_place: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[Celery]:
    """A Valkey of its own, where the nudges of this test arrive and no others."""
    server = start_valkey(journey_place)
    url = f"unix://{journey_place.sockets / 'valkey.sock'}"
    monkeypatch.setenv("REDIS_URL", url)
    queue = Celery("journey", broker=celery_url(url), set_as_current=False)
    monkeypatch.setattr("procure.waking.current_app", queue)
    yield queue
    stop_server(server, at_once=True)


@pytest.fixture
def worker(
    live_server: Any, broker: Celery, mailbox: Mailbox, journey_place: Place
) -> Iterator[subprocess.Popen[bytes]]:
    """A real worker on the test's database. There is no beat: nudges alone must do."""
    command = [sys.executable, "-m", "celery", "-A", "procure.celery", "worker"]
    command += ["--pool", "threads", "--concurrency", "1", "--without-gossip", "--without-mingle"]
    environment = os.environ | {
        "BROKER_TIMEOUT_SECONDS": "3",
        "DATABASE_URL": make_conninfo(
            settings.DATABASE_URL, dbname=connection.settings_dict["NAME"]
        ),
        "EMAIL_URL": f"smtp://127.0.0.1:{mailbox.port}",
        "MEDIA_ROOT": str(settings.MEDIA_ROOT),
    }
    log = journey_place.home / "worker.log"
    process = spawn_process(command, log, ROOT, environment=environment)
    wait_for(lambda: heartbeat.age("worker") is not None or process.poll() is not None, "a worker")
    yield process
    process.terminate()
    process.wait(timeout=30)
