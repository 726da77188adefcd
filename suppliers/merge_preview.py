"""What a merge would do, before it is done, and what its undoing would give back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from procure.figures import long_date
from suppliers.following import (
    MOVES,
    Reference,
    clashing,
    compared_figures,
    objections_to_undoing,
    references,
)
from suppliers.merging import moved_rows, moving_rows, objections, payments_wait_until
from suppliers.models import BankAccount, Supplier, SupplierMerge
from suppliers.stricter import staying_behind, stricter_verdicts


@dataclass(slots=True)
class MergePreview:
    """Two records side by side; `facts` and `figures` have a label and a value of each.

    `moving` counts what goes over, `left` what stays behind and why, `changes` says what becomes
    different, `objections` why it cannot be done.
    """

    merged: Supplier
    remaining: Supplier
    facts: list[tuple[str, str, str]]
    figures: list[tuple[str, Any, Any]]
    objections: list[str]
    moving: list[tuple[str, int]] = field(default_factory=list)
    left: list[tuple[str, int, str]] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)


def merge_preview(merged: Supplier, remaining: Supplier, today: date) -> MergePreview:
    """The comparison of two records, in a fixed number of statements."""
    ids = [merged.pk, remaining.pk]
    figures = [
        (label, values.get(merged.pk, 0), values.get(remaining.pk, 0))
        for label, values in compared_figures(ids, remaining.currency)
    ]
    preview = MergePreview(
        merged,
        remaining,
        _facts(merged, remaining, today),
        figures,
        objections(merged, remaining),
    )
    for reference in references():
        if reference.how == MOVES and reference.noun:
            _count(preview, reference)
    preview.changes = _changes(merged, remaining)
    return preview


def _count(preview: MergePreview, reference: Reference) -> None:
    moving = moving_rows(reference, preview.merged, preview.remaining).count()
    if moving:
        preview.moving.append((reference.noun, moving))
    left = clashing(reference, preview.merged.pk, preview.remaining.pk).count()
    if left and reference.kept:
        preview.left.append((reference.noun, left, reference.kept))


def _facts(merged: Supplier, remaining: Supplier, today: date) -> list[tuple[str, str, str]]:
    accounts: dict[int, str] = {}
    known = BankAccount.objects.filter(supplier__in=[merged.pk, remaining.pk])
    for account in known.order_by("version"):
        if account.is_in_force(today):
            accounts[account.supplier_id] = account.masked
    rows = {
        one.pk: [
            ("Code", one.code),
            ("Legal name", one.legal_name),
            ("Status", one.get_status_display()),
            ("Tax id", one.tax_id),
            ("Country", one.country),
            ("Currency", one.currency),
            ("Payment terms", f"net {one.payment_terms_days} days"),
            ("Orders go to", one.email),
            ("Paid to", accounts.get(one.pk, "")),
            ("Added", long_date(one.created_at.date())),
        ]
        for one in (merged, remaining)
    }
    pairs = zip(rows[merged.pk], rows[remaining.pk], strict=True)
    return [(label, theirs, mine) for (label, theirs), (_, mine) in pairs]


def _changes(merged: Supplier, remaining: Supplier) -> list[str]:
    found = []
    if merged.status == Supplier.Status.BLOCKED and remaining.status != merged.status:
        found.append(f"{remaining.name} becomes blocked, because {merged.name} is.")
    for one, other in stricter_verdicts(merged, remaining):
        words = other.get_status_display().lower()
        found.append(f"{remaining.name} becomes {words} for {one.category}, as {merged.name} is.")
    if behind := len(staying_behind(merged, remaining)):
        noun = "qualification" if behind == 1 else "qualifications"
        found.append(
            f"{behind} {noun} of {merged.name} count no more: {remaining.name} is suspended or "
            "disqualified above."
        )
    until = payments_wait_until(merged, remaining)
    if until is not None:
        found.append(
            f"Bank details do not move. What {merged.name} billed is paid as {remaining.name} "
            f"says, and payments to it wait until {long_date(until)}."
        )
    return found


@dataclass(frozen=True, slots=True)
class UndoPreview:
    """What goes back, what came since and stays, and why it cannot be done."""

    back: list[tuple[str, int]]
    since: list[tuple[str, int]]
    objections: list[str]


def undo_preview(merge: SupplierMerge) -> UndoPreview:
    """What undoing would do, in a fixed number of statements."""
    moved = moved_rows(merge)
    last_ids = merge.former["last_ids"]
    named = [one for one in references() if one.noun]
    since = [
        (one.noun, one.rows(merge.remaining_id).filter(pk__gt=last_ids.get(one.label, 0)).count())
        for one in named
    ]
    return UndoPreview(
        [(one.noun, len(moved[one.label])) for one in named if one.label in moved],
        [(noun, count) for noun, count in since if count],
        objections_to_undoing(merge, moved),
    )
