"""The choice of a supplier that is not approved, beside the best approved one."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.utils import timezone

from procure.models import User
from procure.money import ZERO
from purchasing.models import PurchaseOrder
from purchasing.off_list import ListCheck
from purchasing.order_form import ranking
from purchasing.routing import RouteStep, approval_route, in_organization_currency
from suppliers.models import Supplier
from suppliers.sourcing import RankedSupplier


@dataclass(frozen=True, slots=True)
class FrictionSide:
    """One card: a ranked supplier and who would have to approve."""

    row: RankedSupplier
    steps: list[RouteStep]

    @property
    def approvers(self) -> int:
        return len(self.steps)


@dataclass(frozen=True, slots=True)
class FrictionChoice:
    """What is given up and what is won; `best` is None when no supplier is approved."""

    picked: FrictionSide
    best: FrictionSide | None
    category: str

    @property
    def is_cheaper(self) -> bool:
        """Whether the supplier that is not approved costs less: honest friction says so."""
        cost = self.picked.row.compared_cost
        best = self.best.row.compared_cost if self.best else None
        return cost is not None and best is not None and cost < best

    @property
    def saved(self) -> Decimal:
        """By how much it costs less, in the organization's currency; zero when it does not."""
        if self.best is None or not self.is_cheaper:
            return ZERO
        cost, best = self.picked.row.compared_cost, self.best.row.compared_cost
        return (best or ZERO) - (cost or ZERO)

    @property
    def difference_percent(self) -> Decimal | None:
        cost = self.picked.row.compared_cost
        best = self.best.row.compared_cost if self.best else None
        return (cost - best) / best * 100 if cost is not None and best else None

    @property
    def added(self) -> str:
        """The approvers that only the exception asks."""
        usual = {step.rule_name for step in self.best.steps} if self.best else set()
        extra = [step for step in self.picked.steps if step.rule_name not in usual]
        return ", ".join(str(step.approver or step.role_name) for step in extra)


def friction_choice(order: PurchaseOrder, picked: Supplier | None, actor: User) -> FrictionChoice:
    """Both sides for the order as it stands; the ranking is asked with the picked one in it."""
    order.supplier = picked or order.supplier
    rows = ranking(order)
    mine = next(row for row in rows if row.supplier.pk == order.supplier_id)
    best = next((row for row in rows if row.is_suggested and not row.decision.is_blocked), None)
    return FrictionChoice(
        picked=FrictionSide(mine, _steps(order, mine, actor)),
        best=FrictionSide(best, _steps(order, best, actor)) if best else None,
        category=order.category.name if order.category else "this category",
    )


def _steps(order: PurchaseOrder, row: RankedSupplier, actor: User) -> list[RouteStep]:
    amount = None
    if row.order_cost is not None:
        amount = in_organization_currency(
            row.order_cost, row.supplier.currency, order.organization, timezone.localdate()
        )
    check = ListCheck({0: row.decision})
    return approval_route(
        amount=amount if row.order_cost is not None else Decimal(0),
        category=order.category,
        needs_off_list_approver=check.needs_approver,
        excluded={actor.pk},
    )
