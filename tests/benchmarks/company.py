"""Companies for the bench, written in bulk where only their size matters."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from django.utils import timezone

from purchasing.models import (
    ApprovalRule,
    GoodsReceipt,
    GoodsReceiptLine,
    PurchaseOrder,
    PurchaseOrderLine,
)
from suppliers.models import ApprovedVendor, PriceBreak, Sku, Supplier
from tests.world import World, make_world


def make_company(slug: str, skus: int, suppliers: int = 2) -> World:
    """A world with so many SKUs at agreed prices, and so many suppliers with prices for them."""
    world = make_world(slug)
    with world.inside():
        ApprovalRule.objects.create(name="Orders", role="approver", minimum_amount=0)
        add_skus(world, skus)
        add_suppliers(world, suppliers - 2)
    return world


def add_skus(world: World, count: int) -> None:
    made = Sku.objects.bulk_create(
        Sku(code=f"B-{n:05}", description=f"Bench item {n}", category=world.boxes, unit="EA")
        for n in range(count)
    )
    add_prices(world.agreement, made)


def add_prices(agreement: object, skus: Sequence[Sku]) -> None:
    PriceBreak.objects.bulk_create(
        (
            PriceBreak(
                agreement=agreement,
                sku=sku,
                unit="EA",
                unit_price=Decimal("0.5") + Decimal(number % 90) / 100,
                lead_time_days=14,
                valid_from=date(2020, 1, 1),
            )
            for number, sku in enumerate(skus)
        ),
        batch_size=2000,
    )


def add_suppliers(world: World, count: int) -> None:
    """Approved for Packaging, each with agreed prices for fifty SKUs."""
    made = Supplier.objects.bulk_create(
        Supplier(code=f"BS-{n:04}", name=f"Bench supplier {n}", currency="USD")
        for n in range(count)
    )
    ApprovedVendor.objects.bulk_create(
        ApprovedVendor(
            supplier=supplier,
            category=world.packaging,
            standing="approved",
            valid_from=date(2020, 1, 1),
        )
        for supplier in made
    )
    agreements = type(world.agreement).objects.bulk_create(
        type(world.agreement)(
            number=f"BA-{n:04}", supplier=supplier, currency="USD", valid_from=date(2020, 1, 1)
        )
        for n, supplier in enumerate(made)
    )
    skus = list(Sku.objects.order_by("pk")[:50])
    for agreement in agreements:
        add_prices(agreement, skus)


def received_orders(
    world: World, prefix: str, orders: int, lines: int, short: Decimal = Decimal(0)
) -> list[PurchaseOrder]:
    """Issued orders of so many lines of 10 pieces, received but for `short` of each line."""
    today = timezone.localdate()
    skus = list(Sku.objects.filter(code__startswith="B-").order_by("pk")[: max(lines, 200)])
    made = PurchaseOrder.objects.bulk_create(
        PurchaseOrder(
            number=f"{prefix}-{n}",
            supplier=world.northline,
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
                unit_price=1,
                amount=10,
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
                received_quantity=line.ordered_quantity - short,
            )
            for line in order_lines
        ),
        batch_size=2000,
    )
    return made
