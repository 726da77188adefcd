"""Vetting of two records that are merged: for each category the stricter of two verdicts holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from procure.models import User
from suppliers.models import Qualification, Supplier

Status = Qualification.Status
STRICTNESS = {Status.SUSPENDED: 1, Status.DISQUALIFIED: 2}


def _strictness(one: Qualification | None) -> int:
    return STRICTNESS.get(Status(one.status), 0) if one is not None else 0


def _by_category(supplier: Supplier) -> dict[int, Qualification]:
    rows = Qualification.objects.filter(supplier=supplier).select_related("category")
    return {one.category_id: one for one in rows}


def _nearest(category: Any, vetted: Mapping[int, Qualification]) -> Qualification | None:
    return next((vetted[one] for one in category.lineage if one in vetted), None)


def staying_behind(merged: Supplier, remaining: Supplier) -> list[int]:
    """Verdicts of the merged record that would loosen one above them: a supplier suspended for
    packaging does not become usable for boxes by a merge."""
    known = _by_category(remaining)
    return [
        one.pk
        for one in _by_category(merged).values()
        if _strictness(one) < _strictness(_nearest(one.category, known))
    ]


def stricter_verdicts(
    merged: Supplier, remaining: Supplier
) -> Iterator[tuple[Qualification, Qualification]]:
    """Each verdict of the remaining record with the stricter one that takes its place."""
    theirs = _by_category(merged)
    for one in _by_category(remaining).values():
        other = _nearest(one.category, theirs)
        if other is not None and _strictness(other) > _strictness(one):
            yield one, other


def make_stricter(
    merged: Supplier, remaining: Supplier, at: datetime, actor: User
) -> dict[str, dict[str, Any]]:
    """Writes the stricter verdicts and returns what they were, by id."""
    former = {}
    for one, other in stricter_verdicts(merged, remaining):
        former[str(one.pk)] = {
            "status": one.status,
            "note": one.note,
            "decided_by_id": one.decided_by_id,
            "decided_at": one.decided_at.isoformat(),
        }
        words = other.get_status_display().lower()
        one.status = other.status
        one.note = f"{merged.name}, which is the same supplier, was {words}. {other.note}".strip()
        one.decided_by, one.decided_at = actor, at
        one.save(update_fields=["status", "note", "decided_by", "decided_at"])
    return former


def restore_qualifications(former: Mapping[str, Mapping[str, Any]], merged_at: datetime) -> None:
    """Gives back what the merge wrote over, but where somebody has decided since."""
    for one in Qualification.objects.filter(pk__in=former, decided_at=merged_at):
        values = former[str(one.pk)]
        one.status, one.note = values["status"], values["note"]
        one.decided_by_id = values["decided_by_id"]
        one.decided_at = datetime.fromisoformat(values["decided_at"])
        one.save(update_fields=["status", "note", "decided_by", "decided_at"])
