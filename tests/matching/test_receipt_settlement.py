"""Receipt settlement: what came is billed by ourselves after it has aged, what went back is debited."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from matching.capture import void_invoice
from matching.expected_credits import ExpectedCredit
from matching.models import ReceiptSettlement, SettlementTerms, SupplierInvoice
from matching.returned_goods import expect_credits_for_returns
from matching.settlement_due import due_lines
from matching.settlement_reactions import (
    debit_what_went_back,
    mail_settlements,
    settle_aged_receipts,
)
from matching.settling_receipts import (
    TermsDetails,
    debit_returned_goods,
    end_receipt_settlement,
    settle_by_receipt,
    settle_receipts,
)
from procure.errors import BusinessRuleError
from procure.models import BusinessEvent
from purchasing.models import GoodsReceipt, GoodsReceiptLine, PurchaseOrder, PurchaseOrderLine
from purchasing.receiving import ReturnedLine, post_return, reverse_receipt
from suppliers.models import PriceAgreement, PriceBreak, Qualification
from suppliers.supply_base import block_supplier
from tests.matching.paying import an_order, billed, held_by, invoice, status_of
from tests.world import World

TODAY = timezone.localdate()
PRICE = "1.255"


def days_ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def terms_of(world: World, **changes: Any) -> SettlementTerms:
    """Northline is settled by receipt, with 19 percent of tax."""
    given: dict[str, Any] = {
        "tax_code": "S", "tax_rate": Decimal(19), "starts_on": days_ago(30), "note": "Letter",
    }  # fmt: skip
    return settle_by_receipt(
        world.northline,
        terms=TermsDetails(**{**given, **changes}),
        actor=world.people["ap_lead"],
    )


def came(
    world: World, order: PurchaseOrder, good: object, rejected: object = 0, *, days: int = 2,
    on: int | None = None,
) -> GoodsReceipt:  # fmt: skip
    """Goods of line 1 that were written down so many days ago, and came then or `on` that day."""
    receipt = GoodsReceipt.objects.create(
        order=order,
        number=f"GR-{GoodsReceipt.objects.count() + 1}",
        received_on=days_ago(days if on is None else on),
        posted_at=timezone.now() - timedelta(days=days),
        posted_by=world.people["receiver"],
    )
    GoodsReceiptLine.objects.create(
        receipt=receipt,
        order_line=order.lines.get(),
        received_quantity=Decimal(str(good)) + Decimal(str(rejected)),
        rejected_quantity=Decimal(str(rejected)),
        reject_reason="damaged" if rejected else "",
    )
    return receipt


def ordered(world: World, quantity: object = 100, **changes: Any) -> PurchaseOrder:
    """An order at a price of the buyer's, no agreement in its way."""
    PriceBreak.objects.all().delete()
    return an_order(world, (world.shipper, quantity, PRICE), issued_on=days_ago(20), **changes)


def settle(terms: SettlementTerms) -> list[SupplierInvoice]:
    return settle_receipts(terms, actor=None)


def figures(one: SupplierInvoice) -> tuple[Any, ...]:
    return one.kind, one.status, one.tax_amount, one.total_amount


def quantities(one: SupplierInvoice) -> Sequence[Decimal]:
    return list(one.lines.values_list("quantity", flat=True))


def go_back(world: World, order: PurchaseOrder, quantity: int) -> GoodsReceipt:
    return post_return(
        order,
        lines=[ReturnedLine(1, Decimal(quantity))],
        returned_on=TODAY,
        reason="Torn",
        actor=world.people["receiver"],
    )


def event_of(kind: str) -> list[BusinessEvent]:
    return list(BusinessEvent.objects.filter(kind=kind).order_by("-pk")[:1])


