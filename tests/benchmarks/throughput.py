"""How fast invoices are taken in and matched by two workers, and what one costs as the ledger grows."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from matching.models import SupplierInvoice
from procure.bootstrap import ROOT
from procure.statistics import refresh_statistics
from tests.benchmarks.capturing import BATCH, LINES, captured, orders_of
from tests.benchmarks.company import make_company, received_orders
from tests.benchmarks.measuring import Report, at_least, say, spent, statements, target
from tests.benchmarks.storing import grow, stored_lines
from tests.world import World

WORKERS = 2
WANTED_PER_SECOND = 150
TRIED = 2_000  # invoices whose cost is taken before and after the ledger has grown
MOST_GROWTH_MB = 30
MOST_RATIO = 1.25  # a busy machine measures no finer
WORKER = "import sys, django; django.setup(); from tests.benchmarks.capturing import main; main(int(sys.argv[1]), sys.argv[2], *map(int, sys.argv[3:]))"


def bench_throughput(invoices: int = 10_000, stored: int = 1_000_000) -> Report:
    """First a small ledger, then two workers, then a large one; every tenth bill is held."""
    say(f"{invoices:,} invoices of {LINES} lines by {WORKERS} workers.")
    world = make_company("throughput", skus=300, suppliers=50)
    with world.inside():
        received_orders(world, "T", invoices + 3 * TRIED, LINES)
    cost(world, 0)  # the first batches plan their statements
    with world.inside():
        refresh_statistics()  # as a worker does when tables have outgrown what is known of them
    small = cost(world, TRIED)
    report = by_workers(world, 2 * TRIED, 2 * TRIED + invoices)
    say(f"Growing the ledger to {stored:,} lines.")
    grow(world, stored)
    large = cost(world, 2 * TRIED + invoices)
    with world.inside():
        own = SupplierInvoice.objects.filter(number__startswith="INV-T-", status="approved")
        approved = own.exclude(number__contains=".").count()
    wanted = (invoices + 3 * TRIED) * 9 // 10
    ratios = {
        name: target(round(large[name] / small[name], 2), MOST_RATIO)
        for name in ("ms_of_processor", "ms")
    }
    return report | {
        "approved": {"figure": approved, "wanted": wanted, "met": approved == wanted},
        "cost_of_an_invoice": [small, large],
        "large_to_small": ratios,
    }


def by_workers(world: World, first: int, last: int) -> Report:
    """All at once, each taking every other batch in a process of its own."""
    workers = [
        subprocess.Popen(
            [
                *(sys.executable, "-c", WORKER, str(world.organization.pk), "T"),
                *map(str, (first, last, turn, WORKERS)),
            ],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for turn in range(WORKERS)
    ]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    told: list[dict[str, Any]] = [json.loads(worker.communicate()[0]) for worker in workers]
    slowest = max(one["seconds"] for one in told)
    return {
        "invoices": last - first,
        "seconds": slowest,
        "invoices_per_second": at_least(round((last - first) / slowest), WANTED_PER_SECOND),
        "workers": [_of_worker(one) for one in told],
    }


def _of_worker(told: dict[str, Any]) -> Report:
    """Memory is flat when it grows no more once the first batches are through."""
    memory, taken = told["resident_mb"], told["batch_seconds"]
    settled = memory[min(3, len(memory) - 1)]
    return {
        "invoices": told["invoices"],
        "seconds": told["seconds"],
        "cpu_seconds": told["cpu_seconds"],
        "first_and_last_batch_seconds": [taken[0], taken[-1]],
        "resident_mb": [memory[0], settled, memory[-1]],
        "growth_mb": target(round(memory[-1] - settled, 1), MOST_GROWTH_MB),
    }


def cost(world: World, first: int) -> Report:
    """What an invoice costs with the ledger as it stands, in this process."""
    before, seconds = stored_lines(world), 0.0
    with statements() as sent, spent(TRIED) as cpu:
        for start in range(first, first + TRIED, BATCH):
            orders = orders_of(world.organization.pk, "T", start, start + BATCH)
            seconds += captured(world.organization.pk, orders, start)
    return {
        "stored_lines": before,
        "ms": round(seconds * 1000 / TRIED, 2),
        "ms_of_processor": round((cpu.python_ms + cpu.postgres_ms) / TRIED, 2),
        "cpu_ms": cpu.figures(),
        "ms_waiting_for_the_database": round(sent.milliseconds / TRIED, 2),
        "statements_of_a_batch": round(sent.work * BATCH / TRIED, 1),
        "slowest_statements": sent.worst(5),
    }
