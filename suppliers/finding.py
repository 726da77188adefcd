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
    """The ids of rows that have every word of the text somewhere, nearest first; one statement."""
    patterns = word_patterns(text)
    if not patterns:
        return []
    beginning = _without_signs(text.strip()) + "%"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT suppliers_search(%s, upper(%s::text[]::text)::text[], upper(%s), %s)",
            [kind, patterns, beginning, most],
        )
        return [row_id for (row_id,) in cursor.fetchall()]


def find_skus(text: str, most: int = 8) -> list[Sku]:
    """Active SKUs by code, description or a supplier's own code, nearest first."""
    ids = found_ids("sku", text, most)
    rows = Sku.objects.filter(pk__in=ids, is_active=True).select_related("category")
    return sorted(rows, key=lambda sku: ids.index(sku.pk))


def find_suppliers(text: str, most: int = 8) -> list[Supplier]:
    """Suppliers by code or name, nearest first; archived ones are left out."""
    ids = found_ids("supplier", text, most)
    rows = Supplier.objects.filter(pk__in=ids).exclude(status__in=Supplier.GONE)
    return sorted(rows, key=lambda supplier: ids.index(supplier.pk))


def word_patterns(text: str) -> list[str]:
    """Each word as a pattern, the longest first, because it narrows most."""
    words = sorted(text.split(), key=len, reverse=True)
    return [f"%{_without_signs(word)}%" for word in words]


def _without_signs(text: str) -> str:
    return SIGNS_OF_PATTERNS.sub(ESCAPED, text)
