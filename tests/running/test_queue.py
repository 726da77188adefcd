"""The queue is a nudge: quick to give up, slow to lose, and never in a page's way."""

import os
import signal
import sys
import time

import pytest
from django.conf import settings
from kombu.exceptions import OperationalError

from procure import heartbeat
from procure.bootstrap import ROOT
from procure.celery import app, celery_url
from procure.local import spawn_process, start_valkey, stop_server
from tests.services import temporary_place

from .machine import wait_for


@pytest.fixture
def place():
    with temporary_place() as folder:
        yield folder


@pytest.fixture
def own_broker(place):
    """A Valkey that a test may freeze or kill."""
    server = start_valkey(place)
    yield server, f"unix://{place.sockets / 'valkey.sock'}"
    if server.poll() is None:
        server.send_signal(signal.SIGCONT)
    stop_server(server, at_once=True)


@pytest.fixture
def own_worker(own_broker, place, monkeypatch):
    """A worker on that Valkey, connected."""
    monkeypatch.setenv("REDIS_URL", own_broker[1])
    command = [sys.executable, "-m", "celery", "-A", "procure.celery", "worker"]
    command += ["--pool", "threads", "--concurrency", "1", "--without-gossip", "--without-mingle"]
    environment = os.environ | {"BROKER_TIMEOUT_SECONDS": "3"}
    log = place.home / "worker.log"
    worker = spawn_process(command, log, ROOT, environment=environment)
    wait_for(lambda: heartbeat.age("worker") is not None or worker.poll() is not None, "a worker")
    yield worker
    worker.terminate()
    worker.wait(timeout=30)


def publish(url, **options):
    """Send a task as a page does, and answer how long that took; refusals are part of it."""
    began = time.monotonic()
    transport = settings.BROKER_TRANSPORT_OPTIONS | options
    with app.connection_for_write(celery_url(url), transport_options=transport) as connection:
        try:
            app.send_task("procure.tasks.sweep", connection=connection, retry=False)
            sent = True
        except OperationalError:
            sent = False
    return sent, time.monotonic() - began


@pytest.mark.parametrize(
    ("given", "spelled"),
    [
        ("redis://redis:6379/0", "redis://redis:6379/0"),
        ("rediss://:secret@redis/1", "rediss://:secret@redis/1"),
        ("unix:///run/valkey.sock", "redis+socket:///run/valkey.sock"),
        ("unix:///run/valkey.sock?db=3", "redis+socket:///run/valkey.sock?virtual_host=3"),
    ],
)
def test_the_broker_is_addressed_in_celerys_spelling(given, spelled):
    assert celery_url(given) == spelled


def test_a_task_is_acknowledged_only_when_done_and_fetched_one_at_a_time():
    assert app.conf.task_acks_late
    assert app.conf.task_reject_on_worker_lost
    assert app.conf.worker_prefetch_multiplier == 1
    assert app.conf.task_ignore_result
    assert app.conf.task_time_limit < settings.BROKER_TRANSPORT_OPTIONS["visibility_timeout"]
    assert app.conf.task_soft_time_limit < app.conf.task_time_limit


def test_beat_sweeps_every_two_seconds_with_a_task_that_exists():
    app.loader.import_default_modules()
    sweep = app.conf.beat_schedule["sweep"]
    assert sweep["schedule"] == 2.0
    assert sweep["task"] in app.tasks


def test_publishing_to_a_broker_that_is_there_works(own_broker):
    assert publish(own_broker[1])[0]


def test_a_dead_broker_is_given_up_at_once(own_broker):
    server, url = own_broker
    stop_server(server, at_once=True)
    sent, seconds = publish(url)
    assert not sent
    assert seconds < 1.5


def test_a_frozen_broker_holds_a_page_for_a_second_and_not_longer(own_broker):
    server, url = own_broker
    server.send_signal(signal.SIGSTOP)
    sent, seconds = publish(url)
    assert not sent
    assert 0.9 < seconds < 2.5
    patient, longer = publish(url, socket_timeout=3.0)  # the control: it is this setting
    assert not patient
    assert longer > 2.9


def test_a_worker_comes_back_by_itself_after_its_broker_was_killed(own_worker, own_broker, place):
    own_broker[0].kill()
    own_broker[0].wait()
    again = start_valkey(place)
    try:
        assert heartbeat.age("worker") is None  # nothing was kept, so what comes is new
        wait_for(lambda: heartbeat.age("worker") is not None, "the worker to be heard again")
        assert own_worker.poll() is None
    finally:
        stop_server(again, at_once=True)
