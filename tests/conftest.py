"""The suite's database: made and migrated by its owner, used by the application's role.

Tests log in as `app_rw`, in every thread and process, so row-level security binds them as it binds
the running application.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import TransactionTestCase
from psycopg.conninfo import conninfo_to_dict

pytest_plugins = ["tests.world"]


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


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest,
    django_test_environment: None,
    django_db_blocker: Any,
    **_: object,
) -> Iterator[None]:
    """Create and migrate the database as its owner, then hand it to the application's role."""
    from django.test.utils import setup_databases, teardown_databases

    suffix = getattr(request.config, "workerinput", {}).get("workerid", "")
    database = connection.settings_dict
    database["TEST"]["NAME"] = f"test_procure_{suffix}" if suffix else "test_procure"
    with django_db_blocker.unblock():
        log_in_as("owner")
        made = setup_databases(verbosity=0, interactive=False, serialized_aliases=[])
        log_in_as("runtime")
    yield
    with django_db_blocker.unblock():
        log_in_as("owner")
        teardown_databases(made, verbosity=0)


flush_as_current_role = TransactionTestCase._fixture_teardown


def flush_as_owner(self: TransactionTestCase) -> None:
    """Transactional tests end with TRUNCATE, which the application's role may not do."""
    log_in_as("owner")
    try:
        flush_as_current_role(self)
    finally:
        log_in_as("runtime")


TransactionTestCase._fixture_teardown = flush_as_owner
