"""A burst of transactions wakes the worker once, and the next commit after it looked wakes it anew."""

from __future__ import annotations

from typing import Any

import pytest
from celery import current_app
from kombu.exceptions import OperationalError

from procure.waking import awake, hand_over, wake_worker

NOBODY = 987_654_321  # an organization of no other test


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The tasks that are sent, as they would reach the broker."""
    tasks: list[Any] = []
    monkeypatch.setattr(current_app, "send_task", lambda *_, args, **__: tasks.append(args))
    awake(NOBODY)
    return tasks


def test_a_burst_sends_one_task(sent: list[Any]) -> None:
    for _ in range(3):
        wake_worker(NOBODY)
    assert sent == [(NOBODY,)]


def test_after_the_worker_looked_the_next_commit_wakes_it_anew(sent: list[Any]) -> None:
    wake_worker(NOBODY)
    awake(NOBODY)
    wake_worker(NOBODY)
    assert sent == [(NOBODY,), (NOBODY,)]


def test_one_organization_does_not_silence_another(sent: list[Any]) -> None:
    wake_worker(NOBODY)
    wake_worker(NOBODY + 1)
    awake(NOBODY + 1)
    assert sent == [(NOBODY,), (NOBODY + 1,)]


def test_work_of_its_own_is_sent_every_time_it_is_seen(sent: list[Any]) -> None:
    hand_over("some.task", NOBODY)
    hand_over("some.task", NOBODY)
    assert sent == [(NOBODY,), (NOBODY,)]


def test_a_broker_that_is_down_is_only_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OperationalError("no broker")

    monkeypatch.setattr(current_app, "send_task", refuse)
    hand_over("some.task", NOBODY)
    assert "did not take some.task" in caplog.text
