"""Clean invoices that are drawn for a look, and tolerance that ends when too much was accepted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.utils import timezone

from matching.leakage import match_after_supplier_change, restore_tolerances, withdraw_tolerances
from matching.models import MatchResult, SupplierInvoice, ToleranceSuspension
from matching.reactions import match_after_waiting_periods
from matching.resolution import accept_variance, pay_supported
from matching.tolerances import set_tolerance, which_rule
from procure.errors import BusinessRuleError
from procure.models import BusinessEvent
from suppliers.models import BankAccount, Contact, PriceBreak, Supplier
from suppliers.supply_base import block_supplier, unblock_supplier
from tests.matching.paying import (
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
EVERY = {"percent": "100", "threshold": "0"}
TOLERANT = {
    "price": {"mode": "limit", "percent": "50"},
    "contract_price": {"mode": "off"},
    "leakage_cap": "10",
}
Reaction = Callable[[list[BusinessEvent]], None]


def rule(**limits: object) -> None:
    set_tolerance(limits=limits, valid_from=date(2026, 1, 1), actor=None)


def react(reaction: Reaction, *kinds: str) -> None:
    """The reaction runs twice, as after a worker that was killed."""
    for _ in range(2):
        reaction(list(BusinessEvent.objects.filter(kind__in=kinds).order_by("pk")))


def a_clean_invoice(
    world: World, number: str = "INV-1", price: object = 1, quantity: int = 10
) -> SupplierInvoice:
    PriceBreak.objects.all().delete()
    order = an_order(world, (world.shipper, quantity, 1), number=f"PO-{number}")
    receive(world, order, (1, quantity))
    return invoice(world, number, billed(1, quantity, price, order=f"PO-{number}"))


def test_a_drawn_invoice_waits_for_the_ap_lead_and_stays_reviewed(inside: World) -> None:
    rule(sample=EVERY)
    drawn = a_clean_invoice(inside)
    assert (status_of(drawn), held_by(drawn)) == ("open", ["SAMPLE"])
    before = holding_nothing_changed(drawn)
    for decide, role in ((accept_variance, "buyer"), (pay_supported, "ap_clerk")):
        with pytest.raises(BusinessRuleError):
            decide(drawn, reason="Looks fine", actor=inside.people[role])
    assert holding_nothing_changed(drawn) == before
    take_effect(accept_variance(drawn, reason="Looked at", actor=inside.people["ap_lead"]))
    assert (status_of(drawn), held_by(drawn)) == ("approved", [])


def test_what_something_else_holds_is_not_drawn_before_it_is_clean(inside: World) -> None:
    rule(sample=EVERY, price={"mode": "exact"})
    assert held_by(a_clean_invoice(inside, price=2)) == ["PRICE"]


def test_without_a_sample_nothing_is_drawn(inside: World) -> None:
    assert status_of(a_clean_invoice(inside)) == "approved"


def test_past_the_cap_of_a_month_a_supplier_is_matched_exactly_until_reviewed(
    inside: World,
) -> None:
    rule(**TOLERANT)
    first = a_clean_invoice(inside, "A", price="1.4", quantity=20)
    assert status_of(first) == "approved"
    assert MatchResult.objects.get(invoice=first).accepted_amount == 8
    react(withdraw_tolerances, "supplier_invoice.captured")
    assert not ToleranceSuspension.objects.exists()

    second = a_clean_invoice(inside, "B", price="1.3")
    assert status_of(second) == "approved"
    react(withdraw_tolerances, "supplier_invoice.captured")
    suspension = ToleranceSuspension.objects.get()
    assert (suspension.accepted_amount, suspension.cap_amount) == (11, 10)
    assert BusinessEvent.objects.filter(kind="tolerance.withdrawn").count() == 1

    third = a_clean_invoice(inside, "C", price="1.1")
    assert held_by(third) == ["PRICE"]
    with pytest.raises(BusinessRuleError):
        restore_tolerances(suspension, review=" ", actor=inside.people["ap_lead"])
    restore_tolerances(suspension, review="Price list", actor=inside.people["ap_lead"])
    react(match_after_supplier_change, "tolerance.restored")
    assert status_of(third) == "approved"
    with pytest.raises(BusinessRuleError):
        restore_tolerances(suspension, review="Again", actor=inside.people["ap_lead"])

    react(withdraw_tolerances, "supplier_invoice.captured", "supplier_invoice.approved")
    assert not ToleranceSuspension.objects.filter(reviewed_at=None).exists()


def test_another_month_or_supplier_does_not_add_up(inside: World) -> None:
    rule(**TOLERANT)
    first = a_clean_invoice(inside, "A", price="1.4", quantity=20)
    SupplierInvoice.objects.filter(pk=first.pk).update(received_on=date(2026, 4, 30))
    a_clean_invoice(inside, "B", price="1.3")
    react(withdraw_tolerances, "supplier_invoice.captured")
    assert not ToleranceSuspension.objects.exists()


def test_nothing_is_paid_to_a_blocked_supplier(inside: World) -> None:
    block_supplier(inside.northline, reason="Fraud", actor=inside.people["sourcing_lead"])
    inside.northline.refresh_from_db()
    held = a_clean_invoice(inside)
    assert held_by(held) == ["SUPPLIER_BLOCKED"]
    before = holding_nothing_changed(held)
    for decide, role in ((accept_variance, "ap_lead"), (pay_supported, "ap_clerk")):
        with pytest.raises(BusinessRuleError):
            decide(held, reason="Go on", actor=inside.people[role])
    assert holding_nothing_changed(held) == before
    supplier = Supplier.objects.get(pk=inside.northline.pk)
    unblock_supplier(supplier, reason="Cleared", actor=inside.people["sourcing_lead"])
    react(match_after_supplier_change, "supplier.unblocked")
    assert (status_of(held), held_by(held)) == ("approved", [])


def an_account(world: World, iban: str, usable_in: int | None) -> BankAccount:
    """A version of Northline's bank details, in force so many days from now; None: proposed."""
    now = timezone.now()
    steps = {} if usable_in is None else {
        "status": "confirmed", "called_at": now, "called_by": world.people["ap_lead"],
        "called_number": "+1 555 0101", "spoke_with": "Ida", "call_note": "Yes",
        "confirmed_at": now, "confirmed_by": world.people["admin"],
        "usable_from": timezone.localdate() + timedelta(days=usable_in),
    }  # fmt: skip
    return BankAccount.objects.create(
        supplier=world.northline, version=BankAccount.objects.count() + 1, iban=iban,
        holder="Northline", country="DE", currency="EUR", reason="Letter",
        phones_on_file=["+1 555 0101"], emails_on_file=[], proposed_by=world.people["ap_lead"],
        **steps,
    )  # fmt: skip


