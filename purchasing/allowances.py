"""What is left of a provisional admission: its orders and their spend, counted from the orders.

The approved list says that a supplier is admitted and how far (`suppliers.approved_vendors`); only
here is it known what was ordered under the admission. An order counts from its submission until
it is cancelled; nothing is stored that could disagree.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from django.db.models import Count, F, Sum

from procure.exchange import rates_on
from procure.models import Organization
from procure.money import ZERO, plain_decimal, round_money
from procure.tenancy import current_organization_id
from purchasing.models import PurchaseOrder, PurchaseOrderLine
from suppliers.approved_vendors import OFF_LIST, ListDecision
from suppliers.models import ProvisionalAdmission

_Status = PurchaseOrder.Status
COUNTED = (_Status.SUBMITTED, _Status.APPROVED, _Status.ISSUED, _Status.CLOSED)

STILL_ORDERED = (
    F("amount") * (F("ordered_quantity") - F("cancelled_quantity")) / F("ordered_quantity")
)
"""A line's amount without what was cancelled of it, in the order's currency."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What was ordered under an admission; `spend` is in the organization's currency, None when
    a rate is missing."""

    orders: int = 0
    spend: Decimal | None = ZERO


@dataclass(frozen=True, slots=True)
class AskedOrder:
    """What an order would commit to, whether it stands so or is changed so: (SKU id, amount) pairs
    in its currency."""

    order_id: int
    currency: str
    amounts: Sequence[tuple[int, Decimal]]

    @classmethod
    def of(cls, order: PurchaseOrder, lines: Sequence[PurchaseOrderLine]) -> AskedOrder:
        """The order as it stands."""
        return cls(order.pk, order.currency, [(line.sku_id, line.amount) for line in lines])


def hold_admissions(admission_ids: Collection[int]) -> None:
    """Locks these admissions, so that two orders cannot both take what is left. What was read of
    them before is asked anew."""
    rows = ProvisionalAdmission.objects.filter(pk__in=admission_ids)
    list(rows.select_for_update(no_key=True, of=("self",)).order_by("pk"))


def admission_usage(
    admission_ids: Collection[int], on: date, *, without: int | None = None
) -> dict[int, Usage]:
    """What each admission's orders used, but for the order `without`: three statements."""
    rows = (
        PurchaseOrderLine.objects.filter(
            list_admission__in=admission_ids, order__status__in=COUNTED
        )
        .exclude(order=without)
        .order_by()
        .values_list("list_admission", "order__currency")
        .annotate(orders=Count("order", distinct=True), spend=Sum(STILL_ORDERED))
    )
    usage = dict.fromkeys(admission_ids, Usage())
    in_organization_currency = Converter(on)
    for admission_id, currency, orders, spend in rows:
        before = usage[admission_id]
        more = in_organization_currency(spend or ZERO, currency)
        total = None if more is None or before.spend is None else before.spend + more
        usage[admission_id] = Usage(before.orders + orders, total)
    return usage


class Converter:
    """Amounts of several currencies in the organization's, by one day's rates."""

    def __init__(self, on: date) -> None:
        self.currency = str(
            Organization.objects.values_list("currency", flat=True).get(
                pk=current_organization_id()
            )
        )
        self.rates = rates_on(on)

    def __call__(self, amount: Decimal, currency: str) -> Decimal | None:
        converted = self.rates.convert(amount, currency, self.currency)
        return None if converted is None else round_money(converted, self.currency)


def within_allowances(
    decisions: Mapping[int, ListDecision], asked: AskedOrder | None, on: date
) -> dict[int, ListDecision]:
    """The same decisions by SKU id, those refused whose admission is used up by all other orders
    and the one that asks. Without an admission in play no statement is made."""
    admitted = {d.admission_id for d in decisions.values() if d.admission_id and not d.is_blocked}
    if not admitted:
        return dict(decisions)
    admissions = ProvisionalAdmission.objects.select_related("category").in_bulk(admitted)
    used = admission_usage(admitted, on, without=asked.order_id if asked else None)
    wanted = _wanted(decisions, asked, on) if asked else {}
    refusals = {
        admission_id: sentence
        for admission_id, admission in admissions.items()
        if (sentence := what_is_used_up(admission, used[admission_id], wanted.get(admission_id)))
    }
    return {key: _refused(one, refusals) for key, one in decisions.items()}


def what_is_used_up(admission: ProvisionalAdmission, used: Usage, asked: Usage | None) -> str:
    """The sentence that refuses one more order of that spend, or any order when none is named."""
    place, spend = admission.category.name, used.spend
    wanted = asked.spend if asked else ZERO
    if used.orders >= admission.maximum_orders:
        placed = f"{used.orders} of {admission.maximum_orders} orders are placed"
        return f"The provisional admission for {place} is used up: {placed}."
    if spend is None or wanted is None:
        return f"The spend under the admission for {place} is unknown: an exchange rate is missing."
    left = admission.maximum_spend - spend
    if left <= ZERO or wanted > left:
        most = plain_decimal(admission.maximum_spend)
        return (
            f"The provisional admission for {place} allows {most}; {plain_decimal(spend)} is "
            f"ordered already{f' and this order adds {plain_decimal(wanted)}' if wanted else ''}."
        )
    return ""


def _wanted(decisions: Mapping[int, ListDecision], asked: AskedOrder, on: date) -> dict[int, Usage]:
    """What this order would use of each admission."""
    sums: dict[int, Decimal] = {}
    for sku_id, amount in asked.amounts:
        admission_id = decisions[sku_id].admission_id
        if admission_id is not None:
            sums[admission_id] = sums.get(admission_id, ZERO) + amount
    convert = Converter(on)
    return {key: Usage(1, convert(amount, asked.currency)) for key, amount in sums.items()}


def _refused(decision: ListDecision, refusals: Mapping[int, str]) -> ListDecision:
    sentence = refusals.get(decision.admission_id or 0)
    if sentence is None or decision.is_blocked:
        return decision
    return replace(decision, standing=OFF_LIST, missing=sentence, is_blocked=True)
