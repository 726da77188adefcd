"""Documents straight into the tables, each marking what it makes stale, as the actions do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count
from typing import Any

from matching.models import Hold, SupplierInvoice, SupplierInvoiceLine
from purchasing.models import GoodsReceipt, GoodsReceiptLine, PurchaseOrder, PurchaseOrderLine
from suppliers.models import Sku, Supplier
from suppliers.rollups import StaleKey, mark_stale
from tests.world import World

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def day(text: str) -> date:
    """`day("03-14")` is in 2026."""
    return date.fromisoformat(text if len(text) == 10 else f"2026-{text}")


class Trade:
    """Orders, receipts, returns and invoices of a world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.actor = world.people["receiver"]
        self.numbers = count(1)

    def order(
        self,
        quantity: object = 100,
        price: object = "1.00",
        due: str | None = "03-10",
        issued: str | None = "03-01",
        *,
        supplier: Supplier | None = None,
        sku: Sku | None = None,
        status: str = "issued",
        currency: str = "USD",
        **line: Any,
    ) -> PurchaseOrderLine:
        """An imported order of one line."""
        supplier, sku = supplier or self.world.northline, sku or self.world.shipper
        order = PurchaseOrder.objects.create(
            number=f"PO-{next(self.numbers)}", supplier=supplier, currency=currency, status=status,
            origin="imported", issued_on=issued and day(issued),
            closed_at=NOON if status == "closed" else None,
        )  # fmt: skip
        values = {"amount": Decimal(str(quantity)) * Decimal(str(price)), **line}
        made = PurchaseOrderLine.objects.create(
            order=order, line_no=1, sku=sku, description=sku.description, unit=sku.unit,
            ordered_quantity=Decimal(str(quantity)), unit_price=Decimal(str(price)),
            promised_on=due and day(due), **values,
        )  # fmt: skip
        self.mark(made)
        return made

    def receive(
        self,
        line: PurchaseOrderLine,
        quantity: object,
        on: str,
        rejected: object = 0,
        **fields: Any,
    ) -> GoodsReceipt:
        receipt = self._movement(line, on, "receipt")
        GoodsReceiptLine.objects.create(
            receipt=receipt, order_line=line, received_quantity=Decimal(str(quantity)),
            rejected_quantity=Decimal(str(rejected)), reject_reason="damaged" if rejected else "",
            **fields,
        )  # fmt: skip
        self.mark(line)
        return receipt

    def give_back(self, line: PurchaseOrderLine, quantity: object, on: str) -> GoodsReceipt:
        receipt = self._movement(line, on, "return")
        GoodsReceiptLine.objects.create(
            receipt=receipt, order_line=line, returned_quantity=Decimal(str(quantity))
        )
        self.mark(line)
        return receipt

    def _movement(self, line: PurchaseOrderLine, on: str, kind: str) -> GoodsReceipt:
        return GoodsReceipt.objects.create(
            number=f"GR-{next(self.numbers)}", kind=kind, order_id=line.order_id,
            received_on=day(on), posted_by=self.actor,
        )  # fmt: skip

    def reverse(self, receipt: GoodsReceipt) -> None:
        receipt.status, receipt.reversal_reason = "reversed", "wrong order"
        receipt.reversed_by, receipt.reversed_at = self.actor, NOON
        receipt.save()
        for moved in receipt.lines.select_related("order_line__order"):
            self.mark(moved.order_line)

    def bill(
        self,
        billed: Sequence[tuple[PurchaseOrderLine, object, object]],
        on: str = "03-15",
        *,
        kind: str = "invoice",
        holds: Sequence[str] = (),
        **fields: Any,
    ) -> SupplierInvoice:
        """An invoice of (order line, matched quantity, amount), matched, with these open holds."""
        order = billed[0][0].order
        amounts = [Decimal(str(amount)) for _, _, amount in billed]
        invoice = SupplierInvoice.objects.create(
            number=f"I-{next(self.numbers)}", kind=kind, supplier_id=order.supplier_id,
            invoiced_on=day(on), received_on=day(on), matched_at=NOON,
            **{"currency": order.currency, "total_amount": sum(amounts), **fields},
        )  # fmt: skip
        for position, ((line, quantity, _), amount) in enumerate(
            zip(billed, amounts, strict=True), start=1
        ):
            matched = Decimal(str(quantity))
            SupplierInvoiceLine.objects.create(
                invoice=invoice, position=position, order_line=line, quantity=matched,
                unit_price=amount / matched if matched else 0, amount=amount,
                matched_quantity=matched, matched_price=amount / matched if matched else 0,
            )  # fmt: skip
            self.mark(line)
        for check_code in holds:
            Hold.objects.create(invoice=invoice, check_code=check_code, owner_role="buyer")
        mark_stale([StaleKey(invoice.supplier_id)])
        return invoice

    def void(self, invoice: SupplierInvoice) -> None:
        invoice.status, invoice.void_reason = "void", "sent twice"
        invoice.voided_by, invoice.voided_at = self.actor, NOON
        invoice.save()
        mark_stale([StaleKey(invoice.supplier_id)])
        for billed in invoice.lines.select_related("order_line__order"):
            self.mark(billed.order_line)

    @staticmethod
    def mark(line: PurchaseOrderLine) -> None:
        mark_stale([StaleKey(line.order.supplier_id, line.sku_id)])
