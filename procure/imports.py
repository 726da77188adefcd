"""The frame of every import: read, check each cell, hand whole chunks to the kind, all or none.

A kind registers itself with `@import_kind`. It gets chunks of rows whose cells are already typed,
settles every row as created, updated, unchanged or refused, and writes set-based: the number of
SQL statements depends on the chunks, never on the rows.

    result = run_import("suppliers", content, file_name="s.csv", options=ImportOptions(), actor=me)
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from procure.columns import CellError, Column, Notation
from procure.errors import BusinessRuleError
from procure.events import record
from procure.models import ImportRun, User
from procure.reading import MAXIMUM_ROWS, Table, read_table
from procure.statistics import BULK_ROWS, refresh_statistics
from procure.tenancy import current_organization_id, tenant_atomic

CHUNK = 2_000
EXAMPLES = 20
CREATED, UPDATED, UNCHANGED, REFUSED = "created", "updated", "unchanged", "refused"


class Row(dict[str, Any]):
    """The typed cells of one row by column; None where a cell is blank or its column absent."""

    __slots__ = ("cells", "line", "names", "outcome")

    def __init__(self, line: int, names: Sequence[str], cells: list[str]) -> None:
        super().__init__()
        self.line = line
        self.names = names
        self.cells = cells
        self.outcome = ""

    def __missing__(self, column: str) -> None:
        return None

    def text(self, column: str) -> str:
        """The cell as it stands in the file."""
        return self.cells[self.names.index(column)] if column in self.names else ""


@dataclass(frozen=True, slots=True)
class Remark:
    """A sentence about one cell: why it was refused, or what is odd about it."""

    row: int
    column: str
    value: str
    message: str

    def as_json(self) -> dict[str, Any]:
        return {
            "row": self.row,
            "column": self.column,
            "value": self.value,
            "message": self.message,
        }


@dataclass(slots=True)
class ImportResult:
    """What an import did, or would do; the counts are of rows, `seconds` of the clock.

    After a refusal without `partial`, nothing was written and nothing counts as created.
    `examples` are the first rows that were created and updated, as they stand in the file.
    """

    kind: str
    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: list[Remark] = field(default_factory=list)
    warnings: list[Remark] = field(default_factory=list)
    seconds: float = 0.0
    is_readable: bool = False
    is_applied: bool = False
    examples: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The object that `--json` prints and an ImportRun keeps."""
        return {
            "kind": self.kind,
            "rows": self.rows,
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "refused": [remark.as_json() for remark in self.refused],
            "warnings": [remark.as_json() for remark in self.warnings],
            "seconds": round(self.seconds, 3),
        }


Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How to read the file, and whether to write: `partial` leaves refused rows out instead of
    refusing the file, `dry_run` writes nothing, `tried` is the run of a trial that is applied."""

    notation: Notation = field(default_factory=Notation)
    partial: bool = False
    dry_run: bool = False
    progress: Progress | None = None
    most_rows: int = MAXIMUM_ROWS
    tried: ImportRun | None = None


@dataclass(frozen=True, slots=True)
class ImportKind:
    """What can be imported: its columns, the key of a row, and the function that writes.

    Rows of one `document` stay in one chunk, and with `partial` a document is left out whole when
    one of its rows is refused. Rows that are only compared with each other are kept `together`.
    Documents whose first row has the lower `order` come first.
    """

    name: str
    columns: tuple[Column, ...]
    key: Callable[[Row], Hashable]
    document: Callable[[Row], Hashable] | None
    together: Callable[[Row], Hashable] | None
    order: Callable[[Row], int] | None
    apply: Callable[[Batch], None]

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]


Writer = Callable[["Batch"], None]
_kinds: dict[str, ImportKind] = {}


def import_kind(
    name: str,
    *columns: Column,
    key: Callable[[Row], Hashable],
    document: Callable[[Row], Hashable] | None = None,
    together: Callable[[Row], Hashable] | None = None,
    order: Callable[[Row], int] | None = None,
) -> Callable[[Writer], Writer]:
    """Registers the function below it as the writer of a kind."""

    def register(apply: Writer) -> Writer:
        _kinds[name] = ImportKind(name, columns, key, document, together, order, apply)
        return apply

    return register


def import_kinds() -> list[str]:
    """The names of everything that can be imported."""
    return sorted(_kinds)


def find_import_kind(name: str) -> ImportKind:
    """The kind of that name; an unknown one is refused."""
    if name not in _kinds:
        raise BusinessRuleError(
            "unknown_kind",
            f"“{name}” is not imported. Choose one of: {', '.join(import_kinds())}.",
            "kind",
        )
    return _kinds[name]


class Import:
    """One run over a file: its rows, and what all of its chunks share."""

    def __init__(
        self, kind: ImportKind, options: ImportOptions, actor: User | None, result: ImportResult
    ) -> None:
        self.kind = kind
        self.options = options
        self.actor = actor
        self.result = result
        self.columns: set[str] = set()
        self.rows: list[Row] = []
        self.news: dict[str, set[int]] = {}

    def leave_out_if_incomplete(self, document: list[Row]) -> None:
        """Half a document is no document: the rows beside a refused one are left out with it."""
        refused = next((row for row in document if row.outcome == REFUSED), None)
        if refused is None:
            return
        for row in _open(document):
            row.outcome = REFUSED
            if self.options.partial:
                message = f"Left out with line {refused.line}, which belongs to the same document."
                self.result.refused.append(remark(row, self.kind.names[0], message))


class Batch:
    """One chunk of rows for a kind, and where it says what became of each row."""

    def __init__(self, rows: list[Row], whole: Import) -> None:
        self.rows = rows
        self.columns = whole.columns
        self.actor = whole.actor
        self.notation = whole.options.notation
        self._whole = whole

    @property
    def open_rows(self) -> list[Row]:
        """The rows nothing was said about yet."""
        return _open(self.rows)

    def refuse(self, row: Row, column: str, message: str) -> None:
        """The row is not imported, for this reason; a row may be refused for several."""
        row.outcome = REFUSED
        self._whole.result.refused.append(remark(row, column, message))

    def warn(self, row: Row, column: str, message: str) -> None:
        """The row is imported, but a person should look at it."""
        self._whole.result.warnings.append(remark(row, column, message))

    def settle(self, rows: Iterable[Row], outcome: str) -> None:
        """These rows are created, updated or unchanged."""
        for row in rows:
            row.outcome = outcome

    def announce(self, name: str, ids: Iterable[int]) -> None:
        """Adds ids to the payload of the import's one event, for the floors above."""
        self._whole.news.setdefault(name, set()).update(ids)

    def whole_documents(self) -> list[list[Row]]:
        """The open rows by document, without the documents of which a row was refused."""
        document = self._whole.kind.document
        if document is None:
            return [[row] for row in self.open_rows]
        found = list(_documents(self.rows, document))
        for rows in found:
            self._whole.leave_out_if_incomplete(rows)
        return [rows for rows in map(_open, found) if rows]


