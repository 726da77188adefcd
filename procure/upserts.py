"""Writing many rows of one model at once: what is new, what changed, and what stays as it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from django.db import models

from procure.columns import same_lines
from procure.imports import CREATED, UNCHANGED, UPDATED, Batch, Row
from procure.units import canonical_unit

Model = TypeVar("Model", bound=models.Model)


class Wish(NamedTuple):
    """A row, the stored record behind its key if there is one, and the values it asks for."""

    row: Row
    stored: models.Model | None
    values: Mapping[str, Any]


def differs(stored: models.Model, values: Mapping[str, Any]) -> list[str]:
    """The fields in which the record is not what the values ask for."""
    return [name for name, value in values.items() if not _same(getattr(stored, name), value)]


def _same(stored: Any, wanted: Any) -> bool:
    if isinstance(stored, str) and isinstance(wanted, str):
        return same_lines(stored).strip() == wanted.strip()
    return bool(stored == wanted)


def upsert(batch: Batch, model: type[Model], wishes: Iterable[Wish]) -> list[Model]:
    """Creates and updates in two statements for any number of rows, and settles every row.

    Answers the records that were created or updated.
    """
    new: list[Model] = []
    changed: list[Model] = []
    fields: set[str] = set()
    for row, stored, values in wishes:
        if stored is None:
            new.append(model(**values))
            row.outcome = CREATED
            continue
        names = differs(stored, values)
        row.outcome = UPDATED if names else UNCHANGED
        if names:
            for name in names:
                setattr(stored, name, values[name])
            fields.update(names)
            changed.append(stored)  # type: ignore[arg-type]
    # Changes first: a shortened entry makes room for the one that follows it.
    write_changes(model, changed, fields)
    model._default_manager.bulk_create(new)
    return new + changed


def write_changes(model: type[Model], changed: Sequence[Model], fields: Iterable[str]) -> None:
    """Writes these fields of many stored records in one statement."""
    if changed:
        model._default_manager.bulk_create(
            changed, update_conflicts=True, unique_fields=["id"], update_fields=sorted(fields)
        )


def asked(row: Row, kept: Iterable[str] = (), **columns: str) -> dict[str, Any]:
    """Field values for the columns that the file has, given as field=column.

    A blank text is an empty text; a blank in a field of `kept` leaves what is stored.
    """
    keep = set(kept)
    return {
        field: row[column]
        for field, column in columns.items()
        if column in row and not (field in keep and row[column] is None)
    }


def blank_texts(values: dict[str, Any], *fields: str) -> dict[str, Any]:
    """The same with empty texts for the fields that cannot be null."""
    return {
        name: "" if value is None and name in fields else value for name, value in values.items()
    }


def unless_same_unit(stored: Any, values: dict[str, Any]) -> dict[str, Any]:
    """The values without a unit that is only another word for the one stored."""
    if stored is not None and canonical_unit(stored.unit) == values.get("unit"):
        return {name: value for name, value in values.items() if name != "unit"}
    return values
