"""A Postgres and a Valkey for the tests, started before Django reads its settings.

Named in pytest's `addopts`, because pytest-django reads the settings before any conftest.py. They
live in a temporary folder, trade durability for speed, and end with the run. TEST_DATABASE_URL (a
superuser of a server that may be used freely) and TEST_REDIS_URL name others instead.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from procure.bootstrap import LOCK, ROOT, STATE
from procure.local import (
    LocalServiceError,
    Place,
    database_url,
    make_folder,
    start_postgres,
    start_valkey,
    stop_server,
    unprivileged_account,
)
from procure.roles import OWNER, RUNTIME, prepare_database, prepare_server

# Set for child processes (xdist workers, commands under test): the services run already.
RUNNING = "PROCURE_TEST_SERVICES"
# Where a test finds the superuser, to plant a defect and take it back.
ADMINISTRATOR = "PROCURE_TEST_ADMIN_URL"
PASSWORD = "only-for-tests"
PREFIX = "procure-test-"
# The migrated database that every test database is a copy of.
TEMPLATE = "procure_template"


@contextlib.contextmanager
def test_services() -> Iterator[dict[str, str]]:
    """Start what the environment does not name; answer the environment that leads to it."""
    if os.environ.get(RUNNING):
        yield {}
        return
    with contextlib.ExitStack() as started:
        place = started.enter_context(temporary_place())
        environment = {RUNNING: "1", "DATABASE_ROLE": "runtime"}
        if url := os.environ.get("TEST_DATABASE_URL"):
            prepare_server(url, {OWNER: PASSWORD, RUNTIME: PASSWORD})
            admin = url
            environment["DATABASE_URL"] = make_conninfo(url, user=RUNTIME, password=PASSWORD)
            environment["DATABASE_OWNER_URL"] = make_conninfo(url, user=OWNER, password=PASSWORD)
        else:
            admin = place.admin_url
            started.callback(stop_server, start_from_template(place), at_once=True)
            environment["DATABASE_URL"] = database_url(RUNTIME, place.sockets)
            environment["DATABASE_OWNER_URL"] = database_url(OWNER, place.sockets)
        make_template(admin, environment["DATABASE_OWNER_URL"])
        environment[ADMINISTRATOR] = admin
        if url := os.environ.get("TEST_REDIS_URL"):
            environment["REDIS_URL"] = url
        else:
            valkey = start_valkey(place)
            started.callback(stop_server, valkey, at_once=True)
            environment["REDIS_URL"] = f"unix://{place.sockets / 'valkey.sock'}"
        environment["MEDIA_ROOT"] = str(place.home / "media")
        yield environment


def start_from_template(place: Place) -> "subprocess.Popen[bytes]":
    """Start Postgres with a migrated template, kept from an earlier run of the same schema."""
    kept = STATE / "test-clusters" / schema_fingerprint()
    folder = place.home / "postgres"
    if not kept.exists():
        postgres = start_postgres(place)
        make_template(place.admin_url, database_url(OWNER, place.sockets))
        stop_server(postgres)
        keep_cluster(folder, kept)
    else:
        shutil.copytree(kept, folder)
        hand_over(folder, place)
    return start_postgres(place)


def keep_cluster(folder: Path, kept: Path) -> None:
    """Keep a stopped cluster for the next run, and forget those of other schemas."""
    shutil.rmtree(kept.parent, ignore_errors=True)
    kept.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(dir=kept.parent))
    shutil.copytree(folder, fresh / "postgres")
    with contextlib.suppress(OSError):  # another run was first
        (fresh / "postgres").rename(kept)
    shutil.rmtree(fresh, ignore_errors=True)


def hand_over(folder: Path, place: Place) -> None:
    """Give a copied cluster to the account that Postgres runs as."""
    for path in [folder, *folder.rglob("*")]:
        if place.account is not None:
            os.chown(path, place.account.pw_uid, place.account.pw_gid)
    folder.chmod(0o700)


def schema_fingerprint() -> str:
    """What the migrated template depends on."""
    sources = sorted(ROOT.glob("*/migrations/*.py"))
    sources += [ROOT / "procure" / name for name in ("tenancy.py", "roles.py", "fields.py")]
    sources += [LOCK]
    digest = hashlib.sha256(os.environ.get("PROCURE_PG_BIN", "").encode())
    for source in sources:
        if source.exists():
            digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def make_template(admin_url: str, owner_url: str) -> None:
    """Make and migrate the database that every test database is a copy of."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute("ALTER ROLE app_owner CREATEDB")
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [TEMPLATE])
        if found.fetchone() and not os.environ.get("TEST_DATABASE_URL"):
            return
        connection.execute(f"DROP DATABASE IF EXISTS {TEMPLATE}")
    prepare_database(admin_url, TEMPLATE)
    url = make_conninfo(owner_url, dbname=TEMPLATE)
    migrated = subprocess.run(
        [sys.executable, "-m", "django", "migrate", "--verbosity", "0"],
        cwd=ROOT,
        env=os.environ
        | {
            "DJANGO_SETTINGS_MODULE": "procure.settings",
            "DATABASE_ROLE": "owner",
            "DATABASE_OWNER_URL": url,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if migrated.returncode != 0:
        raise LocalServiceError(f"The migrations failed:\n{migrated.stderr}")


@contextlib.contextmanager
def temporary_place() -> Iterator[Place]:
    """A folder for one run, readable for the account that the servers run as."""
    remove_abandoned_places()
    account = unprivileged_account() if os.geteuid() == 0 else None
    home = Path(tempfile.mkdtemp(prefix=PREFIX))
    make_folder(home, account)
    make_folder(home / "run", account)
    with open(home / "in-use", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield Place(home=home, sockets=home / "run", account=account, durable=False)
        finally:
            shutil.rmtree(home, ignore_errors=True)


def remove_abandoned_places() -> None:
    """Remove what runs left behind that were killed; a run that lives holds its lock."""
    for home in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            if time.time() - home.stat().st_mtime < 300:  # perhaps it is just being made
                continue
            with open(home / "in-use", "a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(home, ignore_errors=True)


def own_counts(redis_url: str) -> str:
    """The Redis database of this process: a worker's counts are no business of the others'."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw")
    if not worker:
        return redis_url
    if redis_url.startswith("unix://"):
        return f"{redis_url}?db={int(worker) + 1}"
    return f"{redis_url.rsplit('/', 1)[0]}/{int(worker) + 1}"


class Services:
    """The pytest plugin: one set of services for the whole run."""

    def __init__(self) -> None:
        """Nothing runs yet."""
        self.started = contextlib.ExitStack()

    @pytest.hookimpl(wrapper=True)
    def pytest_load_initial_conftests(self, early_config: pytest.Config) -> Iterator[None]:
        """Before anything reads the settings."""
        if not {"--help", "-h", "--version"} & set(early_config.invocation_params.args):
            # A run that is told to end stops its servers and removes its folder first.
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.default_int_handler)
            os.environ.update(self.started.enter_context(test_services()))
            os.environ["DATABASE_ROLE"] = "runtime"
            os.environ["REDIS_URL"] = own_counts(os.environ["REDIS_URL"])
        return (yield)

    def pytest_unconfigure(self) -> None:
        """After the last test."""
        self.started.close()


services = Services()
pytest_load_initial_conftests = services.pytest_load_initial_conftests
pytest_unconfigure = services.pytest_unconfigure


def end_open_transactions(database: str) -> None:
    """End what a killed process or a closed page left open in a test database, and wait for it.

    A server notices a dead client only when it next looks, and holds its locks until then.
    """
    import psycopg

    with psycopg.connect(os.environ[ADMINISTRATOR], autocommit=True) as administrator:
        administrator.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = %s AND backend_type = 'client backend' AND state <> 'idle'"
            " AND pid <> pg_backend_pid()",
            [database],
        )