def _open(rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if not row.outcome]


def remark(row: Row, column: str, message: str) -> Remark:
    """A remark that shows the cell as it stands in the file."""
    return Remark(row.line, column, row.text(column)[:200], message)


class _NothingWritten(Exception):
    """Ends the transaction of an import that is not to be kept."""


def run_import(
    kind_name: str,
    content: bytes,
    *,
    file_name: str,
    organization_id: int,
    options: ImportOptions,
    actor: User | None,
) -> ImportResult:
    """Imports a file into an organization in one transaction, or says why not.

    All rows go in or none, unless `options.partial`. A file that is no table, or lacks a required
    column, is refused as a whole. An applied import leaves one ImportRun and one event. Figures
    that became stale are only marked; the caller works them off after the commit.
    """
    started = time.monotonic()
    kind = find_import_kind(kind_name)
    result = ImportResult(kind.name)
    whole = Import(kind, options, actor, result)
    try:
        if _read(whole, read_table(content, _known(kind))):
            _write(whole, organization_id, file_name)
    except _NothingWritten:
        pass
    except BusinessRuleError as error:
        result.created = result.updated = 0
        result.refused.append(Remark(1, error.field or "", "", error.message))
    result.refused.sort(key=lambda one: one.row)
    result.warnings.sort(key=lambda one: one.row)
    result.seconds = time.monotonic() - started
    return result


