"""Orders, receipts and invoices for tests of the match, each said in one line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils import timezone

from matching.capture import CapturedLine, capture_invoice
from matching.models import Hold, Resolution, SupplierInvoice, SupplierInvoiceLine
from matching.resolution import apply_due_resolutions
from procure.models import BusinessEvent
from purchasing.models import GoodsReceipt, PurchaseOrder, PurchaseOrderLine
from purchasing.receiving import ReceivedLine, post_receipt
from suppliers.models import PriceBreak, Sku
from tests.world import World

DAY = date(2026, 5, 4)


def an_order(
    world: World,
    *lines: tuple[Sku, object, object],
    number: str = "PO-1",
    status: str = "issued",
    **changes: Any,
) -> PurchaseOrder:
    """An issued order; a line is (SKU, quantity, unit price)."""
    given = {
        "supplier": world.northline,
        "currency": "USD",
        "category": world.boxes,
        "origin": PurchaseOrder.Origin.IMPORTED,
        "issued_on": DAY,
    }
    order = PurchaseOrder.objects.create(number=number, status=status, **{**given, **changes})
    for line_no, (sku, quantity, price) in enumerate(lines, 1):
        PurchaseOrderLine.objects.create(
            order=order,
            line_no=line_no,
            sku=sku,
            description=sku.description,
            ordered_quantity=Decimal(str(quantity)),
            unit=sku.unit,
            unit_price=Decimal(str(price)),
            amount=Decimal(str(quantity)) * Decimal(str(price)),
        )
    return order


def receive(
    world: World, order: PurchaseOrder, *came: tuple[Any, ...], **changes: Any
) -> GoodsReceipt:
    """`came`: (line number, good) or (line number, good, rejected)."""
    lines = [
        ReceivedLine(
            line[0],
            Decimal(str(line[1])),
            Decimal(str(line[2])) if len(line) > 2 else Decimal(0),
            "damaged" if len(line) > 2 and line[2] else "",
        )
        for line in came
    ]
    given = {"received_on": DAY, "delivery_note": "", "actor": world.people["receiver"]}
    return post_receipt(order, lines=lines, **{**given, **changes})


def billed(
    line_no: int | str, quantity: object, price: object, order: str = "PO-1", **changes: Any
) -> CapturedLine:
    """A line as the supplier wrote it."""
    return CapturedLine(
        quantity=Decimal(str(quantity)),
        unit_price=Decimal(str(price)),
        order_number=order,
        order_line_no=str(line_no),
        **changes,
    )


def invoice(
    world: World, number: str = "INV-1", *lines: CapturedLine, **changes: Any
) -> SupplierInvoice:
    """A captured and matched invoice of Northline."""
    given = {
        "supplier": world.northline,
        "invoiced_on": DAY,
        "currency": "USD",
        "actor": world.people["ap_clerk"],
    }
    return capture_invoice(number=number, lines=lines, **{**given, **changes})


def credit(
    world: World, number: str, credits_number: str, *lines: CapturedLine, **changes: Any
) -> SupplierInvoice:
    return invoice(
        world, number, *lines, **{"kind": "credit", "credits_number": credits_number, **changes}
    )


def open_holds(of: SupplierInvoice) -> list[tuple[str, str, str]]:
    """What holds the invoice: check, expected, actual."""
    return [
        (hold.check_code, hold.expected, hold.actual)
        for hold in Hold.objects.filter(invoice=of, status="open").order_by(
            "invoice_line__position", "check_code"
        )
    ]


def status_of(of: SupplierInvoice) -> str:
    return SupplierInvoice.objects.get(pk=of.pk).status


def held_by(of: SupplierInvoice) -> list[str]:
    return sorted(check for check, _, _ in open_holds(of))


def links(of: SupplierInvoice) -> Sequence[int | None]:
    return list(
        SupplierInvoiceLine.objects.filter(invoice=of)
        .order_by("position")
        .values_list("order_line__line_no", flat=True)
    )


def holding_nothing_changed(of: SupplierInvoice) -> tuple[Any, ...]:
    """Everything that a refused step must leave as it was."""
    return (
        SupplierInvoice.objects.values().get(pk=of.pk),
        list(Hold.objects.filter(invoice=of).order_by("pk").values()),
        list(SupplierInvoiceLine.objects.filter(invoice=of).order_by("pk").values()),
        Resolution.objects.count(),
        BusinessEvent.objects.count(),
    )


def take_effect(decided: Resolution) -> Resolution:
    """Lets the time to undo pass and the sweep come by."""
    Resolution.objects.filter(pk=decided.pk).update(effective_at=timezone.now())
    apply_due_resolutions()
    return Resolution.objects.get(pk=decided.pk)


def a_dear_invoice(world: World, number: str = "INV-1", **changes: Any) -> SupplierInvoice:
    """Ten shippers received, billed at 2.00 instead of 1.00: a price hold of 10.00 for the buyer."""
    PriceBreak.objects.all().delete()
    order = an_order(world, (world.shipper, 10, 1), number=f"PO-{number}")
    receive(world, order, (1, 10))
    return invoice(world, number, billed(1, 10, 2, order=f"PO-{number}"), **changes)
