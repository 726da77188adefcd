"""Budgets as a table, in and out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from procure.columns import code, currency, day, decimal
from procure.exports import Cells, ExportOptions, export_kind
from procure.imports import Batch, Row, import_kind
from procure.models import Organization
from procure.tenancy import current_organization_id
from procure.upserts import Wish, upsert
from purchasing.models import Budget


@import_kind(
    "budgets",
    code("cost_center", 60, required=True),
    day("period_start", required=True),
    day("period_end", required=True),
    decimal("amount", places=4, digits=18, required=True),
    currency("currency"),
    key=lambda row: (row["cost_center"], row["period_start"]),
)
def import_budgets(batch: Batch) -> None:
    """Budgets by cost center and first day; a blank currency is the organization's.

    Refused: a period that ends before it starts, a negative amount, a period that overlaps another
    one of the cost center, stored or in the file.
    """
    own = Organization.objects.get(pk=current_organization_id()).currency
    centers = {row["cost_center"] for row in batch.rows}
    stored = list(
        Budget.objects.filter(cost_center__in=centers).select_for_update(no_key=True).order_by("pk")
    )
    known = {(one.cost_center, one.period_start): one for one in stored}
    periods = [
        (one.cost_center, one.period_start, one.period_end)
        for one in stored
        if (one.cost_center, one.period_start)
        not in {(row["cost_center"], row["period_start"]) for row in batch.rows}
    ]
    wishes = []
    for row in batch.open_rows:
        if not _is_refused(batch, row, periods):
            periods.append((row["cost_center"], row["period_start"], row["period_end"]))
            values = {**row, "currency": row["currency"] or own}
            wishes.append(Wish(row, known.get((row["cost_center"], row["period_start"])), values))
    upsert(batch, Budget, wishes)


def _is_refused(batch: Batch, row: Row, periods: Sequence[tuple[str, date, date]]) -> bool:
    start, end = row["period_start"], row["period_end"]
    if row["amount"] < Decimal(0):
        batch.refuse(row, "amount", "A budget starts at zero.")
    elif end < start:
        batch.refuse(row, "period_end", "The period ends before it starts.")
    elif any(
        center == row["cost_center"] and first <= end and start <= last
        for center, first, last in periods
    ):
        batch.refuse(row, "period_start", "Another budget of this cost center has these days.")
    else:
        return False
    return True


@export_kind("budgets")
def export_budgets(_options: ExportOptions) -> Iterable[Cells]:
    """Every budget."""
    return Budget.objects.order_by("cost_center", "period_start").values_list(
        "cost_center", "period_start", "period_end", "amount", "currency"
    )
