"""Hand-written statements of the paths that every order takes, planned once per connection.

The ORM writes its statements anew each time and Postgres plans them anew; for a handful that run
several times in a document's life both cost more than the rows. Such a statement is written by
hand, names its columns, takes whole lists as arrays so that its text never changes, and is sent
with its values apart. From its second run on Postgres keeps the plan.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any, TypeVar

from django.db import connection, models
from django.db.backends.postgresql.base import ServerBindingCursor

Row = TypeVar("Row", bound=models.Model)


def prepared(statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """The rows of a statement with %(name)s places; every place says its type, as in ::bigint[]."""
    connection.ensure_connection()
    sent_apart: Any = ServerBindingCursor(connection.connection)  # type: ignore[call-arg]
    wrap = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    with wrap(sent_apart) as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def locked_rows(
    model: type[Row], where: str, values: Mapping[str, Any], *, related: tuple[str, ...] = ()
) -> list[Row]:
    """Fresh rows, locked in the order of their ids, with these references at hand.

    `where` speaks of the table as `row`. As the ORM's select_for_update(no_key=True) does, it
    leaves the foreign-key checks of rows that point here alone.
    """
    found = prepared(_locking(model, where, related), values)
    return [_instance(model, related, row) for row in found]


@lru_cache(maxsize=64)
def _locking(model: type[models.Model], where: str, related: tuple[str, ...]) -> str:
    """The statement behind `locked_rows`, every column by its name."""
    columns, joins = _columns_of(model, "row"), ""
    for name in related:
        field: Any = model._meta.get_field(name)
        columns += _columns_of(field.related_model, name)
        other: Any = field.related_model._meta
        joins += (
            f' LEFT JOIN "{other.db_table}" AS "{name}" ON "{name}".id = "row"."{field.column}"'
        )
        if "organization" in {one.name for one in other.concrete_fields}:
            joins += f' AND "{name}".organization_id = "row".organization_id'
    return (
        f'SELECT {", ".join(columns)} FROM "{model._meta.db_table}" AS "row"{joins} '
        f'WHERE {where} ORDER BY "row"."id" ASC FOR NO KEY UPDATE OF "row"'
    )


def _columns_of(model: type[models.Model], table: str) -> list[str]:
    return [f'"{table}"."{field.column}"' for field in model._meta.concrete_fields]


def _instance(model: type[Row], related: tuple[str, ...], row: Sequence[Any]) -> Row:
    values = iter(row)
    instance = _next_instance(model, values)
    for name in related:
        field: Any = model._meta.get_field(name)
        other = _next_instance(field.related_model, values)
        # Where another transaction changed the reference while this one waited for the row, the
        # join found nothing: what is there now is read when it is asked for.
        if other.pk is not None:
            field.set_cached_value(instance, other)
        elif getattr(instance, field.attname) is None:
            field.set_cached_value(instance, None)
    return instance


def _next_instance(model: type[Row], values: Iterator[Any]) -> Row:
    """The model's instance made of the values that come next, read as the ORM reads them."""
    fields: Sequence[Any] = model._meta.concrete_fields
    read = [
        field.from_db_value(value, None, connection) if hasattr(field, "from_db_value") else value
        for field, value in zip(fields, islice(values, len(fields)), strict=True)
    ]
    return model.from_db(connection.alias, [field.attname for field in fields], read)
