"""Hand-written statements of the paths that every order takes, planned once per connection.

The ORM writes its statements anew each time and Postgres plans them anew; for a handful that run
several times in a document's life both cost more than the rows. Such a statement is written by
hand, names its columns, takes whole lists as arrays so that its text never changes, and is sent
with its values apart. From its second run on Postgres keeps the plan.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import connection
from django.db.backends.postgresql.base import ServerBindingCursor


def prepared(statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """The rows of a statement with %(name)s places; every place says its type, as in ::bigint[]."""
    connection.ensure_connection()
    sent_apart: Any = ServerBindingCursor(connection.connection)  # type: ignore[call-arg]
    wrap = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    with wrap(sent_apart) as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []
