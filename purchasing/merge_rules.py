"""What becomes of orders when two records of their supplier are merged."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import Count

from purchasing.models import PurchaseOrder
from suppliers.following import MOVES, Reference, compares_suppliers, follow

follow(
    Reference("purchasing.PurchaseOrder.supplier", MOVES, "orders", is_locked_first=True),
    Reference("purchasing.PurchaseOrder.off_list_supplier", MOVES),
)


@compares_suppliers
def orders_of_suppliers(ids: Collection[int], currency: str) -> list[tuple[str, dict[int, Any]]]:
    """How many orders each has, and how many of them goods are still to come from."""
    orders = PurchaseOrder.objects.filter(supplier__in=ids).order_by().values_list("supplier_id")
    return [
        ("Orders", dict(orders.annotate(Count("pk")))),
        ("Orders issued and open", dict(orders.filter(status="issued").annotate(Count("pk")))),
    ]
