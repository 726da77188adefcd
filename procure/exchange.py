"""Amounts of several currencies side by side: for comparing, never for a document."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from procure.models import ExchangeRate


@dataclass(frozen=True, slots=True)
class Rates:
    """The latest rate of each pair of currencies on a day."""

    per_pair: dict[tuple[str, str], Decimal]

    def convert(self, amount: Decimal, currency: str, into: str) -> Decimal | None:
        """The amount in another currency, unrounded; None when no rate leads there."""
        if currency == into:
            return amount
        if rate := self.per_pair.get((currency, into)):
            return amount * rate
        if rate := self.per_pair.get((into, currency)):
            return amount / rate
        return None


def rates_on(day: date) -> Rates:
    """The rates in force on that day, in one statement."""
    rows = (
        ExchangeRate.objects.filter(valid_from__lte=day)
        .order_by("currency", "per_currency", "-valid_from")
        .distinct("currency", "per_currency")
        .values_list("currency", "per_currency", "rate")
    )
    return Rates({(currency, per): rate for currency, per, rate in rows})
