"""A Postgres and a Valkey for the tests, started before Django reads its settings.

Named in pytest's `addopts`, because pytest-django reads the settings before any conftest.py. They
live in a temporary folder, trade durability for speed, and end with the run. TEST_DATABASE_URL (a
superuser of a server that may be used freely) and TEST_REDIS_URL name others instead.
"""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg.conninfo import make_conninfo

from procure.local import (
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
            postgres = start_postgres(place)
            started.callback(stop_server, postgres, at_once=True)
            admin = place.admin_url
            environment["DATABASE_URL"] = database_url(RUNTIME, place.sockets)
            environment["DATABASE_OWNER_URL"] = database_url(OWNER, place.sockets)
        prepare_template(admin)
        environment[ADMINISTRATOR] = admin
        if url := os.environ.get("TEST_REDIS_URL"):
            environment["REDIS_URL"] = url
        else:
            valkey = start_valkey(place)
            started.callback(stop_server, valkey, at_once=True)
            environment["REDIS_URL"] = f"unix://{place.sockets / 'valkey.sock'}"
        environment["MEDIA_ROOT"] = str(place.home / "media")
        yield environment


def prepare_template(admin_url: str) -> None:
    """Let the owner create test databases, and give each of them the extensions and grants."""
    import psycopg

    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute("ALTER ROLE app_owner CREATEDB")
    prepare_database(admin_url, "template1")


@contextlib.contextmanager
def temporary_place() -> Iterator[Place]:
    """A folder for one run, readable for the account that the servers run as."""
    account = unprivileged_account() if os.geteuid() == 0 else None
    home = Path(tempfile.mkdtemp(prefix="procure-test-"))
    make_folder(home, account)
    make_folder(home / "run", account)
    try:
        yield Place(home=home, sockets=home / "run", account=account, durable=False)
    finally:
        shutil.rmtree(home, ignore_errors=True)


class Services:
    """The pytest plugin: one set of services for the whole run."""

    def __init__(self) -> None:
        """Nothing runs yet."""
        self.started = contextlib.ExitStack()

    @pytest.hookimpl(wrapper=True)
    def pytest_load_initial_conftests(self, early_config: pytest.Config) -> Iterator[None]:
        """Before anything reads the settings."""
        if not {"--help", "-h", "--version"} & set(early_config.invocation_params.args):
            os.environ.update(self.started.enter_context(test_services()))
            os.environ["DATABASE_ROLE"] = "runtime"
        return (yield)

    def pytest_unconfigure(self) -> None:
        """After the last test."""
        self.started.close()


services = Services()
pytest_load_initial_conftests = services.pytest_load_initial_conftests
pytest_unconfigure = services.pytest_unconfigure
