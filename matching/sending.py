"""The file of a released batch: made once per format, kept, and the same each time it is fetched."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from django.db import transaction
from django.utils import timezone

from matching.models import PaymentBatch, PaymentFile
from matching.paying import LockedBatch, current_accounts, lock_batch, require_payable
from matching.paying_accounts import account_in_use
from matching.payment_files.plain import write_plain
from matching.payment_files.quickbooks import write_quickbooks
from matching.payment_files.rows import Outgoing, PaymentRow
from matching.payment_files.sepa import write_sepa
from matching.payment_files.xero import write_xero
from procure.documents import require_status
from procure.errors import BusinessRuleError
from procure.events import record
from procure.models import User

Format = PaymentFile.Format
Status = PaymentBatch.Status
WRITERS: dict[str, tuple[Callable[[Outgoing], bytes], str]] = {
    Format.CSV: (write_plain, "csv"),
    Format.SEPA: (write_sepa, "xml"),
    Format.QUICKBOOKS: (write_quickbooks, "csv"),
    Format.XERO: (write_xero, "csv"),
}


@transaction.atomic
def export_payment_batch(
    batch: PaymentBatch, *, file_format: str, account_code: str = "", actor: User
) -> PaymentFile:
    """Makes a batch's file; with the first one the batch counts as sent and nothing in it can be
    held, voided or taken out any more. A file that is there already is given back as it is.

    Refused: a batch that is not released, something in it that must not be paid, a supplier whose
    bank account is another than at the release, a format that cannot carry it.
    """
    locked = lock_batch(batch)
    batch = locked.batch
    require_status(batch, Status.RELEASED, Status.EXPORTED)
    kept: PaymentFile | None = PaymentFile.objects.filter(
        batch=batch, file_format=file_format
    ).first()
    if kept is not None:
        return kept
    if batch.status == Status.RELEASED:
        require_payable(locked)
        _require_same_accounts(locked)
    write, ending = WRITERS[Format(file_format)]
    content = write(_outgoing(locked, account_code.strip()))
    if batch.status == Status.RELEASED:
        batch.status, batch.exported_at = Status.EXPORTED, timezone.now()
        batch.save(update_fields=["status", "exported_at"])
    file: PaymentFile = PaymentFile.objects.create(
        batch=batch,
        file_format=file_format,
        name=f"{batch.number}-{file_format}.{ending}",
        content=content,
        sha256=hashlib.sha256(content).hexdigest(),
        made_by=actor,
    )
    record(
        "payment_batch.exported", batch, actor=actor,
        summary=f"{Format(file_format).label}: {file.name}", sha256=file.sha256,
    )  # fmt: skip
    return file


def _outgoing(locked: LockedBatch, account_code: str) -> Outgoing:
    rows = [
        PaymentRow(
            locked.invoices[line.invoice_id], line.amount, line.discount_amount, line.bank_account
        )
        for line in locked.lines
    ]
    rows.sort(key=lambda row: (row.invoice.supplier.code, row.invoice.pk))
    batch = locked.batch
    return Outgoing(
        batch, rows, account_in_use(batch.currency), account_code, batch.organization.locale
    )


def _require_same_accounts(locked: LockedBatch) -> None:
    now = current_accounts({line.supplier_id for line in locked.lines})
    for line in locked.lines:
        account = now.get(line.supplier_id)
        if (account and account.pk) != line.bank_account_id:
            supplier = locked.invoices[line.invoice_id].supplier
            raise BusinessRuleError(
                "bank_changed",
                f"The bank account of {supplier} is another than at the release. "
                "Give this batch up and make it again.",
            )
