"""Bills of materials as a table, in and out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal

from procure.columns import code, code_key, decimal, quantity
from procure.exports import Cells, ExportOptions, export_kind
from procure.imports import Batch, import_kind
from procure.upserts import Wish, upsert
from suppliers.bills import WHOLE
from suppliers.models import BillOfMaterials
from suppliers.references import known_skus

Components = dict[int, set[int]]


@import_kind(
    "bills_of_materials",
    code("product_sku", 80, required=True),
    code("component_sku", 80, required=True),
    quantity("quantity", above_zero=True, required=True),
    decimal("yield_percent", places=4, digits=7, above=Decimal(0)),
    key=lambda row: (code_key(row["product_sku"]), code_key(row["component_sku"])),
)
def import_bills_of_materials(batch: Batch) -> None:
    """Components by product and component; without a yield nothing is lost.

    Refused: an unknown SKU, a yield above 100, and a product that would go into itself, at once
    or by way of other products.
    """
    products = known_skus(batch, "product_sku")
    components = known_skus(batch, "component_sku")
    stored = {(one.product_id, one.component_id): one for one in _stored()}
    made_of: Components = defaultdict(set)
    for product_id, component_id in stored:
        made_of[product_id].add(component_id)
    wishes = []
    for row in batch.open_rows:
        product = products[code_key(row["product_sku"])]
        component = components[code_key(row["component_sku"])]
        if (row["yield_percent"] or WHOLE) > WHOLE:
            batch.refuse(row, "yield_percent", "A yield is 100 at most.")
            continue
        if _goes_into(product.pk, component.pk, made_of):
            sentence = f"{product} would go into itself: {component} has it already."
            if product == component:
                sentence = f"{product} cannot go into itself."
            batch.refuse(row, "component_sku", sentence)
            continue
        made_of[product.pk].add(component.pk)
        values = {
            "product_id": product.pk,
            "component_id": component.pk,
            "quantity": row["quantity"],
            "yield_percent": row["yield_percent"] or WHOLE,
        }
        wishes.append(Wish(row, stored.get((product.pk, component.pk)), values))
    upsert(batch, BillOfMaterials, wishes)


def _stored() -> Iterable[BillOfMaterials]:
    """All of them: only the whole tells whether something goes round in a circle."""
    return BillOfMaterials.objects.select_for_update(no_key=True).order_by("pk")


def _goes_into(product_id: int, component_id: int, made_of: Mapping[int, set[int]]) -> bool:
    """Whether the product is the component, or one of what that is made of."""
    seen: set[int] = set()
    open_ids = [component_id]
    while open_ids:
        sku_id = open_ids.pop()
        if sku_id == product_id:
            return True
        if sku_id not in seen:
            seen.add(sku_id)
            open_ids.extend(made_of.get(sku_id, ()))
    return False


@export_kind("bills_of_materials")
def export_bills_of_materials(_options: ExportOptions) -> Iterable[Cells]:
    """Every component of every product."""
    rows = BillOfMaterials.objects.order_by("product__code_key", "component__code_key")
    return rows.values_list("product__code", "component__code", "quantity", "yield_percent")
