"""Which files are tables, and on which lines their rows stand."""

from __future__ import annotations

import bz2
import gzip
import io
import zipfile
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procure.errors import BusinessRuleError
from procure.reading import TypedCell, read_table
from tests.imports.support import workbook

KNOWN = {"code", "name", "note"}


def rows(content: bytes) -> list[tuple[int, list[str]]]:
    return list(read_table(content, KNOWN).rows)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_every_separator_line_end_and_byte_order_mark_reads_the_same(
    separator: str, line_end: str, mark: str
) -> None:
    lines = [separator.join(cells) for cells in (("code", "name"), ("A", "Äpfel"), ("B", "Birnen"))]
    content = (mark + line_end.join(lines) + line_end).encode()
    read = read_table(content, KNOWN)
    assert read.columns == ["code", "name"]
    assert list(read.rows) == [(2, ["A", "Äpfel"]), (3, ["B", "Birnen"])]


def test_header_case_and_blanks_around_are_ignored() -> None:
    assert read_table(b" CODE ,Name\n", KNOWN).columns == ["code", "name"]


def test_the_separator_under_which_columns_are_known_wins() -> None:
    assert read_table(b"code;name,with;note\n", KNOWN).columns == ["code", "name,with", "note"]


def test_a_row_has_the_number_of_the_line_it_begins_on() -> None:
    content = b'code,note\r\nA,"two\r\nlines, ""quoted"""\r\n\r\nB,plain\r\n'
    assert rows(content) == [(2, ["A", 'two\r\nlines, "quoted"']), (5, ["B", "plain"])]


def test_blank_rows_are_left_out_and_blank_lines_before_the_header_too() -> None:
    content = b"\n\ncode,name\n,\nA,x\n"
    assert read_table(content, KNOWN).header_line == 3
    assert rows(content) == [(5, ["A", "x"])]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "empty"),
        (b"\n \n", "empty"),
        (gzip.compress(b"code,name\n", mtime=0), "gzip"),
        (bz2.compress(b"code,name\n"), "bzip2"),
        (b"%PDF-1.7\n", "PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "XLS"),
        ("code,name\n".encode("utf-16"), "UTF-16"),
        (b"code,name\nA,\xe4pfel\n", "Line 2 is not UTF-8"),
        (b"code,name\nA,\x00\n", "not a text file"),
        (b'code,name\nA,x\nB,"open\n', "begins on line 3"),
        (b'code,name\nA,"x"y\n', "begins on line 2"),
        (b"code,name,code\n", "code twice"),
        (b"code,name\nA," + b"x" * 200_000 + b"\n", "too long"),
        (b"PK\x03\x04 no archive", "damaged"),
    ],
)
def test_what_is_no_table_is_refused_with_a_sentence(content: bytes, sentence: str) -> None:
    with pytest.raises(BusinessRuleError, match=sentence):
        rows(content)


def test_a_workbook_reads_the_same_with_typed_cells() -> None:
    from datetime import date, datetime

    content = workbook(
        ["code", "name", "note"],
        ["A", 0.1 + 0.2, date(2026, 5, 4)],
        [None, None, None],
        ["B", 12, datetime(2026, 5, 4, 13, 30)],  # noqa: DTZ001 - a workbook knows no zone
    )
    read = rows(content)
    assert read == [(2, ["A", "0.3", "2026-05-04"]), (4, ["B", "12", "2026-05-04 13:30:00"])]
    assert isinstance(read[0][1][1], TypedCell)
    assert not isinstance(read[0][1][0], TypedCell)


def archive(**entries: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in entries.items():
            made.writestr(name.replace("__", "/"), content)
    return out.getvalue()


TYPES = {"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>"}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (archive(**{"a.txt": b"hello"}), "not a workbook"),
        (archive(**TYPES, **{"xl/sheet.xml": b"0" * 60_000_000}), "unpacks into too much"),
        (archive(**TYPES, **{f"x{n}": b"" for n in range(1_100)}), "unpacks into too much"),
        (
            archive(**TYPES, **{"xl/a.xml": b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>"}),
            "XML entities",
        ),
        (archive(**TYPES), "cannot be read"),
    ],
)
def test_a_hostile_workbook_is_refused_before_it_is_unpacked(content: bytes, sentence: str) -> None:
    with pytest.raises(BusinessRuleError, match=sentence):
        rows(content)


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused_and_never_fail(content: bytes) -> None:
    if content.startswith(b"PK"):
        return
    with suppress(BusinessRuleError):
        rows(content)


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_and_never_fails(text: str) -> None:
    with suppress(BusinessRuleError):
        rows(("code,name\n" + text).encode("utf-8", "surrogatepass"))
