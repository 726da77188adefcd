"""`python3 manage.py bench [--only NAME …]`: prints one JSON object.

The labelled sets take minutes and measure no speed: they are played only when they are named.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any

import django

from tests.benchmarks import measuring
from tests.benchmarks.house import own_servers

NAMES = ("cycle", "form", "import", "screens", "freshness", "throughput", "labelled")


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="manage.py bench")
    parser.add_argument("--only", nargs="+", choices=NAMES, default=list(NAMES[:-1]))
    parser.add_argument("--invoices", type=int, default=10_000)
    parser.add_argument("--stored", type=int, default=1_000_000, help="Lines of a grown ledger.")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--orders", type=int, default=600, help="Of a labelled set.")
    options = parser.parse_args(argv)
    wanted = set(options.only)
    if wanted & {"screens", "freshness"}:
        wanted.add("import")  # they look at what it brings
    began, load = time.perf_counter(), os.getloadavg()
    with own_servers() as home:
        django.setup()
        report = measure(wanted, home, options)
    report["machine"] = {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "load_before": [round(one, 1) for one in load],
        "load_after": [round(one, 1) for one in os.getloadavg()],
        "seconds": round(time.perf_counter() - began),
    }
    print(json.dumps(report, indent=2, ensure_ascii=False))
    return 0


def measure(wanted: set[str], home: Any, options: argparse.Namespace) -> dict[str, Any]:
    # Only now: these modules read the settings, which name the bench's own servers.
    from django.conf import settings
    from django.db import connections

    from tests.benchmarks import cycle, form, labelled, real, throughput

    settings.DEBUG = False
    sections = {
        "cycle": cycle.bench_cycle,
        "form": form.bench_form,
        "import": real.bench_import,
        "screens": real.bench_screens,
        "freshness": lambda: real.bench_freshness(home),
        "throughput": lambda: throughput.bench_throughput(options.invoices, options.stored),
        "labelled": lambda: labelled.bench_labelled(options.seeds, options.orders),
    }
    try:
        smallest = {"smallest_transaction_ms": measuring.commit_milliseconds()}
        return smallest | {name: told(step) for name, step in sections.items() if name in wanted}
    finally:
        connections.close_all()


def told(step: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """A section's figures; one that breaks says where, and the others are measured all the same."""
    try:
        figures = step()
    except Exception:  # noqa: BLE001 - whatever it is belongs into the report
        figures = {"failed": traceback.format_exc().splitlines()[-12:]}
    measuring.say(json.dumps(figures, ensure_ascii=False))
    return figures


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
