"""The suite's database: made and migrated by its owner, used by the application's role.

Tests log in as `app_rw`, in every thread and process, so row-level security binds them as it binds
the running application.
"""

import os
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.test import TransactionTestCase
from hypothesis import HealthCheck
from hypothesis import settings as properties
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.services import ADMINISTRATOR, TEMPLATE, end_open_transactions

pytest_plugins = ["tests.world", "tests.browser"]
# How long something takes is a figure of `manage.py bench`; no test may fail on a busy machine.
properties.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
properties.load_profile("untimed")
LONGEST_NAME = 80  # characters or bytes of a parameter


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """A long value gives a test its length as its name: the environment of a process holds no
    more, and an archive has the time of day in it, on which the workers must not disagree."""
    if isinstance(val, str | bytes) and len(val) > LONGEST_NAME:
        return f"{argname} of {len(val)}"
    return None


def log_in_as(role: str) -> None:
    """Use this role (`owner` or `runtime`) for every connection opened from now on."""
    connection.close()
    url = settings.DATABASE_OWNER_URL if role == "owner" else settings.DATABASE_URL
    parts = conninfo_to_dict(url)
    connection.settings_dict["USER"] = parts["user"]
    connection.settings_dict["PASSWORD"] = parts.get("password") or ""
    settings.DATABASE_ROLE = role


@pytest.fixture(scope="session", autouse=True)
def fast_passwords() -> None:
    """Hashing a password well takes 200 ms, which no test of ours is about."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


# What a migration filled stays; a table that was never written has no size.
WRITTEN_TABLES = """
SELECT quote_ident(relname) FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND pg_relation_size(oid) > 0
"""
FILLED_BY_MIGRATIONS: set[str] = set()
# The one table that nobody may empty; a test ends by doing it all the same.
TRAIL = "procure_businessevent"


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest,
    django_test_environment: None,
    django_db_blocker: Any,
    **_: object,
) -> Iterator[None]:
    """Copy the migrated template, which belongs to the owner, and log in as the application."""
    worker = getattr(request.config, "workerinput", {}).get("workerid", "")
    name = f"test_procure_{worker}" if worker else "test_procure"
    drop_database(name)
    with owner_connection("postgres") as owner:
        owner.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    with owner_connection(name) as owner:
        FILLED_BY_MIGRATIONS.update(row[0] for row in owner.execute(WRITTEN_TABLES))
    with django_db_blocker.unblock():
        connection.close()
        connection.settings_dict["NAME"] = settings.DATABASES["default"]["NAME"] = name
        log_in_as("runtime")
    yield
    with django_db_blocker.unblock():
        connection.close()
    drop_database(name)


def owner_connection(name: str) -> "psycopg.Connection[Any]":
    """A connection of the owner's, outside Django."""
    return psycopg.connect(make_conninfo(settings.DATABASE_OWNER_URL, dbname=name), autocommit=True)


def drop_database(name: str) -> None:
    """Drop a test database, connections that a test left open included.

    By the server's administrator: only he may end an autovacuum that is at work in it.
    """
    with psycopg.connect(os.environ[ADMINISTRATOR], autocommit=True) as administrator:
        administrator.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def empty_tables(self: TransactionTestCase) -> None:
    """Transactional tests end with TRUNCATE, which the application's role may not do.

    Only tables that were written are emptied, which is much faster than Django's flush. A page
    that is just being closed may still ask something and stand in the way: then once more.
    """
    connection.close()
    for patience in (2, 1, 0):
        end_open_transactions(connection.settings_dict["NAME"])
        try:
            empty_written_tables()
        except psycopg.errors.DeadlockDetected:
            if not patience:
                raise
        else:
            return


def empty_written_tables() -> None:
    with owner_connection(connection.settings_dict["NAME"]) as owner:
        written = {row[0] for row in owner.execute(WRITTEN_TABLES)} - FILLED_BY_MIGRATIONS
        if written:
            with owner.transaction():
                owner.execute(f"ALTER TABLE {TRAIL} DISABLE TRIGGER {TRAIL}_never_emptied")
                owner.execute(f"TRUNCATE {', '.join(sorted(written))} RESTART IDENTITY CASCADE")
                owner.execute(f"ALTER TABLE {TRAIL} ENABLE TRIGGER {TRAIL}_never_emptied")


TransactionTestCase._fixture_teardown = empty_tables
