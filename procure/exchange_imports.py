"""Exchange rates as a table, in and out."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from procure.columns import currency, day, decimal
from procure.exports import Cells, ExportOptions, export_kind
from procure.imports import Batch, import_kind
from procure.models import ExchangeRate
from procure.upserts import Wish, upsert


@import_kind(
    "exchange_rates",
    currency("currency", required=True),
    currency("per_currency", required=True),
    decimal("rate", places=10, digits=20, above=Decimal(0), required=True),
    day("valid_from", required=True),
    key=lambda row: (row["currency"], row["per_currency"], row["valid_from"]),
)
def import_exchange_rates(batch: Batch) -> None:
    """Rates by pair and first day: one `currency` is `rate` units of `per_currency`."""
    days = {row["valid_from"] for row in batch.rows}
    stored = {
        (one.currency, one.per_currency, one.valid_from): one
        for one in ExchangeRate.objects.filter(valid_from__in=days).select_for_update(no_key=True)
    }
    wishes = []
    for row in batch.open_rows:
        if row["currency"] == row["per_currency"]:
            batch.refuse(row, "per_currency", "A currency has no rate to itself.")
            continue
        known = stored.get((row["currency"], row["per_currency"], row["valid_from"]))
        wishes.append(Wish(row, known, {**row}))
    upsert(batch, ExchangeRate, wishes)


@export_kind("exchange_rates")
def export_exchange_rates(_options: ExportOptions) -> Iterable[Cells]:
    """Every rate."""
    rates = ExchangeRate.objects.order_by("currency", "per_currency", "valid_from")
    return rates.values_list("currency", "per_currency", "rate", "valid_from")