def test_bank_details_on_their_way_hold_until_they_are_in_force(inside: World) -> None:
    Contact.objects.create(supplier=inside.northline, name="Ida", phone="+1 555 0101")
    an_account(inside, "DE89370400440532013000", usable_in=-1)
    assert status_of(a_clean_invoice(inside, "A")) == "approved"
    an_account(inside, "DE02120300000000202051", usable_in=3)
    held = a_clean_invoice(inside, "B")
    assert held_by(held) == ["BANK_CHANGED"]
    match_after_waiting_periods()
    assert held_by(held) == ["BANK_CHANGED"]
    with pytest.raises(BusinessRuleError):
        accept_variance(held, reason="Go on", actor=inside.people["ap_lead"])
    an_account(inside, "DE75512108001245126199", usable_in=-1)
    match_after_waiting_periods()
    assert status_of(held) == "approved"


def test_a_first_account_changes_nothing(inside: World) -> None:
    an_account(inside, "DE89370400440532013000", usable_in=None)
    assert status_of(a_clean_invoice(inside)) == "approved"


def test_the_rule_that_applies_is_told_with_the_scopes_that_were_asked(inside: World) -> None:
    rule(price={"mode": "limit", "percent": "1"})
    set_tolerance(
        category=inside.packaging,
        limits={"price": {"mode": "limit", "percent": "2"}},
        valid_from=date(2026, 3, 1),
        actor=None,
    )
    answer = which_rule(inside.northline, inside.shipper, date(2026, 3, 1))
    assert answer.policy.rule == "T-2 v1, Packaging"
    assert [(step.scope, str(step.rule or ""), step.applies) for step in answer.steps] == [
        ("CTN-12-KR, Northline Packaging", "", False),
        ("CTN-12-KR", "", False),
        ("Boxes, Northline Packaging", "", False),
        ("Packaging, Northline Packaging", "", False),
        ("Northline Packaging", "", False),
        ("Boxes", "", False),
        ("Packaging", "T-2 v1", True),
        ("Everything", "T-1 v1", False),
    ]
    before = which_rule(inside.northline, inside.shipper, date(2026, 2, 28))
    assert before.policy.rule == "T-1 v1"
