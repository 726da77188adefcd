"""Stock counts as a table, in and out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from django.utils import timezone

from procure.columns import code, code_key, moment, quantity
from procure.exports import Cells, ExportOptions, export_kind
from procure.imports import CREATED, UNCHANGED, Batch, Row, import_kind
from procure.models import Location
from purchasing.models import StockCount
from suppliers.models import Sku
from suppliers.references import known_skus

Key = tuple[int, int | None, datetime]
A_DAY = timedelta(days=1)


@import_kind(
    "stock_counts",
    code("sku", 80, required=True),
    code("location", 40),
    quantity("counted_quantity", required=True),
    moment("counted_at", required=True),
    key=lambda row: (code_key(row["sku"]), code_key(row["location"] or ""), row["counted_at"]),
)
def import_stock_counts(batch: Batch) -> None:
    """Counts by SKU, location and moment; they are added, never changed.

    Refused: an unknown SKU or location, a day that has not come, and another quantity for a count
    that is there already.
    """
    skus = known_skus(batch)
    locations = _known_locations(batch)
    _refuse_the_future(batch)
    rows = [(row, _key_of(row, skus, locations)) for row in batch.open_rows]
    known = StockCount.objects.filter(
        sku_id__in={key[0] for _row, key in rows}, counted_at__in={key[2] for _row, key in rows}
    )
    stored = {(one.sku_id, one.location_id, one.counted_at): one.counted_quantity for one in known}
    new = []
    for row, key in rows:
        counted = stored.get(key)
        if counted is None:
            sku_id, location_id, counted_at = key
            new.append(
                StockCount(
                    sku_id=sku_id,
                    location_id=location_id,
                    counted_at=counted_at,
                    counted_quantity=row["counted_quantity"],
                )
            )
            row.outcome = CREATED
        elif counted == row["counted_quantity"]:
            row.outcome = UNCHANGED
        else:
            batch.refuse(
                row,
                "counted_quantity",
                f"{counted.normalize():f} was counted at that moment. Bring a later count instead.",
            )
    StockCount.objects.bulk_create(new)


def _refuse_the_future(batch: Batch) -> None:
    """A count ahead of its time would stay the latest one; a day is left for other time zones."""
    for row in batch.open_rows:
        if row["counted_at"] > timezone.now() + A_DAY:
            batch.refuse(row, "counted_at", "Nothing can be counted before its day.")


def _key_of(row: Row, skus: Mapping[str, Sku], locations: Mapping[str, int]) -> Key:
    location = locations[code_key(row["location"])] if row["location"] else None
    return skus[code_key(row["sku"])].pk, location, row["counted_at"]


def _known_locations(batch: Batch) -> dict[str, int]:
    """The locations by their code's key; rows that name an unknown one are refused."""
    found = {code_key(code): pk for code, pk in Location.objects.values_list("code", "pk")}
    for row in batch.open_rows:
        if row["location"] and code_key(row["location"]) not in found:
            batch.refuse(row, "location", f"There is no place “{row['location']}”.")
    return found


@export_kind("stock_counts")
def export_stock_counts(_options: ExportOptions) -> Iterable[Cells]:
    """Every count."""
    rows = StockCount.objects.order_by("sku__code_key", "location__code", "counted_at", "pk")
    return rows.values_list("sku__code", "location__code", "counted_quantity", "counted_at")
