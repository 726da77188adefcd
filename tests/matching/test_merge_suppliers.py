"""Two records that are one supplier: what moves, what stays, what refuses, and the way back."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.apps import apps
from django.db import DatabaseError, transaction
from django.utils import timezone

from matching.capture import capture_invoice
from matching.captured import CapturedLine
from matching.models import SupplierInvoice
from procure.errors import BusinessRuleError
from procure.events import work_off
from procure.fields import OrganizationForeignKey
from procure.models import BusinessEvent
from purchasing.models import PurchaseOrder
from suppliers.bank_changes import BankDetails, propose_bank_account
from suppliers.following import references
from suppliers.merging import merge_suppliers, undo_merge
from suppliers.models import (
    ApprovedVendor,
    BankAccount,
    Contact,
    MovedRows,
    PriceAgreement,
    Qualification,
    RiskNote,
    StaleRollup,
    Supplier,
    SupplierMerge,
)
from suppliers.payment_holds import payments_held
from tests.factories import (
    ApprovedVendorFactory,
    PriceAgreementFactory,
    QualificationFactory,
    SupplierFactory,
)
from tests.matching.paying import an_order, billed, held_by, invoice, receive, status_of
from tests.world import World


def merged_into_northline(world: World) -> SupplierMerge:
    return merge_suppliers(
        world.kestrel,
        remaining=world.northline,
        reason="Same tax id.",
        actor=world.people["sourcing_lead"],
    )


def refused(code: str, call: object) -> str:
    before = BusinessEvent.objects.count(), MovedRows.objects.count()
    with pytest.raises(BusinessRuleError) as caught:
        call()  # type: ignore[operator]
    assert caught.value.code == code
    assert (BusinessEvent.objects.count(), MovedRows.objects.count()) == before
    return caught.value.message


def kestrel_invoice(world: World, number: str) -> SupplierInvoice:
    return capture_invoice(
        supplier=world.kestrel,
        number=number,
        invoiced_on=timezone.localdate(),
        currency="USD",
        lines=[CapturedLine(quantity=Decimal(1), unit_price=Decimal(5), description="Boxes")],
        actor=world.people["ap_clerk"],
    )


def test_every_reference_to_a_supplier_says_whether_it_moves() -> None:
    named = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.fields
        if isinstance(field, OrganizationForeignKey) and field.related_model is Supplier
    }
    assert {one.label for one in references()} == named


def test_everything_that_names_the_merged_record_moves_and_comes_back(inside: World) -> None:
    world = inside
    kestrel, northline = world.kestrel, world.northline
    Contact.objects.create(supplier=kestrel, name="Ida")
    RiskNote.objects.create(
        supplier=kestrel,
        kind="financial",
        severity="high",
        text="Late",
        written_on=timezone.localdate(),
        written_by=world.people["admin"],
    )
    agreement = PriceAgreementFactory(number="K-1", supplier=kestrel)
    vetted = QualificationFactory(supplier=kestrel, category=world.boxes)
    order = PurchaseOrder.objects.create(supplier=kestrel, currency="USD")
    billed_one = kestrel_invoice(world, "K-100")
    merge = merged_into_northline(world)

    moved = {one.reference: one.row_ids for one in MovedRows.objects.filter(merge=merge)}
    assert moved["purchasing.PurchaseOrder.supplier"] == [order.pk]
    assert moved["matching.SupplierInvoice.supplier"] == [billed_one.pk]
    assert moved["suppliers.PriceAgreement.supplier"] == [agreement.pk]
    assert moved["suppliers.Qualification.supplier"] == [vetted.pk]
    assert len(moved) == 6
    kestrel.refresh_from_db()
    assert (kestrel.status, kestrel.contacts.count(), northline.contacts.count()) == (
        "merged",
        0,
        1,
    )
    events = BusinessEvent.objects.filter(kind="supplier.merged")
    assert {one.subject_id for one in events} == {kestrel.pk, northline.pk}
    stale = StaleRollup.objects.values_list("supplier_id", flat=True)
    assert {kestrel.pk, northline.pk} <= set(stale)

    since = Contact.objects.create(supplier=northline, name="Came since")
    undo_merge(merge, reason="Two plants.", actor=world.people["sourcing_lead"])
    kestrel.refresh_from_db()
    assert kestrel.status == "active"
    assert {one.name for one in kestrel.contacts.all()} == {"Ida"}
    assert list(northline.contacts.all()) == [since]
    for row in (order, billed_one, agreement, vetted, RiskNote.objects.get()):
        row.refresh_from_db()
        assert row.supplier_id == kestrel.pk
    assert "undone already" in refused(
        "undone",
        lambda: undo_merge(merge, reason="Again", actor=world.people["sourcing_lead"]),
    )


def test_where_both_are_listed_the_remaining_entry_counts(inside: World) -> None:
    world = inside
    better = ApprovedVendorFactory(
        supplier=world.kestrel, category=world.packaging, standing="preferred"
    )
    mine = ApprovedVendor.objects.get(supplier=world.northline)
    ApprovedVendor.objects.filter(pk=mine.pk).update(standing="backup")
    other = ApprovedVendorFactory(supplier=world.kestrel, category=world.boxes)
    merged_into_northline(world)
    kept = {one.pk for one in ApprovedVendor.objects.filter(supplier=world.northline)}
    assert kept == {mine.pk, other.pk}
    assert ApprovedVendor.objects.get(pk=better.pk).supplier_id == world.kestrel.pk
    assert ApprovedVendor.objects.get(pk=mine.pk).standing == "backup"


def test_the_stricter_verdict_holds_and_is_given_back(inside: World) -> None:
    world = inside
    Supplier.objects.filter(pk=world.kestrel.pk).update(status="blocked")
    QualificationFactory(supplier=world.kestrel, category=world.packaging, status="suspended")
    mine = Qualification.objects.get(supplier=world.northline, category=world.packaging)
    merge = merged_into_northline(world)
    mine.refresh_from_db()
    world.northline.refresh_from_db()
    assert (mine.status, world.northline.status) == ("suspended", "blocked")
    assert mine.note.startswith("Kestrel Pack, which is the same supplier, was suspended.")
    undo_merge(merge, reason="Two plants.", actor=world.people["sourcing_lead"])
    mine.refresh_from_db()
    world.northline.refresh_from_db()
    world.kestrel.refresh_from_db()
    assert (mine.status, world.northline.status) == ("qualified", "active")
    assert world.kestrel.status == "blocked"


def test_a_suspension_is_not_got_round_by_a_verdict_below_it(inside: World) -> None:
    world = inside
    Qualification.objects.filter(supplier=world.northline).update(status="suspended")
    below = QualificationFactory(supplier=world.kestrel, category=world.boxes)
    merged_into_northline(world)
    below.refresh_from_db()
    assert below.supplier_id == world.kestrel.pk


def test_one_number_under_both_records_refuses(inside: World) -> None:
    world = inside
    an_order(world, (world.shipper, 100, "0.612"))
    invoice(world, "INV-7", billed(1, 100, "0.612"))
    kestrel_invoice(world, "inv 7")
    said = refused("cannot_merge", lambda: merged_into_northline(world))
    assert said.startswith("Invoice inv 7 stands under both records.")
    Supplier.objects.filter(pk=world.kestrel.pk).update(currency="EUR")
    said = refused("cannot_merge", lambda: merged_into_northline(world))
    assert said.startswith("Kestrel Pack trades in EUR, Northline Packaging in USD")


def test_an_invoice_since_on_a_moved_order_refuses_the_way_back(inside: World) -> None:
    world = inside
    order = an_order(world, (world.shipper, 100, "0.612"))
    merge = merge_suppliers(
        world.northline,
        remaining=world.kestrel,
        reason="Same owner.",
        actor=world.people["sourcing_lead"],
    )
    world.northline = world.kestrel
    invoice(world, "INV-8", billed(1, 100, "0.612"))
    said = refused(
        "cannot_undo",
        lambda: undo_merge(merge, reason="Two", actor=world.people["sourcing_lead"]),
    )
    assert said.startswith("INV-8 came or was approved after the merge and is about an order")
    order.refresh_from_db()
    assert order.supplier_id == world.kestrel.pk


def an_account(world: World, supplier: Supplier, number: str) -> BankAccount:
    now = timezone.now()
    return BankAccount.objects.create(
        supplier=supplier,
        version=1,
        holder=supplier.name,
        account_number=number,
        country="US",
        currency="USD",
        reason="First order",
        phones_on_file=["1"],
        emails_on_file=[],
        status="confirmed",
        proposed_by=world.people["ap_lead"],
        called_number="1",
        spoke_with="Ida",
        call_note="Yes",
        called_at=now,
        called_by=world.people["ap_lead"],
        confirmed_by=world.people["admin"],
        confirmed_at=now,
        usable_from=timezone.localdate(),
    )


def test_a_merge_makes_no_account_payable_and_payments_wait(inside: World) -> None:
    world = inside
    theirs = an_account(world, world.kestrel, "111")
    an_account(world, world.northline, "222")
    assert payments_held([world.northline.pk]) == {}
    merge = merged_into_northline(world)
    theirs.refresh_from_db()
    until = timezone.localdate() + timedelta(days=world.organization.bank_waiting_days)
    assert theirs.supplier_id == world.kestrel.pk
    assert payments_held([world.northline.pk])[world.northline.pk].until == until
    assert payments_held([world.northline.pk], until) == {}
    undo_merge(merge, reason="Two", actor=world.people["sourcing_lead"])
    assert payments_held([world.northline.pk]) == {}


def test_a_merge_into_a_new_record_makes_no_new_number_good_for_a_call_back(inside: World) -> None:
    """Whoever wants to lead payments astray merges the supplier into a record of his own making."""
    world = inside
    an_account(world, world.northline, "111")
    Contact.objects.create(supplier=world.kestrel, name="Mallory", phone="+1 555 0666")
    lead = world.people["sourcing_lead"]
    new_details = BankDetails(
        holder="Kestrel", country="US", currency="USD", account_number="666", routing_number="1"
    )

    def propose() -> BankAccount:
        return propose_bank_account(
            world.kestrel, details=new_details, reason="Letter", actor=world.people["ap_lead"]
        )

    merge = merge_suppliers(world.northline, remaining=world.kestrel, reason="One", actor=lead)
    assert "+1 555 0666" in refused("number_too_new", propose)
    undo_merge(merge, reason="Two plants.", actor=lead)
    assert propose().phones_on_file == ["+1 555 0666"]


def test_what_waits_by_a_merge_waits_on_when_its_record_is_merged_again(inside: World) -> None:
    world = inside
    third = SupplierFactory(code="NORTH-2", name="Northline Packaging Inc")
    an_account(world, world.kestrel, "111")
    an_account(world, world.northline, "222")
    an_account(world, third, "222")
    first = merged_into_northline(world)
    lead = world.people["sourcing_lead"]
    merge_suppliers(world.northline, remaining=third, reason="Same tax id.", actor=lead)
    assert payments_held([third.pk])[third.pk].until == first.payments_from


def kestrel_bills_what_northline_was_to_deliver(world: World) -> SupplierInvoice:
    order = an_order(world, (world.shipper, 100, "0.612"))
    receive(world, order, (1, 100))
    return invoice(world, "K-7", billed(1, 100, "0.612"), supplier=world.kestrel)


def test_what_one_record_bills_of_the_others_order_is_matched_anew_after_the_merge(
    world: World,
) -> None:
    with world.inside():
        billing = kestrel_bills_what_northline_was_to_deliver(world)
        assert held_by(billing) == ["PO_SUPPLIER"]
        merge = merged_into_northline(world)
    work_off(world.organization.pk)
    with world.inside():
        assert (held_by(billing), status_of(billing)) == ([], "approved")
        said = refused(
            "cannot_undo",
            lambda: undo_merge(merge, reason="Two", actor=world.people["sourcing_lead"]),
        )
        assert said.startswith("K-7 came or was approved after the merge and is about an order")


def test_an_invoice_that_still_waits_is_held_again_when_the_merge_is_undone(world: World) -> None:
    with world.inside():
        order = an_order(world, (world.shipper, 100, "0.612"))
        waiting = invoice(world, "K-7", billed(1, 100, "0.612"), supplier=world.kestrel)
        merge = merge_suppliers(
            world.northline, remaining=world.kestrel, reason="One", actor=world.people["admin"]
        )
    work_off(world.organization.pk)
    with world.inside():
        assert held_by(waiting) == ["AWAITING_RECEIPT"]
        undo_merge(merge, reason="Two plants.", actor=world.people["admin"])
    work_off(world.organization.pk)
    with world.inside():
        order.refresh_from_db()
        assert order.supplier_id == world.northline.pk
        assert held_by(waiting) == ["PO_SUPPLIER"]


def test_the_database_lets_a_captured_invoice_follow_a_merge_and_nothing_else(
    inside: World,
) -> None:
    world = inside
    one = kestrel_invoice(world, "K-1")
    rows = SupplierInvoice.objects.filter(pk=one.pk)
    with pytest.raises(DatabaseError, match="not edited"), transaction.atomic():
        rows.update(supplier=world.northline)
    merged_into_northline(world)
    assert rows.get().supplier_id == world.northline.pk
    with pytest.raises(DatabaseError, match="merged into another"), transaction.atomic():
        Contact.objects.create(supplier=world.kestrel, name="Too late")
    assert PriceAgreement.objects.filter(supplier=world.kestrel).count() == 0
