"""Secrets of organizations, kept so that the database alone does not tell them.

seal("text")        what is stored
unseal(sealed)      the text again

The key follows from SECRET_KEY: under another one nothing can be unsealed, and the secret has to
be given again.
"""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings

from procure.errors import BusinessRuleError


def seal(secret: str) -> str:
    """The secret as it is stored; twice the same secret is stored in two ways."""
    return _box().encrypt(secret.encode()).decode()


def unseal(sealed: str) -> str:
    """The secret. Refused: what was sealed under another SECRET_KEY, or changed since."""
    try:
        return _box().decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise BusinessRuleError(
            "sealed", "The stored password cannot be read any more. Give it again."
        ) from error


def _box() -> Fernet:
    key = hashlib.blake2b(settings.SECRET_KEY.encode(), digest_size=32, person=b"procure-seal")
    return Fernet(base64.urlsafe_b64encode(key.digest()))
