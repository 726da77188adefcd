"""Law 4 played while paying: invoices, holds, tolerances, misses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from django.utils import timezone

from matching import (
    asking,
    attributing,
    capture,
    claiming,
    fixes,
    leakage,
    order_changes,
    resolution,
    tolerances,
    trying,
)
from matching.expected_credits import ExpectedCredit
from matching.models import Hold, Resolution, ToleranceSuspension
from purchasing.models import PurchaseOrderLine
from tests.matching.paying import an_order, billed, invoice
from tests.purchasing.buying import receive, today
from tests.results.trade import Trade
from tests.world import World

Step = Callable[[], object]


def held(world: World) -> Any:
    """An invoice that asks for more than the order says."""
    order = an_order(world, (world.shipper, 100, 1))
    receive(world, order, (1, 100))
    return invoice(world, "INV-1", billed(1, 10, 2))


def late_line(world: World) -> PurchaseOrderLine:
    """The one line that is overdue."""
    overdue = PurchaseOrderLine.objects.filter(promised_on__lt=today()).first()
    if overdue is not None:
        return overdue
    trade = Trade(world)
    trade.numbers = count(9001)
    return trade.order(due=str(today() - timedelta(days=9)))


def a_claim(of: Any) -> ExpectedCredit:
    """Ten dollars asked back yesterday."""
    claim = claiming.Claim("requested", Decimal(10), "Too dear", asked_by=of.captured_by)
    asked = claiming.expect_credit(of, claim)
    asked.asked_on -= timedelta(days=1)
    asked.save(update_fields=["asked_on"])
    return asked


def said_often(of: Any, person: Any) -> Any:
    """Its supplier, of which the same cause was said three times, long before it was declined."""
    if not Resolution.objects.filter(cause="unit").exists():
        past = timezone.now() - timedelta(days=1)
        for _ in range(3):
            Resolution.objects.create(
                invoice=of, kind="accept", status="applied", reason="Cases", cause="unit",
                decided_by=person, decided_at=past, effective_at=past, closed_at=past,
            )  # fmt: skip
    return of.supplier


def for_paying(world: World) -> dict[str, Step]:
    lead, clerk, buyer = (world.people[role] for role in ("ap_lead", "ap_clerk", "buyer"))
    of_hold = held(world)
    Hold.objects.filter(invoice=of_hold).update(owner_role="ap_lead")
    order = of_hold.lines.get().order_line.order
    again = invoice(world, "INV-2", billed(1, 10, 1))

    def undo() -> object:
        return resolution.undo_resolution(Resolution.objects.latest("pk"), actor=lead)

    over = an_order(world, (world.shipper, 100, 1), number="PO-OVER")
    receive(world, over, (1, 105))
    suspended = ToleranceSuspension.objects.create(
        supplier=world.northline, month=today().replace(day=1), accepted_amount=12, cap_amount=10
    )
    too_much = invoice(world, "INV-9", billed(1, 105, 1, order="PO-OVER"))
    too_dear = invoice(world, "INV-8", billed(1, 10, 3))
    asked = a_claim(again)
    return {
        "order_changes.py:change_order_as_billed": lambda: order_changes.change_order_as_billed(
            too_much, reason="", actor=buyer
        ),
        "attributing.py:attribute_miss": lambda: attributing.attribute_miss(
            late_line(world), cause="carrier", reason="Truck broke down", actor=lead
        ),
        "resolution.py:add_note": lambda: resolution.add_note(of_hold, text="Called", actor=clerk),
        "asking.py:ask_owner": lambda: asking.ask_owner(
            of_hold, person=buyer, question="Agreed?", actor=clerk
        ),
        "asking.py:answer_question": lambda: asking.answer_question(
            of_hold, answer="By phone", actor=buyer
        ),
        "fixes.py:decline_fix": lambda: fixes.decline_fix(
            said_often(of_hold, lead), cause="unit", actor=buyer
        ),
        "resolution.py:request_credit": lambda: resolution.request_credit(
            too_dear, reason="Too dear", actor=clerk
        ),
        "claiming.py:remind_of_credit": lambda: claiming.remind_of_credit(asked, actor=clerk),
        "claiming.py:drop_expected_credit": lambda: claiming.drop_expected_credit(
            asked, reason="They went out of business", actor=lead
        ),
        "resolution.py:put_aside": lambda: resolution.put_aside(
            of_hold, until=today() + timedelta(days=3), actor=clerk
        ),
        "resolution.py:accept_variance": lambda: resolution.accept_variance(
            of_hold, reason="Agreed by phone", actor=lead
        ),
        "resolution.py:undo_resolution": undo,
        "resolution.py:pay_supported": lambda: resolution.pay_supported(
            of_hold, reason="The rest is disputed", actor=clerk
        ),
        "capture.py:void_invoice": lambda: capture.void_invoice(
            again, reason="Wrong company", actor=lead
        ),
        "capture.py:capture_invoice": lambda: invoice(
            world, "INV-3", billed(1, 1, 1, order=str(order.number))
        ),
        "leakage.py:restore_tolerances": lambda: leakage.restore_tolerances(
            suspended, review="Their new price list", actor=lead
        ),
        "trying.py:try_tolerance": lambda: trying.try_tolerance(
            limits=tolerances.default_limits(), days=30, actor=lead
        ),
        "tolerances.py:set_tolerance": lambda: tolerances.set_tolerance(
            sku=world.shipper,
            limits=tolerances.default_limits(),
            valid_from=today() + timedelta(days=1),
            actor=lead,
        ),
    }
