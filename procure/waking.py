"""Waking a worker once: of a burst of transactions the first sends a task, the others see it waiting.

A mark in Redis says that a task for the organization is on its way. The worker takes the mark away
before it looks for work, so whatever was committed until then is found by it and whatever comes
later wakes it anew. A mark fades quickly; a wake-up lost with it is made up for by the next sweep.
"""

from __future__ import annotations

import logging
from typing import Any

from celery import current_app
from django.conf import settings
from kombu import Producer
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

MARK_MILLISECONDS = 250
EXPIRES_SECONDS = 10


def wake_worker(organization_id: int) -> None:
    """Sends a task for the organization unless one waits; a broker that is down is only logged."""
    if not settings.REDIS_URL:
        return
    try:
        with current_app.producer_pool.acquire(block=True) as producer:
            if _redis_of(producer).set(_mark(organization_id), 1, nx=True, px=MARK_MILLISECONDS):
                current_app.send_task(
                    "procure.tasks.work_off",
                    args=(organization_id,),
                    producer=producer,
                    retry=False,
                    ignore_result=True,
                )
    except (BrokerError, RedisError, OSError) as error:
        logger.warning("The broker did not take a nudge: %s", error)


def hand_over(task: str, organization_id: int) -> None:
    """Sends a task of its own for work that nothing else may wait for.

    A task that is not taken soon, or was lost, is sent again by the sweep that sees the work.
    """
    if not settings.REDIS_URL:
        return
    try:
        current_app.send_task(
            task, args=(organization_id,), expires=EXPIRES_SECONDS, retry=False, ignore_result=True
        )
    except (BrokerError, OSError) as error:
        logger.warning("The broker did not take %s: %s", task, error)


def awake(organization_id: int) -> None:
    """The worker is about to look for the organization's work: the next commit wakes it anew."""
    try:
        with current_app.producer_pool.acquire(block=True) as producer:
            _redis_of(producer).delete(_mark(organization_id))
    except (BrokerError, RedisError, OSError) as error:
        logger.warning("The broker did not forget a nudge: %s", error)


def _redis_of(producer: Producer) -> Any:
    """The queue's own connection to Redis, with its timeouts."""
    channel: Any = producer.channel
    return channel.client


def _mark(organization_id: int) -> str:
    return f"procure:nudged:{organization_id}"
