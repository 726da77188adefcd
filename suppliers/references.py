"""Codes of imported rows turned into records: one statement per model, a sentence per unknown."""

from __future__ import annotations

from collections.abc import Iterable

from procure.columns import code_key
from procure.imports import Batch
from procure.models import Location
from suppliers.merged_records import remaining_records
from suppliers.models import Category, Sku, Supplier


def suppliers_by_code(codes: Iterable[str]) -> dict[str, Supplier]:
    """The suppliers with these codes, by the key that codes are compared with.

    The code of a merged record names the one that has everything of it now.
    """
    keys = {code_key(code) for code in codes}
    found = {one.code_key: one for one in Supplier.objects.filter(code_key__in=keys)}
    remaining = remaining_records(found.values())
    return {key: remaining.get(one.pk, one) for key, one in found.items()}


def skus_by_code(codes: Iterable[str]) -> dict[str, Sku]:
    """The SKUs with these codes, by the key that codes are compared with."""
    keys = {code_key(code) for code in codes}
    return {one.code_key: one for one in Sku.objects.filter(code_key__in=keys)}


def categories_by_code(*, locked: bool = False) -> dict[str, Category]:
    """Every category by its code's key, the oldest of two spellings; an organization has few."""
    found: dict[str, Category] = {}
    categories = Category.objects.order_by("pk")
    for category in categories.select_for_update(no_key=True) if locked else categories:
        found.setdefault(code_key(category.code), category)
    return found


def known_suppliers(batch: Batch, column: str = "supplier_code") -> dict[str, Supplier]:
    """The suppliers that the open rows name; rows that name an unknown one are refused."""
    rows = [row for row in batch.open_rows if row[column]]
    found = suppliers_by_code(row[column] for row in rows)
    for row in rows:
        supplier = found.get(code_key(row[column]))
        if supplier is None:
            batch.refuse(row, column, f"There is no supplier “{row[column]}”.")
        elif supplier.code_key != code_key(row[column]):
            batch.warn(row, column, f"It was merged into {supplier.code}, which is taken.")
    return found


def known_skus(batch: Batch, column: str = "sku") -> dict[str, Sku]:
    """The SKUs that the open rows name; rows that name an unknown one are refused."""
    rows = [row for row in batch.open_rows if row[column]]
    found = skus_by_code(row[column] for row in rows)
    for row in rows:
        if code_key(row[column]) not in found:
            batch.refuse(row, column, f"There is no SKU “{row[column]}”.")
    return found


def known_categories(batch: Batch, column: str = "category_code") -> dict[str, Category]:
    """The categories that the open rows name; rows that name an unknown one are refused."""
    found = categories_by_code()
    for row in batch.open_rows:
        if row[column] and code_key(row[column]) not in found:
            batch.refuse(row, column, f"There is no category “{row[column]}”.")
    return found


def known_locations(batch: Batch, column: str = "ship_to") -> dict[str, Location]:
    """Every place by its code's key; open rows that name an unknown one are refused."""
    if not any(row[column] for row in batch.open_rows):
        return {}
    found = {code_key(one.code): one for one in Location.objects.all()}
    for row in batch.open_rows:
        if row[column] and code_key(row[column]) not in found:
            batch.refuse(row, column, f"There is no place “{row[column]}” to ship to.")
    return found
