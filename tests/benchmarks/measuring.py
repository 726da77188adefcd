"""Timing, counting statements, and what a figure looks like in the report."""

from __future__ import annotations

import math
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import connection

Report = dict[str, Any]

# Statements that hold a transaction together, counted apart from those that do the work.
BRACKETS = ("SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT", "SET LOCAL")


@dataclass
class Statements:
    """The SQL that a block sent: its count, and the time spent waiting for the answers."""

    work: int = 0
    brackets: int = 0
    milliseconds: float = 0.0
    slowest: list[tuple[float, str]] = field(default_factory=list)

    @property
    def all(self) -> int:
        return self.work + self.brackets

    def worst(self, count: int = 3) -> list[str]:
        """The statements that took longest, with their milliseconds."""
        ordered = sorted(self.slowest, reverse=True)[:count]
        return [f"{took:.1f} ms: {' '.join(sql.split())[:160]}" for took, sql in ordered]


@contextmanager
def statements() -> Iterator[Statements]:
    """Counts the statements of this connection."""
    found = Statements()

    def see(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        started = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            took = (time.perf_counter() - started) * 1000
            found.milliseconds += took
            if str(sql).startswith(BRACKETS):
                found.brackets += 1
            else:
                found.work += 1
                found.slowest.append((took, str(sql)))

    with connection.execute_wrapper(see):
        yield found


@contextmanager
def stopwatch() -> Iterator[Callable[[], float]]:
    """Milliseconds since the block began."""
    started = time.perf_counter()
    yield lambda: (time.perf_counter() - started) * 1000


def timed(step: Callable[[], object]) -> float:
    """Milliseconds of one call."""
    with stopwatch() as elapsed:
        step()
        return elapsed()


def median(values: Sequence[float]) -> float:
    return round(statistics.median(values), 1)


def p95(values: Sequence[float]) -> float:
    """The value that 95 of 100 do not exceed (nearest rank)."""
    return round(sorted(values)[math.ceil(len(values) * 0.95) - 1], 1)


def target(figure: float, at_most: float) -> Report:
    """A figure beside its limit."""
    return {"figure": figure, "at_most": at_most, "met": figure <= at_most}


def at_least(figure: float, wanted: float) -> Report:
    """A figure beside what it has to reach."""
    return {"figure": figure, "at_least": wanted, "met": figure >= wanted}


def say(sentence: str) -> None:
    """For the person who waits; standard output carries the report."""
    print(
        f"[{time.strftime('%H:%M:%S')}, load {os.getloadavg()[0]:.1f}] {sentence}", file=sys.stderr
    )


def commit_milliseconds() -> float:
    """The median of the smallest durable transaction: how busy machine and disk are just now."""

    def commit() -> None:
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO django_session VALUES (gen_random_uuid(), '', now())")

    commit()
    return median([timed(commit) for _ in range(30)])


def backend_cpu_milliseconds() -> float:
    """What Postgres has spent of the processor for this connection; 0 where nobody tells."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    ticks = int(fields[11]) + int(fields[12])
    return ticks * 1000 / os.sysconf("SC_CLK_TCK")


@dataclass
class Spent:
    """Processor time of a block, which a busy machine stretches less than wall time."""

    turns: int
    python_ms: float = 0.0
    postgres_ms: float = 0.0

    def figures(self) -> Report:
        return {
            "python": round(self.python_ms / self.turns, 1),
            "postgres": round(self.postgres_ms / self.turns, 1),
        }


@contextmanager
def spent(turns: int = 1) -> Iterator[Spent]:
    """The processor time per turn of this process and of its connection's Postgres."""
    found = Spent(turns)
    postgres, python = backend_cpu_milliseconds(), time.process_time()
    yield found
    found.python_ms = (time.process_time() - python) * 1000
    found.postgres_ms = backend_cpu_milliseconds() - postgres