def test_what_came_is_billed_at_the_orders_price_after_two_days(inside: World) -> None:
    terms, order = terms_of(inside), ordered(inside)
    receipt = came(inside, order, 50, 10, days=2)
    came(inside, order, 20, days=1)
    came(inside, order, 5, days=1, on=9)  # came long ago, written down yesterday
    (due,) = due_lines()
    assert (due.due, due.waits, due.free_on) == (50, 25, TODAY + timedelta(days=1))
    (bill,) = settle(terms)
    # 50 x 1.255 = 62.75, and 19 % of it are 11.9225
    assert figures(bill) == ("invoice", "approved", Decimal("11.92"), Decimal("74.67"))
    assert (bill.number, bill.origin, bill.despatch_reference) == (
        "SB-1001",
        "settled",
        str(receipt),
    )
    assert quantities(bill) == [50]
    assert settle(terms) == []
    (rest,) = settle(terms_of(inside, ageing_days=1))
    assert (rest.number, quantities(rest), rest.status) == ("SB-1002", [25], "approved")


def test_a_correction_that_lands_in_time_is_never_billed(inside: World) -> None:
    terms, order = terms_of(inside), ordered(inside)
    wrong = came(inside, order, 80, days=1)
    assert settle(terms) == []
    reverse_receipt(wrong, reason="Other order", actor=inside.people["receiver"])
    came(inside, order, 8, days=1)
    (bill,) = settle(terms_of(inside, ageing_days=1))
    assert quantities(bill) == [8]


def test_what_the_supplier_billed_or_what_came_before_is_left_to_it(inside: World) -> None:
    terms, order = terms_of(inside, starts_on=days_ago(5)), ordered(inside)
    came(inside, order, 30, days=8)
    came(inside, order, 20, days=3)
    invoice(inside, "OWN", billed(1, 12, 2))  # held for its price, and still in the way
    (bill,) = settle(terms)
    assert quantities(bill) == [20]  # the 18 of before are left
    invoice(inside, "OWN-2", billed(1, 18, PRICE))
    assert settle(terms) == []
    other = ordered(inside, number="PO-2")
    came(inside, other, 10, days=3)
    invoice(inside, "OWN-3", billed(1, 10, PRICE, order="PO-2"))
    assert settle(terms) == []


def test_the_suppliers_own_invoice_on_top_is_held(inside: World) -> None:
    terms, order = terms_of(inside, tax_code="E", tax_rate=Decimal(0)), ordered(inside, 10)
    came(inside, order, 10, days=2)
    (bill,) = settle(terms)
    assert figures(bill) == ("invoice", "approved", 0, Decimal("12.55"))
    again = invoice(inside, "OWN", billed(1, 10, PRICE))
    assert again.status == "open"
    assert held_by(again)
    assert debit_returned_goods(terms, actor=None) == []


def test_no_more_than_was_ordered_is_billed(inside: World) -> None:
    terms, order = terms_of(inside), ordered(inside)
    came(inside, order, 105, days=2)
    (bill,) = settle(terms)
    assert (quantities(bill), bill.status) == ([100], "approved")
    (left,) = due_lines()
    assert (left.over, left.due) == (5, 0)
    assert left.blocked == "5 came above what was ordered. Change the order or return them."


def _expire_agreement(world: World) -> None:
    PriceAgreement.objects.update(valid_from=days_ago(300), valid_to=days_ago(1))


def _expire_qualification(world: World) -> None:
    Qualification.objects.update(valid_to=days_ago(1))


def _suspend(world: World) -> None:
    Qualification.objects.update(status="suspended")


def _block(world: World) -> None:
    block_supplier(world.northline, reason="Fraud", actor=world.people["sourcing_lead"])


def _estimate(world: World) -> None:
    PurchaseOrderLine.objects.update(price_source="last_paid")


def _other_price(world: World) -> None:
    PurchaseOrderLine.objects.update(unit_price=Decimal("0.7"))


def _no_price(world: World) -> None:
    PriceBreak.objects.all().delete()
    PurchaseOrderLine.objects.update(unit_price=0)


