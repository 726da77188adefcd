"""Two records that are one supplier become one, and can become two again.

merge_suppliers(merged, remaining=…, reason=…, actor=…)
undo_merge(merge, reason=…, actor=…)

What names the merged record is moved to the remaining one and the ids of the moved rows are kept,
so that undoing moves exactly those back. So every rule that asks about a supplier (a number billed
once, payments held, terms, commitments, results) sees one, without knowing of merges. What moves
and what stays is said reference by reference in `merge_rules.py` of each floor.

- Where both have the same (a list entry at the same time, an address of a kind), the remaining
  record's counts and the other stays behind: nothing becomes better by a merge.
- The stricter status wins: a blocked record blocks the other, a suspension or disqualification of
  one holds for both.
- Bank details do not move. Where the two differ, payments wait as long as after a change of them.
- Results are computed anew for both. Files and the trail stay with the record they were written
  about, and the two lead to each other.
- Undoing gives back the moved rows and the former statuses. What was added since stays.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from procure.constraints import refusing
from procure.documents import lock, lock_all
from procure.errors import BusinessRuleError
from procure.events import record_all
from procure.models import User
from suppliers.following import (
    FOLLOWS,
    MOVES,
    Reference,
    clashing,
    objections_to_merging,
    objections_to_undoing,
    references,
)
from suppliers.models import (
    BankAccount,
    MovedRows,
    PerformanceCell,
    StaleRollup,
    Supplier,
    SupplierMerge,
)
from suppliers.rollups import StaleKey, mark_stale
from suppliers.stricter import make_stricter, restore_qualifications, staying_behind

Status = Supplier.Status


@transaction.atomic
def merge_suppliers(
    merged: Supplier, *, remaining: Supplier, reason: str, actor: User
) -> SupplierMerge:
    """Merges the first record into the remaining one, for a reason.

    Refused: one record, one that is archived or merged already, no reason, and what the floors
    object to: the same invoice number in both, two currencies, bank details that are changing.
    """
    if not reason.strip():
        raise BusinessRuleError("reason_missing", "Say how you know that they are one.", "reason")
    merged, remaining = _lock_both(merged, remaining)
    if sentences := objections(merged, remaining):
        raise BusinessRuleError("cannot_merge", " ".join(sentences))
    stale = _results_of(merged, remaining)
    merge = SupplierMerge(
        merged=merged,
        remaining=remaining,
        reason=reason.strip(),
        merged_by=actor,
        payments_from=payments_wait_until(merged, remaining),
    )
    merge.former = {
        "merged_status": merged.status,
        "remaining_status": remaining.status,
        "qualifications": make_stricter(merged, remaining, merge.merged_at, actor),
        "last_ids": _last_ids(),
    }
    merge.save()
    with refusing(_CHANGED_MEANWHILE):
        _move_all(merge)
    if merged.status == Status.BLOCKED:
        remaining.status = Status.BLOCKED
        remaining.save(update_fields=["status"])
    merged.status = Status.MERGED
    merged.save(update_fields=["status"])
    mark_stale(stale)
    _tell("merged", merge, f"{merged} became one with {remaining}", merge.reason, actor)
    return merge


@transaction.atomic
def undo_merge(merge: SupplierMerge, *, reason: str, actor: User) -> SupplierMerge:
    """Makes two records of one again: exactly the moved rows go back, with the former statuses.

    Refused: a merge that is undone, no reason, and what the floors object to, such as an invoice
    captured since on an order that would go back.
    """
    if not reason.strip():
        raise BusinessRuleError("reason_missing", "Say why they are two after all.", "reason")
    merged, remaining = _lock_both(merge.merged, merge.remaining)
    merge = lock(merge)
    if merge.undone_at is not None:
        raise BusinessRuleError("undone", "This merge was undone already.")
    merge.merged, merge.remaining = merged, remaining
    moved = moved_rows(merge)
    if sentences := objections_to_undoing(merge, moved):
        raise BusinessRuleError("cannot_undo", " ".join(sentences))
    stale = _results_of(remaining, merged)
    merge.undone_at, merge.undone_by = timezone.now(), actor
    merge.undo_reason = reason.strip()
    merge.save(update_fields=["undone_at", "undone_by", "undo_reason"])
    if remaining.status == Status.BLOCKED:
        remaining.status = merge.former["remaining_status"]
        remaining.save(update_fields=["status"])
    merged.status = merge.former["merged_status"]
    merged.save(update_fields=["status"])
    restore_qualifications(merge.former["qualifications"], merge.merged_at)
    with refusing(_CHANGED_MEANWHILE):
        _move_back(merge, moved)
    mark_stale(stale)
    _tell("merge_undone", merge, f"{merged} and {remaining} are two", merge.undo_reason, actor)
    return merge


# Whoever wrote to one of the records at this instant came first: the person looks again.
_CHANGED_MEANWHILE = {
    "": BusinessRuleError(
        "changed_meanwhile",
        "Something was added to one of the two records just now. Look at them again.",
    )
}


def objections(merged: Supplier, remaining: Supplier) -> list[str]:
    """Why the first record cannot be merged into the remaining one, in sentences."""
    if merged.pk == remaining.pk:
        return ["Choose another record: this is the same one."]
    if merged.status == Status.MERGED:
        return [f"{merged.name} was merged already."]
    if remaining.status in Supplier.GONE:
        words = remaining.get_status_display().lower()
        return [f"{remaining.name} is {words}. Keep the other record, or make it active first."]
    return objections_to_merging(merged, remaining)


def moved_rows(merge: SupplierMerge) -> dict[str, list[int]]:
    """The ids of what the merge moved, by reference."""
    rows = MovedRows.objects.filter(merge=merge).values_list("reference", "row_ids")
    return {reference: list(row_ids) for reference, row_ids in rows}


def moving_rows(reference: Reference, merged: Supplier, remaining: Supplier) -> Any:
    """What moves along a reference: the rows that the remaining record has not already."""
    rows = reference.rows(merged.pk)
    left = clashing(reference, merged.pk, remaining.pk).order_by().values("pk")
    rows = rows.exclude(pk__in=left)
    if reference.label == "suppliers.Qualification.supplier":
        rows = rows.exclude(pk__in=staying_behind(merged, remaining))
    return rows.order_by()


def payments_wait_until(merged: Supplier, remaining: Supplier) -> date | None:
    """What was billed under one record is paid as the other says: where their accounts differ,
    that is a change of bank details, and payments wait as long as after one.

    What waits by an earlier merge into the first record goes on waiting, whatever the accounts.
    """
    accounts = BankAccount.objects.filter(supplier__in=[merged.pk, remaining.pk])
    today = timezone.localdate()
    in_force: dict[int, str] = {}
    for one in accounts.order_by("version"):
        if one.is_in_force(today):
            in_force[one.supplier_id] = one.number
    earlier = SupplierMerge.objects.filter(
        remaining=merged, payments_from__gt=today, undone_at__isnull=True
    )
    ends = [day for day in earlier.values_list("payments_from", flat=True) if day]
    if in_force.get(merged.pk) != in_force.get(remaining.pk):
        ends.append(today + timedelta(days=remaining.organization.bank_waiting_days))
    return max(ends, default=None)


def _lock_both(merged: Supplier, remaining: Supplier) -> tuple[Supplier, Supplier]:
    """Both records, then their documents, then the merged record's key.

    The last waits for everybody who is writing something that names the merged record, and lets
    nobody begin: who comes later is refused by the database. It comes last because such a writer
    may hold an order.
    """
    wanted = [merged.pk, remaining.pk]
    rows = {one.pk: one for one in lock_all(Supplier.objects.filter(pk__in=wanted))}
    for reference in references():
        if reference.is_locked_first:
            documents = reference.rows(merged.pk).order_by("pk").select_for_update(no_key=True)
            list(documents.values_list("pk", flat=True))
    lock_key(merged)
    return rows[merged.pk], rows[remaining.pk]


def lock_key(merged: Supplier) -> None:
    """Waits for what names the record and is not committed yet."""
    Supplier.objects.select_for_update().get(pk=merged.pk)


def _last_ids() -> dict[str, int]:
    """The newest row behind each reference: what comes after it came after the merge."""
    return {
        one.label: one.model._default_manager.aggregate(last=Max("pk"))["last"] or 0
        for one in references()
        if one.noun
    }


def _move_all(merge: SupplierMerge) -> None:
    """Moves every row that moves and keeps its id, then what follows them."""
    kept = []
    for reference in references():
        if reference.how == MOVES:
            rows = moving_rows(reference, merge.merged, merge.remaining)
            ids = sorted(rows.values_list("pk", flat=True))
            if ids:
                _rename(reference, ids, merge.remaining_id)
                kept.append(MovedRows(merge=merge, reference=reference.label, row_ids=ids))
    MovedRows.objects.bulk_create(kept)
    _let_follow(merge.merged_id, merge.remaining_id)


def _move_back(merge: SupplierMerge, moved: dict[str, list[int]]) -> None:
    for reference in references():
        _rename(reference, moved.get(reference.label, []), merge.merged_id)
    _let_follow(merge.remaining_id, merge.merged_id)


def _rename(reference: Reference, ids: list[int], supplier_id: int) -> None:
    if ids:
        rows = reference.model._default_manager.filter(pk__in=ids)
        rows.update(**{f"{reference.field}_id": supplier_id})


def _let_follow(was: int, now_is: int) -> None:
    """What belongs to a moved row names whom that names, whenever it came."""
    for reference in references():
        if reference.how == FOLLOWS:
            rows = reference.rows(was).filter(**{f"{reference.parent}__supplier_id": now_is})
            rows.order_by().update(**{f"{reference.field}_id": now_is})


def _results_of(source: Supplier, other: Supplier) -> Iterable[StaleKey]:
    """Every figure of the record that gives rows away, for both of them."""
    sku_ids: set[int | None] = {None}
    for model in (PerformanceCell, StaleRollup):
        rows = model.objects.filter(supplier=source).order_by().distinct()
        sku_ids |= set(rows.values_list("sku_id", flat=True))
    return [StaleKey(one.pk, sku_id) for one in (source, other) for sku_id in sku_ids]


def _tell(kind: str, merge: SupplierMerge, words: str, reason: str, actor: User) -> None:
    """One event on each record, so that the history of both says it."""
    both = [merge.merged, merge.remaining]
    record_all(
        f"supplier.{kind}",
        both,
        actor=actor,
        summaries=[f"{words}: {reason}"] * 2,
        payloads=[
            {"merge_id": merge.pk, "merged_id": merge.merged_id, "remaining_id": merge.remaining_id}
        ]
        * 2,
    )
