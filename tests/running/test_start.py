"""`manage.py start` from the outside: it comes up, stays up, and leaves nothing behind."""

import os
import re
import signal
import socket

import pytest

from procure.local import find_place

from .machine import (
    answer,
    descendants,
    free_port,
    is_alive,
    processes_naming,
    start_procure,
    wait_for,
)

pytestmark = pytest.mark.xdist_group("servers")

FIRST_START_SECONDS = 240  # it makes and migrates its database, on cores that others use too


def test_everything_comes_up_is_kept_up_and_ends_at_ctrl_c(tmp_path):
    state, port = tmp_path / ".local", free_port()
    started = start_procure(PROCURE_STATE=state, PORT=port, DEMO=0)
    try:
        address = f"http://127.0.0.1:{port}"
        wait_for(
            lambda: answer(f"{address}/readyz")[0] == 200 or started.poll() is not None,
            "readyz",
            patience=FIRST_START_SECONDS,
        )
        assert answer(f"{address}/healthz") == (200, "ok\n")
        assert answer(f"{address}/static/fonts/SourceSansPro-Regular.ttf", {"Range": "bytes=0-9"})[
            0
        ] in {200, 206}

        worker = process_of(started.pid, "worker")
        os.kill(worker, signal.SIGKILL)
        wait_for(lambda: process_of(started.pid, "worker") not in {None, worker}, "a new worker")

        everything = [started.pid, *descendants(started.pid), *processes_naming(str(state))]
        assert len(everything) >= 8  # start, web and its two, worker, beat, two keepers
        started.send_signal(signal.SIGINT)
        output = started.communicate(timeout=60)[0]
        assert started.returncode == 0, output
        assert f"http://127.0.0.1:{port}/" in output
        assert output.endswith("Everything is stopped.\n")
        wait_for(lambda: living(everything) == [], "the last process to end", patience=5)
        assert processes_naming(str(find_place(state).home)) == []
    finally:
        started.kill()
        started.wait()


def living(pids):
    return [pid for pid in pids if is_alive(pid)]


def process_of(start, name):
    found = set(descendants(start)) & set(processes_naming(f"procure.celery {name}"))
    return min(found, default=None)


def test_a_taken_port_is_refused_with_the_way_out(tmp_path):
    with socket.socket() as somebody:
        somebody.bind(("127.0.0.1", 0))
        somebody.listen()
        port = somebody.getsockname()[1]
        started = start_procure(PROCURE_STATE=tmp_path / ".local", PORT=port)
        output = started.communicate(timeout=60)[0]
    assert started.returncode == 1
    assert f"Port {port} is taken" in output
    assert f"PORT={port + 1} python3 manage.py start" in output
    assert processes_naming(str(tmp_path)) == []


@pytest.mark.parametrize("named", ["http", "0", "65536", "-1"])
def test_a_port_that_is_none_is_refused_in_a_sentence(tmp_path, named):
    started = start_procure(PROCURE_STATE=tmp_path / ".local", PORT=named)
    output = started.communicate(timeout=60)[0]
    assert started.returncode == 1
    assert re.search(rf"PORT must be a number from 1 to 65535, not '{named}'", output)
