"""Where a merged record went: for its page, for codes in files, and for who comes too late."""

from __future__ import annotations

from collections.abc import Iterable

from procure.documents import lock
from procure.errors import BusinessRuleError
from suppliers.models import Supplier, SupplierMerge


def merges_of(supplier: Supplier) -> tuple[SupplierMerge | None, list[SupplierMerge]]:
    """The merge that made this record go, and those that brought others into it: one statement."""
    rows = SupplierMerge.objects.filter(undone_at__isnull=True).select_related(
        "merged", "remaining", "merged_by"
    )
    found = list(rows.filter(merged=supplier) | rows.filter(remaining=supplier))
    gone = next((one for one in found if one.merged_id == supplier.pk), None)
    return gone, [one for one in found if one.remaining_id == supplier.pk]


def remaining_records(suppliers: Iterable[Supplier]) -> dict[int, Supplier]:
    """By the id of each merged one of these, the record that has everything of it now.

    No statement where none is merged, else one per step of a chain of merges.
    """
    found = {one.pk: one for one in suppliers if one.status == Supplier.Status.MERGED}
    on_the_way = dict(found)
    while on_the_way:
        rows = SupplierMerge.objects.filter(
            undone_at__isnull=True, merged__in=[one.pk for one in on_the_way.values()]
        ).select_related("remaining")
        steps = {one.merged_id: one.remaining for one in rows}
        for start, one in on_the_way.items():
            found[start] = steps[one.pk]
        on_the_way = {
            start: one for start, one in found.items() if one.status == Supplier.Status.MERGED
        }
    return found


def records_within(supplier: Supplier) -> list[int]:
    """The ids of this record and of all that were merged into it: one statement per step of a
    chain of merges, one where nothing was."""
    found, last = [supplier.pk], [supplier.pk]
    while last:
        merges = SupplierMerge.objects.filter(undone_at__isnull=True, remaining__in=last)
        last = list(merges.order_by().values_list("merged_id", flat=True))
        found += last
    return found


def require_not_merged(supplier: Supplier | None) -> None:
    """Refuses a record that was merged, with the one to take instead; free for every other."""
    if supplier is not None and supplier.status == Supplier.Status.MERGED:
        remaining = remaining_records([supplier])[supplier.pk]
        raise BusinessRuleError(
            "supplier_merged",
            f"{supplier.name} was merged into {remaining.name} ({remaining.code}): take that one.",
            "supplier",
        )


def lock_supplier(supplier: Supplier) -> Supplier:
    """The fresh record, locked; one that was merged meanwhile is refused with the one to take."""
    fresh = lock(supplier)
    require_not_merged(fresh)
    return fresh
