"""The order form as a browser sends it: cell by cell with htmx, or whole without."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client

from purchasing.models import PurchaseOrder, PurchaseOrderLine
from tests.world import World

HTMX = {"HX-Request": "true"}


def save(client: Client, world: World, order: PurchaseOrder, **cells: str) -> Any:
    """One cell as htmx sends it."""
    return client.post(
        world.url(f"orders/{order.public_id}/edit/save/"),
        {name.replace("__", "-"): text for name, text in cells.items()},
        headers=HTMX,
    )


def saved(answer: Any) -> dict[str, Any]:
    return dict(json.loads(answer["HX-Trigger"])["pc-saved"])


def line(world: World, order: PurchaseOrder, number: int = 1) -> PurchaseOrderLine:
    with world.inside():
        return PurchaseOrderLine.objects.get(order=order, line_no=number)


def fresh(world: World, order: PurchaseOrder) -> PurchaseOrder:
    with world.inside():
        return PurchaseOrder.objects.select_related("supplier").get(pk=order.pk)


def orders(world: World) -> int:
    with world.inside():
        return PurchaseOrder.objects.count()


def whole_form(world: World, order: PurchaseOrder, **changes: str) -> dict[str, str]:
    return {
        "category": str(world.boxes.public_id),
        "ship_to": str(world.reno.public_id),
        "needed_on": str(order.needed_on),
        "supplier": str(world.northline.public_id),
        "line-1-sku": "CTN-12-KR",
        "line-1-ordered_quantity": "100",
        "line-1-unit_price": "0.612",
        "line-1-price_reason": "",
        "new-1-sku": "",
        "new-1-ordered_quantity": "",
        **changes,
    }
