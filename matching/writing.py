"""Writing the same columns of many rows in one statement."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from django.db import connection, models

from procure.prepared import prepared
from procure.tenancy import current_organization_id


def write_columns(rows: Collection[models.Model], names: Sequence[str]) -> None:
    """Writes these fields of all rows by one UPDATE; rows must be of one model and stored."""
    if not rows:
        return
    meta = next(iter(rows))._meta
    fields: list[models.Field[Any, Any]] = [
        field for field in meta.concrete_fields if field.name in names
    ]
    quote = connection.ops.quote_name
    columns = [quote(str(field.column)) for field in fields]
    values = {
        str(field.column): [
            field.get_db_prep_save(getattr(row, field.attname), connection) for row in rows
        ]
        for field in fields
    }
    arrays = ", ".join(f"%({field.column})s::{field.db_type(connection)}[]" for field in fields)
    assignments = ", ".join(f"{column} = given.{column}" for column in columns)
    prepared(
        f"UPDATE {quote(meta.db_table)} AS stored SET {assignments} "
        f"FROM unnest(%(ids)s::bigint[], {arrays}) AS given(id, {', '.join(columns)}) "
        "WHERE stored.id = given.id AND stored.organization_id = %(own)s::bigint",
        {**values, "ids": [row.pk for row in rows], "own": current_organization_id()},
    )
