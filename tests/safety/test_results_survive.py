"""No result is lost: not to a killed worker, not to a dead broker, not to two workers at once.

At every moment a result that differs from its documents is marked stale; and when everything is
worked off, nothing differs.
"""

from __future__ import annotations

import os
import select
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import cycle, islice
from typing import Any, NoReturn

import pytest
from celery import current_app
from django.db import IntegrityError, connection, connections

from matching import draining
from matching.cells import today_of
from matching.draining import drain
from matching.verification import differences, one_moment
from procure.tasks import sweep
from procure.tenancy import tenant_atomic
from purchasing.models import PurchaseOrderLine
from suppliers import rollups
from suppliers.models import StaleRollup
from tests.results.trade import Trade
from tests.services import end_open_transactions
from tests.world import World

KILLS = 20
PAIRS = 20
STEPS = ("recompute_cells", "refresh_scorecards", "refresh_sku_costs")

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def trade(world: World) -> Trade:
    return Trade(world)


@pytest.fixture
def line(trade: Trade) -> PurchaseOrderLine:
    with trade.world.inside():
        return trade.order(10_000, due=due_day(trade))


def due_day(trade: Trade) -> str:
    return str(today_of(trade.world.organization) - timedelta(days=20))


def receive_one(trade: Trade, line: PurchaseOrderLine) -> None:
    with trade.world.inside():
        trade.receive(line, 1, due_day(trade))


def unmarked_differences(trade: Trade) -> list[str]:
    """What differs from the documents although nothing marks it."""
    organization = trade.world.organization
    with one_moment(organization.pk):
        marked = set(StaleRollup.objects.values_list("supplier_id", "sku_id"))
        found = differences(organization)
    suppliers, skus = {key[0] for key in marked}, {key[1] for key in marked}
    return [
        str(one)
        for one in found
        if not (
            (one.supplier_id, one.sku_id) in marked
            or (one.table == "scorecard" and one.supplier_id in suppliers)
            or (one.table == "SKU cost" and one.sku_id in skus)
        )
    ]


# --- 10. Killed in mid-task -------------------------------------------------------------------


@contextmanager
def worker_stopped_after(step: str | None, organization_id: int) -> Iterator[int]:
    """A worker process that gets as far as this step of a batch (None: the claim) and no further."""
    said, say = os.pipe()
    connections.close_all()
    child = os.fork()
    if child == 0:
        _work_until(step, organization_id, say)
    try:
        assert select.select([said], [], [], 20)[0], f"the worker never got to {step}"
        yield child
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        end_open_transactions(connections["default"].settings_dict["NAME"])
        os.close(said)
        os.close(say)


def _work_until(step: str | None, organization_id: int, say: int) -> NoReturn:
    """Runs in the worker: says that it is there, and waits to be killed with its transaction."""

    def stop() -> None:
        os.write(say, b".")
        signal.pause()

    if step is None:
        setattr(draining, STEPS[0], lambda *args, **kwargs: stop())
    else:
        done = getattr(draining, step)
        setattr(draining, step, lambda *args, **kwargs: (done(*args, **kwargs), stop()))
    try:
        drain(organization_id)
    finally:
        os._exit(1)


def violations_under_kills(trade: Trade, line: PurchaseOrderLine) -> list[str]:
    found = []
    for step in islice(cycle([None, *STEPS]), KILLS):
        receive_one(trade, line)
        with worker_stopped_after(step, trade.world.organization.pk):
            pass
        found += unmarked_differences(trade)
    return found


def test_no_result_is_lost_to_a_worker_killed_in_mid_task(
    trade: Trade, line: PurchaseOrderLine
) -> None:
    assert violations_under_kills(trade, line) == []
    drain(trade.world.organization.pk)
    assert unmarked_differences(trade) == []
    with trade.world.inside():
        assert StaleRollup.objects.count() == 0


def claim_in_its_own_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    """Removes the protection: the markers are gone before the results are there."""
    claimed: list[rollups.StaleKeys] = []

    def recompute_stale_keys() -> bool:
        if not claimed:
            keys = rollups.claim_stale_keys()
            claimed.extend([keys] if keys else [])
            return bool(claimed)
        keys = claimed.pop()
        organization = draining.current_organization()
        as_of = draining.as_of_day(organization)
        draining.recompute_cells(organization, keys, as_of)
        draining.refresh_scorecards(organization, keys.supplier_ids, as_of)
        draining.refresh_sku_costs(organization, keys.sku_ids, as_of)
        return True

    monkeypatch.setattr(draining, "recompute_stale_keys", recompute_stale_keys)


