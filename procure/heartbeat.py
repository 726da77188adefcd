"""Signs of life of web, worker and beat, for `/readyz` and the health checks.

No Django here: `python -m procure.heartbeat worker` runs as a container's health check every few
seconds and must be light. Worker and beat leave theirs in Redis, web is asked for `/healthz`.
"""

import os
import socket
import sys
import time
import urllib.request

import redis

EXPIRY_SECONDS = 30


class BrokerDown(Exception):
    """Redis does not answer."""


def client() -> redis.Redis:
    """A short-tempered connection: a frozen broker must not freeze who asks."""
    url = os.environ.get("REDIS_URL") or "redis://127.0.0.1:6379/0"
    return redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1)


def keys(name: str) -> list[str]:
    """Where a process leaves its signs: for its kind, and for its kind on this host."""
    return [f"procure:heartbeat:{name}", f"procure:heartbeat:{name}:{socket.gethostname()}"]


def give(name: str) -> None:
    """Leave a sign that fades after EXPIRY_SECONDS; a broker that is down is no error here."""
    try:
        with client() as connection:
            for key in keys(name):
                connection.set(key, repr(time.time()), ex=EXPIRY_SECONDS)
    except redis.RedisError as error:
        print(f"No sign of life could be left: {error}", file=sys.stderr)


def age(name: str, on_this_host: bool = False) -> float | None:
    """Seconds since the last sign of life, or None when there is none; raises BrokerDown."""
    try:
        with client() as connection:
            value = connection.get(keys(name)[on_this_host])
    except redis.RedisError as error:
        raise BrokerDown(str(error)) from error
    return time.time() - float(value) if isinstance(value, bytes) else None


def defect(name: str) -> str | None:
    """What is wrong with the web, worker or beat of this host; None when nothing is."""
    if name == "web":
        address = f"http://127.0.0.1:{os.environ.get('PORT') or '8000'}/healthz"
        try:
            with urllib.request.urlopen(address, timeout=3):
                return None
        except OSError as error:
            return f"{address} does not answer: {error}"
    try:
        return None if age(name, on_this_host=True) is not None else f"No sign of life: {name}."
    except BrokerDown as down:
        return f"The broker does not answer: {down}"


if __name__ == "__main__":
    sys.exit(defect(sys.argv[1]))
