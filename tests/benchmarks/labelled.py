"""Labelled sets in full: 600 orders per seed with their deliveries and bills, and what became of each.

The right answer is known from how a bill was made, see tests/matching/labelled.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tests.benchmarks.measuring import Report, say, spent, timed
from tests.matching.labelled.playing import KINDS, Verdict, confusion, made_set, play, stock_of
from tests.world import make_world

SEEDS = (1, 2, 3)
ORDERS = 600


def bench_labelled(seeds: Sequence[int] = SEEDS, orders: int = ORDERS) -> Report:
    """Per seed the table of rightly and wrongly held; every wrong one by name."""
    return {f"seed {seed}": of_seed(seed, orders) for seed in seeds}


def of_seed(seed: int, orders: int) -> Report:
    world = make_world(f"labelled-{seed}")
    with world.inside():
        cases = made_set(stock_of(world), seed=seed, orders=orders)
    bills = sum(len(case.bills) for case in cases)
    placed = sum(len(case.orders) for case in cases)
    say(f"Seed {seed}: {placed} orders, {bills} bills.")
    verdicts: list[Verdict] = []
    with spent() as cpu:
        took = timed(lambda: verdicts.extend(play(world, cases)))
    return {
        "orders": placed,
        "bills": bills,
        **{
            group: confusion([one for one in verdicts if one.kind in kinds])
            for group, kinds in KINDS.items()
        },
        "not_as_labelled": [str(one) for one in verdicts if not one.is_right],
        "bills_of_a_kind": sorted(set(Counter(one.kind for one in verdicts).values())),
        "seconds": round(took / 1000, 1),
        "cpu_seconds": round((cpu.python_ms + cpu.postgres_ms) / 1000, 1),
    }
