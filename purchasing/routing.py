"""Who has to approve an order, by which rule: the same answer for the form and for submitting."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from procure.exchange import rates_on
from procure.models import Organization, User
from procure.money import ZERO
from procure.permissions import Role
from purchasing.models import ApprovalRule
from suppliers.approved_vendors import lineage_of
from suppliers.models import Category


@dataclass(frozen=True, slots=True)
class RouteStep:
    """One approval: anybody of `role`, or `approver` first when the rule names the owner."""

    step: int
    rule_name: str
    role: str
    approver: User | None
    minimum_amount: Decimal = ZERO
    is_for_exception: bool = False

    @property
    def role_name(self) -> str:
        return str(Role(self.role).label)


def approval_route(
    *,
    amount: Decimal | None,
    category: Category | None,
    needs_off_list_approver: bool,
    excluded: Collection[int] = (),
) -> list[RouteStep]:
    """The steps for an order of `amount` in the organization's currency, in at most two statements.

    Of the rules of one step the one with the highest minimum that fits counts; the steps add up.
    An amount that is unknown, for want of an exchange rate, meets every minimum. An exception from
    the approved vendor list adds the rules made for it, or the sourcing lead when there are none.
    `excluded` are people who cannot approve it, such as its buyer: the role stands in for them.
    """
    fitting: dict[tuple[int, bool], ApprovalRule] = {}
    for rule in ApprovalRule.objects.filter(is_active=True).order_by(
        "step", "off_list_only", "minimum_amount", "pk"
    ):
        reaches = amount is None or amount >= rule.minimum_amount
        if reaches and (needs_off_list_approver or not rule.off_list_only):
            fitting[rule.step, rule.off_list_only] = rule
    owner = (
        category_owner(category)
        if any(rule.by_category_owner for rule in fitting.values())
        else None
    )
    if owner and owner.pk in excluded:
        owner = None
    steps = [
        RouteStep(
            number,
            rule.name,
            rule.role,
            owner if rule.by_category_owner else None,
            rule.minimum_amount,
            rule.off_list_only,
        )
        for number, rule in enumerate(fitting.values(), start=1)
    ]
    if needs_off_list_approver and not any(off_list for _, off_list in fitting):
        steps.append(
            RouteStep(
                len(steps) + 1,
                "Supplier off the approved list",
                Role.SOURCING_LEAD,
                None,
                is_for_exception=True,
            )
        )
    return steps


def category_owner(category: Category | None) -> User | None:
    """The owner of the category or of its nearest ancestor that has one: one statement."""
    if category is None:
        return None
    lineage = lineage_of(category)
    owned = {
        found.pk: found.owner
        for found in Category.objects.filter(pk__in=lineage, owner__isnull=False).select_related(
            "owner"
        )
    }
    return next((owned[pk] for pk in lineage if pk in owned), None)


def in_organization_currency(
    amount: Decimal, currency: str, organization: Organization, on: date
) -> Decimal | None:
    """The amount in the organization's currency by that day's rate; None when there is no rate."""
    if currency == organization.currency:
        return amount
    return rates_on(on).convert(amount, currency, organization.currency)
