"""How much of a category was ordered past its agreements and past the approved vendor list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Count, Q, Sum

from procure.exchange import Rates, rates_on
from procure.money import ZERO
from purchasing.models import PurchaseOrder, PurchaseOrderLine
from suppliers.models import Category

YEAR = timedelta(days=365)
SENT = (PurchaseOrder.Status.ISSUED, PurchaseOrder.Status.CLOSED)


@dataclass(slots=True)
class SpendPast:
    """Ordered value of some lines, in the organization's currency."""

    amount: Decimal = ZERO
    lines: int = 0


@dataclass(frozen=True, slots=True)
class CategorySpend:
    """What was ordered of a category and below since a day: all, off the list, off contract.

    Off contract is a line for which no agreement had a price on the order's day. Currencies
    without a rate are left out and named.
    """

    since: date
    currency: str
    ordered: SpendPast
    off_list: SpendPast
    off_contract: SpendPast
    unconverted: list[str]

    def percent(self, part: SpendPast) -> Decimal | None:
        """A part of the whole by value."""
        return 100 * part.amount / self.ordered.amount if self.ordered.amount else None

    @property
    def off_list_percent(self) -> Decimal | None:
        return self.percent(self.off_list)

    @property
    def off_contract_percent(self) -> Decimal | None:
        return self.percent(self.off_contract)


def category_spend(category: Category, currency: str, on: date) -> CategorySpend:
    """The orders of the last 365 days that were sent, in one statement, two with other currencies."""
    lines = PurchaseOrderLine.objects.filter(
        sku__category__lineage__contains=[category.pk],
        order__status__in=SENT,
        order__issued_on__gt=on - YEAR,
        order__issued_on__lte=on,
    )
    off_list = Q(list_standing=PurchaseOrderLine.ListStanding.OFF_LIST)
    off_contract = Q(agreed_price__isnull=True)
    rows = list(
        lines.values("order__currency")
        .annotate(
            amount_sum=Sum("amount"),
            line_count=Count("id"),
            off_list_sum=Sum("amount", filter=off_list, default=ZERO),
            off_list_count=Count("id", filter=off_list),
            off_contract_sum=Sum("amount", filter=off_contract, default=ZERO),
            off_contract_count=Count("id", filter=off_contract),
        )
        .order_by("order__currency")
    )
    foreign = any(row["order__currency"] != currency for row in rows)
    rates = rates_on(on) if foreign else Rates({})
    spend = CategorySpend(on - YEAR, currency, SpendPast(), SpendPast(), SpendPast(), [])
    for row in rows:
        one = rates.convert(Decimal(1), row["order__currency"], currency)
        if one is None:
            spend.unconverted.append(row["order__currency"])
            continue
        for part, name in (
            (spend.off_list, "off_list"),
            (spend.off_contract, "off_contract"),
        ):
            part.amount += row[f"{name}_sum"] * one
            part.lines += row[f"{name}_count"]
        spend.ordered.amount += row["amount_sum"] * one
        spend.ordered.lines += row["line_count"]
    return spend
