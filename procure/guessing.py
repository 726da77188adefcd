"""Guessing passwords is slow: after some wrong ones nobody signs in from there for a while.

It stands before every way to sign in, the admin's too. Counted are the wrong tries for one account
from one address, and all wrong tries from one address; somebody elsewhere signs in as before.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_login_failed
from django.core.exceptions import PermissionDenied
from django.dispatch import receiver
from django.http import HttpRequest

from procure.rate_limits import count_once_more, how_often, sender_address

MOST_WRONG_PASSWORDS = 10
MOST_WRONG_FROM_ADDRESS = 100
WRONG_PASSWORDS_SECONDS = 600


class PutOffGuessing:
    """The first authentication backend: it lets nobody in, and stops who has guessed too often."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, **_: Any
    ) -> None:
        """Refuses before any password is looked at."""
        if request is not None and is_put_off(request, username or ""):
            raise PermissionDenied


def is_put_off(request: HttpRequest, email: str) -> bool:
    """Whether this account takes no password from this address just now."""
    for_account, from_address = how_often(*_keys(request, email))
    return for_account >= MOST_WRONG_PASSWORDS or from_address >= MOST_WRONG_FROM_ADDRESS


@receiver(user_login_failed)
def count_wrong_password(
    credentials: dict[str, Any], request: HttpRequest | None = None, **_: object
) -> None:
    """One wrong try more."""
    if request is not None:
        for key in _keys(request, str(credentials.get("username") or "")):
            count_once_more(key, WRONG_PASSWORDS_SECONDS)


def _keys(request: HttpRequest, email: str) -> tuple[str, str]:
    address = sender_address(request)
    return (
        f"wrong-passwords:{address}:{email.strip().lower()}",
        f"wrong-passwords-from:{address}",
    )
