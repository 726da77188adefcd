from __future__ import annotations

from decimal import Decimal

import pytest

from procure.errors import BusinessRuleError
from procure.models import BusinessEvent
from purchasing.models import PurchaseOrder
from purchasing.ordering import (
    cancel_purchase_order,
    close_line_short,
    close_purchase_order,
    issue_purchase_order,
)
from suppliers.models import StaleRollup, Supplier
from tests.purchasing.buying import a_rule, drafted, issued, receive, submitted
from tests.world import World


def test_issuing_promises_the_requested_day_and_marks_its_month(inside: World) -> None:
    order = issued(inside)
    line = order.lines.get(line_no=1)
    assert (order.status, line.promised_on, line.expected_on) == (
        "issued", order.needed_on, order.needed_on,
    )  # fmt: skip
    assert set(StaleRollup.objects.values_list("supplier", "sku", "month")) == {
        (inside.northline.pk, sku.pk, order.needed_on.replace(day=1))
        for sku in (inside.shipper, inside.divider)
    }


def test_a_supplier_blocked_after_approval_stops_the_issue(inside: World) -> None:
    order = submitted(inside)
    Supplier.objects.update(status="blocked")
    with pytest.raises(BusinessRuleError, match="blocked"):
        issue_purchase_order(order, actor=inside.people["buyer"])
    assert PurchaseOrder.objects.get().status == "approved"
    assert not BusinessEvent.objects.filter(kind="purchase_order.issued").exists()
    assert not StaleRollup.objects.exists()


def test_an_order_that_waits_is_not_issued(inside: World) -> None:
    a_rule()
    with pytest.raises(BusinessRuleError, match="waiting for approval"):
        issue_purchase_order(submitted(inside), actor=inside.people["buyer"])


def test_closing_cancels_what_is_open_and_asks_why(inside: World) -> None:
    order = issued(inside)
    receive(inside, order, (1, 60))
    buyer = inside.people["buyer"]
    with pytest.raises(BusinessRuleError, match="Say why"):
        close_purchase_order(order, reason="", actor=buyer)
    assert PurchaseOrder.objects.get().status == "issued"
    closed = close_purchase_order(order, reason="Not needed", actor=buyer)
    assert closed.status == "closed"
    assert list(closed.lines.values_list("cancelled_quantity", flat=True)) == [40, 40]
    with pytest.raises(BusinessRuleError, match="This order is closed"):
        receive(inside, order, (1, 1))


def test_a_line_is_closed_short(inside: World) -> None:
    order = issued(inside)
    receive(inside, order, (1, 60), (2, 40))
    buyer = inside.people["buyer"]
    close_line_short(order, line_no=1, reason="Sold out", actor=buyer)
    assert order.lines.get(line_no=1).cancelled_quantity == Decimal(40)
    with pytest.raises(BusinessRuleError, match="Nothing is open"):
        close_line_short(order, line_no=2, reason="Sold out", actor=buyer)


def test_a_draft_is_dropped_without_a_word_and_others_with_a_reason(inside: World) -> None:
    buyer = inside.people["buyer"]
    assert cancel_purchase_order(drafted(inside), reason="", actor=buyer).status == "cancelled"
    order = issued(inside)
    with pytest.raises(BusinessRuleError, match="Say why"):
        cancel_purchase_order(order, reason=" ", actor=buyer)
    receive(inside, order, (1, 1))
    with pytest.raises(BusinessRuleError, match="Close it instead"):
        cancel_purchase_order(order, reason="Changed plans", actor=buyer)
    assert PurchaseOrder.objects.get(pk=order.pk).status == "issued"
