"""An issued order changes by a proposal: approved where it commits to more, as its next revision."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail

from procure.errors import BusinessRuleError
from procure.models import BusinessEvent, Membership
from purchasing.change_content import change_hash
from purchasing.change_lines import LineRevision
from purchasing.changing import (
    Exemption,
    approve_order_change,
    propose_order_change,
    refuse_order_change,
    withdraw_order_change,
)
from purchasing.models import Approval, OrderChange, PurchaseOrder, PurchaseOrderLine
from purchasing.ordering import OrderedLine, cancel_purchase_order, close_line_short
from purchasing.reactions import mail_revised_orders
from suppliers.models import Supplier
from tests.purchasing.buying import a_rule, issued, receive, today
from tests.world import World

D = Decimal


@pytest.fixture
def order(inside: World) -> PurchaseOrder:
    """100 shippers at 0.612 and 40 dividers at 0.089: 64.76, issued."""
    a_rule()
    return issued(inside)


def propose(world: World, order: PurchaseOrder, *lines: LineRevision, **given: Any) -> OrderChange:
    asked = {"lines": lines, "reason": "They bill 105", "actor": world.people["buyer"], **given}
    return propose_order_change(order, **asked)


def approve(world: World, change: OrderChange, role: str = "approver") -> OrderChange:
    shown = change_hash(change, list(change.lines.all()))
    return approve_order_change(
        change, content_hash_shown=shown, comment="", actor=world.people[role]
    )


def first_line(order: PurchaseOrder) -> dict[str, Any]:
    names = (
        "ordered_quantity", "cancelled_quantity", "unit_price", "amount", "promised_on",
        "expected_on",
    )  # fmt: skip
    return PurchaseOrderLine.objects.filter(order=order, line_no=1).values(*names).get()


def stands(order: PurchaseOrder) -> tuple[Any, ...]:
    return (
        list(PurchaseOrder.objects.filter(pk=order.pk).values()),
        list(PurchaseOrderLine.objects.filter(order=order).order_by("pk").values()),
        list(OrderChange.objects.order_by("pk").values()),
        list(Approval.objects.order_by("pk").values()),
        BusinessEvent.objects.count(),
    )


def refused(order: PurchaseOrder, step: Any) -> str:
    before = stands(order)
    with pytest.raises(BusinessRuleError) as refusal:
        step()
    assert stands(order) == before
    return refusal.value.code


def test_more_waits_for_approval_and_leaves_the_order_alone(
    inside: World, order: PurchaseOrder
) -> None:
    change = propose(inside, order, LineRevision(1, D(105)))
    assert (change.status, change.revision) == ("waiting", 2)
    assert (change.value_before, change.value_after) == (D("64.76"), D("67.82"))
    assert first_line(order)["ordered_quantity"] == 100
    waiting = Approval.objects.get(status="waiting")
    assert (waiting.revision, waiting.role, waiting.requested_by) == (
        2, "approver", inside.people["buyer"],
    )  # fmt: skip
    event = BusinessEvent.objects.latest("pk")
    assert event.kind == "purchase_order.change_proposed"
    assert event.summary.startswith("Line 1: 105 instead of 100. Now 67.82 USD. They bill 105.")


def test_the_last_approval_makes_it_the_next_revision(inside: World, order: PurchaseOrder) -> None:
    promised = first_line(order)["promised_on"]
    later = promised + timedelta(days=9)
    change = propose(inside, order, LineRevision(1, D(105), expected_on=later))
    assert approve(inside, change).status == "applied"
    assert first_line(order) == {
        "ordered_quantity": 105, "cancelled_quantity": 0, "unit_price": D("0.612"),
        "amount": D("64.26"), "promised_on": promised, "expected_on": later,
    }  # fmt: skip
    fresh = PurchaseOrder.objects.get(pk=order.pk)
    assert (fresh.status, fresh.revision) == ("issued", 2)
    event = BusinessEvent.objects.latest("pk")
    assert (event.kind, event.payload["revision"]) == ("purchase_order.revised", 2)
    assert event.payload["line_ids"] == [fresh.lines.get(line_no=1).pk]


def test_what_commits_to_nothing_more_takes_effect_at_once(
    inside: World, order: PurchaseOrder
) -> None:
    later = today() + timedelta(days=30)
    moved = propose(inside, order, LineRevision(1, expected_on=later))
    assert (moved.status, moved.closed_by) == ("applied", inside.people["buyer"])
    assert propose(inside, order, LineRevision(1, D(80))).status == "applied"
    receive(inside, order, (1, 30))
    assert propose(inside, order, LineRevision(1, cancels_rest=True)).status == "applied"
    line = first_line(order)
    assert (line["ordered_quantity"], line["cancelled_quantity"]) == (80, 50)
    assert line["expected_on"] == later
    assert PurchaseOrder.objects.get(pk=order.pk).revision == 4
    assert Approval.objects.filter(revision__gt=1).count() == 0


def test_a_lower_price_or_other_goods_ask_though_the_value_falls(
    inside: World, order: PurchaseOrder
) -> None:
    lower = LineRevision(1, unit_price=D("0.5"), price_reason="Agreed by phone")
    assert withdraw_order_change(
        propose(inside, order, lower), actor=inside.people["buyer"]
    ).status == "withdrawn"  # fmt: skip
    more = propose(inside, order, LineRevision(1, D(10)), added=[OrderedLine(inside.divider, D(5))])
    assert (more.status, more.revision) == ("waiting", 3)
    approve(inside, more)
    added = PurchaseOrderLine.objects.get(order=order, line_no=3)
    assert (added.unit_price, added.amount, added.list_standing) == (
        D("0.089"), D("0.45"), "preferred",
    )  # fmt: skip
    assert added.promised_on == added.expected_on == order.needed_on


def test_it_asks_the_route_of_the_whole_order(inside: World, order: PurchaseOrder) -> None:
    a_rule(name="Large", step=2, minimum_amount=D(70), role="operations_lead")
    change = propose(inside, order, LineRevision(1, D(110)))
    assert list(Approval.objects.filter(revision=2).values_list("role", flat=True)) == [
        "approver", "operations_lead",
    ]  # fmt: skip
    assert approve(inside, change).status == "waiting"
    assert first_line(order)["ordered_quantity"] == 100
    assert approve(inside, change, "operations_lead").status == "applied"


def test_without_a_rule_it_takes_effect(inside: World) -> None:
    order = issued(inside)
    assert propose(inside, order, LineRevision(1, D(500))).status == "applied"


def test_nobody_approves_their_own_change_or_order(inside: World, order: PurchaseOrder) -> None:
    lead = inside.people["operations_lead"]
    Membership.objects.filter(user__in=[lead, inside.people["buyer"]]).update(
        roles=["buyer", "approver", "operations_lead"]
    )
    change = propose(inside, order, LineRevision(1, D(105)), actor=lead)
    assert refused(order, lambda: approve(inside, change, "operations_lead")) == "four_eyes"
    assert refused(order, lambda: approve(inside, change, "buyer")) == "four_eyes"
    assert refused(order, lambda: approve(inside, change, "receiver")) == "not_asked"
    assert approve(inside, change).status == "applied"


def test_what_is_refused_changes_nothing(inside: World, order: PurchaseOrder) -> None:
    receive(inside, order, (1, 60))
    for code, line in (
        ("below_received", LineRevision(1, D(59))),
        ("quantity", LineRevision(1, D(0))),
        ("nothing", LineRevision(1, D(100))),
        ("line", LineRevision(9, D(1))),
        ("price_reason", LineRevision(1, unit_price=D("0.7"))),
        ("unit_price", LineRevision(1, unit_price=D(-1))),
    ):
        assert refused(order, lambda line=line: propose(inside, order, line)) == code
    more = LineRevision(1, D(105))
    assert refused(order, lambda: propose(inside, order, more, reason=" ")) == "reason"
    assert refused(order, lambda: propose(inside, order, more, revision_shown=7)) == (
        "changed_meanwhile"
    )
    change = propose(inside, order, more)
    assert refused(order, lambda: propose(inside, order, LineRevision(1, D(90)))) == "waiting"
    assert refused(order, lambda: refuse_order_change(
        change, comment="", actor=inside.people["approver"])) == "comment"  # fmt: skip
    assert refused(order, lambda: approve_order_change(
        change, content_hash_shown="x", comment="", actor=inside.people["approver"]
    )) == "changed_meanwhile"  # fmt: skip


def test_a_line_that_moved_meanwhile_is_not_overwritten(
    inside: World, order: PurchaseOrder
) -> None:
    change = propose(inside, order, LineRevision(1, D(105)))
    close_line_short(order, line_no=1, reason="No more", actor=inside.people["buyer"])
    assert refused(order, lambda: approve(inside, change)) == "changed_meanwhile"


def test_the_approved_list_is_asked_again(inside: World, order: PurchaseOrder) -> None:
    change = propose(inside, order, LineRevision(1, D(105)))
    Supplier.objects.filter(pk=inside.northline.pk).update(status="blocked")
    assert refused(order, lambda: approve(inside, change)) == "supplier_blocked"
    refuse_order_change(change, comment="Blocked", actor=inside.people["approver"])
    more = LineRevision(1, D(105))
    assert refused(order, lambda: propose(inside, order, more)) == "supplier_blocked"
    assert propose(inside, order, LineRevision(1, D(90))).status == "applied"


def test_a_supplier_off_the_list_by_now_needs_its_reason(
    inside: World, order: PurchaseOrder
) -> None:
    inside.northline.approvals.update(
        valid_from=today() - timedelta(days=9), valid_to=today() - timedelta(days=1)
    )
    more = LineRevision(1, D(105))
    assert refused(order, lambda: propose(inside, order, more)) == "off_list_reason"
    why = Exemption("only_source", "Nobody else has this shipper in stock")
    change = propose(inside, order, more, exemption=why)
    roles = Approval.objects.filter(revision=2).values_list("role", flat=True)
    assert list(roles) == ["approver", "sourcing_lead"]
    approve(inside, change)
    approve(inside, change, "sourcing_lead")
    fresh = PurchaseOrder.objects.get(pk=order.pk)
    assert (fresh.off_list_reason, first_line(order)["ordered_quantity"]) == ("only_source", 105)


def test_a_refused_or_orphaned_change_is_over(inside: World, order: PurchaseOrder) -> None:
    change = propose(inside, order, LineRevision(1, D(105)))
    no = refuse_order_change(change, comment="Too much", actor=inside.people["approver"])
    assert (no.status, no.closed_by) == ("refused", inside.people["approver"])
    assert refused(order, lambda: approve(inside, change)) == "wrong_status"
    again = propose(inside, order, LineRevision(1, D(104)))
    assert again.revision == 3
    cancel_purchase_order(order, reason="Not needed", actor=inside.people["buyer"])
    again.refresh_from_db()
    assert again.status == "withdrawn"
    assert not Approval.objects.filter(status="waiting").exists()


def test_the_supplier_gets_the_new_revision(inside: World, order: PurchaseOrder) -> None:
    Supplier.objects.filter(pk=inside.northline.pk).update(email="orders@northline.test")
    approve(inside, propose(inside, order, LineRevision(1, D(105))))
    mail_revised_orders(list(BusinessEvent.objects.filter(kind="purchase_order.revised")))
    (sent,) = mail.outbox
    assert sent.to == ["orders@northline.test"]
    assert sent.subject == f"Changed purchase order {order.number}, revision 2, from Acme"
    assert "Line 1: 105 instead of 100" in sent.body


def test_the_screens_carry_a_change_from_proposal_to_approval(world: World) -> None:
    with world.inside():
        a_rule()
        order = issued(world)
    buyer, approver = world.client("buyer"), world.client("approver")
    form = world.url(f"orders/{order.public_id}/change/")
    assert "New quantity of line 1" in buyer.get(form).content.decode()
    typed = {"revision": "1", "line-1-quantity": "abc", "reason": "As billed"}
    answer = buyer.post(form, typed)
    assert answer.status_code == 422
    assert "“abc” is not a number." in answer.content.decode()
    buyer.post(form, {**typed, "line-1-quantity": "105"})
    assert "revision 2" in approver.get(world.url("approvals/")).content.decode()
    page = approver.get(world.url(f"orders/{order.public_id}/")).content.decode()
    assert "Approve the change" in page
    assert "Approve the change" not in buyer.get(
        world.url(f"orders/{order.public_id}/")
    ).content.decode()  # fmt: skip
    with world.inside():
        change = OrderChange.objects.get()
        shown = change_hash(change, list(change.lines.all()))
    base = world.url(f"order-changes/{change.public_id}/")
    assert approver.post(f"{base}refuse/", {"comment": ""}).status_code == 409
    assert approver.post(f"{base}approve/", {"content_hash": shown}).status_code == 302
    with world.inside():
        assert first_line(order)["ordered_quantity"] == 105
