"""Unusual invoices are flagged, each with its reason; a flag holds nothing."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from matching.flags import flagged_invoices, flags_of
from matching.models import SupplierInvoice
from purchasing.models import ApprovalRule, PurchaseOrder
from suppliers.models import BankAccount, PriceBreak, Supplier
from tests.matching.paying import DAY, an_order, billed, invoice, receive, status_of
from tests.world import World

pytestmark = pytest.mark.django_db


def bill(
    world: World, number: str, quantity: object, price: object = 1, **changes: object
) -> SupplierInvoice:
    PriceBreak.objects.all().delete()
    order = an_order(world, (world.shipper, quantity, price), number=f"PO-{number}", **changes)
    receive(world, order, (1, quantity))
    return invoice(world, number, billed(1, quantity, price, order=f"PO-{number}"))


def reasons(of: SupplierInvoice) -> list[tuple[str, str]]:
    return [(flag.kind, flag.sentence) for flag in flags_of([of.pk]).get(of.pk, ())]


def an_account(world: World, supplier: Supplier, iban: str, usable_from: date) -> None:
    now = timezone.now()
    BankAccount.objects.create(
        supplier=supplier, version=BankAccount.objects.filter(supplier=supplier).count() + 1,
        iban=iban, holder="H", country="DE", currency="EUR", reason="Letter",
        phones_on_file=["+1 555 0101"], emails_on_file=[], status="confirmed",
        proposed_by=world.people["ap_lead"], called_at=now, called_by=world.people["ap_lead"],
        called_number="+1 555 0101", spoke_with="Ida", call_note="Yes", confirmed_at=now,
        confirmed_by=world.people["admin"], usable_from=usable_from,
    )  # fmt: skip


def test_an_ordinary_invoice_has_no_flag(inside: World) -> None:
    assert reasons(bill(inside, "A", 10)) == []


@pytest.mark.parametrize(("days_before", "is_flagged"), [(0, True), (30, True), (31, False)])
def test_new_bank_details_are_flagged_for_a_month(
    inside: World, days_before: int, is_flagged: bool
) -> None:
    an_account(inside, inside.northline, "DE89370400440532013000", DAY - timedelta(days=400))
    changed_on = DAY - timedelta(days=days_before)
    an_account(inside, inside.northline, "DE02120300000000202051", changed_on)
    found = reasons(bill(inside, "A", 10))
    assert [kind for kind, _ in found] == ["bank_changed"] * is_flagged


def test_an_account_that_two_suppliers_share_is_flagged(inside: World) -> None:
    for supplier in (inside.northline, inside.kestrel):
        an_account(inside, supplier, "DE89370400440532013000", DAY - timedelta(days=400))
    assert reasons(bill(inside, "A", 10)) == [
        ("same_account", "Kestrel Pack is paid to the same bank account.")
    ]


def test_a_name_that_is_close_to_another_supplier_is_flagged(inside: World) -> None:
    Supplier.objects.create(code="NRTH", name="Northlime Packaging", currency="USD")
    assert reasons(bill(inside, "A", 10)) == [
        ("look_alike", "The supplier's name is close to that of Northlime Packaging.")
    ]


@pytest.mark.parametrize(
    ("total", "is_flagged"), [("949", False), ("950", True), ("999", True), ("1000", False)]
)
def test_a_total_just_under_a_limit_is_flagged(inside: World, total: str, is_flagged: bool) -> None:
    ApprovalRule.objects.all().delete()
    ApprovalRule.objects.create(name="Larger orders", minimum_amount=Decimal(1000))
    found = reasons(bill(inside, "A", total))
    assert found == [
        ("under_limit", "The total is just under 1,000.00, where the rule “Larger orders” begins.")
    ] * is_flagged  # fmt: skip


@pytest.mark.parametrize(("days", "is_flagged"), [(5, True), (6, False)])
def test_orders_split_below_a_limit_are_flagged(inside: World, days: int, is_flagged: bool) -> None:
    ApprovalRule.objects.all().delete()
    ApprovalRule.objects.create(name="Larger orders", minimum_amount=Decimal(1000))
    buyer = inside.people["buyer"]
    an_order(
        inside, (inside.shipper, 600, 1), number="PO-7", created_by=buyer,
        issued_on=DAY - timedelta(days=days),
    )  # fmt: skip
    found = reasons(bill(inside, "A", 600, created_by=buyer))
    assert [kind for kind, _ in found] == ["split_orders"] * is_flagged
    if is_flagged:
        assert found[0][1].startswith("Orders PO-7, PO-A were placed within 5 days")
    PurchaseOrder.objects.filter(number="PO-7").update(created_by=inside.people["ap_lead"])
    assert reasons(SupplierInvoice.objects.get(number="A")) == []


def test_a_round_total_is_flagged_where_the_supplier_is_not_round(inside: World) -> None:
    for number in range(5):
        assert reasons(bill(inside, f"N{number}", 17 + number)) == []
    assert [kind for kind, _ in reasons(bill(inside, "A", 1500))] == ["round"]
    assert reasons(bill(inside, "B", 1501)) == []


def test_a_round_total_is_no_news_where_most_are_round(inside: World) -> None:
    for number in range(5):
        bill(inside, f"N{number}", 100 * (number + 1))
    assert reasons(bill(inside, "A", 1500)) == []


def test_the_list_shows_what_is_flagged_by_one_statement_each(inside: World) -> None:
    for supplier in (inside.northline, inside.kestrel):
        an_account(inside, supplier, "DE89370400440532013000", DAY - timedelta(days=400))
    for number in range(3):
        assert status_of(bill(inside, f"N{number}", 17 + number)) == "approved"
    with CaptureQueriesContext(
        connection,
    ) as captured:
        found = flagged_invoices(30, DAY + timedelta(days=30))
    assert [one.number for one, _ in found] == ["N2", "N1", "N0"]
    assert len(captured) == 2
    assert flagged_invoices(30, DAY + timedelta(days=31)) == []
