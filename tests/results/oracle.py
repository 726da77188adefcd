"""The same figures by another road: plain loops over the documents, no SQL and no cells."""

from __future__ import annotations

import statistics
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from matching.models import SupplierInvoice, SupplierInvoiceLine
from procure.models import Organization
from purchasing.models import GoodsReceiptLine, PurchaseOrderLine

ZERO = Decimal(0)


def receipts_of(line: PurchaseOrderLine) -> list[GoodsReceiptLine]:
    moved = GoodsReceiptLine.objects.filter(
        order_line=line, receipt__status="posted", receipt__kind="receipt"
    ).select_related("receipt")
    return sorted(moved, key=lambda came: (came.receipt.received_on, came.pk))


def due_day(line: PurchaseOrderLine, organization: Organization) -> date | None:
    asked = line.requested_on or line.order.needed_on
    if organization.due_date_basis == "requested":
        return asked or line.promised_on
    return line.promised_on or asked


def delivery(
    line: PurchaseOrderLine, organization: Organization, as_of: date
) -> dict[str, Any] | None:
    """How one order line fared; None when it is not due."""
    due = due_day(line, organization)
    needed = line.ordered_quantity - line.cancelled_quantity
    if due is None or needed == 0 or line.order.status not in {"issued", "closed"}:
        return None
    last_day = due + timedelta(days=organization.late_days)
    total, in_time, full_on = ZERO, ZERO, None
    came = receipts_of(line)
    for receipt in came:
        total += receipt.received_quantity
        if receipt.receipt.received_on <= last_day:
            in_time = total
        if full_on is None and total >= needed:
            full_on = receipt.receipt.received_on
    done_on = full_on
    if done_on is None and line.order.status == "closed" and came:
        done_on = came[-1].receipt.received_on
    if done_on is None and as_of <= last_day:
        return None
    issued = line.order.issued_on
    return {
        "due": due,
        "on_time": done_on is not None and done_on <= last_day,
        "in_full": in_time >= needed,
        "late": (done_on - due).days if done_on and done_on > last_day else None,
        "lead": (full_on - issued).days if full_on and issued else None,
        "first": min(came[0].received_quantity, needed) if came else ZERO,
        "needed": needed,
        "spend": line.amount * needed / line.ordered_quantity,
    }


def scorecard(
    supplier_id: int, organization: Organization, as_of: date, first: date | None = None
) -> dict[str, Any]:
    """Counts and statistics of one supplier from a day on."""
    lines = PurchaseOrderLine.objects.filter(order__supplier_id=supplier_id).select_related("order")
    found = [delivery(line, organization, as_of) for line in lines]
    due = [one for one in found if one and (first is None or one["due"] >= first)]
    late = [one["late"] for one in due if one["late"] is not None]
    lead = [one["lead"] for one in due if one["lead"] is not None]
    return {
        "lines_due": len(due),
        "lines_on_time": sum(one["on_time"] for one in due),
        "in_full": sum(one["in_full"] for one in due),
        "late_mean": Decimal(sum(late)) / len(late) if late else None,
        "lead_n": len(lead),
        "lead_median": Decimal(str(statistics.median(lead))) if lead else None,
        "fill": sum(one["first"] for one in due),
        "needed": sum(one["needed"] for one in due),
        "spend": sum((one["spend"] for one in due), ZERO),
    }


def billed(line: PurchaseOrderLine) -> tuple[Decimal, Decimal, Decimal]:
    """Quantity, net amount and landed amount billed of a line, credits taken off."""
    quantity = net = landed = ZERO
    for bill in SupplierInvoiceLine.objects.filter(order_line=line).select_related("invoice"):
        invoice: SupplierInvoice = bill.invoice
        if invoice.status == "void" or bill.matched_quantity is None:
            continue
        sign = -1 if invoice.kind == "credit" else 1
        goods = sum((other.amount for other in invoice.lines.all()), ZERO)
        part = bill.amount / goods if goods else ZERO
        charges = sum((Decimal(charge) for charge in invoice.charges.values()), ZERO)
        quantity += sign * bill.matched_quantity
        net += sign * (bill.amount - part * invoice.discount_amount)
        landed += sign * (bill.amount + part * (charges - invoice.discount_amount))
    return quantity, net, landed


def cost(sku_id: int, supplier_id: int | None = None) -> dict[str, Any]:
    """What a SKU cost, from its received lines net of returns."""
    lines = PurchaseOrderLine.objects.filter(sku_id=sku_id).select_related("order")
    quantity = amount = landed = ZERO
    prices: list[tuple[date, int, Decimal]] = []
    suppliers = set()
    for line in lines:
        if supplier_id is not None and line.order.supplier_id != supplier_id:
            continue
        came = receipts_of(line)
        returned = sum(
            (
                moved.returned_quantity
                for moved in GoodsReceiptLine.objects.filter(
                    order_line=line, receipt__status="posted", receipt__kind="return"
                )
            ),
            ZERO,
        )
        kept: dict[int, Decimal] = defaultdict(Decimal)
        for receipt in reversed(came):
            taken = min(returned, receipt.received_quantity)
            returned -= taken
            kept[receipt.pk] = receipt.received_quantity - taken
        of, net, full = billed(line)
        if of <= 0:
            of, net, full = line.ordered_quantity, line.amount, line.amount
            price = line.unit_price
        else:
            price = net / of
        here = sum(kept.values(), ZERO)
        quantity += here
        amount += net * here / of
        landed += full * here / of
        for receipt in came:
            if kept[receipt.pk] > 0:
                source = line.source_id or line.pk
                prices.append((receipt.receipt.received_on, source, price))
                suppliers.add(line.order.supplier_id)
    return {
        "lines": len(prices),
        "suppliers": len(suppliers),
        "quantity": quantity,
        "amount": amount,
        "landed": landed,
        "last": max(prices)[2] if prices else None,
        "min": min(price for _, _, price in prices) if prices else None,
        "max": max(price for _, _, price in prices) if prices else None,
    }
