"""Many clients at one instant: each in a thread with a database connection of its own."""

from __future__ import annotations

import contextlib
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest
from django.db import OperationalError, connection

from procure.errors import BusinessRuleError
from purchasing.models import PurchaseOrder, PurchaseOrderLine

Answer = TypeVar("Answer")
ROWS_ARE_BUSY = "55P03"
MOST_ATTEMPTS = 20

# What the running test did so far, for the report of a soak.
played: Counter[str] = Counter()
_counting = threading.Lock()


def rounds(short: int, full: int) -> int:
    """How often a test plays its scene: a few times in the suite, all of it in a soak."""
    count = full if os.environ.get("PROCURE_SOAK") else short
    played["rounds"] = max(count, played["rounds"])
    return count


def at_once(calls: Sequence[Callable[[], Answer]]) -> list[Answer | BaseException]:
    """Runs the calls together from one barrier; an exception is an answer."""
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], Answer]) -> Answer | BaseException:
        try:
            barrier.wait(timeout=30)
            return patiently(call)
        except Exception as error:  # noqa: BLE001 - the test looks at what went wrong
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(run, call) for call in calls]]


def patiently(call: Callable[[], Answer]) -> Answer:
    """Rows that others hold for three seconds are asked for again, as a person does who is told to.

    Eight clients on a busy machine may wait that long for each other. A deadlock is never repeated.
    """
    for _ in range(MOST_ATTEMPTS - 1):
        try:
            return call()
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", None) != ROWS_ARE_BUSY:
                raise
            with _counting:
                played["asked_again"] += 1
    return call()


def refusals(answers: Iterable[object]) -> list[str]:
    """The codes of the refusals; any other exception fails the test that asks."""
    found = []
    for answer in answers:
        if isinstance(answer, BusinessRuleError):
            found.append(answer.code)
        elif isinstance(answer, BaseException):
            raise answer
    return sorted(found)


class Meeting:
    """All clients have read before any writes: what a missing lock lets happen sooner or later."""

    def __init__(self, clients: int) -> None:
        self.barrier = threading.Barrier(clients)

    def wait(self) -> None:
        with contextlib.suppress(threading.BrokenBarrierError):
            self.barrier.wait(timeout=10)


def read_without_locks(monkeypatch: pytest.MonkeyPatch, module: Any, meeting: Meeting) -> None:
    """Removes the protection: a module's actions read the order and its lines and lock nothing."""

    def lock_order(order: PurchaseOrder) -> PurchaseOrder:
        return PurchaseOrder.objects.select_related("supplier", "category", "organization").get(
            pk=order.pk
        )

    def lock_lines(order: PurchaseOrder) -> list[PurchaseOrderLine]:
        lines = list(PurchaseOrderLine.objects.filter(order=order).order_by("pk"))
        meeting.wait()
        return lines

    monkeypatch.setattr(module, "lock_order", lock_order)
    monkeypatch.setattr(module, "lock_lines", lock_lines)
