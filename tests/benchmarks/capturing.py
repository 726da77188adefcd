"""One worker of the bench: captures its share of bills in batches, and tells what they took.

It says “ready”, waits for a line so that all begin together, and answers one JSON object.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from django.conf import settings

from matching.capture import CapturedInvoice, CapturedLine, capture_invoices
from procure.tenancy import tenant_atomic
from purchasing.models import PurchaseOrder
from tests.benchmarks.company import price_of
from tests.benchmarks.measuring import Report
from tests.purchasing.buying import today

BATCH = 500
LINES = 5


def main(organization_id: int, prefix: str, first: int, last: int, turn: int, of: int) -> None:
    """Bills the orders PREFIX-first to PREFIX-last, every batch whose turn it is."""
    settings.DEBUG = False  # else Django keeps every statement it sent
    starts = range(first, last, BATCH)[turn::of]
    batches = [orders_of(organization_id, prefix, one, min(one + BATCH, last)) for one in starts]
    print("ready", flush=True)
    sys.stdin.readline()
    taken, memory = [], []
    began, cpu = time.perf_counter(), time.process_time()
    for start, orders in zip(starts, batches, strict=True):
        taken.append(round(captured(organization_id, orders, start), 3))
        memory.append(resident_mb())
    report: Report = {
        "invoices": sum(len(orders) for orders in batches),
        "seconds": round(time.perf_counter() - began, 2),
        "cpu_seconds": round(time.process_time() - cpu, 1),
        "batch_seconds": taken,
        "resident_mb": memory,
    }
    print(json.dumps(report), flush=True)


def orders_of(organization_id: int, prefix: str, first: int, last: int) -> list[PurchaseOrder]:
    """The orders PREFIX-n in the order of n, with their suppliers at hand."""
    numbers = [f"{prefix}-{n}" for n in range(first, last)]
    with tenant_atomic(organization_id):
        rows = PurchaseOrder.objects.filter(number__in=numbers).select_related("supplier")
        found = {row.number: row for row in rows}
    return [found[number] for number in numbers]


def captured(organization_id: int, orders: Sequence[PurchaseOrder], start: int) -> float:
    """Seconds to take in a bill for each order, in one transaction as an import does."""
    batch = [bill(order, start + place) for place, order in enumerate(orders)]
    began = time.perf_counter()
    with tenant_atomic(organization_id):
        capture_invoices(batch, actor=None)
    return time.perf_counter() - began


def bill(order: PurchaseOrder, number: int) -> CapturedInvoice:
    """All lines of an order; every tenth at twice its price."""
    price = price_of(number) * (2 if number % 10 == 0 else 1)
    return CapturedInvoice(
        supplier=order.supplier,
        number=f"INV-{order.number}",
        invoiced_on=today(),
        currency="USD",
        lines=[
            CapturedLine(
                quantity=Decimal(10),
                unit_price=price,
                order_number=str(order.number),
                order_line_no=str(line_no),
            )
            for line_no in range(1, LINES + 1)
        ],
    )


def resident_mb() -> float:
    """What this process holds of the memory now; 0 where nobody tells."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return round(pages * 4096 / 2**20, 1)
