"""Companies for the bench, written in bulk where only their size matters."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from procure.statistics import refresh_statistics
from purchasing.models import (
    ApprovalRule,
    GoodsReceipt,
    GoodsReceiptLine,
    PurchaseOrder,
    PurchaseOrderLine,
)
from suppliers.models import (
    ApprovedVendor,
    Category,
    PriceAgreement,
    PriceBreak,
    Sku,
    Supplier,
)
from tests.factories import LONG_AGO
from tests.world import World, make_world

CATEGORIES = 20
PRICED_SKUS = 50


def make_company(slug: str, skus: int, suppliers: int = 2) -> World:
    """A world with so many SKUs and suppliers, spread over twenty categories.

    Northline agreed a price for each SKU of Boxes and is approved for all; every other supplier is
    approved for one category and has agreed prices for fifty of its SKUs.
    """
    world = make_world(slug)
    with world.inside():
        ApprovalRule.objects.create(name="Orders", role="approver", minimum_amount=0)
        categories = [world.boxes, *add_categories(world, CATEGORIES - 1 if suppliers > 2 else 0)]
        by_category = add_skus(categories, skus)
        add_prices([(world.agreement, sku) for sku in by_category[0]])
        add_suppliers(suppliers - 2, categories, by_category)
        refresh_statistics()
    return world


def add_categories(world: World, count: int) -> list[Category]:
    made = Category.objects.bulk_create(
        Category(code=f"BC-{n}", name=f"Bench category {n}", parent=world.packaging)
        for n in range(count)
    )
    for category in made:
        category.lineage = [category.pk, world.packaging.pk]
    Category.objects.bulk_update(made, ["lineage"])
    return made


def add_skus(categories: Sequence[Category], count: int) -> list[list[Sku]]:
    """By category, in the categories' order."""
    made = Sku.objects.bulk_create(
        Sku(
            code=f"B-{n:05}",
            description=f"Bench item {n}",
            category=categories[n % len(categories)],
            unit="EA",
        )
        for n in range(count)
    )
    return [made[start :: len(categories)] for start in range(len(categories))]


def add_prices(priced: Sequence[tuple[PriceAgreement, Sku]]) -> None:
    PriceBreak.objects.bulk_create(
        (
            PriceBreak(
                agreement=agreement,
                sku=sku,
                unit="EA",
                unit_price=Decimal("0.5") + Decimal(number % 90) / 100,
                lead_time_days=14,
                valid_from=LONG_AGO,
            )
            for number, (agreement, sku) in enumerate(priced)
        ),
        batch_size=2000,
    )


def add_suppliers(
    count: int, categories: Sequence[Category], by_category: Sequence[Sequence[Sku]]
) -> None:
    made = Supplier.objects.bulk_create(
        Supplier(code=f"BS-{n:04}", name=f"Bench supplier {n}", currency="USD")
        for n in range(count)
    )
    ApprovedVendor.objects.bulk_create(
        ApprovedVendor(
            supplier=supplier,
            category=categories[n % len(categories)],
            standing="approved",
            valid_from=LONG_AGO,
        )
        for n, supplier in enumerate(made)
    )
    agreements = PriceAgreement.objects.bulk_create(
        PriceAgreement(number=f"BA-{n:04}", supplier=supplier, currency="USD", valid_from=LONG_AGO)
        for n, supplier in enumerate(made)
    )
    add_prices(
        [
            (agreement, sku)
            for n, agreement in enumerate(agreements)
            for sku in by_category[n % len(categories)][:PRICED_SKUS]
        ]
    )


def received_orders(world: World, prefix: str, orders: int, lines: int) -> list[PurchaseOrder]:
    """Issued orders over all suppliers, of so many lines of 10 pieces, all received.

    Prices differ from order to order, as a year's invoices do in their amounts.
    """
    today = timezone.localdate()
    suppliers = list(Supplier.objects.order_by("pk"))
    skus = Sku.objects.bulk_create(
        Sku(code=f"{prefix}-{n}", description=f"Bench item {n}", category=world.boxes, unit="EA")
        for n in range(max(lines, 200))
    )
    made = PurchaseOrder.objects.bulk_create(
        PurchaseOrder(
            number=f"{prefix}-{n}",
            supplier=suppliers[n % len(suppliers)],
            category=world.boxes,
            currency="USD",
            status="issued",
            origin="imported",
            issued_on=today - timedelta(days=30),
        )
        for n in range(orders)
    )
    order_lines = PurchaseOrderLine.objects.bulk_create(
        (
            PurchaseOrderLine(
                order=order,
                line_no=line_no,
                sku=(sku := skus[(number + line_no) % len(skus)]),
                description=sku.description,
                ordered_quantity=10,
                unit="EA",
                unit_price=price_of(number),
                amount=10 * price_of(number),
                promised_on=today - timedelta(days=5),
            )
            for number, order in enumerate(made)
            for line_no in range(1, lines + 1)
        ),
        batch_size=2000,
    )
    receipts = GoodsReceipt.objects.bulk_create(
        GoodsReceipt(
            number=f"R-{order.number}",
            order=order,
            received_on=today - timedelta(days=6),
            origin="imported",
        )
        for order in made
    )
    by_order = {receipt.order_id: receipt for receipt in receipts}
    GoodsReceiptLine.objects.bulk_create(
        (
            GoodsReceiptLine(
                receipt=by_order[line.order_id],
                order_line=line,
                received_quantity=line.ordered_quantity,
            )
            for line in order_lines
        ),
        batch_size=2000,
    )
    refresh_statistics()  # as an import of many rows does
    return made


def price_of(order_number: int) -> Decimal:
    return Decimal(1) + Decimal(order_number % 997) / 100
