"""Writing many order lines in one statement."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection, models
from psycopg import sql

from procure.tenancy import current_organization_id
from purchasing.models import PurchaseOrderLine


def write_lines(lines: Sequence[PurchaseOrderLine], fields: Sequence[str]) -> None:
    """Writes these fields of saved lines back: one statement, or none for no lines."""
    if not lines:
        return
    columns: list[models.Field[object, object]] = [
        PurchaseOrderLine._meta.get_field(name)  # type: ignore[misc]
        for name in ("id", *fields)
    ]
    names = [sql.Identifier(str(column.column)) for column in columns]
    sets = sql.SQL(", ").join(sql.SQL("{0} = new.{0}").format(name) for name in names[1:])
    arrays = sql.SQL(", ").join(sql.SQL(f"%s::{_type_of(column)}[]") for column in columns)
    statement = sql.SQL(
        "UPDATE purchasing_purchaseorderline AS line SET {} FROM unnest({}) AS new({}) "
        "WHERE line.organization_id = %s AND line.id = new.id"
    ).format(sets, arrays, sql.SQL(", ").join(names))
    values = [[getattr(line, column.attname) for line in lines] for column in columns]
    with connection.cursor() as cursor:
        cursor.execute(statement, [*values, current_organization_id()])


def _type_of(column: models.Field[object, object]) -> str:
    db_type = str(column.db_type(connection))
    return db_type.partition("(")[0].replace("GENERATED", "").split(" ")[0]
