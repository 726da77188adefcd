"""Rate limits count in this worker's own Redis database: a test that looks at one begins at nought."""

from __future__ import annotations

from django.core.cache import cache

from procure.heartbeat import client
from procure.rate_limits import PREFIX


def forget_counts() -> None:
    cache.clear()
    with client() as connection:
        for key in connection.scan_iter(f"{PREFIX}*"):
            connection.delete(key)
