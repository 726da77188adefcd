"""What was ordered off the approved vendor list: the same lines for the report and the export."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import django_filters
from django.db.models import Count, QuerySet, Sum

from procure.models import User
from procure.money import ZERO
from purchasing.models import PurchaseOrder, PurchaseOrderLine
from suppliers.filters import TreeFilterSet, choice_filter, words_filter
from suppliers.finding import found_ids

Lines = QuerySet[PurchaseOrderLine]
_Reasons = PurchaseOrder.OffListReason

GROUPINGS = {
    "reason": ("Reason", "order__off_list_reason"),
    "category": ("Category", "sku__category__name"),
    "supplier": ("Supplier", "order__supplier__name"),
    "buyer": ("Buyer", "order__created_by__full_name"),
}
NO_NAME = {"reason": "No reason asked", "buyer": "Imported"}


@dataclass(slots=True)
class ExceptionSum:
    """Exceptions of one kind: how many orders, and the amounts by currency."""

    name: str
    orders: int = 0
    amounts: list[tuple[Decimal, str]] = field(default_factory=list)


def exception_lines() -> Lines:
    """Order lines off the approved vendor list or from a provisional supplier, drafts and
    cancelled orders left out, with everything their rows name."""
    lines: Lines = PurchaseOrderLine.objects.filter(list_standing__in=PurchaseOrderLine.EXCEPTIONS)
    return lines.exclude(
        order__status__in=[PurchaseOrder.Status.DRAFT, PurchaseOrder.Status.CANCELLED]
    ).select_related("order__supplier", "order__created_by", "sku__category")


def exception_groups(lines: Lines, by: str) -> list[ExceptionSum]:
    """The lines in sum by reason, category, supplier or buyer, most orders first: one statement."""
    _, column = GROUPINGS[by]
    rows: Iterable[tuple[Any, ...]] = (
        lines.order_by()
        .values_list(column, "order__currency")
        .annotate(orders=Count("order", distinct=True), amount=Sum("amount"))
    )
    groups: dict[str, ExceptionSum] = defaultdict(lambda: ExceptionSum(""))
    for name, currency, orders, amount in rows:
        words = dict(_Reasons.choices).get(name, name) if by == "reason" else name
        group = groups[words or NO_NAME.get(by, "–")]
        group.name = str(words or NO_NAME.get(by, "–"))
        group.orders += orders
        group.amounts.append((amount or ZERO, currency))
    return sorted(groups.values(), key=lambda one: (-one.orders, one.name))


def _buyers(request: Any) -> QuerySet[User]:
    drafted = PurchaseOrder.objects.filter(
        lines__list_standing__in=PurchaseOrderLine.EXCEPTIONS, created_by__isnull=False
    )
    return User.objects.filter(pk__in=drafted.values("created_by")).order_by("full_name")


class ListExceptionFilter(TreeFilterSet):
    """Exceptions by supplier, category, reason and buyer."""

    q = words_filter("Supplier")
    reason = choice_filter("Reason", _Reasons.choices, field_name="order__off_list_reason")
    buyer = django_filters.ModelChoiceFilter(
        label="Buyer", queryset=_buyers, field_name="order__created_by", empty_label="Buyer"
    )
    category_path = "sku__category__lineage__contains"

    class Meta:
        model = PurchaseOrderLine
        fields = ["q", "category", "reason", "buyer"]

    def with_words(self, rows: Lines, name: str, value: str) -> Lines:
        return rows.filter(order__supplier_id__in=found_ids("supplier", value))
