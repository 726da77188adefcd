"""Property 18 from end to end: broken and hostile files over HTTP, read by a worker.

The suite sends two dozen and reads them itself; a soak sends 10,000 to a worker of its own.
Uploads have no rate limit: fifty files in one form are its brake, and the soak keeps to it.
"""

from __future__ import annotations

import http.client
import os
import re
import socket
import threading
import time
import urllib.request
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from io import BytesIO
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import ExpressionWrapper, F, fields
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from matching.captured_files import CapturedFile
from matching.reading_files import read_waiting_files
from matching.receiving_files import MOST_FILES
from tests.matching.einvoices.malformed import malformed
from tests.matching.einvoices.sold import cii, hybrid, ubl
from tests.matching.einvoices.test_hostile_files import bomb
from tests.matching.einvoices.test_sample_einvoices import FOLDER
from tests.running.machine import wait_for
from tests.safety.crowd import played, rounds
from tests.safety.test_broker_frozen import Broker, worker
from tests.world import World, make_world

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]
MOST_SECONDS = 10
MOST_MEGABYTES = 512
ENDED = {
    CapturedFile.Status.CAPTURED,
    CapturedFile.Status.NEEDS_PERSON,
    CapturedFile.Status.REFUSED,
}
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
KEY = re.compile(r'name="idempotency_key" value="([^"]+)"')


class Listener:
    """A port of this machine that counts who calls; the files name it as the home of their DTD."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.calls = 0
        threading.Thread(target=self._count, daemon=True).start()

    def _count(self) -> None:
        with suppress(OSError):  # closed
            while True:
                self.socket.accept()[0].close()
                self.calls += 1


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.socket.close()


@cache
def sound() -> list[bytes]:
    """What is spoiled: the sample invoices where they are at hand, and our own suppliers'."""
    sample = sorted(FOLDER.glob("*.*")) if FOLDER.is_dir() else []
    found = [path.read_bytes() for path in sample if path.suffix in {".xml", ".pdf"}]
    return [*found, ubl(), cii()]


def archive(_: int) -> tuple[str, bytes]:
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("invoice.xml", b"0" * 5_000_000)
    return "invoice.xml", made.getvalue()


@cache
def _bombs() -> list[bytes]:
    return [bomb(20), bomb(200)]


OTHERS: tuple[Callable[[int], tuple[str, bytes]], ...] = (
    archive,
    lambda number: ("bomb.pdf", _bombs()[number % 2] + b"\n%%%d" % number),
    lambda number: ("invoice.pdf", ubl() + b"<!-- %d -->" % number),
    lambda number: ("invoice.xml", hybrid() + b"%%%d" % number),
    lambda number: ("invoice.exe", ubl() + b"<!-- %d -->" % number),
    lambda number: ("../../etc/passwd\x00.xml", b"<a>" * (number % 900)),
    lambda number: ("deep.xml", b"<a>" * (100_000 + number)),
    lambda number: ("wide.xml", b"<a>" + b"<b/>" * (400_001 + number)),
    lambda number: ("empty.xml", b""),
    lambda number: ("large.xml", b"<a>" + b"x" * (10 * 1024 * 1024 + number)),
)


def hostile(number: int, port: int) -> tuple[str, bytes]:
    """The name and content of the file of this number; every twentieth is of another kind."""
    if number % 20 == 19:
        return OTHERS[number // 20 % len(OTHERS)](number)
    _, content = malformed(number, sound())
    ending = "pdf" if b"%PDF-" in content[:1024] else "xml"
    return f"invoice-{number}.{ending}", content.replace(b"127.0.0.1:9/", b"127.0.0.1:%d/" % port)


class Person:
    """A signed-in clerk at the upload form, over a socket as a browser is."""

    def __init__(self, world: World, address: str) -> None:
        value = world.client("ap_clerk").cookies[settings.SESSION_COOKIE_NAME].value
        self.cookies = {settings.SESSION_COOKIE_NAME: value}
        self.host = urlsplit(address).netloc
        self.page, self.form = world.url("invoices/files/"), world.url("invoices/files/send/")
        self.statuses: Counter[int] = Counter()
        self.slowest = 0.0

    def send(self, files: Sequence[tuple[str, bytes]]) -> None:
        """Opens the form and sends the files in it."""
        page = self._ask("GET", self.page)
        uploads = [SimpleUploadedFile(name, content) for name, content in files]
        kept = {"csrfmiddlewaretoken": TOKEN, "idempotency_key": KEY}
        values = {name: pattern.search(page)[1] for name, pattern in kept.items()}  # type: ignore[index]
        self._ask("POST", self.form, encode_multipart(BOUNDARY, {**values, "file": uploads}))

    def _ask(self, method: str, path: str, body: bytes | None = None) -> str:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"Cookie": cookies} | ({"Content-Type": MULTIPART_CONTENT} if body else {})
        began = time.monotonic()
        connection = http.client.HTTPConnection(self.host, timeout=120)
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        self.slowest = max(self.slowest, time.monotonic() - began)
        self.statuses[answer.status] += 1
        for cookie in answer.headers.get_all("Set-Cookie", []):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return text


