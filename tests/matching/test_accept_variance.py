"""Accepting a difference: by the owner or within a limit, with a reason, after the time to undo."""

from __future__ import annotations

from decimal import Decimal

import pytest

from matching.authority import authority_over
from matching.holds import Cause
from matching.models import Hold, MatchResult, SupplierInvoice
from matching.rematching import rematch_order_lines
from matching.resolution import accept_variance, undo_resolution
from procure.errors import BusinessRuleError
from procure.models import BusinessEvent, ExchangeRate, Membership
from purchasing.receiving import reverse_receipt
from tests.matching.paying import (
    a_dear_invoice,
    an_order,
    billed,
    held_by,
    holding_nothing_changed,
    invoice,
    receive,
    status_of,
    take_effect,
)
from tests.world import World

pytestmark = pytest.mark.django_db
WHY = "Agreed by phone with Northline"


def test_the_owner_accepts_and_nothing_happens_before_the_time_to_undo(inside: World) -> None:
    held = a_dear_invoice(inside)
    decided = accept_variance(held, reason=WHY, actor=inside.people["buyer"])
    assert (decided.effective_at - decided.decided_at).total_seconds() == 10
    assert (status_of(held), held_by(held)) == ("open", ["PRICE"])
    assert take_effect(decided).status == "applied"
    after = SupplierInvoice.objects.get(pk=held.pk)
    assert (after.status, after.approved_amount, after.is_touchless) == ("approved", 20, False)
    hold = Hold.objects.get(invoice=held)
    assert (hold.status, hold.reason, hold.closed_by) == (
        "overridden",
        WHY,
        inside.people["buyer"],
    )
    kinds = BusinessEvent.objects.filter(subject_id=held.pk).order_by("pk")
    assert [event.kind for event in kinds if event.kind.startswith(("hold", "supplier"))] == [
        "supplier_invoice.captured",
        "hold.decided",
        "supplier_invoice.approved",
    ]


def test_it_is_undone_within_the_time_and_the_hold_is_as_before(inside: World) -> None:
    held = a_dear_invoice(inside)
    decided = accept_variance(held, reason=WHY, actor=inside.people["buyer"])
    undo_resolution(decided, actor=inside.people["buyer"])
    assert take_effect(decided).status == "undone"
    assert (status_of(held), held_by(held)) == ("open", ["PRICE"])


def test_it_is_not_undone_after_the_time(inside: World) -> None:
    held = a_dear_invoice(inside)
    decided = take_effect(accept_variance(held, reason=WHY, actor=inside.people["buyer"]))
    before = holding_nothing_changed(held)
    with pytest.raises(BusinessRuleError, match="undone no longer"):
        undo_resolution(decided, actor=inside.people["buyer"])
    assert holding_nothing_changed(held) == before


@pytest.mark.parametrize("limit", ["10.00", "9.99"])
def test_somebody_else_accepts_up_to_their_limit(inside: World, limit: str) -> None:
    held = a_dear_invoice(inside)
    Membership.objects.filter(user=inside.people["ap_lead"]).update(acceptance_limit=Decimal(limit))
    before = holding_nothing_changed(held)
    if limit == "10.00":
        accept_variance(held, reason=WHY, actor=inside.people["ap_lead"])
        return
    with pytest.raises(BusinessRuleError, match=r"Over your limit of 9\.99 USD; needs the buyer"):
        accept_variance(held, reason=WHY, actor=inside.people["ap_lead"])
    assert holding_nothing_changed(held) == before


