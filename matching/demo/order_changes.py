"""Issued orders that change: one waits for approval, one has taken effect."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from matching.demo.waiting import Desk
from purchasing.change_lines import LineRevision
from purchasing.changing import propose_order_change

D = Decimal


def make_order_changes(desk: Desk) -> None:
    """A raise with another price for the approver, and a supplier's later date."""
    buyer, today = desk.company.people["buyer"], desk.company.today
    more = desk.issued("NORTHLINE", "PACK-BOX", [("CTN-KR-12", "3000"), ("CTN-KR-24", "900")], 9, 8)
    line = more.lines.order_by("line_no").last()
    assert line is not None
    price = (line.unit_price * D("1.03")).quantize(D("0.0001"))
    propose_order_change(
        more,
        lines=[
            LineRevision(1, D(3600)),
            LineRevision(2, unit_price=price, price_reason="Kraft went up on the index"),
        ],
        reason="The autumn promotion runs two weeks longer",
        actor=buyer,
    )
    late = desk.issued("MERIDIAN", "PACK-POUCH", [("POU-S-OAT", "12000")], 14, 2)
    propose_order_change(
        late,
        lines=[LineRevision(1, expected_on=today + timedelta(days=7))],
        reason="Meridian confirms a week later, a machine is down",
        actor=buyer,
    )
