"""Keeping a supplier's addresses, and writing down and closing what is a risk about it."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.utils import timezone

from procure.documents import lock
from procure.errors import BusinessRuleError
from procure.events import record
from procure.models import User
from suppliers.merged_records import lock_supplier
from suppliers.models import RiskNote, Supplier, SupplierAddress


@transaction.atomic
def set_supplier_address(
    supplier: Supplier, *, kind: str, address: str, actor: User
) -> SupplierAddress | None:
    """Sets where orders, returns or payments by post go; an empty address takes it away."""
    supplier = lock_supplier(supplier)
    found = SupplierAddress.objects.filter(supplier=supplier, kind=kind).first()
    before, text = (found.address if found else ""), "\n".join(address.splitlines()).strip()
    if text == before:
        return found
    row = found or SupplierAddress(supplier=supplier, kind=kind)
    label = str(SupplierAddress.Kind(kind).label)
    if text:
        row.address = text
        row.save()
    else:
        row.delete()
    record(
        "supplier.address_changed",
        supplier,
        actor=actor,
        summary=f"{label}: {', '.join(text.splitlines()) or 'no address any more'}",
        address_kind=kind,
        before=before,
        after=text,
    )
    return row if text else None


@transaction.atomic
def note_risk(
    supplier: Supplier,
    *,
    kind: str,
    severity: str,
    text: str,
    valid_until: date | None,
    actor: User,
) -> RiskNote:
    """Writes down a risk. Refused: nothing said, a last day in the past, the same said already."""
    supplier = lock_supplier(supplier)
    today = timezone.localdate()
    if not text.strip():
        raise BusinessRuleError("text_missing", "Say what the risk is.", "text")
    if valid_until is not None and valid_until < today:
        raise BusinessRuleError(
            "already_over", "The last day is in the past. Choose a later one.", "valid_until"
        )
    said = {"supplier": supplier, "kind": kind, "severity": severity, "text": text.strip()}
    if RiskNote.objects.filter(closed_at__isnull=True, valid_until=valid_until, **said).exists():
        raise BusinessRuleError("said_already", "This is noted already.", "text")
    note: RiskNote = RiskNote.objects.create(
        valid_until=valid_until, written_on=today, written_by=actor, **said
    )
    record(
        "supplier.risk_noted",
        supplier,
        actor=actor,
        summary=f"{note}: {note.text}",
        risk_note=note.pk,
        severity=severity,
    )
    return note


@transaction.atomic
def close_risk(note: RiskNote, *, reason: str, actor: User) -> RiskNote:
    """Ends a risk note, with the reason. Refused for one that is closed, and without a reason."""
    note = lock(note)
    if note.closed_at is not None:
        raise BusinessRuleError("closed_already", f"{note} is closed already.")
    if not reason.strip():
        raise BusinessRuleError("reason_missing", "Say why in a few words.", "reason")
    note.closed_at, note.closed_by = timezone.now(), actor
    note.close_reason = reason.strip()
    note.save(update_fields=["closed_at", "closed_by", "close_reason"])
    record(
        "supplier.risk_closed",
        note.supplier,
        actor=actor,
        summary=f"{note} closed: {note.close_reason}",
        risk_note=note.pk,
    )
    return note
