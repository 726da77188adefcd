"""A Postgres and a Valkey of the bench's own, durable as in service, and gone afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from procure.bootstrap import ROOT
from procure.local import (
    Place,
    database_url,
    make_folder,
    spawn_process,
    start_postgres,
    start_valkey,
    stop_server,
    unprivileged_account,
)
from procure.roles import OWNER, RUNTIME
from tests.benchmarks.measuring import say

WORKER = [
    *("-m", "celery", "-A", "procure.celery", "worker", "--pool", "threads"),
    *("--concurrency", "2", "--without-gossip", "--without-mingle", "--loglevel", "WARNING"),
]


@contextmanager
def own_servers() -> Iterator[Path]:
    """Both servers up, migrated, and named in the environment; answers their folder."""
    account = unprivileged_account() if os.geteuid() == 0 else None
    home = Path(tempfile.mkdtemp(prefix="procure-bench-"))
    make_folder(home, account)
    make_folder(home / "run", account)
    place = Place(home=home, sockets=home / "run", account=account)
    with ExitStack() as started:
        started.callback(shutil.rmtree, home, ignore_errors=True)
        say("Starting a Postgres and a Valkey for the bench alone.")
        started.callback(stop_server, start_postgres(place), at_once=True)
        started.callback(stop_server, start_valkey(place), at_once=True)
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "procure.settings",
            "DATABASE_ROLE": "runtime",
            "DATABASE_URL": database_url(RUNTIME, place.sockets),
            "DATABASE_OWNER_URL": database_url(OWNER, place.sockets),
            "REDIS_URL": f"unix://{place.sockets / 'valkey.sock'}",
            "MEDIA_ROOT": str(home / "media"),
            "EMAIL_URL": "dummymail://",
        }
        command("migrate", "--verbosity", "0", DATABASE_ROLE="owner")
        yield home


def command(*arguments: str, **environment: str) -> dict[str, Any]:
    """Runs one manage.py command as its own process: its output, seconds and peak memory."""
    with tempfile.TemporaryFile("w+") as output:
        child = subprocess.Popen(
            [sys.executable, "-m", "django", *arguments],
            cwd=ROOT,
            env=os.environ | environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        peak = 0
        while (waited := os.wait4(child.pid, os.WNOHANG))[0] == 0:
            peak = max(peak, peak_kilobytes(child.pid))
            time.sleep(0.02)
        child.returncode = os.waitstatus_to_exitcode(waited[1])
        used = waited[2]
        output.seek(0)
        text = output.read()
    if child.returncode:
        raise RuntimeError(f"{' '.join(arguments)} ended with {child.returncode}:\n{text[-3000:]}")
    return {
        "text": text,
        "peak_mb": round(peak / 1024),
        "cpu_seconds": round(used.ru_utime + used.ru_stime, 1),
    }


def peak_kilobytes(pid: int) -> int:
    """The most memory a running process has had, as Linux tells it.

    What `wait4` tells afterwards is never less than what its parent had at the start.
    """
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    return 0


@contextmanager
def worker(home: Path) -> Iterator[None]:
    """A worker as `start` runs it."""
    process = spawn_process(
        [sys.executable, *WORKER],
        home / "worker.log",
        ROOT,
        environment=os.environ | {"BROKER_TIMEOUT_SECONDS": "3"},
    )
    try:
        yield
    finally:
        # At once: what it has not done yet is marked, and the bench is over with it.
        process.kill()
        process.wait()
