"""How far a supplier is vetted, per category and until when."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.utils import timezone

from procure.documents import lock
from procure.errors import BusinessRuleError
from procure.events import record
from procure.figures import long_date
from procure.models import User
from suppliers.models import Category, Qualification, Supplier

Status = Qualification.Status
NOTED = (Status.CONDITIONAL, Status.SUSPENDED, Status.DISQUALIFIED)
"""Decisions that mean nothing to the next reader without their reason."""


@transaction.atomic
def qualify_supplier(
    supplier: Supplier,
    *,
    category: Category,
    status: str,
    valid_to: date | None,
    note: str,
    actor: User,
) -> Qualification:
    """Sets where a supplier stands for a category and everything below it.

    Losing the qualification takes any standing in the approved vendor list away by rule, without
    a change to the list. Refused: an end in the past for a qualification in force, and a
    condition, suspension or disqualification without its reason.
    """
    supplier = lock(supplier)
    _require_sense(status, valid_to, note)
    found: Qualification | None = Qualification.objects.filter(
        supplier=supplier, category=category
    ).first()
    qualification = found or Qualification(supplier=supplier, category=category)
    wanted = {"status": status, "valid_to": valid_to, "note": note.strip()}
    if found is not None and all(getattr(found, key) == wanted[key] for key in wanted):
        return found
    before = found.status if found is not None else None
    for name, value in wanted.items():
        setattr(qualification, name, value)
    qualification.decided_by, qualification.decided_at = actor, timezone.now()
    qualification.save()
    record(
        "supplier.qualified",
        supplier,
        actor=actor,
        summary=_summary(qualification),
        category=category.code,
        before=before,
        status=status,
        valid_to=valid_to and valid_to.isoformat(),
    )
    return qualification


def _require_sense(status: str, valid_to: date | None, note: str) -> None:
    if status in Qualification.USABLE and valid_to is not None and valid_to < timezone.localdate():
        raise BusinessRuleError(
            "already_over", "The last day is in the past. Choose a later one.", "valid_to"
        )
    if status in NOTED and not note.strip():
        label = str(Status(status).label).lower()
        raise BusinessRuleError("reason_missing", f"Say why it is {label}.", "note")


def _summary(qualification: Qualification) -> str:
    until = f" until {long_date(qualification.valid_to)}" if qualification.valid_to else ""
    note = f": {qualification.note}" if qualification.note else "."
    status = qualification.get_status_display()
    return f"{status} for {qualification.category.name}{until}{note}"