def test_control_a_claim_in_its_own_transaction_loses_results(
    trade: Trade, line: PurchaseOrderLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    drain(trade.world.organization.pk)
    claim_in_its_own_transaction(monkeypatch)
    assert violations_under_kills(trade, line) != []


# --- 10. The broker is gone -------------------------------------------------------------------


def break_the_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(current_app, "send_task", refuse)


def test_without_a_broker_the_next_sweep_catches_up(
    trade: Trade, line: PurchaseOrderLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_the_broker(monkeypatch)
    for _ in range(3):
        receive_one(trade, line)
        assert unmarked_differences(trade) == []
    sweep()
    with trade.world.inside():
        assert StaleRollup.objects.count() == 0
    assert unmarked_differences(trade) == []


def test_control_a_mere_message_to_the_broker_is_lost_with_it(
    trade: Trade, line: PurchaseOrderLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep()
    break_the_broker(monkeypatch)
    monkeypatch.setattr(Trade, "mark", staticmethod(lambda line: rollups.nudge()))
    receive_one(trade, line)
    sweep()
    assert unmarked_differences(trade) != []


# --- 11. Two workers, one key -----------------------------------------------------------------


class Worker(threading.Thread):
    """Works off one batch in a connection of its own."""

    def __init__(self, organization_id: int) -> None:
        super().__init__()
        self.organization_id = organization_id
        self.failed: IntegrityError | None = None

    def run(self) -> None:
        try:
            with tenant_atomic(self.organization_id):
                draining.recompute_stale_keys()
        except IntegrityError as error:
            self.failed = error
        finally:
            connections.close_all()


class SlowWriter:
    """Lets the first worker read the documents and then holds it back until the second one has
    finished or waits for its lock."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.first: Worker | None = None
        self.second: Worker | None = None
        self.has_read = threading.Event()
        self.read = draining.cells_from_documents
        monkeypatch.setattr(draining, "cells_from_documents", self._read)

    def _read(self, *args: Any, **kwargs: Any) -> Any:
        cells = self.read(*args, **kwargs)
        if threading.current_thread() is self.first:
            self.has_read.set()
            while self.second is None or (self.second.is_alive() and not _waits_for_a_lock()):
                self.has_read.wait()
        return cells


def _waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)"
        )
        (waits,) = cursor.fetchone()
    return bool(waits)


def stale_after_two_workers(
    trade: Trade, line: PurchaseOrderLine, monkeypatch: pytest.MonkeyPatch, pairs: int
) -> int:
    """How many times of `pairs` a result stays stale for good, or a worker fails."""
    organization_id = trade.world.organization.pk
    stale = 0
    for _ in range(pairs):
        slow = SlowWriter(monkeypatch)
        receive_one(trade, line)
        slow.first = Worker(organization_id)
        slow.first.start()
        assert slow.has_read.wait(20)
        receive_one(trade, line)
        second = Worker(organization_id)
        second.start()
        slow.second = second
        for worker in (slow.first, second):
            worker.join()
        monkeypatch.setattr(draining, "cells_from_documents", slow.read)
        stale += bool(unmarked_differences(trade) or slow.first.failed or second.failed)
    return stale


def test_two_receipts_of_one_sku_are_both_in_the_results(
    trade: Trade, line: PurchaseOrderLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    drain(trade.world.organization.pk)
    assert stale_after_two_workers(trade, line, monkeypatch, PAIRS) == 0


def test_control_without_the_lock_of_the_key_results_stay_stale_or_collide(
    trade: Trade, line: PurchaseOrderLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    drain(trade.world.organization.pk)
    monkeypatch.setattr(rollups, "lock_results", lambda kind, row_ids: None)
    assert stale_after_two_workers(trade, line, monkeypatch, 3) > 0


def test_workers_and_receipts_side_by_side_leave_nothing_behind(
    trade: Trade, line: PurchaseOrderLine
) -> None:
    organization_id = trade.world.organization.pk
    done = threading.Event()

    def in_thread(work: Callable[[], None]) -> threading.Thread:
        def run() -> None:
            try:
                work()
            finally:
                connections.close_all()

        return threading.Thread(target=run)

    def work_off() -> None:
        while not done.is_set():
            drain(organization_id)

    workers = [in_thread(work_off) for _ in range(2)]
    for worker in workers:
        worker.start()
    for _ in range(30):
        receive_one(trade, line)
    done.set()
    for worker in workers:
        worker.join()
    drain(organization_id)
    with trade.world.inside():
        assert StaleRollup.objects.count() == 0
    assert unmarked_differences(trade) == []
