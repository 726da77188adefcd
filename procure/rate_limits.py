"""How often somebody may do a thing, counted in Redis for all processes together.

A key begins with what is counted and names the organization or the address; its count starts with
the first time and is forgotten after the window. Without Redis the site goes on: each process then
counts for itself, and the log says so. A limit is a brake on guessing, never the lock on a door.
"""

from __future__ import annotations

import hashlib
import logging

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from redis.exceptions import RedisError

from procure.heartbeat import client

logger = logging.getLogger(__name__)

PREFIX = "procure:often:"


def is_too_often(key: str, most: int, seconds: int) -> bool:
    """Counts one more; True above the limit."""
    return count_once_more(key, seconds) > most


def count_once_more(key: str, seconds: int) -> int:
    """How often it was with this time, since the first one at most `seconds` ago."""
    name = _name(key)
    try:
        with client() as connection, connection.pipeline() as both:
            both.set(name, 0, nx=True, ex=seconds)
            both.incr(name)
            return int(both.execute()[1])
    except RedisError as error:
        logger.warning("Redis does not count, this process counts alone: %s", error)
    cache.add(name, 0, seconds)
    try:
        return int(cache.incr(name))
    except ValueError:  # ran out between the two calls
        return 1


def how_often(*keys: str) -> list[int]:
    """The counts so far, nothing added."""
    names = [_name(key) for key in keys]
    try:
        with client() as connection:
            return [int(count or 0) for count in connection.mget(names)]
    except RedisError as error:
        logger.warning("Redis does not count, this process counts alone: %s", error)
    return [int(cache.get(name, 0)) for name in names]


def sender_address(request: HttpRequest) -> str:
    """The address that a request came from; behind our proxy, the one that the proxy saw."""
    if settings.BEHIND_PROXY and (passed_on := request.headers.get("X-Forwarded-For", "")):
        return str(passed_on).rpartition(",")[2].strip()
    return str(request.META.get("REMOTE_ADDR", ""))


def _name(key: str) -> str:
    """What was typed is hashed: it may be long, and an e-mail address is nobody's to read here."""
    kind, _, about = key.partition(":")
    return f"{PREFIX}{kind}:{hashlib.sha256(about.encode()).hexdigest()[:32]}"
