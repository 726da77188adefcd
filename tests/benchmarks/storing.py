"""A ledger that has grown: copies of captured invoices, written in bulk inside the database."""

from __future__ import annotations

from typing import Any

from django.db import connection, models

from matching.models import MatchResult, SupplierInvoice, SupplierInvoiceLine
from procure.statistics import refresh_statistics
from procure.tenancy import current_organization_id
from tests.benchmarks.measuring import say
from tests.world import World

COPIED = 10_000  # invoices per statement


def stored_lines(world: World) -> int:
    """How many invoice lines the organization has."""
    with world.inside():
        return int(SupplierInvoiceLine.objects.count())


def grow(world: World, lines: int) -> int:
    """Copies approved invoices, their lines and results until so many lines are stored.

    Each copy has a number, days and a total of its own, as a year's invoices do.
    """
    copy = 0
    while (stored := stored_lines(world)) < lines:
        copy += 1
        with world.inside():
            _copy(copy)
        if copy % 5 == 1:
            say(f"{stored:,} lines are stored.")
    with world.inside():
        refresh_statistics()
    return stored


def _copy(copy: int) -> None:
    invoice, line, result = (
        one._meta.db_table for one in (SupplierInvoice, SupplierInvoiceLine, MatchResult)
    )
    fresh = {
        "number": "old.number || '.C' || %(copy)s",
        "normalised_number": "old.normalised_number || 'C' || %(copy)s",
        "public_id": "gen_random_uuid()",
        "total_amount": "old.total_amount + %(copy)s * 0.37",
        "invoiced_on": "old.invoiced_on - %(copy)s * 9",
        "received_on": "old.received_on - %(copy)s * 9",
    }
    own = {"organization": current_organization_id(), "copy": copy, "most": COPIED}
    picked = f"""
        SELECT id FROM {invoice} WHERE organization_id = %(organization)s AND status = 'approved'
            AND position('.' in number) = 0 ORDER BY id LIMIT %(most)s
    """
    pairs = f"""
        SELECT old.id AS old_id, new.id AS new_id FROM {invoice} old JOIN {invoice} new
            ON new.organization_id = old.organization_id AND new.supplier_id = old.supplier_id
            AND new.number = old.number || '.C' || %(copy)s
        WHERE old.organization_id = %(organization)s
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _copying(SupplierInvoice, fresh, f"{invoice} old WHERE old.id IN ({picked})"), own
        )
        for model, table, changed in (
            (SupplierInvoiceLine, line, {"invoice_id": "pair.new_id"}),
            (MatchResult, result, {"invoice_id": "pair.new_id", "checks": "'[]'", "lines": "'[]'"}),
        ):
            source = f"{table} old JOIN ({pairs}) pair ON pair.old_id = old.invoice_id"
            cursor.execute(_copying(model, changed, source), own)


def _copying(model: type[models.Model], changed: dict[str, str], source: str) -> str:
    fields: list[Any] = [
        field
        for field in model._meta.concrete_fields
        if not field.primary_key and not field.generated
    ]
    columns = [str(field.column) for field in fields]
    values = ", ".join(changed.get(column, f'old."{column}"') for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    return f'INSERT INTO "{model._meta.db_table}" ({names}) SELECT {values} FROM {source}'
