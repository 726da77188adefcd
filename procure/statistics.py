"""What the planner knows of rows that were loaded in bulk."""

from __future__ import annotations

from django.db import connection

BULK_ROWS = 500


def refresh_statistics() -> None:
    """Lets the planner see rows that were just loaded, also this transaction's own.

    Without it a plan is made for empty tables, and a query over a fresh import of thousands of
    rows takes minutes instead of milliseconds until Postgres looks by itself.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT procure_refresh_statistics()")