@pytest.mark.parametrize(
    ("spoil", "because"),
    [
        (_expire_agreement, "Agreement NL-2026-04 for CTN-12-KR ended on"),
        (_expire_qualification, "The qualification for Packaging expired on"),
        (_suspend, "Northline Packaging is suspended for Packaging."),
        (_block, "Northline Packaging is blocked."),
        (_estimate, "The price is not firm: it was taken from the price paid last."),
        (_other_price, "The price is not firm: 0.70 on the order, 0.612 in the agreement."),
        (_no_price, "The order has no price for it."),
    ],
)
def test_it_is_blocked_while_something_is_missing(inside: World, spoil: Any, because: str) -> None:
    PriceAgreement.objects.update(valid_from=days_ago(300))
    PriceBreak.objects.update(valid_from=days_ago(300))
    terms = terms_of(inside)
    order = an_order(inside, (inside.shipper, 10, "0.612"), issued_on=days_ago(20))
    came(inside, order, 10)
    assert [one.blocked for one in due_lines()] == [""]
    spoil(inside)
    (line,) = due_lines()
    assert line.blocked.startswith(because)
    before = BusinessEvent.objects.count()
    assert settle(terms) == []
    settle_aged_receipts()
    assert (SupplierInvoice.objects.count(), BusinessEvent.objects.count()) == (0, before)


def test_what_is_blocked_waits_on_the_home_of_accounts_payable(
    world: World, django_assert_max_num_queries: Any
) -> None:
    clerk, home, tile = world.client("ap_clerk"), world.url(""), "Receipt settlement is blocked"
    with world.inside():
        terms_of(world)
        for number in ("PO-1", "PO-2"):
            came(world, ordered(world, number=number), 10)
    assert tile not in clerk.get(home).content.decode()
    with world.inside():
        _estimate(world)
    clerk.get(home)
    with django_assert_max_num_queries(28):
        page = clerk.get(home).content.decode()
    assert tile in page
    assert "Northline Packaging: The price is not firm: it was taken from the price paid" in page
    assert '<span class="pc-work__count pc-number pc-warn">2</span>' in page
    assert tile not in world.client("receiver").get(home).content.decode()


def test_a_return_is_debited_to_the_cent(inside: World) -> None:
    terms, order = terms_of(inside), ordered(inside)
    came(inside, order, 7, days=3)
    (first,) = settle(terms)  # 8.785 -> 8.79 and 1.67 of tax
    came(inside, order, 5, days=2)
    (second,) = settle(terms)  # 6.275 -> 6.28 and 1.19
    assert [one.total_amount for one in (first, second)] == [Decimal("10.46"), Decimal("7.47")]
    go_back(inside, order, 3)
    debit_what_went_back(event_of("goods_receipt.returned"))
    note = SupplierInvoice.objects.get(kind="credit")
    assert (note.number, note.credits, quantities(note)) == ("SB-1003", second, [3])
    assert figures(note) == ("credit", "approved", Decimal("0.72"), Decimal("4.49"))
    debit_what_went_back(event_of("goods_receipt.returned"))
    go_back(inside, order, 9)
    debit_what_went_back(event_of("goods_receipt.returned"))
    notes = SupplierInvoice.objects.filter(kind="credit").order_by("pk")
    assert [(one.credits, quantities(one)) for one in notes] == [
        (second, [3]), (second, [2]), (first, [7]),
    ]  # fmt: skip
    assert sum(one.total_amount for one in notes) == Decimal("17.93")  # all of both
    assert settle(terms) == []
    assert due_lines() == []


