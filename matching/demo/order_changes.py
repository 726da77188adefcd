"""Issued orders that change, one of them waiting for approval, and the budgets of the quarter."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Sum

from matching.demo.company import Company
from matching.demo.waiting import Desk
from purchasing.budgeting import save_budget
from purchasing.change_lines import LineRevision
from purchasing.changing import propose_order_change
from purchasing.models import PurchaseOrderLine

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


def make_budgets(company: Company) -> None:
    """This quarter's and the next one's: packaging nearly used up, ingredients with room."""
    first = company.today.replace(month=(company.today.month - 1) // 3 * 3 + 1, day=1)
    second = (first + timedelta(days=100)).replace(day=1)
    third = (second + timedelta(days=100)).replace(day=1)
    for start, following in ((first, second), (second, third)):
        for cost_center, share in (("4100 Packaging", D("1.04")), ("4000 Ingredients", D("1.6"))):
            end = following - timedelta(days=1)
            committed = _committed(cost_center, start, end)
            values = {
                "cost_center": cost_center,
                "period_start": start,
                "period_end": end,
                "amount": max((committed * share / 1000).quantize(D(1)) * 1000, D(25000)),
                "currency": company.organization.currency,
            }
            save_budget(None, values=values, actor=company.people["admin"])


def _committed(cost_center: str, start: date, end: date) -> Decimal:
    lines = PurchaseOrderLine.objects.filter(
        order__cost_center=cost_center, order__needed_on__range=(start, end)
    ).exclude(order__status__in=["draft", "cancelled"])
    return lines.aggregate(all=Sum("amount"))["all"] or D(0)
