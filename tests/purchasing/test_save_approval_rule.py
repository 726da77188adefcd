from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from procure.errors import BusinessRuleError
from procure.models import BusinessEvent
from purchasing.approval_rules import save_approval_rule
from purchasing.models import ApprovalRule
from tests.purchasing.buying import a_rule, submitted
from tests.world import World

VALUES = {"name": "Large", "minimum_amount": Decimal(2500), "role": "approver", "step": 1}


def test_a_rule_is_added_and_changed_with_both_in_the_trail(inside: World) -> None:
    admin = inside.people["admin"]
    rule = save_approval_rule(None, values=VALUES, actor=admin)
    save_approval_rule(rule, values={"minimum_amount": Decimal(5000)}, actor=admin)
    assert ApprovalRule.objects.get().minimum_amount == 5000
    event = BusinessEvent.objects.get(kind="approval_rule.changed")
    assert event.payload["before"] == {"minimum_amount": "2500.0000"}
    assert event.payload["after"] == {"minimum_amount": "5000"}


@pytest.mark.parametrize(
    "changes", [{"name": " "}, {"minimum_amount": Decimal(-1)}, {"role": "ap_clerk"}]
)
def test_a_rule_that_cannot_work_is_refused(inside: World, changes: dict[str, Any]) -> None:
    with pytest.raises(BusinessRuleError) as refusal:
        save_approval_rule(None, values={**VALUES, **changes}, actor=inside.people["admin"])
    assert refusal.value.field in changes
    assert not ApprovalRule.objects.exists()
    assert not BusinessEvent.objects.exists()


def test_the_administrator_sets_rules_and_others_read_them(world: World) -> None:
    admin = world.client("admin")
    sent = {"name": "Large", "minimum_amount": "2500", "role": "approver", "step": "1"}
    path = world.url("settings/approval-rules/")
    assert admin.post(f"{path}new/", {**sent, "is_active": "on"}).status_code == 302
    assert "2,500.00" in world.client("auditor").get(path).content.decode()
    assert world.client("auditor").get(f"{path}new/").status_code == 403
    assert admin.post(f"{path}new/", {**sent, "minimum_amount": "-1"}).status_code == 422
    with world.inside():
        assert ApprovalRule.objects.count() == 1


def test_a_rule_out_of_use_asks_nobody(inside: World) -> None:
    a_rule(is_active=False)
    assert submitted(inside).status == "approved"
