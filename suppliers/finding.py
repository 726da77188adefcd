"""Finding SKUs and suppliers by parts of words: in the order form, in lists, in the top bar."""

from __future__ import annotations

import re
from typing import Literal

from django.db import connection

from suppliers.models import Sku, Supplier

MOST_LISTED = 1000
"""A list filtered by words ends here; nobody pages further, they add a word."""

SIGNS_OF_PATTERNS, ESCAPED = re.compile(r"[%_\\]"), r"\\\g<0>"

Kind = Literal["sku", "supplier"]


def found_ids(kind: Kind, text: str, most: int = MOST_LISTED) -> list[int]:
    """The ids of rows that have every word of the text somewhere, in one statement."""
    patterns = word_patterns(text)
    if not patterns:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT suppliers_search(%s, upper(%s::text[]::text)::text[], %s)",
            [kind, patterns, most],
        )
        return [row_id for (row_id,) in cursor.fetchall()]


def find_skus(text: str, most: int = 8) -> list[Sku]:
    """Active SKUs by code, description or a supplier's own code: codes that begin so come first."""
    rows = Sku.objects.filter(pk__in=found_ids("sku", text), is_active=True)
    found = rows.select_related("category")
    return sorted(found, key=lambda sku: _closeness(sku.code, sku.description, text))[:most]


def find_suppliers(text: str, most: int = 8) -> list[Supplier]:
    """Suppliers by code or name, archived ones left out."""
    rows = Supplier.objects.filter(pk__in=found_ids("supplier", text))
    found = rows.exclude(status=Supplier.Status.ARCHIVED)
    return sorted(found, key=lambda one: _closeness(one.code, one.name, text))[:most]


def word_patterns(text: str) -> list[str]:
    """Each word as a pattern, the longest first, because it narrows most."""
    words = sorted(text.split(), key=len, reverse=True)
    return [f"%{SIGNS_OF_PATTERNS.sub(ESCAPED, word)}%" for word in words]


def _closeness(code: str, name: str, text: str) -> tuple[bool, bool, str]:
    wanted = text.strip().upper()
    return (
        not code.upper().startswith(wanted),
        not name.upper().startswith(wanted),
        code,
    )
