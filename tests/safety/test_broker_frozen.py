"""Property 12: with the broker frozen or gone every page answers and every write is kept.

The broker is a nudge, not the truth. It is stopped for real (SIGSTOP), so that connections open
and nothing ever answers; afterwards a real worker works off what was written meanwhile.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from celery import current_app
from django.db import connection
from django.test import Client
from psycopg.conninfo import make_conninfo

from procure.bootstrap import ROOT
from procure.events import work_off
from procure.local import start_valkey, stop_server
from procure.models import PendingEvent
from purchasing.models import GoodsReceipt, PurchaseOrder
from suppliers.models import StaleRollup
from tests.purchasing.buying import issued
from tests.running.machine import wait_for
from tests.safety.crowd import rounds
from tests.services import temporary_place
from tests.world import World, make_world

# The socket waits one second; beyond it a page may take as long as it does anyhow.
MOST_SECONDS = 1.5
WITHOUT_TIMEOUT_SECONDS = 4

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Broker:
    """A Valkey of this test's own; the suite's must go on for the others."""

    url: str
    process: subprocess.Popen[bytes]

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Takes connections, and answers nothing."""
        os.kill(self.process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.process.pid, signal.SIGCONT)


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Broker]:
    with temporary_place() as place:
        process = start_valkey(place)
        url = f"redis+socket://{place.sockets / 'valkey.sock'}"
        monkeypatch.setenv("CELERY_BROKER_URL", url)
        forget_connections()
        try:
            yield Broker(url, process)
        finally:
            stop_server(process, at_once=True)
            monkeypatch.undo()
            forget_connections()


def forget_connections() -> None:
    """The next nudge opens a connection to the broker that the environment names then."""
    current_app._get_current_object()._after_fork()


@pytest.fixture
def orders() -> tuple[World, list[PurchaseOrder]]:
    world = make_world()
    with world.inside():
        made = [issued(world) for _ in range(rounds(3, 100))]
    work_off(world.organization.pk)
    return world, made


def receive_in_browser(client: Client, world: World, order: PurchaseOrder) -> float:
    """Seconds until the page that posts a receipt has answered."""
    path = world.url(f"receiving/{order.public_id}/")
    began = time.monotonic()
    response = client.post(path, {"line-1-good": "5", "received_on": "2026-01-05"})
    assert response.status_code == 302, response.content[:300]
    return time.monotonic() - began


def usual_seconds(client: Client, world: World) -> float:
    """What a page takes on this machine just now, with nothing in its way."""
    began = time.monotonic()
    assert client.get(world.url("orders/")).status_code == 200
    return time.monotonic() - began


def is_worked_off(world: World) -> bool:
    with world.inside():
        return not (StaleRollup.objects.exists() or PendingEvent.objects.exists())


@contextmanager
def worker(broker: Broker) -> Iterator[subprocess.Popen[bytes]]:
    """A worker and its beat on the test's database, as a machine runs them."""
    name = connection.settings_dict["NAME"]
    environment = os.environ | {
        "REDIS_URL": broker.url.replace("redis+socket://", "unix://"),
        "DATABASE_URL": make_conninfo(os.environ["DATABASE_URL"], dbname=name),
        "BROKER_TIMEOUT_SECONDS": "3",
    }
    command = [sys.executable, "-m", "celery", "-A", "procure.celery"]
    worker_options = ["--pool", "threads", "--concurrency", "1", "--without-gossip"]
    processes = [
        subprocess.Popen([*command, *options], cwd=ROOT, env=environment)
        for options in (
            ["worker", *worker_options, "--without-mingle", "--loglevel", "ERROR"],
            ["beat", "--schedule", "/dev/null", "--scheduler", BEAT, "--loglevel", "ERROR",
             "--pidfile", ""],
        )
    ]  # fmt: skip
    try:
        yield processes[0]
    finally:
        for process in processes:
            process.kill()
            process.wait()


# Keeps its schedule in memory.
BEAT = "celery.beat:Scheduler"


def test_with_the_broker_frozen_pages_answer_and_writes_are_kept(
    broker: Broker, orders: tuple[World, list[PurchaseOrder]]
) -> None:
    world, made = orders
    client = world.client("receiver")
    usual = usual_seconds(client, world)
    with broker.frozen():
        for order in made:
            assert receive_in_browser(client, world, order) < MOST_SECONDS + 10 * usual
        assert usual_seconds(client, world) < MOST_SECONDS + 10 * usual
        with world.inside():
            assert GoodsReceipt.objects.count() == len(made)
            assert StaleRollup.objects.exists()


def test_with_the_broker_gone_pages_answer_and_writes_are_kept(
    broker: Broker, orders: tuple[World, list[PurchaseOrder]]
) -> None:
    world, made = orders
    client = world.client("receiver")
    usual = usual_seconds(client, world)
    stop_server(broker.process, at_once=True)
    assert receive_in_browser(client, world, made[0]) < MOST_SECONDS + 10 * usual
    with world.inside():
        assert GoodsReceipt.objects.count() == 1


def test_a_worker_that_was_frozen_out_works_off_what_it_missed(
    broker: Broker, orders: tuple[World, list[PurchaseOrder]]
) -> None:
    world, made = orders
    client = world.client("receiver")
    with worker(broker) as process:
        receive_in_browser(client, world, made[0])
        wait_for(lambda: is_worked_off(world), "the worker's first receipt")
        with broker.frozen():
            receive_in_browser(client, world, made[1])
            assert not is_worked_off(world)
        wait_for(lambda: is_worked_off(world), "the receipt posted while the broker was frozen")
        assert process.poll() is None


def test_control_without_a_timeout_a_page_waits_for_the_broker(
    broker: Broker,
    orders: tuple[World, list[PurchaseOrder]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world, made = orders
    client = world.client("receiver")
    longer = current_app.conf.broker_transport_options | {"socket_timeout": WITHOUT_TIMEOUT_SECONDS}
    monkeypatch.setitem(current_app.conf, "broker_transport_options", longer)
    forget_connections()
    with broker.frozen():
        assert receive_in_browser(client, world, made[0]) > MOST_SECONDS * 2
