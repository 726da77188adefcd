"""The start-up guard: the running application refuses a database role that could see everything.

A superuser, a role with BYPASSRLS and (without FORCE) a table's owner pass every row-level policy.
Serving with such a role would work, and leak; so the first connection of each kind is questioned.
"""

import weakref
from typing import Any

import psycopg
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.dispatch import receiver

ROLE_QUERY = """
SELECT current_user,
       rolsuper,
       rolbypassrls,
       EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE c.relowner = r.oid AND c.relkind IN ('r', 'p') AND n.nspname = 'public')
FROM pg_roles r WHERE rolname = current_user
"""

# Connections already questioned; a pool hands the same ones out again and again.
questioned: "weakref.WeakSet[psycopg.Connection[Any]]" = weakref.WeakSet()


@receiver(connection_created)
def refuse_privileged_role(connection: BaseDatabaseWrapper, **_: object) -> None:
    """Refuse a runtime connection whose role row-level security does not bind."""
    if settings.DATABASE_ROLE == "owner" or connection.vendor != "postgresql":
        return
    driver_connection = connection.connection
    if driver_connection in questioned:
        return
    refuse_role(driver_connection)
    questioned.add(driver_connection)


def refuse_role(driver_connection: "psycopg.Connection[Any]") -> None:
    """Raise unless the connection's role is bound by every policy."""
    # Autocommit for this one question, so that no transaction is left open behind it.
    with driver_connection.cursor() as cursor:
        row = cursor.execute(ROLE_QUERY).fetchone()
    assert row is not None
    name, is_superuser, bypasses, owns_tables = row
    defects = {
        "is a superuser": is_superuser,
        "has BYPASSRLS": bypasses,
        "owns tables": owns_tables,
    }
    found = [defect for defect, is_true in defects.items() if is_true]
    if found:
        raise ImproperlyConfigured(
            f"The database role '{name}' {' and '.join(found)}, so row-level security does not bind it. "
            "DATABASE_URL must name the application role, app_rw."
        )
