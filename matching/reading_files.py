"""What the worker does with waiting files: one at a time, each read by a process of its own.

A file is claimed in one transaction, read outside of any, and ended in another. A worker that dies
in between leaves it claimed; a later sweep claims it again, three times at most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from time import monotonic

from django.db.models import Q
from django.utils import timezone

from matching.as_captured import captured_from
from matching.captured_files import CapturedFile
from matching.einvoices.apart import TOO_MUCH, draw_apart, read_apart
from matching.einvoices.document import Outcome, Reading
from matching.finding_supplier import find_supplier
from matching.models import SupplierInvoice
from matching.receiving_files import capture_file, leave_to_person, refuse_file
from procure.attachments import files_of, read_file
from procure.errors import BusinessRuleError
from procure.tenancy import tenant_atomic

SWEEP_SECONDS = 20.0
GIVEN_UP_AFTER = timedelta(seconds=90)  # more than a reading can take
MOST_ATTEMPTS = 3
NOT_AS_IT_CAME = (
    "The stored file is gone or was changed since it came, so it was not read. Enter the invoice "
    "from the sender's own copy."
)
Status = CapturedFile.Status


def read_waiting_files(organization_id: int) -> None:
    """Reads what waits, for so long that the organization's other work is not held up."""
    until = monotonic() + SWEEP_SECONDS
    while monotonic() < until:
        with tenant_atomic(organization_id):
            file = claim_file()
        if file is None:
            return
        if file.attempts > MOST_ATTEMPTS:
            end_reading(organization_id, file, Reading(Outcome.REFUSED, sentence=TOO_MUCH))
        else:
            _read_one(organization_id, file)


def _read_one(organization_id: int, file: CapturedFile) -> None:
    """Reads a claimed file outside of any transaction, and ends it."""
    try:
        with tenant_atomic(organization_id):
            content = read_file(files_of(file)[0])
    except BusinessRuleError:  # somebody else than we had a hand in it: a person looks
        end_reading(organization_id, file, Reading(Outcome.MANUAL, sentence=NOT_AS_IT_CAME))
        return
    reading = read_apart(content)
    is_paper = content.startswith(b"%PDF-") and reading.outcome != Outcome.ACCEPTED
    end_reading(organization_id, file, reading, draw_apart(content) if is_paper else [])


def claim_file() -> CapturedFile | None:
    """The oldest file that waits, or whose reader is gone; nobody else takes it meanwhile."""
    lost = Q(status=Status.READING, started_at__lt=timezone.now() - GIVEN_UP_AFTER)
    file: CapturedFile | None = (
        CapturedFile.objects.filter(Q(status=Status.WAITING) | lost)
        .select_for_update(skip_locked=True, no_key=True, of=("self",))
        .select_related("uploaded_by")
        .order_by("pk")
        .first()
    )
    if file is not None:
        file.status, file.started_at = Status.READING, timezone.now()
        file.attempts += 1
        file.save(update_fields=["status", "started_at", "attempts"])
    return file


def end_reading(
    organization_id: int, file: CapturedFile, reading: Reading, pages: Sequence[bytes] = ()
) -> None:
    """Captures the invoice, leaves it to a person, or refuses it; each in its own transaction."""
    actor = file.uploaded_by
    try:
        with tenant_atomic(organization_id):
            if reading.outcome == Outcome.REFUSED:
                refuse_file(file, reading=reading, pages=pages, actor=actor)
                return
            if reading.outcome == Outcome.MANUAL:
                _leave(file, reading, reading.sentence, pages)
                return
            _capture(file, reading)
    except BusinessRuleError as error:
        with tenant_atomic(organization_id):
            _left(file, reading, error)


def _capture(file: CapturedFile, reading: Reading) -> None:
    """Raises when the supplier is not certain, or the invoice cannot be taken in."""
    document = reading.document
    assert document is not None
    found = find_supplier(document)
    if found.supplier is None:
        raise BusinessRuleError("supplier", found.why_not, "supplier")
    if found.remark:
        reading = replace(reading, remarks=(found.remark, *reading.remarks))
    invoice = captured_from(document, supplier=found.supplier, received_on=timezone.localdate())
    capture_file(
        file,
        invoice=invoice,
        origin=SupplierInvoice.Origin.ELECTRONIC,
        reading=reading,
        actor=file.uploaded_by,
    )


def _left(file: CapturedFile, reading: Reading, error: BusinessRuleError) -> None:
    """A number that is taken is no person's work; everything else is."""
    if error.code == "duplicate_number":
        sentence = error.message.removesuffix(" Nothing was saved.")
        refuse_file(file, reading=replace(reading, sentence=sentence), actor=file.uploaded_by)
    else:
        _leave(file, reading, error.message)


def _leave(file: CapturedFile, reading: Reading, why: str, pages: Sequence[bytes] = ()) -> None:
    document = reading.document
    leave_to_person(
        file,
        reading=reading,
        why=why,
        supplier=None if document is None else find_supplier(document).supplier,
        pages=pages,
        actor=file.uploaded_by,
    )
