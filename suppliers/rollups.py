"""The one door through which results are marked stale and written down.

A marker is inserted in the transaction that changed a document; the worker that recomputes a key
deletes the markers it saw. While a marker exists, the figures it names are shown as pending.

Order within a worker's transaction: claim, lock, delete the markers, and only then read the
documents. Whatever a deleted marker stood for was committed before, so the reading sees it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db import connection, models
from django.db.models import Q
from django.utils import timezone

from procure.events import nudge
from procure.prepared import prepared
from procure.tenancy import current_organization_id
from suppliers.grading import review_grades
from suppliers.models import PerformanceCell, Scorecard, SkuCost, StaleRollup

# Classes of the transaction's advisory locks, above the row's id in one 64-bit key. A number that
# was ever used is never given another meaning.
SUPPLIER_RESULTS = 1
SKU_RESULTS = 2

MOST_KEYS_AT_ONCE = 100
MARKERS_PER_KEY = 10  # read at once; of a longer burst the rest is worked off next

MARK = """
INSERT INTO suppliers_stalerollup (organization_id, supplier_id, sku_id, month, marked_at)
SELECT %(organization)s::bigint, key.*, %(now)s::timestamptz
FROM unnest(%(suppliers)s::bigint[], %(skus)s::bigint[], %(months)s::date[]) AS key
"""


class StaleKey(NamedTuple):
    """A cell: supplier, SKU (None: the supplier's invoices) and month (None: all its months).

    The month is a hint for people; a key is recomputed over all its months.
    """

    supplier_id: int
    sku_id: int | None = None
    month: date | None = None


class StaleKeys(NamedTuple):
    """What a worker has taken on: every SKU here of every supplier here, and with `invoices` the
    suppliers' invoices. A key that was not marked is recomputed to what it was."""

    supplier_ids: list[int]
    sku_ids: list[int]
    invoices: bool


def mark_stale(keys: Iterable[StaleKey]) -> None:
    """Marks cells in the current transaction, one row per distinct key, and wakes a worker."""
    distinct = {key._replace(month=key.month and key.month.replace(day=1)) for key in keys}
    if not distinct:
        return
    supplier_ids, sku_ids, months = zip(*sorted(distinct, key=str), strict=True)
    values = {
        "organization": current_organization_id(),
        "suppliers": list(supplier_ids),
        "skus": list(sku_ids),
        "months": list(months),
        "now": timezone.now(),
    }
    prepared(MARK, values)
    nudge()


def mark_all_results_stale() -> None:
    """Marks every key that has results, as a changed rule of the organization needs it."""
    keys = PerformanceCell.objects.values_list("supplier_id", "sku_id").distinct().order_by()
    mark_stale(StaleKey(supplier_id, sku_id) for supplier_id, sku_id in keys)


def lock_results(kind: int, row_ids: Iterable[int]) -> None:
    """Waits until no other transaction computes these suppliers' or SKUs' results.

    Always suppliers before SKUs and each in the order of ids, so that none waits in a circle.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(key) FROM unnest(%s::bigint[]) key",
            [[(kind << 48) + row_id for row_id in sorted(row_ids)]],
        )


def claim_stale_keys(most: int = MOST_KEYS_AT_ONCE) -> StaleKeys | None:
    """Takes on the keys that have waited longest, at most so many; None when nothing waits.

    Markers that another worker holds are passed over. All markers seen of the taken keys are
    deleted, so that a burst recomputes a key once; the caller recomputes them in this transaction.
    """
    waiting = StaleRollup.objects.order_by("id").select_for_update(skip_locked=True)
    markers = list(waiting.values_list("id", "supplier_id", "sku_id")[: most * MARKERS_PER_KEY])
    keys = set(
        list(dict.fromkeys((supplier_id, sku_id) for _, supplier_id, sku_id in markers))[:most]
    )
    if not keys:
        return None
    supplier_ids = sorted({supplier_id for supplier_id, _ in keys})
    sku_ids = sorted({sku_id for _, sku_id in keys if sku_id is not None})
    lock_results(SUPPLIER_RESULTS, supplier_ids)
    lock_results(SKU_RESULTS, sku_ids)
    StaleRollup.objects.filter(
        id__in=[marker_id for marker_id, *key in markers if tuple(key) in keys]
    ).delete()
    return StaleKeys(supplier_ids, sku_ids, any(sku_id is None for _, sku_id in keys))


def replace_cells(keys: StaleKeys, cells: Iterable[PerformanceCell]) -> None:
    """Puts these cells in the place of all that stood under the keys."""
    under = Q(sku_id__in=keys.sku_ids)
    if keys.invoices:
        under |= Q(sku_id=None)
    PerformanceCell.objects.filter(under, supplier_id__in=keys.supplier_ids).delete()
    PerformanceCell.objects.bulk_create(cells, batch_size=500)


def store_scorecards(supplier_ids: Collection[int], scorecards: Sequence[Scorecard]) -> None:
    """Writes the scorecards of these suppliers; those not given any more are removed."""
    kept = {(card.supplier_id, card.period) for card in scorecards}
    present = Scorecard.objects.filter(supplier_id__in=supplier_ids)
    gone = [
        pk
        for pk, *key in present.values_list("pk", "supplier_id", "period")
        if tuple(key) not in kept
    ]
    if gone:
        present.filter(pk__in=gone).delete()
    _upsert(Scorecard, scorecards, ("organization", "supplier", "period"))
    review_grades([card for card in scorecards if card.period == Scorecard.Period.YEAR])


def store_sku_costs(sku_ids: Collection[int], costs: Sequence[SkuCost]) -> None:
    """Writes the costs of these SKUs; those not given any more are removed."""
    kept = {(cost.sku_id, cost.supplier_id, cost.currency) for cost in costs}
    present = SkuCost.objects.filter(sku_id__in=sku_ids)
    columns = ("pk", "sku_id", "supplier_id", "currency")
    gone = [pk for pk, *key in present.values_list(*columns) if tuple(key) not in kept]
    if gone:
        present.filter(pk__in=gone).delete()
    _upsert(SkuCost, costs, ("organization", "sku", "supplier", "currency"))


def _upsert(
    model: type[Scorecard] | type[SkuCost], rows: Sequence[Any], key: Sequence[str]
) -> None:
    names = [field.name for field in model._meta.concrete_fields]
    model.objects.bulk_create(
        rows,
        batch_size=500,
        update_conflicts=True,
        unique_fields=list(key),
        update_fields=[name for name in names if name not in {"id", *key}],
    )


def pending_since(supplier_id: int | None = None, sku_id: int | None = None) -> datetime | None:
    """When the oldest change not yet computed was made; None when the figures are up to date."""
    markers = StaleRollup.objects.all()
    if supplier_id is not None:
        markers = markers.filter(supplier_id=supplier_id)
    if sku_id is not None:
        markers = markers.filter(sku_id=sku_id)
    oldest: datetime | None = markers.aggregate(oldest=models.Min("marked_at"))["oldest"]
    return oldest
