"""The rules that say who approves: set by the administrator, read at each submission."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from procure.documents import lock
from procure.errors import BusinessRuleError
from procure.events import record
from procure.models import User
from procure.money import ZERO
from procure.permissions import Role, may
from purchasing.models import ApprovalRule

RULE_FIELDS = (
    "name",
    "minimum_amount",
    "role",
    "by_category_owner",
    "off_list_only",
    "step",
    "is_active",
)


@transaction.atomic
def save_approval_rule(
    rule: ApprovalRule | None, *, values: dict[str, Any], actor: User
) -> ApprovalRule:
    """Adds a rule or changes one; orders that wait already keep the route they were given.

    Refused: no name, a negative amount, a role that may not approve orders.
    """
    is_new = rule is None
    rule = ApprovalRule() if rule is None else lock(rule)
    before = {name: str(getattr(rule, name)) for name in values}
    for name, value in values.items():
        if name not in RULE_FIELDS:
            raise KeyError(name)
        setattr(rule, name, value)
    if not rule.name.strip():
        raise BusinessRuleError("name", "Give the rule a name.", "name")
    if rule.minimum_amount < ZERO:
        raise BusinessRuleError("amount", "An amount starts at zero.", "minimum_amount")
    if not may([rule.role], "orders.approve"):
        raise BusinessRuleError(
            "role", f"A person with the role {Role(rule.role).label} cannot approve.", "role"
        )
    rule.save()
    record(
        "approval_rule.added" if is_new else "approval_rule.changed",
        rule,
        actor=actor,
        summary=f"Approval rule “{rule.name}” was {'added' if is_new else 'changed'}.",
        before={} if is_new else before,
        after={name: str(getattr(rule, name)) for name in values},
    )
    return rule
