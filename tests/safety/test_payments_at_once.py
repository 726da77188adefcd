"""Holds, voids and changes of bank details against the release of a payment: whatever the
order of events, no invoice with an open hold leaves. With its controls."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from matching import paying, sending
from matching.capture import void_invoice
from matching.holds import Cause
from matching.models import Hold, PaymentBatch, PaymentBatchLine, SupplierInvoice
from matching.rematching import match_invoices
from purchasing.models import GoodsReceipt
from purchasing.receiving import reverse_receipt
from suppliers.bank_changes import BankDetails, propose_bank_account, reject_bank_account
from suppliers.models import BankAccount, Contact, Supplier
from tests.matching.payouts import approved, batch_of
from tests.safety.crowd import Meeting, at_once, refusals, rounds
from tests.safety.test_invoices_at_once import as_owner
from tests.world import World, make_world

pytestmark = pytest.mark.django_db(transaction=True)
GUARDS = (
    ("matching_paymentbatch", "matching_paymentbatch_payable"),
    ("matching_supplierinvoice", "matching_supplierinvoice_sent"),
    ("matching_hold", "matching_hold_sent"),
)


def inside(world: World, step: Callable[[], Any]) -> Any:
    with world.inside():
        return step()


def send_goods_back(world: World, one: SupplierInvoice) -> None:
    """The receipt was wrong: what was approved is held again, unless its money has left."""
    receipt = GoodsReceipt.objects.get(order__number=f"PO-{one.number}")
    reverse_receipt(receipt, reason="Wrong", actor=world.people["receiver"])
    match_invoices([one.pk], Cause("reversal"), approved_too=True)


def change_bank(world: World, supplier: Supplier) -> None:
    propose_bank_account(
        supplier,
        details=BankDetails(holder="N", country="US", currency="USD", account_number="123456"),
        reason="Letter",
        actor=world.people["ap_clerk"],
    )


def released_batch(world: World, turn: str) -> tuple[PaymentBatch, list[SupplierInvoice]]:
    with world.inside():
        invoices = [approved(world, f"{turn}{n}", 10) for n in range(2)]
        return batch_of(world, *invoices, until="proposed"), invoices


def release_and_send(world: World, batch: PaymentBatch) -> list[Callable[[], Any]]:
    lead, clerk = world.people["ap_lead"], world.people["ap_clerk"]
    return [
        partial(paying.release_payment_batch, batch, version=1, actor=lead),
        partial(sending.export_payment_batch, batch, file_format="csv", actor=clerk),
    ]


def on_its_way_though_held() -> int:
    """Payments in a file whose invoice is held or void."""
    sent = PaymentBatchLine.objects.filter(batch__status="exported", status="planned")
    held = sent.filter(invoice__holds__status=Hold.Status.OPEN) | sent.exclude(
        invoice__status="approved"
    )
    return held.distinct().count()


def test_a_hold_or_a_void_comes_before_or_after_a_release_never_between() -> None:
    world = make_world()
    for turn in range(rounds(3, 200)):
        batch, (one, two) = released_batch(world, f"T{turn}-")
        steps = [
            *release_and_send(world, batch),
            partial(send_goods_back, world, one),
            partial(void_invoice, two, reason="Wrong", actor=world.people["ap_lead"]),
            *release_and_send(world, batch),
        ]
        answers = at_once([partial(inside, world, step) for step in steps])
        assert set(refusals(answers)) <= {"not_payable", "wrong_status", "sent"}
        with world.inside():
            assert on_its_way_though_held() == 0


def test_a_bank_change_comes_before_or_after_a_file() -> None:
    world = make_world()
    with world.inside():
        Contact.objects.create(supplier=world.northline, name="Ida", phone="+1 555 0101")
    for turn in range(rounds(2, 200)):
        batch, _ = released_batch(world, f"B{turn}-")
        steps = [
            *release_and_send(world, batch),
            partial(change_bank, world, world.northline),
            *release_and_send(world, batch)[1:],
        ]
        answers = at_once([partial(inside, world, step) for step in steps])
        assert set(refusals(answers)) <= {"not_payable", "wrong_status"}
        with world.inside():
            is_sent = PaymentBatch.objects.get(pk=batch.pk).exported_at is not None
        if not is_sent:  # then it waits for the bank details, however often it is tried
            late = [partial(inside, world, step) for step in release_and_send(world, batch)]
            assert set(refusals(at_once(late))) <= {"not_payable", "wrong_status"}
            with world.inside():
                assert PaymentBatch.objects.get(pk=batch.pk).exported_at is None
        end_the_change(world)


def end_the_change(world: World) -> None:
    """The next round starts with no change of bank details under way."""
    with world.inside():
        reject_bank_account(
            BankAccount.objects.latest("pk"), reason="No", actor=world.people["admin"]
        )


def without_locks(monkeypatch: pytest.MonkeyPatch, meeting: Meeting) -> None:
    """The protection removed: what is paid is read, not locked, and then everybody has read."""

    def read(invoice_ids: Any) -> dict[int, Any]:
        rows = paying.with_open_amount().filter(pk__in=invoice_ids).select_related("supplier")
        return {row.pk: row for row in rows}

    check = paying.require_payable

    def check_and_wait(locked: Any) -> None:
        check(locked)
        meeting.wait()

    monkeypatch.setattr(paying, "lock_invoices", read)
    monkeypatch.setattr(sending, "require_payable", check_and_wait)


def test_control_without_locks_and_guards_a_held_invoice_leaves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = make_world()
    batch, (one, _) = released_batch(world, "C")
    with world.inside():
        paying.release_payment_batch(batch, version=1, actor=world.people["ap_lead"])
    meeting = Meeting(2)
    without_locks(monkeypatch, meeting)

    def hold_meanwhile() -> None:
        with world.inside():
            send_goods_back(world, one)
        meeting.wait()

    send = partial(inside, world, release_and_send(world, batch)[1])
    as_owner([f"ALTER TABLE {table} DISABLE TRIGGER {name}" for table, name in GUARDS])
    try:
        assert refusals(at_once([send, hold_meanwhile])) == []
        with world.inside():
            assert on_its_way_though_held() == 1
    finally:
        as_owner([f"ALTER TABLE {table} ENABLE TRIGGER {name}" for table, name in GUARDS])


def test_control_without_locks_the_database_still_stands_between(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = make_world()
    batch, (one, _) = released_batch(world, "D")
    with world.inside():
        paying.release_payment_batch(batch, version=1, actor=world.people["ap_lead"])
    meeting = Meeting(2)
    without_locks(monkeypatch, meeting)

    def hold_meanwhile() -> None:
        with world.inside():
            send_goods_back(world, one)
        meeting.wait()

    send = partial(inside, world, release_and_send(world, batch)[1])
    answers = at_once([send, hold_meanwhile])
    assert "without an open hold" in str(answers[0])
    with world.inside():
        assert on_its_way_though_held() == 0
