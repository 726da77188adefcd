"""The frame of every export: a kind gives columns and rows, this writes CSV or JSON.

CSV never carries a cell that a spreadsheet would run. JSON has decimals as strings, and null
where there is nothing. A kind that is imported too exports exactly the import's columns.

    content = export("suppliers", ExportOptions(), "csv")
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from procure.errors import BusinessRuleError
from procure.escaping import protect
from procure.imports import find_import_kind
from procure.money import plain_decimal

FORMATS = ("csv", "json")
CONTENT_TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """For kinds that report on a time: `period` is all, 365d, 90d, YYYY-Qn or YYYY-MM."""

    period: str = "all"
    as_of: date | None = None


Cells = Sequence[Any]
Rows = Callable[[ExportOptions], Iterable[Cells]]


@dataclass(frozen=True, slots=True)
class ExportKind:
    """What can be exported: columns, and the function that yields a row of values for each."""

    name: str
    columns: tuple[str, ...]
    rows: Rows
    permission: str


_kinds: dict[str, ExportKind] = {}


def export_kind(
    name: str, *columns: str, permission: str = "exports.read"
) -> Callable[[Rows], Rows]:
    """Registers the function below it; without columns, those of the import kind."""

    def register(rows: Rows) -> Rows:
        named = columns or tuple(find_import_kind(name).names)
        _kinds[name] = ExportKind(name, named, rows, permission)
        return rows

    return register


def export_kinds() -> list[ExportKind]:
    """Everything that can be exported, by name."""
    return [_kinds[name] for name in sorted(_kinds)]


def find_export_kind(name: str) -> ExportKind:
    """The kind of that name; an unknown one is refused."""
    if name not in _kinds:
        raise BusinessRuleError(
            "unknown_kind",
            f"“{name}” is not exported. Choose one of: {', '.join(sorted(_kinds))}.",
            "kind",
        )
    return _kinds[name]


def export(name: str, options: ExportOptions, file_format: str) -> str:
    """The current organization's rows of a kind as a text in that format."""
    kind = find_export_kind(name)
    rows = kind.rows(options)
    return _as_json(kind, rows) if file_format == "json" else _as_csv(kind, rows)


def write_csv(columns: Iterable[str], rows: Iterable[Cells]) -> str:
    """A header and rows as CSV that every spreadsheet opens and none executes."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([csv_cell(value) for value in cells] for cells in rows)
    return out.getvalue()


def csv_cell(value: Any) -> str:
    """A value as a cell: numbers stay numbers, text is made harmless, nothing is empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return plain_decimal(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    return protect(str(value))


def _as_csv(kind: ExportKind, rows: Iterable[Cells]) -> str:
    return write_csv(kind.columns, rows)


def _as_json(kind: ExportKind, rows: Iterable[Cells]) -> str:
    records = [
        {column: _json_value(value) for column, value in zip(kind.columns, cells, strict=True)}
        for cells in rows
    ]
    return json.dumps(records, ensure_ascii=False, indent=1) + "\n"


def _json_value(value: Any) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, Decimal):
        return plain_decimal(value)
    if isinstance(value, datetime | date):
        return csv_cell(value)
    return str(value)
