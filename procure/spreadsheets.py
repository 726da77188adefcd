"""A workbook on stdin becomes rows on stdout: run as a process of its own, never imported.

Sizes declared inside the archive are added up before anything is unpacked, the process limits its
own memory and time, and it cannot open a socket. Exit code 3 means refused, with the sentence on
stderr; any other failure is the workbook's too.
"""

import io
import json
import re
import resource
import sys
import zipfile
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from openpyxl import load_workbook

MEMORY = 512 * 1024 * 1024
CPU_SECONDS = 10
UNPACKED_BYTES = 50 * 1024 * 1024
RATIO = 100
ENTRIES = 1_000
COLUMNS = 200
# A formula that a program wrote down and nobody worked out: its value is not there, or is empty.
UNWORKED = re.compile(rb"(</f>|<f[^>]*/>)\s*(<v\s*/>|<v>\s*</v>)?\s*</c>")


def refuse(sentence: str) -> None:
    """End with the sentence."""
    sys.stderr.write(sentence)
    sys.exit(3)


def no_sockets(event: str, _arguments: object) -> None:
    """An audit hook: a workbook has no business on the network."""
    if event.startswith("socket."):
        raise PermissionError(event)


def vet(content: bytes) -> None:
    """Refuse archives that would unpack into too much, and XML that declares entities."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except zipfile.BadZipFile:
        refuse("The workbook is damaged. Save it again, or as CSV.")
        return
    entries = archive.infolist()
    unpacked = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    if len(entries) > ENTRIES or unpacked > UNPACKED_BYTES or unpacked > RATIO * max(packed, 1):
        refuse("The workbook unpacks into too much. Save it as CSV.")
    names = {entry.filename for entry in entries}
    if "[Content_Types].xml" not in names or "xl/workbook.xml" not in names:
        refuse("This is an archive, not a workbook. Send CSV or XLSX.")
    if any(entry.flag_bits & 1 for entry in entries):
        refuse("The workbook is protected by a password. Save it without one.")
    for entry in entries:
        if entry.filename.endswith((".xml", ".rels")) and b"<!DOCTYPE" in archive.read(entry):
            refuse("The workbook declares XML entities and is not opened.")


def cell_text(value: object) -> object:
    """A text as it is; a number or a day plainly, wrapped in a list to say that it was typed."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return ["true" if value else "false"]
    if isinstance(value, int):
        return [str(value)]
    if isinstance(value, float):
        # Fifteen digits are what the spreadsheet shows; the rest is binary noise.
        return [format(Decimal(f"{value:.15g}"), "f")]
    if isinstance(value, datetime):
        return [value.date().isoformat() if value.time() == time() else value.isoformat(" ")]
    if isinstance(value, date):
        return [value.isoformat()]
    return str(value)


def visible_sheet(content: bytes, *, results: bool) -> Any:
    """The first sheet that a person sees, with the results of formulas or with the formulas."""
    workbook = load_workbook(io.BytesIO(content), read_only=True, data_only=results)
    sheets = [sheet for sheet in workbook.worksheets if sheet.sheet_state == "visible"]
    if not sheets:
        refuse("The workbook has no visible sheet.")
    sheets[0].reset_dimensions()
    return sheets[0]


def require_results(content: bytes) -> None:
    """Refuse a sheet whose formulas were never worked out: its cells would read as empty."""
    archive = zipfile.ZipFile(io.BytesIO(content))
    names = [name for name in archive.namelist() if name.startswith("xl/worksheets/")]
    if not any(UNWORKED.search(archive.read(name)) for name in names):
        return
    written, worked = visible_sheet(content, results=False), visible_sheet(content, results=True)
    for formulas, results in zip(written.iter_rows(), worked.iter_rows(), strict=True):
        for formula, result in zip(formulas, results, strict=True):
            if formula.data_type == "f" and result.value is None:
                refuse(
                    f"Cell {formula.coordinate} is a formula that was never worked out. Open the "
                    "workbook in a spreadsheet program, save it there, and send it again."
                )


def main() -> None:
    """Read, vet, write."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    sys.addaudithook(no_sockets)
    content = sys.stdin.buffer.read()
    vet(content)
    require_results(content)
    sheet = visible_sheet(content, results=True)
    for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
        cells = [cell_text(value) for value in row[: COLUMNS + 1]]
        if any(cells):
            sys.stdout.write(json.dumps([number, cells]) + "\n")


if __name__ == "__main__":
    main()