def test_a_return_of_paid_goods_is_debited_and_not_asked_back_too(inside: World) -> None:
    terms, order = terms_of(inside), ordered(inside)
    receipt = came(inside, order, 10)
    (bill,) = settle(terms)
    SupplierInvoice.objects.filter(pk=bill.pk).update(status="paid")
    end_receipt_settlement(terms, reason="They bill again", actor=inside.people["ap_lead"])
    back = go_back(inside, order, 4)
    expect_credits_for_returns([back.pk])
    debit_what_went_back(event_of("goods_receipt.returned"))
    note = SupplierInvoice.objects.get(kind="credit")
    assert (quantities(note), note.status, ExpectedCredit.objects.count()) == ([4], "approved", 0)
    reverse_receipt(back, reason="It stayed", actor=inside.people["receiver"])
    reverse_receipt(receipt, reason="Never came", actor=inside.people["receiver"])
    debit_what_went_back(event_of("goods_receipt.reversed"))
    assert [quantities(one) for one in bill.credit_notes.order_by("pk")] == [[4], [6]]
    with pytest.raises(BusinessRuleError, match="not settled by receipt any more"):
        settle(terms)


def test_a_voided_settlement_is_written_again(inside: World) -> None:
    terms, order = terms_of(inside), ordered(inside)
    came(inside, order, 10)
    (bill,) = settle(terms)
    void_invoice(bill, reason="Wrong rate", actor=inside.people["ap_clerk"])
    (again,) = settle(terms_of(inside, tax_rate=Decimal(7)))
    assert (quantities(again), again.tax_amount) == ([10], Decimal("0.88"))
    assert status_of(bill) == "void"


def test_the_night_settles_and_mails_the_documents(inside: World) -> None:
    terms_of(inside)
    inside.northline.email = "ar@northline.test"
    inside.northline.save()
    came(inside, ordered(inside), 10)
    settle_aged_receipts()
    settle_aged_receipts()
    assert ReceiptSettlement.objects.count() == 1
    mail_settlements(event_of("receipt_settlement.made"))
    (sent,) = mail.outbox
    assert sent.to == ["ar@northline.test"]
    assert sent.subject == "Self-billing invoice SB-1001 (Acme)"
    assert "SB-1001 of" in sent.body
    assert "14.93 USD" in sent.body
    assert [name for name, *_ in sent.attachments] in (["SB-1001.pdf"], [])


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"tax_code": ""}, "tax_code"),
        ({"tax_rate": Decimal(0)}, "tax_rate"),
        ({"tax_code": "AE"}, "tax_rate"),
        ({"note": " "}, "note"),
        ({"ageing_days": 91}, "ageing_days"),
    ],
)
def test_terms_need_a_tax_code_and_an_agreement(
    inside: World, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(BusinessRuleError) as refused:
        terms_of(inside, **changes)
    assert refused.value.field == field
    assert (SettlementTerms.objects.count(), BusinessEvent.objects.count()) == (0, 0)


def test_the_screen_sets_settles_and_shows_the_document(
    world: World, django_assert_max_num_queries: Any
) -> None:
    lead: Client = world.client("ap_lead")
    with world.inside():
        came(world, ordered(world), 10)
    form = {
        "supplier": str(world.northline.public_id), "tax_code": "S", "tax_rate": "19",
        "ageing_days": "2", "starts_on": days_ago(9).isoformat(), "note": "Contract of May",
    }  # fmt: skip
    page = lead.post(world.url("payables/settlement/new/"), {**form, "tax_code": ""})
    assert page.status_code == 422
    assert lead.post(world.url("payables/settlement/new/"), form).status_code == 302
    with django_assert_max_num_queries(22):
        page = lead.get(world.url("payables/settlement/"))
    assert "Contract of May" in page.content.decode()
    assert "12.55" in page.content.decode()
    with world.inside():
        terms = SettlementTerms.objects.get()
    run = world.url(f"payables/settlement/{terms.public_id}/run/")
    assert world.client("buyer").post(run).status_code == 403
    assert lead.post(run).status_code == 302
    with world.inside():
        bill = SupplierInvoice.objects.get()
    shown = lead.get(world.url(f"invoices/{bill.public_id}/settlement/")).content.decode()
    assert "Self-billing invoice SB-1001" in shown
    assert "Contract of May" in shown
