"""Credits: asked for with evidence, closed by the credit note that comes, missed when none does."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core import mail
from django.utils import timezone

from matching.claiming import drop_expected_credit, receive_credits, take_credits_back
from matching.credit_reactions import (
    mail_credit_requests,
    mail_overdue_credits,
    tell_overdue_credits,
)
from matching.expected_credits import ExpectedCredit
from matching.models import Hold, SupplierInvoice
from matching.rematching import match_invoices
from matching.resolution import pay_supported, request_credit
from matching.returned_goods import (
    drop_credits_of_reversed_returns,
    expect_credits_for_returns,
)
from procure.errors import BusinessRuleError
from procure.models import BusinessEvent
from purchasing.receiving import ReturnedLine, post_return, reverse_receipt
from suppliers.supply_base import block_supplier
from tests.matching.paying import (
    a_dear_invoice,
    an_order,
    billed,
    credit,
    invoice,
    receive,
    status_of,
    take_effect,
)
from tests.world import World

pytestmark = pytest.mark.django_db
WHY = "Twice the price"


def short_paid(world: World) -> ExpectedCredit:
    """INV-1 of 20.00, of which 10.00 is supported and paid."""
    held = a_dear_invoice(world)
    take_effect(pay_supported(held, reason=WHY, actor=world.people["ap_clerk"]))
    return ExpectedCredit.objects.get()


def credited(world: World, amount: int = 10, number: str = "CN-1") -> SupplierInvoice:
    line = billed(1, 0, 0, order="PO-INV-1", amount=Decimal(amount))
    return credit(world, number, "INV-1", line)


def told(kind: str) -> list[BusinessEvent]:
    return list(BusinessEvent.objects.filter(kind=kind))


def test_paying_short_makes_a_debit_note_with_its_evidence(inside: World) -> None:
    asked = short_paid(inside)
    assert (asked.number, asked.kind, asked.amount) == ("DN-1001", "short_paid", 10)
    assert asked.due_on == timezone.localdate() + timedelta(days=14)
    (line,) = asked.lines
    assert (line["name"], line["ordered_price"], line["billed_price"], line["amount"]) == (
        "CTN-12-KR", "1", "2", "10",
    )  # fmt: skip


def test_the_document_is_mailed_to_the_supplier_with_its_lines(inside: World) -> None:
    inside.northline.email = "billing@northline.test"
    inside.northline.save(update_fields=["email"])
    short_paid(inside)
    mail_credit_requests(told("credit.asked"))
    (sent,) = mail.outbox
    assert sent.to == ["billing@northline.test"]
    assert sent.subject == "Debit note DN-1001 on your invoice INV-1 (Acme)"
    assert (
        "price over order; ordered 10 at 1.00, received 10, billed 10 at 2.00: 10.00" in sent.body
    )


def test_what_was_paid_short_takes_nothing_off_later_payments(inside: World) -> None:
    asked = short_paid(inside)
    note = credited(inside)
    assert [one.pk for one in receive_credits([note.pk])] == [asked.pk]
    note.refresh_from_db()
    asked.refresh_from_db()
    assert (asked.status, asked.close_reason) == ("received", "credit note CN-1")
    assert note.approved_amount == 0
    assert receive_credits([note.pk]) == []
    note.refresh_from_db()
    assert note.approved_amount == 0


def test_a_credit_in_two_parts_is_complete_with_the_second(inside: World) -> None:
    asked = short_paid(inside)
    assert receive_credits([credited(inside, 4).pk]) == []
    asked.refresh_from_db()
    assert asked.status == "open"
    assert receive_credits([credited(inside, 6, "CN-2").pk]) == [asked]


def test_a_requested_credit_releases_its_invoice_in_full_when_it_comes(inside: World) -> None:
    held = a_dear_invoice(inside)
    take_effect(request_credit(held, reason=WHY, actor=inside.people["ap_clerk"]))
    held.refresh_from_db()
    asked = ExpectedCredit.objects.get()
    assert (asked.number, held.look_again_on, status_of(held)) == ("CR-1001", asked.due_on, "open")
    with pytest.raises(BusinessRuleError, match="CR-1001 asks for a credit"):
        request_credit(held, reason=WHY, actor=inside.people["ap_clerk"])
    note = credited(inside)
    receive_credits([note.pk])
    held.refresh_from_db()
    note.refresh_from_db()
    assert (held.status, held.approved_amount, note.approved_amount) == ("approved", 20, 10)
    assert Hold.objects.get(invoice=held).closed_because == "credit note CN-1"


def test_a_credit_that_comes_does_not_pay_a_blocked_supplier(inside: World) -> None:
    held = a_dear_invoice(inside)
    take_effect(request_credit(held, reason=WHY, actor=inside.people["ap_clerk"]))
    note = credited(inside)
    block_supplier(inside.northline, reason="Fraud", actor=inside.people["sourcing_lead"])
    match_invoices([held.pk])
    receive_credits([note.pk])
    open_now = Hold.objects.filter(invoice=held, status="open").values_list("check_code", flat=True)
    assert (status_of(held), list(open_now)) == ("open", ["SUPPLIER_BLOCKED"])


def test_a_voided_credit_note_brought_nothing(inside: World) -> None:
    asked = short_paid(inside)
    note = credited(inside)
    receive_credits([note.pk])
    SupplierInvoice.objects.filter(pk=note.pk).update(
        status="void", voided_by=inside.people["ap_lead"], voided_at=timezone.now(), void_reason="x"
    )
    take_credits_back([note.pk])
    asked.refresh_from_db()
    assert (asked.status, asked.received.count()) == ("open", 0)
    again = BusinessEvent.objects.filter(kind="credit.expected_again")
    assert [event.subject_id for event in again] == [asked.invoice_id]


def test_goods_returned_after_payment_are_asked_back_once(inside: World) -> None:
    order = an_order(inside, (inside.shipper, 10, "0.612"))
    receive(inside, order, (1, 10))
    paid = invoice(inside, "INV-1", billed(1, 10, "0.612"))
    SupplierInvoice.objects.filter(pk=paid.pk).update(status="paid")
    back = post_return(
        order, lines=[ReturnedLine(1, Decimal(4))], returned_on=timezone.localdate(),
        reason="Wet", actor=inside.people["receiver"],
    )  # fmt: skip
    (asked,) = expect_credits_for_returns([back.pk])
    assert (asked.kind, asked.amount, asked.invoice_id) == ("returned", Decimal("2.45"), paid.pk)
    assert expect_credits_for_returns([back.pk]) == []
    reverse_receipt(back, reason="Mistake", actor=inside.people["receiver"])
    drop_credits_of_reversed_returns([back.pk])
    asked.refresh_from_db()
    assert asked.status == "dropped"


def test_a_credit_that_never_comes_is_told_to_the_ap_lead_once(inside: World) -> None:
    asked = short_paid(inside)
    tell_overdue_credits()
    assert told("credit.overdue") == []
    ExpectedCredit.objects.update(due_on=timezone.localdate() - timedelta(days=1))
    tell_overdue_credits()
    tell_overdue_credits()
    (late,) = told("credit.overdue")
    mail_overdue_credits([late])
    (sent,) = mail.outbox
    assert sent.to == ["ap_lead@acme.test"]
    assert f"{asked}  Northline Packaging, invoice INV-1: 10.00 USD" in sent.body
    home = inside.client("ap_clerk").get(inside.url()).content.decode()
    assert "Credits that have not come" in home


def test_a_credit_is_given_up_with_a_reason_and_only_once(inside: World) -> None:
    asked = short_paid(inside)
    with pytest.raises(BusinessRuleError, match="Say why"):
        drop_expected_credit(asked, reason=" ", actor=inside.people["ap_clerk"])
    asked.refresh_from_db()
    assert asked.status == "open"
    drop_expected_credit(asked, reason="Settled by phone", actor=inside.people["ap_clerk"])
    with pytest.raises(BusinessRuleError, match="given up"):
        drop_expected_credit(asked, reason="Again", actor=inside.people["ap_clerk"])


def test_the_screens_show_what_is_asked_and_what_came(inside: World) -> None:
    asked = short_paid(inside)
    clerk = inside.client("ap_clerk")
    listed = clerk.get(inside.url("credits/")).content.decode()
    assert "waiting for 10.00 USD" in listed
    assert "DN-1001" in listed
    shown = clerk.get(inside.url(f"credits/{asked.public_id}/")).content.decode()
    assert "Still expected" in shown
    printed = clerk.get(inside.url(f"credits/{asked.public_id}/print/")).content.decode()
    assert "Debit note DN-1001" in printed
