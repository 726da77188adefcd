"""What our products are made of: which SKU goes into which, so that a missing one can be traced up.

Written by the import alone, which refuses a product that would go into itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from decimal import Decimal

from django.db import connection, models
from django.db.models import F, Q

from procure.fields import OrganizationForeignKey, PercentField, QuantityField
from procure.tenancy import OrganizationOwned, current_organization_id

WHOLE = Decimal(100)


class BillOfMaterials(OrganizationOwned):
    """One component of a product: `quantity` of its unit for one unit of the product.

    `yield_percent` is how much of the component ends up in the product; the rest is scrap.
    """

    product = OrganizationForeignKey("suppliers.Sku", models.CASCADE, related_name="components")
    component = OrganizationForeignKey("suppliers.Sku", models.CASCADE, related_name="goes_into")
    quantity = QuantityField()
    yield_percent = PercentField(default=WHOLE)

    class Meta:
        verbose_name = "bill of materials"
        verbose_name_plural = "bills of materials"
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "product", "component"],
                name="suppliers_billofmaterials_once",
            ),
            models.CheckConstraint(
                condition=~Q(product=F("component")), name="suppliers_billofmaterials_another"
            ),
            models.CheckConstraint(
                condition=Q(quantity__gt=0), name="suppliers_billofmaterials_quantity"
            ),
            models.CheckConstraint(
                condition=Q(yield_percent__gt=0, yield_percent__lte=WHOLE),
                name="suppliers_billofmaterials_yield",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.component} in {self.product}"


# UNION keeps each pair once, so that even a circle would come to an end.
PRODUCTS = """
    WITH RECURSIVE used(sku_id, product_id) AS (
        SELECT component_id, product_id FROM suppliers_billofmaterials
        WHERE organization_id = %(organization)s AND component_id = ANY(%(skus)s)
        UNION
        SELECT used.sku_id, b.product_id FROM used
        JOIN suppliers_billofmaterials b ON b.component_id = used.product_id
            AND b.organization_id = %(organization)s
    )
    SELECT used.sku_id, used.product_id FROM used
    JOIN suppliers_sku s ON s.id = used.product_id AND s.organization_id = %(organization)s
    WHERE s.is_active AND NOT EXISTS (
        SELECT 1 FROM suppliers_billofmaterials b
        WHERE b.organization_id = %(organization)s AND b.component_id = used.product_id)
    ORDER BY s.code, used.sku_id
"""


def products_with(sku_ids: Collection[int]) -> dict[int, list[int]]:
    """The finished products that each SKU ends up in, over any number of steps, by SKU id.

    A finished product is one that goes into nothing else. One statement.
    """
    found: dict[int, list[int]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(PRODUCTS, {"organization": current_organization_id(), "skus": list(sku_ids)})
        for sku_id, product_id in cursor.fetchall():
            found[sku_id].append(product_id)
    return dict(found)
