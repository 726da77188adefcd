"""The one door through which results are marked stale and written down.

A marker is inserted in the transaction that changed a document; the worker that recomputes a cell
deletes the markers it saw. While a marker exists, the figures it names are shown as pending.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from procure.events import nudge
from suppliers.models import StaleRollup


class StaleKey(NamedTuple):
    """A cell: supplier, SKU (None: the supplier's invoices) and month (None: all its months)."""

    supplier_id: int
    sku_id: int | None = None
    month: date | None = None


def mark_stale(keys: Iterable[StaleKey]) -> None:
    """Marks cells in the current transaction, one row per distinct key, and wakes a worker."""
    distinct = {key._replace(month=key.month and key.month.replace(day=1)) for key in keys}
    if not distinct:
        return
    StaleRollup.objects.bulk_create(
        StaleRollup(supplier_id=key.supplier_id, sku_id=key.sku_id, month=key.month)
        for key in sorted(distinct, key=str)
    )
    nudge()
