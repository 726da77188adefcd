"""A Postgres and a Valkey of the bench's own, durable as in service, and gone afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
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
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read()
    if child.returncode:
        raise RuntimeError(f"{' '.join(arguments)} ended with {child.returncode}:\n{text[-3000:]}")
    kilobytes = used.ru_maxrss if sys.platform != "darwin" else used.ru_maxrss / 1024
    return {
        "text": text,
        "peak_mb": round(kilobytes / 1024),
        "cpu_seconds": round(used.ru_utime + used.ru_stime, 1),
    }


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
        stop_server(process)