def _read(whole: Import, table: Table) -> bool:
    """Every cell typed and every key once; False when the columns do not fit."""
    kind, result = whole.kind, whole.result
    reading = _columns_of(table, kind, result)
    if reading is None:
        return False
    whole.columns = {column.name for column in reading if column}
    whole.rows = _typed_rows(table, reading, whole.options, result)
    result.is_readable = True
    result.rows = len(whole.rows)
    _refuse_repeated(whole.rows, kind, result)
    return True


def _write(whole: Import, organization_id: int, file_name: str) -> None:
    """Hands chunk after chunk to the kind in one transaction, which stays only if it may."""
    with tenant_atomic(organization_id):
        _one_import_at_a_time()
        done = 0
        for chunk in _chunks(whole):
            whole.kind.apply(Batch(chunk, whole))
            done += len(chunk)
            if whole.options.progress:
                whole.options.progress(done, len(whole.rows))
        _count(whole.rows, whole.result)
        if whole.options.dry_run:
            raise _NothingWritten
        if whole.result.refused and not whole.options.partial:
            whole.result.created = whole.result.updated = 0
            raise _NothingWritten
        if whole.result.created >= BULK_ROWS:
            refresh_statistics()
        _record_run(whole, file_name)


def _known(kind: ImportKind) -> set[str]:
    return {name for column in kind.columns for name in (column.name, *column.aliases)}


def _columns_of(table: Table, kind: ImportKind, result: ImportResult) -> list[Column | None] | None:
    """The kind's column behind each of the table's, None for unknown ones; no list at all when a
    required one is missing."""
    by_name = {name: column for column in kind.columns for name in (column.name, *column.aliases)}
    reading: list[Column | None] = []
    for name in table.columns:
        column = by_name.get(name)
        if column is not None and column in reading:
            message = f"The columns {column.name} and {name} mean the same. Keep one."
            result.refused.append(Remark(table.header_line, name, "", message))
        if column is None:
            message = f"The column {name or '(without a name)'} is unknown and was not read."
            result.warnings.append(Remark(table.header_line, name, "", message))
        reading.append(column)
    for column in kind.columns:
        if column.required and column not in reading:
            message = f"The column {column.name} is missing."
            result.refused.append(Remark(table.header_line, column.name, "", message))
    return None if result.refused else reading


def _typed_rows(
    table: Table, reading: list[Column | None], options: ImportOptions, result: ImportResult
) -> list[Row]:
    rows: list[Row] = []
    names = tuple(column.name if column else "" for column in reading)
    for line, cells in table.rows:
        if len(cells) > len(reading) and not any(cells[len(reading) :]):
            cells = cells[: len(reading)]
        row = Row(line, names, cells)
        if len(cells) != len(reading):
            row.cells = [""] * len(reading)
            row.outcome = REFUSED
            message = f"The row has {len(cells)} cells where the header has {len(reading)}."
            result.refused.append(Remark(line, "", "", message))
        else:
            _read_cells(row, reading, options.notation, result)
        rows.append(row)
        if len(rows) > options.most_rows:
            raise BusinessRuleError(
                "too_many_rows",
                f"The file has more than {options.most_rows:,} rows. Split it, or let an "
                "operator import it with the command import_csv.",
                "file",
            )
    return rows