@pytest.mark.parametrize(
    ("limit", "rate", "why_not"),
    [
        ("20", ("USD", "EUR", "0.5"), ""),
        ("5", ("EUR", "USD", "0.5"), ""),
        ("19.99", ("USD", "EUR", "0.5"), "Over your limit of 19.99 USD; needs the buyer."),
        ("99", ("GBP", "USD", "2"), "Needs the buyer: no exchange rate leads from EUR to USD."),
        ("0", ("EUR", "USD", "0.5"), "Needs the buyer, or a limit that covers 10.00 EUR."),
    ],
)
def test_a_limit_is_compared_by_the_rate_of_the_day_whichever_way_it_is_kept(
    inside: World, limit: str, rate: tuple[str, str, str], why_not: str
) -> None:
    held = a_dear_invoice(inside)
    held.currency = "EUR"
    ExchangeRate.objects.create(
        currency=rate[0], per_currency=rate[1], rate=rate[2], valid_from="2026-01-01"
    )
    lead = Membership.objects.select_related("organization").get(user=inside.people["ap_lead"])
    lead.acceptance_limit = Decimal(limit)
    authority = authority_over(held, list(held.holds.all()), lead)
    assert (authority.is_given, authority.why_not) == (not why_not, why_not)


@pytest.mark.parametrize(
    ("role", "reason", "code"),
    [
        ("ap_clerk", WHY, "own_invoice"),
        ("receiver", WHY, "authority"),
        ("auditor", WHY, "authority"),
        ("buyer", "  ", "reason"),
    ],
)
def test_accepting_is_refused(inside: World, role: str, reason: str, code: str) -> None:
    held = a_dear_invoice(inside)
    before = holding_nothing_changed(held)
    with pytest.raises(BusinessRuleError) as refused:
        accept_variance(held, reason=reason, actor=inside.people[role])
    assert refused.value.code == code
    assert holding_nothing_changed(held) == before


def test_nobody_accepts_a_difference_on_their_own_receipt(inside: World) -> None:
    order = an_order(inside, (inside.shipper, 10, "0.612"))
    receive(inside, order, (1, 5))
    held = invoice(inside, "A", billed(1, 10, "0.612"))
    assert held_by(held) == ["QTY_RECEIVED"]
    before = holding_nothing_changed(held)
    with pytest.raises(BusinessRuleError) as refused:
        accept_variance(held, reason=WHY, actor=inside.people["receiver"])
    assert refused.value.code == "own_receipt"
    assert holding_nothing_changed(held) == before
    accept_variance(held, reason=WHY, actor=inside.people["buyer"])


def test_two_people_do_not_decide_one_invoice(inside: World) -> None:
    held = a_dear_invoice(inside)
    accept_variance(held, reason=WHY, actor=inside.people["buyer"])
    before = holding_nothing_changed(held)
    with pytest.raises(BusinessRuleError, match="Somebody has just decided this"):
        accept_variance(held, reason=WHY, actor=inside.people["ap_lead"])
    assert holding_nothing_changed(held) == before


def test_what_became_worse_is_not_accepted_by_an_earlier_yes(inside: World) -> None:
    order = an_order(inside, (inside.shipper, 10, "0.612"))
    receipt = receive(inside, order, (1, 8))
    held = invoice(inside, "A", billed(1, 10, "0.612"))
    decided = accept_variance(held, reason=WHY, actor=inside.people["buyer"])
    reverse_receipt(receipt, reason="Wrong pallet", actor=inside.people["receiver"])
    rematch_order_lines(order.lines.values_list("pk", flat=True), Cause("reversal"))
    assert take_effect(decided).status == "applied"
    assert (status_of(held), held_by(held)) == ("open", ["AWAITING_RECEIPT"])
    assert MatchResult.objects.get(invoice=held).outcome == "held"


def test_a_decision_is_overtaken_when_the_goods_came_meanwhile(inside: World) -> None:
    order = an_order(inside, (inside.shipper, 10, "0.612"))
    receive(inside, order, (1, 8))
    held = invoice(inside, "A", billed(1, 10, "0.612"))
    decided = accept_variance(held, reason=WHY, actor=inside.people["buyer"])
    receive(inside, order, (1, 2))
    rematch_order_lines(order.lines.values_list("pk", flat=True), Cause("receipt GR-2"))
    assert status_of(held) == "approved"
    assert take_effect(decided).status == "overtaken"
    assert Hold.objects.get(invoice=held).status == "cleared"
