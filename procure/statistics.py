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


def refresh_outgrown_statistics() -> int:
    """The same for the tables alone that have grown to twice what the planner knows of them.

    Postgres looks once a minute, and only at what is committed. Until then an organization's first
    thousand documents are planned as one row, and joined with each other row by row. Answers how
    many tables were looked at; none while another worker is at it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT procure_refresh_outgrown_statistics()")
        (tables,) = cursor.fetchone()
    return int(tables)
