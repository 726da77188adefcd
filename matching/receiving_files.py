"""Files that come as invoices: kept, read by a worker, captured, or left to a person.

receive_file(upload=…, actor=…)                  waits to be read; of a mail, with message=…
capture_file(file, invoice=CapturedInvoice, …)   becomes an invoice, matched at once
leave_to_person(file, reading=…, …)              opens beside the manual form
refuse_file(file, reading=…, …)                  ends with a sentence
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import PurePath

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone

from matching.capture import capture_invoices
from matching.captured import CapturedInvoice
from matching.captured_files import CapturedFile
from matching.checking_rules import ask_for_check
from matching.einvoices.document import Outcome, Reading, to_json
from matching.einvoices.elements import UnreadableError
from matching.einvoices.formats import require_readable
from matching.mailboxes import TakenMessage
from matching.models import SupplierInvoice
from procure.attachments import CheckedFile, files_of, keep_file, share_file
from procure.documents import lock, require_status
from procure.errors import BusinessRuleError
from procure.events import record
from procure.figures import long_date
from procure.models import Attachment, User
from procure.reading import MAXIMUM_UPLOAD_BYTES
from suppliers.models import Supplier

CONTENT_TYPES = {".xml": "application/xml", ".pdf": "application/pdf"}
ACCEPT = ",".join(CONTENT_TYPES)
PAGES = "page"
MOST_FILES = 50  # in one upload
Status = CapturedFile.Status


@transaction.atomic
def receive_file(
    *, upload: UploadedFile[bytes], message: TakenMessage | None = None, actor: User | None
) -> CapturedFile:
    """Takes a file in; the worker reads it as soon as this is committed.

    Never refused, so that every sent file has its line: one that is empty, too large, of another
    kind, or here already is kept as a refused line, without the file.
    """
    name = PurePath((upload.name or "").replace("\\", "/")).name[-200:] or "unnamed"
    size = upload.size or 0
    content: bytes = b"" if size > MAXIMUM_UPLOAD_BYTES else upload.read()
    sha256 = hashlib.sha256(content).hexdigest()
    problem = _problem(name, size, content) or _same_file(sha256)
    file: CapturedFile = CapturedFile.objects.create(
        file_name=name,
        sha256=sha256,
        is_kept=not problem,
        status=Status.REFUSED if problem else Status.WAITING,
        sentence=problem,
        message=message,
        uploaded_by=actor,
        finished_at=timezone.now() if problem else None,
    )
    if problem:
        record("captured_file.refused", file, actor=actor, summary=problem)
        return file
    kind = CONTENT_TYPES[PurePath(name).suffix.lower()]
    keep_file(file, CheckedFile(name, content, kind), uploaded_by=actor)
    record("captured_file.received", file, actor=actor, summary=f"{name} came and waits.")
    return file


def _problem(name: str, size: int, content: bytes) -> str:
    """Why the file does not even wait; empty when it does."""
    ending = PurePath(name).suffix.lower()
    is_pdf = b"%PDF-" in content[:1024]
    if not size:
        return "The file is empty."
    if size > MAXIMUM_UPLOAD_BYTES:
        return "The file is larger than 10 MB."
    try:
        if not is_pdf:
            require_readable(content)
    except UnreadableError as error:
        return str(error)
    if ending not in CONTENT_TYPES:
        return "Invoices come as XML or PDF; this has another ending."
    if is_pdf != (ending == ".pdf"):
        return f"It is not what its ending {ending} says. Save it again."
    return ""


def _same_file(sha256: str) -> str:
    """What became of the same file before; a voided invoice's file may come again."""
    earlier = (
        CapturedFile.objects.filter(sha256=sha256, is_kept=True)
        .exclude(invoice__status=SupplierInvoice.Status.VOID)
        .select_related("invoice")
        .order_by("pk")
        .first()
    )
    if earlier is None:
        return ""
    became = f", captured as {earlier.invoice}" if earlier.invoice else ""
    came = long_date(earlier.uploaded_at)
    return f"The same file came on {came} as {earlier.file_name}{became}."


@transaction.atomic
def capture_file(
    file: CapturedFile,
    *,
    invoice: CapturedInvoice,
    origin: str,
    reading: Reading | None = None,
    actor: User | None,
) -> SupplierInvoice:
    """Makes the invoice that the file is, and attaches the file to it; the invoice tells the trail.

    Refused: a file that became one already, and what `capture_invoices` refuses.
    """
    file = lock(file)
    require_status(file, Status.READING, Status.NEEDS_PERSON, Status.REFUSED)
    if not file.is_kept:
        raise BusinessRuleError("not_kept", "This file is not kept. Enter the invoice without it.")
    (captured,) = capture_invoices([invoice], origin=origin, actor=actor)
    for attachment in files_of(file):
        share_file(attachment, captured)
    _read_as(file, reading)
    file.status, file.sentence = Status.CAPTURED, ""
    file.invoice, file.supplier = captured, captured.supplier
    _finish(file, "invoice", "supplier")
    ask_for_check(file, reading)
    return captured


@transaction.atomic
def leave_to_person(
    file: CapturedFile,
    *,
    reading: Reading,
    why: str,
    supplier: Supplier | None = None,
    pages: Sequence[bytes] = (),
    actor: User | None,
) -> CapturedFile:
    """Says why a person has to look, with what could be read and whose it is, as far as that is
    certain. Refused: a file that is not read now."""
    file = lock(file)
    require_status(file, Status.READING)
    _read_as(file, reading)
    _keep_pages(file, pages)
    file.status, file.sentence, file.supplier = Status.NEEDS_PERSON, why[:500], supplier
    _finish(file, "supplier")
    ask_for_check(file, reading)
    record("captured_file.left_to_person", file, actor=actor, summary=why)
    return file


@transaction.atomic
def refuse_file(
    file: CapturedFile, *, reading: Reading, pages: Sequence[bytes] = (), actor: User | None
) -> CapturedFile:
    """Says why the file is no invoice that can be read. Refused: a file that is not read now."""
    file = lock(file)
    require_status(file, Status.READING)
    _read_as(file, reading)
    _keep_pages(file, pages)
    file.status, file.sentence = Status.REFUSED, reading.sentence[:500]
    _finish(file)
    record("captured_file.refused", file, actor=actor, summary=reading.sentence)
    return file


def _keep_pages(file: CapturedFile, pages: Sequence[bytes]) -> None:
    """Pictures of the paper, for the person who enters it."""
    for place, page in enumerate(pages, 1):
        picture = CheckedFile(f"page-{place}.jpg", page, "image/jpeg")
        keep_file(file, picture, purpose=PAGES, uploaded_by=None)


def pages_of(file: CapturedFile) -> list[Attachment]:
    """The pictures of the paper in their order: one statement."""
    kept = Attachment.objects.filter(
        subject_type=file._meta.label_lower, subject_id=file.pk, purpose=PAGES
    )
    return list(kept.order_by("pk"))


def _read_as(file: CapturedFile, reading: Reading | None) -> None:
    if reading is not None:
        file.format = reading.format[:80]
        file.is_sound = reading.outcome == Outcome.ACCEPTED
        file.remarks = list(reading.remarks)
        file.document = None if reading.document is None else to_json(reading.document)


def _finish(file: CapturedFile, *more: str) -> None:
    file.finished_at = timezone.now()
    file.save(
        update_fields=[
            "status", "sentence", "format", "remarks", "document", "is_sound", "finished_at", *more,
        ]
    )  # fmt: skip
