"""Committing a volume to a supplier, changing it, and taking it back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from procure import figures
from procure.constraints import refusing
from procure.documents import lock, next_number, require_status
from procure.errors import BusinessRuleError
from procure.events import record
from procure.figures import long_date
from procure.models import User
from procure.money import ZERO
from procure.units import canonical_unit
from suppliers.details import apply_changes, changed_words
from suppliers.merged_records import lock_supplier
from suppliers.models import Category, PriceAgreement, Sku, Supplier, VolumeCommitment
from suppliers.validity import require_days_in_order

_Measure = VolumeCommitment.Measure
_Status = VolumeCommitment.Status


@dataclass(frozen=True, slots=True, kw_only=True)
class CommittedVolume:
    """How much of what: a SKU, a category with everything below it, or all that is bought.

    A quantity counts in `unit`, by default the SKU's; a value in the supplier's currency.
    """

    measure: str
    committed: Decimal
    starts_on: date
    ends_on: date
    sku: Sku | None = None
    category: Category | None = None
    unit: str = ""
    note: str = ""


@transaction.atomic
def commit_volume(
    supplier: Supplier,
    *,
    volume: CommittedVolume,
    agreement: PriceAgreement | None = None,
    actor: User,
) -> VolumeCommitment:
    """Writes down what we committed to order from a supplier within some days.

    Refused: nothing committed, days in the wrong order, a SKU and a category at once, a quantity
    without a unit, another supplier's agreement, and days that a like commitment has already.
    """
    supplier = lock_supplier(supplier)
    require_status(supplier, Supplier.Status.ACTIVE)
    unit = _checked_unit(volume)
    if agreement is not None and agreement.supplier_id != supplier.pk:
        raise BusinessRuleError(
            "other_supplier", f"{agreement} is with another supplier.", "agreement"
        )
    commitment = VolumeCommitment(
        number=next_number("volume_commitment", VolumeCommitment),
        supplier=supplier,
        agreement=agreement,
        sku=volume.sku,
        category=volume.category,
        measure=volume.measure,
        committed=volume.committed,
        unit=unit,
        starts_on=volume.starts_on,
        ends_on=volume.ends_on,
        note=volume.note.strip(),
        currency=supplier.currency,
        made_by=actor,
    )
    with refusing(_OVERLAP):
        commitment.save(force_insert=True)
    record(
        "volume_commitment.made",
        commitment,
        actor=actor,
        summary=f"{_in_words(commitment)} committed to {supplier}.",
        supplier_id=supplier.pk,
    )
    return commitment


@transaction.atomic
def change_commitment(
    commitment: VolumeCommitment, *, committed: Decimal, ends_on: date, note: str, actor: User
) -> VolumeCommitment:
    """Changes how much is committed, or until when; the same again does nothing."""
    commitment = lock(commitment)
    require_status(commitment, _Status.OPEN)
    _require_volume(committed)
    require_days_in_order(commitment.starts_on, ends_on, "ends_on")
    wanted = {"committed": committed, "ends_on": ends_on, "note": note.strip()}
    changes = apply_changes(commitment, wanted)
    if not changes:
        return commitment
    with refusing(_OVERLAP):
        commitment.save(update_fields=list(changes))
    record(
        "volume_commitment.changed",
        commitment,
        actor=actor,
        summary=f"{changed_words(commitment, changes)} Now {_in_words(commitment)}.",
        supplier_id=commitment.supplier_id,
        changes=changes,
    )
    return commitment


@transaction.atomic
def withdraw_commitment(
    commitment: VolumeCommitment, *, reason: str, actor: User
) -> VolumeCommitment:
    """Takes a commitment back, as both sides agreed; asks for the reason."""
    commitment = lock(commitment)
    require_status(commitment, _Status.OPEN)
    if not reason.strip():
        raise BusinessRuleError("reason", "Say why it is withdrawn.", "reason")
    commitment.status = _Status.WITHDRAWN
    commitment.withdrawn_by, commitment.withdrawn_at = actor, timezone.now()
    commitment.withdrawal_reason = reason.strip()[:300]
    commitment.save(update_fields=["status", "withdrawn_by", "withdrawn_at", "withdrawal_reason"])
    record(
        "volume_commitment.withdrawn",
        commitment,
        actor=actor,
        summary=f"Withdrawn: {reason.strip()}",
        supplier_id=commitment.supplier_id,
    )
    return commitment


def _checked_unit(volume: CommittedVolume) -> str:
    """The unit that a quantity counts in, empty for a value; refuses what cannot be counted."""
    _require_volume(volume.committed)
    require_days_in_order(volume.starts_on, volume.ends_on, "ends_on")
    if volume.sku is not None and volume.category is not None:
        raise BusinessRuleError("scope", "Choose a category or one SKU, not both.", "sku")
    if volume.measure == _Measure.VALUE:
        return ""
    unit = volume.unit.strip() or (volume.sku.unit if volume.sku else "")
    if not unit:
        raise BusinessRuleError("unit", "Say in which unit the quantity counts.", "unit")
    return canonical_unit(unit)


def _require_volume(committed: Decimal) -> None:
    if not committed.is_finite() or committed <= ZERO:
        raise BusinessRuleError("committed", "Commit to more than nothing.", "committed")


def _in_words(commitment: VolumeCommitment) -> str:
    scope = str(commitment.sku or commitment.category or "all that is bought")
    if commitment.measure == _Measure.VALUE:
        much = f"{figures.money(commitment.committed, commitment.currency)} {commitment.currency}"
    else:
        much = f"{figures.quantity(commitment.committed)} {commitment.unit}"
    return f"{much} of {scope} until {long_date(commitment.ends_on)}"


_OVERLAP = {
    "suppliers_volumecommitment_overlap": BusinessRuleError(
        "committed_already", "These days have a commitment for the same already.", "starts_on"
    )
}
