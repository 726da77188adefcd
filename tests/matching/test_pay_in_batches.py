"""What is to be paid, batches under four eyes, their files, and what the bank says about them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from matching.capture import void_invoice
from matching.holds import Cause
from matching.models import (
    Hold,
    InvoicePayment,
    PayingAccount,
    PaymentBatch,
    PaymentBatchLine,
    PaymentFile,
    SupplierInvoice,
)
from matching.payables import as_payables, payable_figures, payable_rows, week_totals
from matching.paying import (
    add_to_payment_batch,
    cancel_payment_batch,
    make_payment_batch,
    propose_payment_batch,
    release_payment_batch,
    take_out_payment,
)
from matching.paying_accounts import confirm_paying_account, propose_paying_account
from matching.rematching import match_invoices
from matching.sending import export_payment_batch
from procure.errors import BusinessRuleError
from procure.exports import ExportOptions, export
from procure.models import BusinessEvent
from purchasing.models import GoodsReceipt
from purchasing.receiving import reverse_receipt
from suppliers.bank_changes import BankDetails, propose_bank_account
from suppliers.models import Contact
from suppliers.supply_base import block_supplier
from tests.matching.paying import a_dear_invoice, billed, credit, open_holds, status_of
from tests.matching.payouts import account_of, amounts, approved, bank_says, batch_of
from tests.world import World

TODAY = timezone.localdate()
OUR_IBAN = "DE02120300000000202051"


def test_open_is_what_was_approved_less_credits_and_payments(inside: World) -> None:
    one = approved(inside, "A", 100, due_on=date(2026, 6, 3))
    credit(inside, "C", "A", billed(1, 20, 1, order="PO-A"))
    a_dear_invoice(inside, "HELD")
    approved(inside, "B", 50, due_on=date(2026, 6, 5))
    assert [(row.number, row.open_amount) for row in payable_rows()] == [("A", 80), ("B", 50)]
    assert [(week.key, week.amount, week.invoices) for week in week_totals(payable_figures())] == [
        ("2026-06-01", Decimal(130), 2)
    ]
    assert bank_says(inside, "A,,NORTH,2026-06-01,30,T1,").created == 1
    assert payable_rows().get(pk=one.pk).open_amount == 50


def test_a_discount_counts_until_its_day(inside: World) -> None:
    approved(
        inside,
        "A",
        1000,
        discount_until=TODAY + timedelta(days=2),
        early_discount_percent=Decimal(2),
    )
    (row,) = as_payables(payable_rows())
    assert (row.open_amount, row.discount, row.is_free) == (1000, Decimal("20.00"), True)
    (later,) = as_payables(payable_rows(), TODAY + timedelta(days=3))
    assert later.discount == 0
    rows = list(csv.DictReader(io.StringIO(export("payables", ExportOptions(), "csv"))))
    assert [(row["invoice_number"], row["open"], row["discount"]) for row in rows] == [
        ("A", "1000", "20")
    ]
    early = batch_of(inside, SupplierInvoice.objects.get())
    assert amounts(early) == [("A", 980, 20, "planned")]


def test_a_batch_is_released_by_a_second_person_as_it_was_shown(inside: World) -> None:
    one, two = approved(inside, "A", 100), approved(inside, "B", 50)
    batch = batch_of(inside, one, until="proposed")
    clerk, lead = inside.people["ap_clerk"], inside.people["ap_lead"]
    for actor, version, code in ((clerk, 1, "role"), (lead, 7, "changed")):
        with pytest.raises(BusinessRuleError) as refused:
            release_payment_batch(batch, version=version, actor=actor)
        assert refused.value.code == code
    own = make_payment_batch(invoices=[two], pay_on=TODAY, actor=lead)
    propose_payment_batch(own, actor=clerk)
    with pytest.raises(BusinessRuleError, match="second person"):
        release_payment_batch(own, version=1, actor=lead)
    with pytest.raises(IntegrityError, match="second_person"), transaction.atomic():
        PaymentBatch.objects.filter(pk=own.pk).update(
            status="released", released_by=lead, released_at=timezone.now()
        )
    released = release_payment_batch(batch, version=1, actor=lead)
    assert (released.status, released.released_by) == ("released", lead)


@pytest.mark.parametrize("role", ["ap_clerk", "operations_lead"])
def test_a_proposed_batch_is_sent_back_by_whoever_makes_or_releases_batches(
    world: World, role: str
) -> None:
    with world.inside():
        batch = batch_of(world, approved(world, "A", 100), until="proposed")
    path = world.url(f"payables/batches/{batch.public_id}/return/")
    assert world.client("auditor").post(path, {"reason": "Twice"}).status_code == 403
    assert world.client(role).post(path, {"reason": " "}).status_code == 422
    with world.inside():
        assert PaymentBatch.objects.get(pk=batch.pk).status == "proposed"
    assert world.client(role).post(path, {"reason": "Twice"}).status_code == 302
    with world.inside():
        assert PaymentBatch.objects.get(pk=batch.pk).status == "draft"


def test_who_entered_bank_details_does_not_release_the_first_payment_to_them(inside: World) -> None:
    account_of(inside, inside.northline, called_by=inside.people["ap_lead"])
    batch = batch_of(inside, approved(inside, "A", 100), until="proposed")
    with pytest.raises(BusinessRuleError) as refused:
        release_payment_batch(batch, version=1, actor=inside.people["ap_lead"])
    assert refused.value.code == "bank_details"
    release_payment_batch(batch, version=1, actor=inside.people["operations_lead"])
    assert batch.lines.get().bank_account is not None


def hold(world: World, one: SupplierInvoice) -> None:
    receipt = GoodsReceipt.objects.get(order__number=f"PO-{one.number}")
    reverse_receipt(receipt, reason="Wrong", actor=world.people["receiver"])
    match_invoices([one.pk], Cause("reversal"), approved_too=True)


def void(world: World, one: SupplierInvoice) -> None:
    void_invoice(one, reason="Wrong", actor=world.people["ap_lead"])


def block(world: World, _one: SupplierInvoice) -> None:
    block_supplier(world.northline, reason="Fraud", actor=world.people["sourcing_lead"])


def bank_change(world: World, _one: SupplierInvoice) -> None:
    Contact.objects.create(supplier=world.northline, name="Ida", phone="+1 555 0101")
    propose_bank_account(
        world.northline,
        details=BankDetails(holder="N", country="US", currency="USD", account_number="123456"),
        reason="Letter",
        actor=world.people["ap_clerk"],
    )


def credit_all(world: World, one: SupplierInvoice) -> None:
    credit(world, f"C-{one.number}", one.number, billed(1, 100, 1, order=f"PO-{one.number}"))


@pytest.mark.parametrize("stop", [hold, void, block, bank_change, credit_all])
def test_what_must_not_be_paid_stops_every_step(
    inside: World, stop: Callable[[World, SupplierInvoice], None]
) -> None:
    clerk, lead = inside.people["ap_clerk"], inside.people["ap_lead"]
    one, two, three, four = (approved(inside, number, 100) for number in "ABDE")
    draft, proposed, released = (
        batch_of(inside, each, until=until)
        for each, until in ((two, "draft"), (three, "proposed"), (four, "released"))
    )
    stopped = [one] if stop in (block, bank_change) else [one, two, three, four]
    for each in stopped:
        stop(inside, each)
    events = BusinessEvent.objects.count()
    steps: list[Callable[[], object]] = [
        lambda: make_payment_batch(invoices=[one], pay_on=TODAY, actor=clerk),
        lambda: propose_payment_batch(draft, actor=clerk),
        lambda: release_payment_batch(proposed, version=1, actor=lead),
        lambda: export_payment_batch(released, file_format="csv", actor=clerk),
    ]
    for step in steps:
        with pytest.raises(BusinessRuleError) as refused:
            step()
        assert refused.value.code == "not_payable"
    assert BusinessEvent.objects.count() == events
    assert not PaymentFile.objects.exists()
    states = PaymentBatch.objects.order_by("pk").values_list("status", flat=True)
    assert list(states) == ["draft", "proposed", "released"]


@pytest.mark.parametrize("status", ["proposed", "released", "exported"])
def test_the_database_lets_no_held_invoice_leave(inside: World, status: str) -> None:
    batch = batch_of(inside, approved(inside, "A", 100), until="released")
    PaymentBatch.objects.filter(pk=batch.pk).update(status="draft")
    Hold.objects.create(invoice=batch.lines.get().invoice, check_code="PRICE", owner_role="buyer")
    with pytest.raises(IntegrityError, match="without an open hold"), transaction.atomic():
        PaymentBatch.objects.filter(pk=batch.pk).update(status=status, exported_at=timezone.now())
    line = batch.lines.get()
    PaymentBatchLine.objects.filter(pk=line.pk).update(status="taken_out", reason="x")
    with pytest.raises(IntegrityError, match="without an open hold"), transaction.atomic():
        PaymentBatchLine.objects.create(
            batch=batch, invoice=line.invoice, supplier=line.supplier, amount=1
        )


def test_an_invoice_is_in_one_live_batch(inside: World) -> None:
    one, clerk = approved(inside, "A", 100), inside.people["ap_clerk"]
    batch = batch_of(inside, one)
    with pytest.raises(BusinessRuleError, match="another batch"):
        batch_of(inside, one)
    take_out_payment(batch.lines.get(), reason="Not yet", actor=clerk)
    other = batch_of(inside, one)
    with pytest.raises(BusinessRuleError, match="another batch"):
        add_to_payment_batch(batch, invoices=[one], actor=clerk)
    cancel_payment_batch(other, reason="Wrong day", actor=clerk)
    add_to_payment_batch(batch, invoices=[one], actor=clerk)
    assert amounts(batch)[-1] == ("A", 100, 0, "planned")


def test_the_ticked_ones_are_put_into_a_draft_that_is_there(world: World) -> None:
    with world.inside():
        one, two, three = (approved(world, name, 100) for name in "ABC")
        batch = batch_of(world, one)
    client = world.client("ap_clerk")
    path, page = world.url("payables/batches/new/"), world.url("payables/")
    assert f'<option value="{batch.public_id}">' in client.get(page).content.decode()
    assert "a new batch" not in world.client("auditor").get(page).content.decode()
    for sent, words in (
        ({"batch": str(batch.public_id)}, "Choose at least one invoice."),
        ({"batch": str(two.public_id), "invoice": str(two.public_id)}, "Choose the batch again"),
        ({"batch": "x", "invoice": str(two.public_id)}, "Choose the batch again"),
    ):
        assert words in client.post(path, sent, follow=True).content.decode()
    with world.inside():
        assert [row[0] for row in amounts(batch)] == ["A"]
    sent = {"batch": str(batch.public_id), "invoice": [str(two.public_id), str(three.public_id)]}
    assert client.post(path, sent).status_code == 302
    with world.inside():
        assert PaymentBatch.objects.get() == batch
        assert [row[0] for row in amounts(batch)] == ["A", "B", "C"]
        assert BusinessEvent.objects.get(kind="payment_batch.added").subject_id == batch.pk


def test_what_has_left_is_not_held_voided_or_taken_out(inside: World) -> None:
    one = approved(inside, "A", 100)
    batch = batch_of(inside, one, until="exported")
    hold(inside, one)
    assert (status_of(one), open_holds(one)) == ("approved", [])
    with pytest.raises(BusinessRuleError, match="has left"):
        void(inside, one)
    with pytest.raises(BusinessRuleError, match="sent to the bank"):
        take_out_payment(batch.lines.get(), reason="x", actor=inside.people["ap_clerk"])
    for change in (
        lambda: SupplierInvoice.objects.filter(pk=one.pk).update(status="open", approved_at=None),
        lambda: Hold.objects.create(invoice=one, check_code="PRICE", owner_role="buyer"),
    ):
        with pytest.raises(IntegrityError, match="has left"), transaction.atomic():
            change()


def test_files_are_made_once_and_kept_byte_for_byte(inside: World) -> None:
    inside.northline.name = "=cmd|' /C calc'!A0"
    inside.northline.save(update_fields=["name"])
    batch = batch_of(inside, approved(inside, "A", 100), until="released")
    clerk = inside.people["ap_clerk"]
    made = {
        kind: export_payment_batch(batch, file_format=kind, account_code="5000", actor=clerk)
        for kind in ("csv", "quickbooks", "xero")
    }
    again = export_payment_batch(batch, file_format="csv", account_code="9", actor=clerk)
    assert (again.pk, bytes(again.content)) == (made["csv"].pk, bytes(made["csv"].content))
    shown = {
        kind: list(csv.DictReader(io.StringIO(bytes(file.content).decode())))
        for kind, file in made.items()
    }
    assert shown["csv"][0]["supplier"].startswith("'=cmd")
    assert shown["csv"][0]["amount"] == "100"
    assert shown["quickbooks"][0]["Supplier"].startswith("'=cmd")
    (bill,) = shown["xero"]
    assert (bill["*InvoiceNumber"], bill["*UnitAmount"], bill["*AccountCode"]) == (
        "A",
        "100",
        "5000",
    )
    with pytest.raises(Exception, match="not edited"), transaction.atomic():
        PaymentFile.objects.filter(pk=again.pk).update(content=b"x")


def test_a_sepa_file_pays_each_supplier_once_from_our_confirmed_account(inside: World) -> None:
    lead, admin = inside.people["ap_lead"], inside.people["admin"]
    given = {"holder": "Acme", "bic": "", "bank_name": "", "currency": "EUR", "actor": lead}
    with pytest.raises(BusinessRuleError, match="no IBAN"):
        propose_paying_account(iban="DE02120300000000202052", **given)
    ours = propose_paying_account(iban=OUR_IBAN, **given)
    account_of(inside, inside.northline)
    euros: dict[str, Any] = {"currency": "EUR"}
    one, two = approved(inside, "A", 100, **euros), approved(inside, "B", "50.5", **euros)
    batch = batch_of(inside, one, two, until="released")

    def sepa() -> PaymentFile:
        return export_payment_batch(batch, file_format="sepa", actor=inside.people["ap_clerk"])

    with pytest.raises(BusinessRuleError, match="confirm our own EUR account"):
        sepa()
    with pytest.raises(BusinessRuleError, match="second person"):
        confirm_paying_account(ours, actor=lead)
    confirm_paying_account(ours, actor=admin)
    text = bytes(sepa().content).decode()
    assert "pain.001.001.09" in text
    assert text.count("<CdtTrfTxInf>") == 1
    for part in (OUR_IBAN, "DE89370400440532013000", ">150.50</InstdAmt>", f"{batch.number} A, B"):
        assert part in text


def test_an_account_in_the_united_states_has_a_routing_number(inside: World) -> None:
    lead, admin = inside.people["ap_lead"], inside.people["admin"]
    given = {"holder": "Acme", "bic": "", "bank_name": "", "currency": "USD", "actor": lead}
    for numbers, field in (
        ({}, "iban"),
        ({"iban": OUR_IBAN, "account_number": "1"}, "iban"),
        ({"routing_number": "123456780"}, "account_number"),
        ({"account_number": "0004417790"}, "routing_number"),
        ({"account_number": "0004417790", "routing_number": "123456781"}, "routing_number"),
    ):
        with pytest.raises(BusinessRuleError) as refused:
            propose_paying_account(**numbers, **given)
        assert (refused.value.field, PayingAccount.objects.count()) == (field, 0)
    ours = propose_paying_account(
        account_number="000 441 7790", routing_number="1234 56780", **given
    )
    confirm_paying_account(ours, actor=admin)
    assert ours.masked == "•••• 7790"
    batch = batch_of(inside, approved(inside, "A", 100), until="released")
    file = export_payment_batch(batch, file_format="csv", actor=inside.people["ap_clerk"])
    (row,) = csv.DictReader(io.StringIO(bytes(file.content).decode()))
    assert (row["from_account_number"], row["from_routing_number"], row["from_iban"]) == (
        "0004417790", "123456780", "",
    )  # fmt: skip


def test_what_the_bank_says_counts_once(inside: World) -> None:
    one, two = approved(inside, "A", 100), approved(inside, "B", 50)
    batch = batch_of(inside, one, two, until="exported")
    row = f",{batch.number},NORTH,2026-11-20,150,T1,"
    assert (bank_says(inside, row).created, bank_says(inside, row).unchanged) == (1, 1)
    assert [status_of(one), status_of(two)] == ["paid", "paid"]
    assert PaymentBatch.objects.get(pk=batch.pk).status == "paid"
    assert InvoicePayment.objects.count() == 2
    assert bank_says(inside, "A,,NORTH,2026-11-20,99,T1,").refused[0].message == (
        "This was reported before, with 100.00."
    )


def test_a_bank_may_announce_a_payment_a_week_ahead(inside: World) -> None:
    one, today = approved(inside, "A", 100), timezone.localdate()
    late, soon = (f"A,,NORTH,{today + timedelta(days=days)},100,T1," for days in (8, 7))
    assert bank_says(inside, late).refused[0].message.endswith("has not come yet.")
    assert (status_of(one), InvoicePayment.objects.count()) == ("approved", 0)
    assert bank_says(inside, soon).created == 1


def test_a_part_is_paid_and_a_payment_comes_back(inside: World) -> None:
    one, two = approved(inside, "A", 100), approved(inside, "B", 50)
    batch = batch_of(inside, one, two, until="exported")
    bank_says(inside, "A,,NORTH,2026-11-20,60,T1,paid", "B,,NORTH,2026-11-20,50,T2,paid")
    assert [(row.number, row.open_amount) for row in payable_rows()] == [("A", 40)]
    assert bank_says(inside, "B,,NORTH,2026-11-23,50,R2,returned").created == 1
    assert [(row.number, row.open_amount) for row in payable_rows()] == [("A", 40), ("B", 50)]
    assert PaymentBatch.objects.get(pk=batch.pk).status == "part_returned"
    again = batch_of(inside, one, two)
    assert [amount for _, amount, _, _ in amounts(again)] == [40, 50]
    refused = bank_says(
        inside, "B,,NORTH,2026-11-24,50,R3,returned", "A,,NORTH,2026-11-24,40,T4,paid"
    ).refused
    assert [(remark.row, remark.message) for remark in refused] == [
        (2, "0.00 of B was paid, not more."),
        (3, f"A is in {again.number}, which is not released."),
    ]


def test_a_credit_that_came_too_late_is_taken_back_from_the_next_payment(inside: World) -> None:
    one = approved(inside, "A", 100)
    bank_says(inside, "A,,NORTH,2026-11-20,100,T1,")
    late = credit(inside, "C", "A", billed(1, 30, 1, order="PO-A"))
    two = approved(inside, "B", 50)
    assert [(row.number, row.open_amount) for row in payable_rows()] == [("C", -30), ("B", 50)]
    alone = batch_of(inside, late)
    with pytest.raises(BusinessRuleError, match="not covered"):
        propose_payment_batch(alone, actor=inside.people["ap_clerk"])
    add_to_payment_batch(alone, invoices=[two], actor=inside.people["ap_clerk"])
    propose_payment_batch(alone, actor=inside.people["ap_clerk"])
    release_payment_batch(alone, version=2, actor=inside.people["ap_lead"])
    bank_says(inside, f",{alone.number},NORTH,2026-11-25,20,T2,")
    assert [status_of(each) for each in (one, late, two)] == ["paid", "paid", "paid"]
    assert list(payable_rows()) == []


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("X,,NORTH,2026-11-20,1,,", "Northline Packaging has no invoice of this number here."),
        ("HELD,,NORTH,2026-11-20,1,,", "HELD is held and not payable. Resolve its holds first."),
        ("A,,NORTH,2026-11-20,101,,", "A has 100.00 open, not more."),
        (
            ",PB-9,NORTH,2026-11-20,1,,",
            "Give the invoice's number, or a batch with Northline Packaging.",
        ),
    ],
)
def test_what_the_bank_cannot_have_paid_is_refused(inside: World, row: str, message: str) -> None:
    approved(inside, "A", 100)
    a_dear_invoice(inside, "HELD")
    assert [remark.message for remark in bank_says(inside, row).refused] == [message]
    assert not InvoicePayment.objects.exists()


def test_the_page_of_a_batch_takes_the_same_statements_for_any_number_of_payments(
    inside: World,
) -> None:
    clerk, counts = inside.client("ap_clerk"), []
    for numbers in (["A"], ["B", "C", "D"]):
        batch = batch_of(inside, *(approved(inside, number, 10) for number in numbers))
        address = inside.url(f"payables/batches/{batch.public_id}/")
        clerk.get(address)
        with CaptureQueriesContext(connection) as asked:
            page = clerk.get(address).content.decode()
        assert all(f">{number}</a>" in page for number in numbers)
        counts.append(len(asked))
    assert counts[0] == counts[1]
