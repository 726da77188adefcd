"""Reading a table out of a file a person sent: CSV or XLSX, and nothing else.

CSV may be separated by comma, semicolon or tab, end its lines with LF, CRLF or CR, and carry a
byte order mark; it has to be UTF-8. XLSX is opened in a process of its own that may use little
memory and time. Whatever is no such table is refused with a sentence; nothing is guessed.
"""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from procure.errors import BusinessRuleError

MAXIMUM_BYTES = 100 * 1024 * 1024
MAXIMUM_UPLOAD_BYTES = 10 * 1024 * 1024
MAXIMUM_ROWS = 100_000
MAXIMUM_COLUMNS = 200
SPREADSHEET_SECONDS = 20

_SEPARATORS = (",", ";", "\t")
_SPREADSHEETS = Path(__file__).with_name("spreadsheets.py")

# What a file begins with that is no table, and what to say about it.
_OTHER_FORMATS = (
    (b"\x1f\x8b", "This is a gzip archive, not a table. Unpack it and send the CSV inside."),
    (b"%PDF", "This is a PDF, not a table. Send CSV or XLSX."),
    (b"\xd0\xcf\x11\xe0", "This is an old XLS workbook. Save it as XLSX or CSV."),
    (b"\xff\xfe", "This text is UTF-16. Save it as CSV UTF-8."),
    (b"\xfe\xff", "This text is UTF-16. Save it as CSV UTF-8."),
    (b"BZh", "This is a bzip2 archive, not a table. Unpack it and send the CSV inside."),
    (b"\xfd7zXZ", "This is an xz archive, not a table. Unpack it and send the CSV inside."),
)


class TypedCell(str):
    """A number or a day that a workbook stores as such, written plainly.

    The options about decimal comma and date format are about text; they do not touch it.
    """

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Table:
    """The header, in lower case and without blanks around, and the rows with their line numbers.

    A row's number is the line of the file it begins on, as an editor shows it; in a workbook it
    is the row of the sheet. Rows of blanks only are left out.
    """

    columns: list[str]
    header_line: int
    rows: Iterator[tuple[int, list[str]]]


def read_table(content: bytes, known: Collection[str]) -> Table:
    """The table in a file; `known` are the columns hoped for, which decide the separator.

    Refused: anything that is not CSV or XLSX, an empty file, a header with a column twice, and a
    file over 100 MB or 100,000 rows.
    """
    if len(content) > MAXIMUM_BYTES:
        raise _refused("The file is larger than 100 MB. Split it.")
    for magic, sentence in _OTHER_FORMATS:
        if content.startswith(magic):
            raise _refused(sentence)
    if content.startswith(b"PK"):
        lines = _spreadsheet_lines(content)
    else:
        lines = _csv_lines(_decoded(content), known)
    return _with_header(lines)


def _refused(sentence: str) -> BusinessRuleError:
    return BusinessRuleError("not_a_table", sentence, "file")


def _with_header(lines: Iterator[tuple[int, list[str]]]) -> Table:
    for header_line, cells in lines:  # noqa: B007 - its last value is used below
        columns = [cell.strip().lower() for cell in cells]
        while columns and not columns[-1]:
            columns.pop()
        if columns:
            break
    else:
        raise _refused("The file is empty. Its first line has to name the columns.")
    if len(columns) > MAXIMUM_COLUMNS:
        raise _refused(f"The header names {len(columns)} columns; {MAXIMUM_COLUMNS} are the most.")
    for name in columns:
        if name and columns.count(name) > 1:
            raise _refused(f"The header names the column {name} twice.")
    return Table(columns, header_line, _numbered(lines))


def _numbered(lines: Iterable[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    count = 0
    for line, cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        count += 1
        if count > MAXIMUM_ROWS:
            raise _refused(f"The file has more than {MAXIMUM_ROWS:,} rows. Split it.")
        yield line, cells


def _decoded(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _refused(
            f"Line {line} is not UTF-8 text. Save the file as CSV UTF-8 and send it again."
        ) from error
    if "\0" in text:
        raise _refused("This is not a text file. Send CSV or XLSX.")
    return text


def _csv_lines(text: str, known: Collection[str]) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=_separator(text, known), strict=True
    )
    line = 1
    try:
        for cells in reader:
            yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise _refused(
            f"The row that begins on line {line} cannot be read: its quotes do not pair up, "
            "or a cell is too long."
        ) from error


def _separator(text: str, known: Collection[str]) -> str:
    """The separator under which the header names most known columns, then most columns."""
    best, best_rank = _SEPARATORS[0], (-1, -1)
    for separator in _SEPARATORS:
        header = _first_record(text, separator)
        names = {cell.strip().lower() for cell in header}
        rank = (len(names & set(known)), len(header))
        if rank > best_rank:
            best, best_rank = separator, rank
    return best


def _first_record(text: str, separator: str) -> list[str]:
    try:
        for cells in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
            if any(cell.strip() for cell in cells):
                return cells
    except csv.Error:
        return []
    return []


def _spreadsheet_lines(content: bytes) -> Iterator[tuple[int, list[str]]]:
    """The rows of a workbook's first visible sheet, read by a process that cannot hurt ours."""
    try:
        finished = subprocess.run(
            [sys.executable, "-I", str(_SPREADSHEETS)],
            input=content,
            capture_output=True,
            timeout=SPREADSHEET_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise _refused("The workbook takes too long to read. Save it as CSV.") from error
    if finished.returncode == 3:
        raise _refused(finished.stderr.decode("utf-8", "replace").strip())
    if finished.returncode != 0:
        raise _refused("The workbook cannot be read. Save it as CSV and send that.")
    return _spreadsheet_rows(finished.stdout)


def _spreadsheet_rows(output: bytes) -> Iterator[tuple[int, list[str]]]:
    rows = (json.loads(line) for line in io.BytesIO(output))
    first = next(rows, None)
    if first is None:
        return
    width = len(first[1])
    for line, cells in chain([first], rows):
        read = [TypedCell(cell[0]) if isinstance(cell, list) else cell for cell in cells]
        read += [""] * (width - len(read))
        while len(read) > width and not read[-1].strip():
            read.pop()
        yield line, read
