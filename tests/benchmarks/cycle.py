"""The whole document cycle in-process: draft to matched invoice, 5 lines and 50."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from matching.capture import CapturedLine, capture_invoice
from matching.models import SupplierInvoice
from purchasing.content import content_hash
from purchasing.models import PurchaseOrder
from purchasing.ordering import OrderedLine, issue_purchase_order, submit_purchase_order
from suppliers.models import Sku
from tests.benchmarks.company import make_company
from tests.benchmarks.measuring import (
    Report,
    median,
    say,
    spent,
    statements,
    stopwatch,
    target,
)
from tests.purchasing.buying import approve, drafted, receive, today
from tests.world import World

TURNS = 25
# A process in service has run every statement often: Postgres settles on a plan after five runs.
WARM_TURNS = 6
MOST_STATEMENTS = 80
MOST_MILLISECONDS = {5: 60, 50: 160}


def bench_cycle() -> Report:
    """Medians of whole cycles and of their steps; the statements of one."""
    say("The document cycle with 5 and 50 lines.")
    world = make_company("cycle", skus=60)
    return {f"{lines} lines": of_size(world, lines) for lines in (5, 50)}


def of_size(world: World, lines: int) -> Report:
    with world.inside():
        skus = list(Sku.objects.filter(code__startswith="B-").order_by("pk")[:lines])
    for number in range(WARM_TURNS):
        turn(world, skus, f"warm {number}")
    steps: dict[str, list[float]] = {}
    with spent(TURNS) as cpu:
        for number in range(TURNS):
            for name, took in turn(world, skus, str(number)).items():
                steps.setdefault(name, []).append(took)
    with statements() as sent:
        turn(world, skus, "counted")
    total = median([sum(step[n] for step in steps.values()) for n in range(TURNS)])
    return {
        "median_ms": target(total, MOST_MILLISECONDS[lines]),
        "fastest_ms": round(min(sum(step[n] for step in steps.values()) for n in range(TURNS)), 1),
        "cpu_ms": cpu.figures(),
        "median_ms_of_steps": {name: median(values) for name, values in steps.items()},
        "statements": target(sent.work, MOST_STATEMENTS),
        "transaction_statements": sent.brackets,
        "ms_waiting_for_the_database": round(sent.milliseconds, 1),
        "slowest_statements": sent.worst(),
    }


def turn(world: World, skus: list[Sku], name: str) -> dict[str, float]:
    """One cycle, each step in a transaction of its own as a request has it; its milliseconds."""
    took: dict[str, float] = {}
    people = world.people
    buyer = people["buyer"]

    def step(title: str, action: Callable[[], Any]) -> Any:
        with stopwatch() as elapsed:
            with world.inside():
                done = action()
            took[title] = elapsed()
        return done

    wanted = [OrderedLine(sku, Decimal(10)) for sku in skus]
    order: PurchaseOrder = step("draft", lambda: drafted(world, lines=wanted))
    order = step(
        "submit", lambda: submit_purchase_order(order, revision_shown=order.revision, actor=buyer)
    )
    with world.inside():
        shown = content_hash(order, order.lines.all())
        prices = list(order.lines.order_by("line_no").values_list("unit_price", flat=True))
    order = step("approve", lambda: approve(order, people["approver"], content_hash_shown=shown))
    order = step("issue", lambda: issue_purchase_order(order, actor=buyer))
    step("receive", lambda: receive(world, order, *((n, 10) for n in range(1, len(skus) + 1))))
    invoice = step("invoice", lambda: bill(world, order, prices, name))
    assert invoice.status == SupplierInvoice.Status.APPROVED
    return took


def bill(world: World, order: PurchaseOrder, prices: list[Decimal], name: str) -> SupplierInvoice:
    return capture_invoice(
        supplier=world.northline,
        number=f"INV-{len(prices)}-{name}",
        invoiced_on=today(),
        currency="USD",
        lines=[
            CapturedLine(
                quantity=Decimal(10),
                unit_price=price,
                order_number=str(order.number),
                order_line_no=str(line_no),
            )
            for line_no, price in enumerate(prices, 1)
        ],
        actor=world.people["ap_clerk"],
    )
