"""How fast invoices are taken in and matched: one by one, and in bulk as an import does."""

from __future__ import annotations

import time
from decimal import Decimal

from matching.capture import CapturedInvoice, CapturedLine, capture_invoices
from matching.models import SupplierInvoice
from purchasing.models import PurchaseOrder
from tests.benchmarks.company import make_company, price_of, received_orders
from tests.benchmarks.measuring import Report, say, spent, statements
from tests.purchasing.buying import today

BATCH = 500
LINES = 5


def bench_throughput(invoices: int = 10_000) -> Report:
    say(f"{invoices:,} invoices of {LINES} lines; every tenth has a wrong price.")
    world = make_company("throughput", skus=300, suppliers=50)
    with world.inside():
        orders = received_orders(world, "T", invoices, LINES)
    taken = []
    with statements() as sent, spent() as cpu:
        for start in range(0, invoices, BATCH):
            batch = [
                bill(order, start + n) for n, order in enumerate(orders[start : start + BATCH])
            ]
            began = time.perf_counter()
            with world.inside():
                capture_invoices(batch, actor=None)
            taken.append(time.perf_counter() - began)
    seconds = sum(taken)
    with world.inside():
        approved = SupplierInvoice.objects.filter(status="approved").count()
    assert approved == invoices * 9 // 10, approved
    return {
        "invoices": invoices,
        "approved": approved,
        "held": invoices - approved,
        "seconds": round(seconds, 1),
        "cpu_seconds": round((cpu.python_ms + cpu.postgres_ms) / 1000, 1),
        "invoices_per_second": round(invoices / seconds),
        "first_and_last_batch_seconds": [round(taken[0], 2), round(taken[-1], 2)],
        "seconds_waiting_for_the_database": round(sent.milliseconds / 1000, 1),
        "statements": sent.work,
        "slowest_statements": sent.worst(),
    }


def bill(order: PurchaseOrder, number: int) -> CapturedInvoice:
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