def _read_cells(
    row: Row,
    reading: list[Column | None],
    notation: Notation,
    result: ImportResult,
) -> None:
    for cell, column in zip(row.cells, reading, strict=True):
        if column is None:
            continue
        try:
            row[column.name] = column.value(cell, notation)
        except CellError as error:
            row.outcome = REFUSED
            result.refused.append(Remark(row.line, column.name, cell[:200], str(error)))


def _refuse_repeated(rows: list[Row], kind: ImportKind, result: ImportResult) -> None:
    """A key stands in a file once; a second row with the same content adds nothing."""
    seen: dict[Hashable, Row] = {}
    for row in rows:
        if row.outcome:
            continue
        first = seen.setdefault(kind.key(row), row)
        if first is row:
            continue
        if dict(first) == dict(row):
            row.outcome = UNCHANGED
            result.warnings.append(
                remark(row, kind.names[0], f"The row repeats line {first.line}; it counts once.")
            )
        else:
            row.outcome = REFUSED
            result.refused.append(
                remark(row, kind.names[0], f"Line {first.line} gives the same with other content.")
            )


def _chunks(whole: Import) -> Iterator[list[Row]]:
    """Rows still open, whole documents together, in the order of the file."""
    group = whole.kind.document or whole.kind.together
    if group is None:
        open_rows = _open(whole.rows)
        for start in range(0, len(open_rows), CHUNK):
            yield open_rows[start : start + CHUNK]
        return
    rows = whole.rows if whole.kind.document else _open(whole.rows)
    documents = list(_documents(rows, group))
    if order := whole.kind.order:
        documents.sort(key=lambda document: order(document[0]))
    chunk: list[Row] = []
    for document in documents:
        if whole.kind.document:
            whole.leave_out_if_incomplete(document)
        chunk += _open(document)
        if len(chunk) >= CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _documents(rows: Iterable[Row], document: Callable[[Row], Hashable]) -> Iterable[list[Row]]:
    found: dict[Hashable, list[Row]] = {}
    for row in rows:
        found.setdefault(document(row), []).append(row)
    return found.values()


def _one_import_at_a_time() -> None:
    """Two imports of one organization would find the same keys missing and both create them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(hashtext('import'), %s)",
            [current_organization_id()],
        )
        if not cursor.fetchone()[0]:
            raise BusinessRuleError(
                "import_running", "Another import is running. Try again when it is done."
            )


def _count(rows: list[Row], result: ImportResult) -> None:
    counts = {CREATED: 0, UPDATED: 0, UNCHANGED: 0, REFUSED: 0}
    for row in rows:
        counts[row.outcome] += 1
        if row.outcome in (CREATED, UPDATED) and counts[row.outcome] <= EXAMPLES:
            cells = {name: row.text(name) for name in row.names if name}
            example = {"row": row.line, "cells": cells}
            result.examples.setdefault(row.outcome, []).append(example)
    result.created, result.updated = counts[CREATED], counts[UPDATED]
    result.unchanged = counts[UNCHANGED]


def _record_run(whole: Import, file_name: str) -> None:
    """Keeps the run, and one event that carries what the floors above have to look at."""
    result = whole.result
    result.is_applied = True
    if not result.created and not result.updated:
        return
    run = whole.options.tried or ImportRun.objects.create(
        kind=result.kind,
        file_name=file_name[:200],
        result=result.as_json(),
        started_by=whole.actor,
    )
    summary = (
        f"{result.created:,} created, {result.updated:,} updated, "
        f"{result.unchanged:,} unchanged from {file_name}."
    )
    payload: dict[str, Any] = {name: sorted(ids) for name, ids in whole.news.items()}
    record(
        "import.applied",
        run,
        actor=whole.actor,
        summary=summary,
        import_kind=result.kind,
        **payload,
    )
