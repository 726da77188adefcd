"""How far a long piece of work has come, told by the worker while its transaction is still open.

It lies in Redis and is forgotten soon; without Redis nobody is told, and the work goes on.
"""

from __future__ import annotations

import logging

from redis.exceptions import RedisError

from procure.heartbeat import client

logger = logging.getLogger(__name__)

FORGOTTEN_AFTER = 600  # seconds


def tell_progress(key: str, done: int, of: int) -> None:
    """Says that so many of so many steps are done; `key` names the work and its organization."""
    try:
        with client() as connection:
            connection.set(_name(key), f"{done}/{of}", ex=FORGOTTEN_AFTER)
    except RedisError as error:
        logger.warning("Nobody is told how far %s has come: %s", key, error)


def progress_of(key: str) -> tuple[int, int] | None:
    """The steps done and their number; None where nothing was told."""
    try:
        with client() as connection:
            told = connection.get(_name(key))
    except RedisError:
        return None
    if not isinstance(told, bytes):
        return None
    done, of = told.split(b"/")
    return int(done), int(of)


def _name(key: str) -> str:
    return f"procure:progress:{key}"
