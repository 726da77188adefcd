"""Budgets: set per cost center and period, and what orders leave of them.

An order belongs to the period in which its goods are needed, or today's while no day is given.
Committed is what was submitted, approved, issued or closed, without what was cancelled. A budget
refuses nothing: the buyer and the approvers see what is left.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from procure.documents import lock
from procure.errors import BusinessRuleError
from procure.events import record
from procure.exchange import rates_on
from procure.figures import money
from procure.models import User
from procure.money import ZERO, round_money
from procure.tenancy import current_organization_id
from purchasing.models import Budget, PurchaseOrder

BUDGET_FIELDS = ("cost_center", "period_start", "period_end", "amount", "currency")

_STATE = """
SELECT budget.amount, budget.currency, budget.period_start, budget.period_end,
       spent.currency, spent.value
FROM purchasing_budget AS budget
LEFT JOIN LATERAL (
  SELECT document.currency,
         sum(round((line.ordered_quantity - line.cancelled_quantity) * line.unit_price, 2)) AS value
  FROM purchasing_purchaseorder AS document
  JOIN purchasing_purchaseorderline AS line
    ON line.organization_id = document.organization_id AND line.order_id = document.id
  WHERE document.organization_id = budget.organization_id
    AND document.cost_center = budget.cost_center
    AND document.status IN ('submitted', 'approved', 'issued', 'closed')
    AND coalesce(document.needed_on, document.issued_on, document.submitted_at::date)
        BETWEEN budget.period_start AND budget.period_end
    AND document.id IS DISTINCT FROM %s
  GROUP BY document.currency
) AS spent ON true
WHERE budget.organization_id = %s AND budget.cost_center = %s
  AND %s BETWEEN budget.period_start AND budget.period_end
"""


@dataclass(frozen=True, slots=True)
class BudgetState:
    """A cost center's budget with what other orders commit and what this one adds, in the
    budget's currency. `is_exact` is off where an amount has no exchange rate and is left out."""

    cost_center: str
    period_start: date
    period_end: date
    amount: Decimal
    currency: str
    committed: Decimal
    this_order: Decimal
    is_exact: bool = True

    @property
    def left(self) -> Decimal:
        return self.amount - self.committed - self.this_order

    @property
    def is_over(self) -> bool:
        return self.left < ZERO

    @property
    def tone(self) -> str:
        """Red when it is over, amber when less than a tenth is left."""
        if self.is_over:
            return "bad"
        return "warn" if self.left * 10 < self.amount else ""

    @property
    def words(self) -> str:
        """What is left, as a person says it."""
        if self.is_over:
            return f"over by {money(-self.left, self.currency)}"
        return f"{money(self.left, self.currency)} left after this order"


def budget_state(order: PurchaseOrder, total: Decimal) -> BudgetState | None:
    """The order's budget with `total` of the order's currency on it: one statement, and one for
    exchange rates where currencies differ. None without a cost center or a budget."""
    if not order.cost_center:
        return None
    day = order.needed_on or timezone.localdate()
    with connection.cursor() as cursor:
        cursor.execute(_STATE, [order.pk, current_organization_id(), order.cost_center, day])
        rows = cursor.fetchall()
    if not rows:
        return None
    amount, currency, start, end = rows[0][:4]
    spent = [(code, value) for *_, code, value in rows if code is not None]
    converted = [_in(currency, code, value) for code, value in spent]
    own = _in(currency, order.currency, total)
    return BudgetState(
        order.cost_center,
        start,
        end,
        amount,
        currency,
        sum((value for value in converted if value is not None), ZERO),
        own or ZERO,
        own is not None and None not in converted,
    )


def _in(wanted: str, currency: str, value: Decimal) -> Decimal | None:
    if currency == wanted:
        return value
    converted = rates_on(timezone.localdate()).convert(value, currency, wanted)
    return None if converted is None else round_money(converted, wanted)


@transaction.atomic
def save_budget(budget: Budget | None, *, values: dict[str, Any], actor: User) -> Budget:
    """Adds a budget or changes one.

    Refused: no cost center, a period that ends before it starts, a negative amount, a period that
    overlaps another one of the cost center.
    """
    is_new = budget is None
    budget = Budget() if budget is None else lock(budget)
    before = {name: str(getattr(budget, name)) for name in BUDGET_FIELDS}
    for name in BUDGET_FIELDS:
        value = values[name]
        setattr(budget, name, value.strip() if isinstance(value, str) else value)
    require_budget(budget)
    after = {name: str(getattr(budget, name)) for name in BUDGET_FIELDS}
    if before == after:
        return budget
    budget.save()
    record(
        "budget.added" if is_new else "budget.changed",
        budget,
        actor=actor,
        summary=f"{budget}: {money(budget.amount, budget.currency)} {budget.currency}.",
        before={} if is_new else before,
        after=after,
    )
    return budget


def require_budget(budget: Budget) -> None:
    """Refuses what the table would refuse, in words."""
    if not budget.cost_center:
        raise BusinessRuleError("cost_center", "Name the cost center.", "cost_center")
    if budget.amount < ZERO:
        raise BusinessRuleError("amount", "A budget starts at zero.", "amount")
    if budget.period_end < budget.period_start:
        raise BusinessRuleError("period", "The period ends before it starts.", "period_end")
    other = overlapping(budget)
    if other is not None:
        raise BusinessRuleError("overlap", f"There is a budget already: {other}.", "period_start")


def overlapping(budget: Budget) -> Budget | None:
    """Another budget of the same cost center on one of the same days."""
    found: Budget | None = (
        Budget.objects.filter(
            cost_center=budget.cost_center,
            period_start__lte=budget.period_end,
            period_end__gte=budget.period_start,
        )
        .exclude(pk=budget.pk)
        .first()
    )
    return found
