from __future__ import annotations

import pytest

from procure.errors import BusinessRuleError
from procure.models import BusinessEvent, Membership, User
from purchasing.approving import send_back_purchase_order, withdraw_purchase_order
from purchasing.models import Approval, PurchaseOrder
from suppliers.models import Category, Supplier
from tests.purchasing.buying import a_rule, approve, submitted
from tests.world import World


@pytest.fixture
def order(inside: World) -> PurchaseOrder:
    a_rule()
    return submitted(inside)


def refused(order: PurchaseOrder, actor: User, **shown: object) -> str:
    before = list(Approval.objects.values()), BusinessEvent.objects.count()
    with pytest.raises(BusinessRuleError) as refusal:
        approve(order, actor, **shown)
    assert (list(Approval.objects.values()), BusinessEvent.objects.count()) == before
    assert PurchaseOrder.objects.get(pk=order.pk).status == "submitted"
    return refusal.value.code


def test_the_last_step_approves_what_was_shown(inside: World, order: PurchaseOrder) -> None:
    approved = approve(order, inside.people["approver"], comment="Fine")
    assert approved.status == "approved"
    approval = Approval.objects.get()
    assert (approval.status, approval.decided_by, approval.comment) == (
        "approved", inside.people["approver"], "Fine",
    )  # fmt: skip
    event = BusinessEvent.objects.get(kind="purchase_order.approved")
    assert event.payload["content_hash"] == approval.content_hash


def test_steps_are_taken_in_turn_by_different_people(inside: World) -> None:
    a_rule(name="First")
    a_rule(name="Second", step=2, role="operations_lead")
    order = submitted(inside)
    lead = inside.people["operations_lead"]
    assert refused(order, lead) == "not_asked"
    Membership.objects.filter(user=lead).update(roles=["approver", "operations_lead"])
    assert approve(order, lead).status == "submitted"
    assert refused(order, lead) == "four_eyes"
    Membership.objects.filter(user=inside.people["approver"]).update(roles=["operations_lead"])
    assert approve(order, inside.people["approver"]).status == "approved"
    assert BusinessEvent.objects.filter(kind="purchase_order.step_approved").count() == 1


def test_nobody_approves_his_own_order(inside: World, order: PurchaseOrder) -> None:
    Membership.objects.filter(user=inside.people["buyer"]).update(roles=["buyer", "approver"])
    assert refused(order, inside.people["buyer"]) == "four_eyes"


def test_the_database_keeps_four_eyes_too(inside: World, order: PurchaseOrder) -> None:
    from django.db import IntegrityError, transaction

    with pytest.raises(IntegrityError, match="four_eyes"), transaction.atomic():
        Approval.objects.update(
            status="approved", decided_by=inside.people["buyer"], decided_at=order.created_at
        )


def test_an_edit_between_showing_and_approving_is_refused(
    inside: World, order: PurchaseOrder
) -> None:
    approver = inside.people["approver"]
    assert refused(order, approver, content_hash_shown="0" * 64) == "changed_meanwhile"
    assert refused(order, approver, revision_shown=2) == "changed_meanwhile"
    order.lines.filter(line_no=1).update(ordered_quantity=101)
    shown = Approval.objects.get().content_hash
    assert refused(order, approver, content_hash_shown=shown) == "changed_meanwhile"


def test_a_role_that_is_not_asked_is_refused(inside: World, order: PurchaseOrder) -> None:
    assert refused(order, inside.people["ap_clerk"]) == "not_asked"


def test_the_category_owner_may_approve_without_the_role(inside: World) -> None:
    owner = inside.people["sourcing_lead"]
    Category.objects.filter(pk=inside.boxes.pk).update(owner=owner)
    a_rule(by_category_owner=True)
    inside.boxes.refresh_from_db()
    assert approve(submitted(inside), owner).status == "approved"


def test_a_supplier_blocked_meanwhile_stops_it(inside: World, order: PurchaseOrder) -> None:
    Supplier.objects.update(status="blocked")
    assert refused(order, inside.people["approver"]) == "supplier_blocked"


def test_sending_back_returns_the_next_revision(inside: World, order: PurchaseOrder) -> None:
    approver = inside.people["approver"]
    with pytest.raises(BusinessRuleError):
        send_back_purchase_order(order, revision_shown=1, comment=" ", actor=approver)
    back = send_back_purchase_order(order, revision_shown=1, comment="Too many", actor=approver)
    assert (back.status, back.revision, back.number) == ("draft", 2, "PO-1001")
    assert Approval.objects.get().status == "rejected"
    assert (
        BusinessEvent.objects.get(kind="purchase_order.sent_back").summary == "Sent back: Too many"
    )


def test_withdrawing_voids_the_approvals(inside: World, order: PurchaseOrder) -> None:
    back = withdraw_purchase_order(order, actor=inside.people["buyer"])
    assert (back.status, back.revision, Approval.objects.get().status) == ("draft", 2, "void")
