"""Paying the supported part, keeping or returning a duplicate, linking, asking, putting aside."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from matching.asking import ask_owner
from matching.capture import CapturedLine
from matching.models import Hold, InvoiceNote, SupplierInvoice
from matching.resolution import (
    add_note,
    code_as_charge,
    keep_invoice,
    link_line,
    pay_supported,
    put_aside,
    request_credit,
    return_to_supplier,
)
from procure.errors import BusinessRuleError
from tests.matching.paying import (
    DAY,
    a_dear_invoice,
    an_order,
    billed,
    credit,
    held_by,
    holding_nothing_changed,
    invoice,
    links,
    receive,
    status_of,
    take_effect,
)
from tests.world import World

pytestmark = pytest.mark.django_db
WHY = "As agreed with Northline"


def test_the_supported_part_is_paid_and_the_rest_claimed(inside: World) -> None:
    held = a_dear_invoice(inside)
    decided = pay_supported(held, reason=WHY, actor=inside.people["ap_clerk"])
    assert (decided.amount, decided.claimed_amount) == (Decimal(10), Decimal(10))
    take_effect(decided)
    after = SupplierInvoice.objects.get(pk=held.pk)
    assert (after.status, after.approved_amount, after.total_amount) == ("approved", 10, 20)
    assert Hold.objects.get(invoice=held).outcome == "pay_supported"
    note = credit(inside, "CN-1", "INV-1", billed(1, 0, 0, order="PO-INV-1", amount=Decimal(10)))
    assert status_of(note) == "approved"


def test_a_claimed_line_is_not_shown_as_a_match(inside: World) -> None:
    held = a_dear_invoice(inside)
    page = inside.url(f"invoices/{held.public_id}/")
    clerk = inside.client("ap_clerk")
    take_effect(pay_supported(held, reason=WHY, actor=inside.people["ap_clerk"]))
    text = clerk.get(page).content.decode()
    assert '10.00</span><span class="pc-sub">claimed</span>' in text
    assert "> Match</span>" not in text


def test_only_accounts_payable_pays_a_part(inside: World) -> None:
    held = a_dear_invoice(inside)
    before = holding_nothing_changed(held)
    with pytest.raises(BusinessRuleError, match="Only accounts payable"):
        pay_supported(held, reason=WHY, actor=inside.people["buyer"])
    assert holding_nothing_changed(held) == before


def test_nothing_supported_is_nothing_to_pay(inside: World) -> None:
    an_order(inside, (inside.shipper, 10, "0.612"))
    held = invoice(inside, "A", billed(1, 10, "0.612"))
    with pytest.raises(BusinessRuleError, match="Nothing of this invoice is supported"):
        pay_supported(held, reason=WHY, actor=inside.people["ap_clerk"])


def a_suspect(world: World) -> SupplierInvoice:
    a_dear_invoice(world, "INV-101")
    return invoice(
        world,
        "INV-1O1",
        billed(1, 1, "1", order="PO-INV-101"),
        invoiced_on=DAY + timedelta(days=40),
    )


def test_a_kept_invoice_is_matched_like_any_other(inside: World) -> None:
    suspect = a_suspect(inside)
    take_effect(keep_invoice(suspect, reason=WHY, actor=inside.people["ap_lead"]))
    assert status_of(suspect) == "approved"
    assert held_by(suspect) == []


def test_who_entered_the_invoice_does_not_keep_it(inside: World) -> None:
    suspect = a_suspect(inside)
    before = holding_nothing_changed(suspect)
    with pytest.raises(BusinessRuleError, match="You entered this invoice"):
        keep_invoice(suspect, reason=WHY, actor=inside.people["ap_clerk"])
    assert holding_nothing_changed(suspect) == before


def test_a_duplicate_goes_back_and_frees_its_number(inside: World) -> None:
    suspect = a_suspect(inside)
    take_effect(return_to_supplier(suspect, reason=WHY, actor=inside.people["ap_clerk"]))
    assert status_of(suspect) == "void"
    assert not Hold.objects.filter(invoice=suspect, status="open").exists()


def test_a_line_is_linked_by_hand_and_stays_linked(inside: World) -> None:
    order = an_order(inside, (inside.shipper, 10, "0.612"), (inside.divider, 10, "0.089"))
    receive(inside, order, (1, 10), (2, 10))
    stray = invoice(
        inside,
        "A",
        CapturedLine(Decimal(5), Decimal("0.089"), order_number="PO-1", sku_code="SOMETHING"),
    )
    assert held_by(stray) == ["LINE_UNMATCHED"]
    linked = link_line(
        stray, position=1, order_line=order.lines.get(line_no=2), actor=inside.people["ap_clerk"]
    )
    assert (linked.status, linked.is_touchless, links(stray)) == ("approved", False, [2])


def test_a_line_is_not_linked_to_another_suppliers_order(inside: World) -> None:
    stray = invoice(inside, "A", CapturedLine(Decimal(5), Decimal(1)))
    other = an_order(inside, (inside.shipper, 1, 1), number="PO-K", supplier=inside.kestrel)
    before = holding_nothing_changed(stray)
    with pytest.raises(BusinessRuleError, match="another supplier"):
        link_line(stray, position=1, order_line=other.lines.get(), actor=inside.people["ap_lead"])
    assert holding_nothing_changed(stray) == before


def test_a_line_is_read_as_a_charge(inside: World) -> None:
    order = an_order(inside, (inside.shipper, 10, "0.612"))
    receive(inside, order, (1, 10))
    stray = invoice(
        inside, "A", billed(1, 10, "0.612"), CapturedLine(Decimal(1), Decimal(30)),
        order_reference="PO-1",
    )  # fmt: skip
    assert held_by(stray) == ["LINE_UNMATCHED"]
    code_as_charge(stray, position=2, charge_code="Freight", actor=inside.people["ap_clerk"])
    assert status_of(stray) == "approved"


def test_asking_puts_the_hold_before_the_person_with_the_question(inside: World) -> None:
    held = a_dear_invoice(inside)
    buyer = inside.people["buyer"]
    ask_owner(held, person=buyer, question="Was 2.00 agreed?", actor=inside.people["ap_clerk"])
    assert Hold.objects.get(invoice=held).assigned_to == buyer
    assert InvoiceNote.objects.get(invoice=held).text == "Was 2.00 agreed?"
    with pytest.raises(BusinessRuleError, match="does not work on holds"):
        ask_owner(
            held, person=inside.people["auditor"], question="You?", actor=inside.people["ap_clerk"]
        )


def test_a_requested_credit_leaves_the_invoice_held(inside: World) -> None:
    held = a_dear_invoice(inside)
    decided = request_credit(held, reason="Overcharged", actor=inside.people["ap_clerk"])
    take_effect(decided)
    hold = Hold.objects.get(invoice=held)
    assert (hold.status, hold.outcome) == ("open", "credit_requested")
    credit(inside, "CN-1", "INV-1", billed(1, 0, 0, order="PO-INV-1", amount=Decimal(10)))
    assert status_of(held) == "open"


def test_an_invoice_is_put_aside_until_a_day_to_come(inside: World) -> None:
    held = a_dear_invoice(inside)
    tomorrow = timezone.localdate() + timedelta(days=1)
    put_aside(held, until=tomorrow, actor=inside.people["ap_clerk"])
    assert SupplierInvoice.objects.get(pk=held.pk).look_again_on == tomorrow
    with pytest.raises(BusinessRuleError, match="in the future"):
        put_aside(held, until=timezone.localdate(), actor=inside.people["ap_clerk"])


def test_a_note_says_something(inside: World) -> None:
    held = a_dear_invoice(inside)
    add_note(held, text=" Called them. ", actor=inside.people["receiver"])
    assert [note.text for note in held.notes.all()] == ["Called them."]
    with pytest.raises(BusinessRuleError, match="Write something"):
        add_note(held, text=" ", actor=inside.people["receiver"])
