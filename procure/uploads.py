"""Importing from the screen: a file is kept and tried first, then applied as a person decides.

The trial and the applied import are the same run over the same bytes; the rows that were refused
can be fetched as a file, each with its reason.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction

from procure.attachments import CheckedFile, keep_file, read_file
from procure.columns import Notation
from procure.documents import lock
from procure.errors import BusinessRuleError
from procure.events import record
from procure.exports import write_csv
from procure.imports import (
    ImportOptions,
    ImportResult,
    find_import_kind,
    run_import,
)
from procure.models import Attachment, ImportRun, User
from procure.reading import MAXIMUM_UPLOAD_BYTES, read_table
from procure.tenancy import current_organization_id

MAXIMUM_UPLOAD_ROWS = 20_000
PURPOSE = "import"
WHY = "why_refused"


@transaction.atomic
def try_import(
    *, kind: str, file_name: str, content: bytes, notation: Notation, actor: User
) -> ImportRun:
    """Keeps the file and says what importing it would do; nothing else is changed.

    Refused: an unknown kind, a file over 10 MB or that cannot be read as a table at all.
    """
    find_import_kind(kind)
    if len(content) > MAXIMUM_UPLOAD_BYTES:
        raise BusinessRuleError("too_large", "The file is larger than 10 MB. Split it.", "file")
    result = _run(kind, content, file_name, notation, actor, partial=False, tried=None)
    if not result.rows and not result.is_readable:
        raise BusinessRuleError("not_a_table", result.refused[0].message, "file")
    run: ImportRun = ImportRun.objects.create(
        kind=kind,
        file_name=file_name[:200],
        is_dry_run=True,
        started_by=actor,
        result={
            **kept_result(result),
            "date_format": notation.date_format,
            "decimal_comma": notation.decimal_comma,
            "code_scheme": notation.code_scheme,
        },
    )
    kept = CheckedFile(run.file_name, content, "application/octet-stream")
    keep_file(run, kept, purpose=PURPOSE, uploaded_by=actor)
    summary = f"{file_name}: {result.rows:,} rows, {len(result.refused):,} refusals."
    record("import.tried", run, actor=actor, summary=summary, import_kind=kind)
    return run


@transaction.atomic
def apply_import(run: ImportRun, *, partial: bool, actor: User) -> ImportRun:
    """Imports the file of a trial; `partial` leaves its refused rows out.

    Refused: a run that was applied before, and refused rows without `partial`.
    """
    run = lock(run)
    if not run.is_dry_run:
        raise BusinessRuleError("applied", "This import was applied already.")
    result = _run(
        run.kind,
        stored_content(run),
        run.file_name,
        notation_of(run),
        actor,
        partial=partial,
        tried=run,
    )
    if not result.is_applied:
        first = result.refused[0]
        raise BusinessRuleError(
            "rows_refused", f"Nothing was imported. Row {first.row}: {first.message}"
        )
    run.is_dry_run = False
    run.result = {**run.result, **kept_result(result)}
    run.save(update_fields=["is_dry_run", "result"])
    return run


def _run(
    kind: str,
    content: bytes,
    file_name: str,
    notation: Notation,
    actor: User,
    *,
    partial: bool,
    tried: ImportRun | None,
) -> ImportResult:
    return run_import(
        kind,
        content,
        file_name=file_name,
        organization_id=current_organization_id(),
        options=ImportOptions(
            notation=notation,
            partial=partial,
            dry_run=tried is None,
            most_rows=MAXIMUM_UPLOAD_ROWS,
            tried=tried,
        ),
        actor=actor,
    )


def kept_result(result: ImportResult) -> dict[str, Any]:
    """The result with a few rows of each outcome, as the preview shows them."""
    return {**result.as_json(), "examples": result.examples}


def stored_content(run: ImportRun) -> bytes:
    """The bytes that were uploaded; refused when the file is not kept any more."""
    attachment = Attachment.objects.filter(
        subject_type=run._meta.label_lower, subject_id=run.pk, purpose=PURPOSE
    ).first()
    if attachment is None:
        raise BusinessRuleError("file_gone", "The file is not kept any more. Upload it again.")
    return read_file(attachment)


def notation_of(run: ImportRun) -> Notation:
    """How the file of a run writes days and decimals, as it was said at the upload."""
    kept = run.result
    return Notation(
        kept.get("date_format", ""), bool(kept.get("decimal_comma")), kept.get("code_scheme", "")
    )


def refused_rows(run: ImportRun) -> str:
    """The refused rows as they stood in the file, with a last column that says why."""
    reasons: dict[int, list[str]] = {}
    for one in run.result["refused"]:
        where = f"{one['column']}: " if one["column"] else ""
        reasons.setdefault(one["row"], []).append(where + one["message"])
    table = read_table(stored_content(run), find_import_kind(run.kind).names)
    width = len(table.columns)
    rows = [
        [*(cells + [""] * width)[:width], " ".join(reasons[line])]
        for line, cells in table.rows
        if line in reasons
    ]
    return write_csv([*table.columns, WHY], rows)
