"""What happens elsewhere releases what waited for it, through the event trail."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from matching.capture import void_invoice
from matching.models import Hold, Tolerance
from matching.reactions import (
    give_default_tolerance,
    match_after_agreement_change,
    match_after_goods,
    match_after_order_change,
    match_beside_other_invoices,
)
from procure.models import BusinessEvent
from procure.tenancy import current_organization_id
from purchasing.change_lines import LineRevision
from purchasing.changing import propose_order_change
from purchasing.ordering import close_line_short
from purchasing.receiving import reverse_receipt
from tests.factories import PriceBreakFactory
from tests.matching.paying import (
    an_order,
    billed,
    held_by,
    invoice,
    receive,
    status_of,
)
from tests.world import World

pytestmark = pytest.mark.django_db


def react(reaction: object, kind: str) -> None:
    """The reaction runs twice, as a worker that was killed in between would let it."""
    events = list(BusinessEvent.objects.filter(kind=kind).order_by("pk"))
    assert events
    for _ in range(2):
        reaction(events)  # type: ignore[operator]


def test_a_receipt_releases_and_is_named(inside: World) -> None:
    order = an_order(inside, (inside.shipper, 10, "0.612"))
    waiting = invoice(inside, "A", billed(1, 10, "0.612"))
    receipt = receive(inside, order, (1, 10))
    react(match_after_goods, "goods_receipt.posted")
    assert status_of(waiting) == "approved"
    assert Hold.objects.get(invoice=waiting).closed_because == f"receipt {receipt.number}"
    told = BusinessEvent.objects.filter(kind="supplier_invoice.approved")
    assert [event.summary for event in told] == [f"Approved, released by receipt {receipt.number}."]


def test_a_reversal_takes_the_approval_back(inside: World) -> None:
    order = an_order(inside, (inside.shipper, 10, "0.612"))
    receipt = receive(inside, order, (1, 10))
    approved = invoice(inside, "A", billed(1, 10, "0.612"))
    reverse_receipt(receipt, reason="Not ours", actor=inside.people["receiver"])
    react(match_after_goods, "goods_receipt.reversed")
    assert (status_of(approved), held_by(approved)) == ("open", ["AWAITING_RECEIPT"])
    (event,) = BusinessEvent.objects.filter(kind="supplier_invoice.held")
    assert event.summary == (
        f"Approval taken back after reversal of {receipt.number}: Not received."
    )


def test_a_line_closed_short_is_seen_by_its_invoices(inside: World) -> None:
    order = an_order(inside, (inside.shipper, 10, "0.612"))
    receive(inside, order, (1, 6))
    held = invoice(inside, "A", billed(1, 10, "0.612"))
    close_line_short(order, line_no=1, reason="No more to come", actor=inside.people["buyer"])
    react(match_after_order_change, "purchase_order.changed")
    assert held_by(held) == ["QTY_ORDERED", "QTY_RECEIVED"]


def test_an_approved_order_change_ends_the_hold_and_is_named(inside: World) -> None:
    inside.agreement.breaks.all().delete()
    order = an_order(inside, (inside.shipper, 100, 1))
    receive(inside, order, (1, 105))
    held = invoice(inside, "A", billed(1, 105, 1))
    assert held_by(held) == ["QTY_ORDERED"]
    propose_order_change(
        order,
        lines=[LineRevision(1, Decimal(105))],
        reason="As billed",
        actor=inside.people["buyer"],
    )
    react(match_after_order_change, "purchase_order.revised")
    assert status_of(held) == "approved"
    hold = Hold.objects.get(invoice=held)
    assert (hold.status, hold.closed_because) == ("cleared", "order change PO-1, revision 2")


def test_an_amended_agreement_is_seen_by_open_invoices(inside: World) -> None:
    inside.agreement.breaks.update(valid_to=date(2026, 1, 1))
    order = an_order(inside, (inside.shipper, 10, "0.70"))
    receive(inside, order, (1, 10))
    PriceBreakFactory(
        agreement=inside.agreement,
        sku=inside.shipper,
        unit_price=Decimal("0.60"),
        valid_from=date(2026, 2, 1),
    )
    held = invoice(inside, "A", billed(1, 10, "0.70"))
    assert held_by(held) == ["CONTRACT_PRICE"]
    inside.agreement.breaks.filter(valid_from=date(2026, 2, 1)).update(unit_price=Decimal("0.70"))
    BusinessEvent.objects.create(
        kind="price_agreement.changed",
        subject_type="suppliers.priceagreement",
        subject_id=inside.agreement.pk,
        label="NL-2026-04",
    )
    react(match_after_agreement_change, "price_agreement.changed")
    assert status_of(held) == "approved"
    assert Hold.objects.get(invoice=held).closed_because == "agreement NL-2026-04"


def test_a_voided_invoice_makes_room_for_the_others(inside: World) -> None:
    order = an_order(inside, (inside.shipper, 10, "0.612"))
    receive(inside, order, (1, 10))
    first = invoice(inside, "A", billed(1, 6, "0.612"))
    second = invoice(inside, "B", billed(1, 5, "0.612"), invoiced_on=date(2026, 6, 4))
    assert held_by(second) == ["QTY_ORDERED", "QTY_RECEIVED"]
    void_invoice(first, reason="Not ours", actor=inside.people["ap_clerk"])
    react(match_beside_other_invoices, "supplier_invoice.voided")
    assert status_of(second) == "approved"


def test_a_new_organization_gets_its_rule_once(inside: World) -> None:
    give_default_tolerance([])
    give_default_tolerance([])
    rule = Tolerance.objects.get()
    assert (str(rule), rule.organization_id) == ("T-1 v1", current_organization_id())
    assert rule.limits["price"] == {"mode": "limit", "percent": "1", "amount": "25.00"}
