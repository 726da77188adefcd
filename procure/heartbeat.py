"""Signs of life of the worker and of beat, kept in Redis for `/readyz` and the health checks.

No Django here: `python -m procure.heartbeat worker` runs as a container's health check every few
seconds and must be light.
"""

import os
import sys
import time

import redis

EXPIRY_SECONDS = 30


class BrokerDown(Exception):
    """Redis does not answer."""


def client() -> redis.Redis:
    """A short-tempered connection: a frozen broker must not freeze who asks."""
    url = os.environ.get("REDIS_URL") or "redis://127.0.0.1:6379/0"
    return redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1)


def give(name: str) -> None:
    """Leave a sign of life that fades after EXPIRY_SECONDS; a broker that is down is no error here."""
    try:
        with client() as connection:
            connection.set(f"procure:heartbeat:{name}", repr(time.time()), ex=EXPIRY_SECONDS)
    except redis.RedisError as error:
        print(f"No sign of life could be left: {error}", file=sys.stderr)


def age(name: str) -> float | None:
    """Seconds since the last sign of life, or None when there is none; raises BrokerDown."""
    try:
        with client() as connection:
            value = connection.get(f"procure:heartbeat:{name}")
    except redis.RedisError as error:
        raise BrokerDown(str(error)) from error
    return time.time() - float(value) if isinstance(value, bytes) else None


if __name__ == "__main__":
    try:
        sys.exit(0 if age(sys.argv[1]) is not None else f"No sign of life from {sys.argv[1]}.")
    except BrokerDown as down:
        sys.exit(f"The broker does not answer: {down}")
