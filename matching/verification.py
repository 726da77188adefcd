"""Stored results against the documents: a full rebuild, and the comparison that proves it.

The comparison computes every cell, scorecard and SKU cost from the documents again and names each
column that differs. A key that is marked stale may differ; nothing else may.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection, models

from matching.cells import Documents, as_of_day, as_row, cells_from_documents
from matching.models import SupplierInvoice
from matching.scorecards import scorecards_of
from matching.sku_costs import cost_row, costs_of
from procure.models import Organization
from procure.tenancy import tenant_atomic
from purchasing.models import PurchaseOrderLine
from suppliers import rollups
from suppliers.models import PerformanceCell, Scorecard, Sku, SkuCost, Supplier
from suppliers.rollups import StaleKey

Row = PerformanceCell | Scorecard | SkuCost
CELL_KEY = ("supplier_id", "sku_id", "month", "currency")
SCORECARD_KEY = ("supplier_id", "period")
COST_KEY = ("sku_id", "supplier_id", "currency")
NOT_COMPARED = {"id", "organization", "computed_at"}


@dataclass(frozen=True, slots=True)
class Difference:
    """One column of one row; None in `stored` or `expected` without a column is a missing row."""

    table: str
    supplier_id: int | None
    sku_id: int | None
    where: str
    column: str
    stored: object
    expected: object

    def __str__(self) -> str:
        what = f" {self.column}" if self.column else ""
        return f"{self.table} {self.where}{what}: stored {self.stored}, documents {self.expected}"


@contextmanager
def one_moment(organization_id: int) -> Iterator[None]:
    """A transaction that sees one state of the database, however long it reads."""
    is_outermost = not connection.in_atomic_block
    with tenant_atomic(organization_id):
        if is_outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield


def differences(organization: Organization) -> list[Difference]:
    """Every difference between what is stored and what the documents say, all in one transaction."""
    as_of = as_of_day(organization)
    cells = cells_from_documents(Documents(organization, as_of))
    names = _Names()
    found = names.compare("cell", PerformanceCell, CELL_KEY, [as_row(cell) for cell in cells])
    cards = scorecards_of(organization, None, as_of, cells)
    found += names.compare("scorecard", Scorecard, SCORECARD_KEY, cards)
    costs = [cost_row(cost, as_of) for cost in costs_of(organization, None, as_of, cells)]
    return found + names.compare("SKU cost", SkuCost, COST_KEY, costs)


class _Names:
    """Compares rows and says of which supplier and SKU they are."""

    def __init__(self) -> None:
        self.suppliers = dict(Supplier.objects.values_list("pk", "code"))
        self.skus = dict(Sku.objects.values_list("pk", "code"))

    def compare(
        self, table: str, model: type[Row], key: tuple[str, ...], expected: Iterable[Row]
    ) -> list[Difference]:
        columns = [
            column.attname
            for column in model._meta.concrete_fields
            if column.name not in NOT_COMPARED
        ]
        wanted = {tuple(getattr(row, name) for name in key): row for row in expected}
        there = {tuple(getattr(row, name) for name in key): row for row in model.objects.all()}
        found: list[Difference] = []
        for row_key in sorted(wanted.keys() | there.keys(), key=str):
            where = dict(zip(key, row_key, strict=True))
            found.extend(
                Difference(
                    table,
                    where.get("supplier_id"),
                    where.get("sku_id"),
                    self._words(where),
                    *difference,
                )
                for difference in _differing(there.get(row_key), wanted.get(row_key), columns)
            )
        return found

    def _words(self, where: Mapping[str, Any]) -> str:
        words = {
            "supplier_id": self.suppliers.get(where.get("supplier_id", 0), "all suppliers"),
            "sku_id": self.skus.get(where.get("sku_id", 0), "invoices"),
        }
        return " / ".join(words.get(name, str(value)) for name, value in where.items())


def _differing(
    stored: models.Model | None, expected: models.Model | None, columns: Iterable[str]
) -> Iterator[tuple[str, object, object]]:
    if stored is None or expected is None:
        yield (
            "",
            "nothing" if stored is None else "a row",
            "nothing" if expected is None else "a row",
        )
        return
    for column in columns:
        before, after = getattr(stored, column), getattr(expected, column)
        if before != after:
            yield column, before, after


def mark_everything() -> int:
    """Marks every key that documents or stored results know of; answers how many."""
    lines = PurchaseOrderLine.objects.exclude(order__supplier=None)
    known = (
        lines.values_list("order__supplier_id", "sku_id"),
        SupplierInvoice.objects.values_list("supplier_id"),
        PerformanceCell.objects.values_list("supplier_id", "sku_id"),
        Scorecard.objects.values_list("supplier_id"),
        SkuCost.objects.exclude(supplier=None).values_list("supplier_id", "sku_id"),
    )
    keys = {StaleKey(*row) for rows in known for row in rows.distinct().order_by()}
    rollups.mark_stale(keys)
    return len(keys)