class Watch:
    """The largest memory of a process and of those it started, and who of them had a connection."""

    def __init__(self, pid: int) -> None:
        self.process = psutil.Process(pid)
        self.worker = self.reader = self.connections = 0
        self.ended = threading.Event()

    def look(self) -> None:
        while not self.ended.wait(0.05):
            with suppress(psutil.Error):
                self.worker = max(self.worker, self.process.memory_info().rss >> 20)
                self.connections += len(self.process.net_connections("inet"))
            for child in self.process.children(recursive=True):
                with suppress(psutil.Error):
                    self.reader = max(self.reader, child.memory_info().rss >> 20)
                    self.connections += len(child.net_connections("inet"))

    @contextmanager
    def looking(self) -> Iterator[None]:
        thread = threading.Thread(target=self.look, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self.ended.set()
            thread.join()


def unread(world: World) -> int:
    with world.inside():
        return CapturedFile.objects.filter(status__in=CapturedFile.UNREAD).count()


def test_malformed_files_over_http_end_with_a_sentence(
    live_server: Any, listener: Listener
) -> None:
    world = make_world()
    count = rounds(24, 10_000)
    person = Person(world, live_server.url)
    files = (hostile(number, listener.port) for number in range(count))
    batches = iter(lambda: list(islice(files, MOST_FILES)), [])
    if "PROCURE_SOAK" not in os.environ:
        for batch in batches:
            person.send(batch)
        while unread(world):  # one sweep ends after a while, however much waits
            read_waiting_files(world.organization.pk)
    else:
        with worker(Broker(os.environ["REDIS_URL"], None)) as process:  # type: ignore[arg-type]
            watch = Watch(process.pid)
            with watch.looking():
                for batch in batches:
                    person.send(batch)
                wait_for(lambda: unread(world) == 0, "the worker", patience=2 * 3600)
            assert process.poll() is None
        assert 0 < watch.worker <= MOST_MEGABYTES
        assert 0 < watch.reader <= MOST_MEGABYTES
        assert watch.connections == 0
        played.update(worker_peak_mb=watch.worker, reader_peak_mb=watch.reader)
    assert set(person.statuses) == {200, 302}
    assert person.slowest <= MOST_SECONDS
    outcomes, slowest = ends(world)
    assert sum(outcomes.values()) == count
    assert slowest <= MOST_SECONDS
    assert outcomes[CapturedFile.Status.REFUSED] > outcomes[CapturedFile.Status.NEEDS_PERSON] > 0
    assert listener.calls == 0
    played.update({f"http_{status}": many for status, many in person.statuses.items()})
    played.update(outcomes)
    played.update(
        slowest_upload_seconds=round(person.slowest, 2), slowest_reading_seconds=round(slowest, 2),
        outbound_connections=listener.calls,
    )  # fmt: skip


def ends(world: World) -> tuple[Counter[str], float]:
    """How the files ended, each that is no invoice with a sentence; and the slowest reading."""
    took = ExpressionWrapper(F("finished_at") - F("started_at"), fields.DurationField())
    with world.inside():
        rows = list(CapturedFile.objects.annotate(took=took))
    for row in rows:
        assert row.status in ENDED
        assert row.sentence or row.status == CapturedFile.Status.CAPTURED, row.file_name
        assert "root:" not in row.sentence
    seconds = max(row.took.total_seconds() for row in rows if row.took is not None)
    return Counter(row.status for row in rows), seconds


def test_control_a_call_is_counted(listener: Listener) -> None:
    with suppress(OSError, http.client.HTTPException):
        urllib.request.urlopen(f"http://127.0.0.1:{listener.port}/x.dtd", timeout=5)
    wait_for(lambda: listener.calls == 1, "the call")
