"""Approved invoices, confirmed bank accounts and batches for tests of paying, each in one line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from matching.models import PaymentBatch, SupplierInvoice
from matching.paying import make_payment_batch, propose_payment_batch, release_payment_batch
from matching.sending import export_payment_batch
from procure.imports import ImportOptions, ImportResult, run_import
from suppliers.models import BankAccount, PriceBreak, Supplier
from tests.matching.paying import an_order, billed, invoice, receive
from tests.world import World


def approved(world: World, number: str, amount: object, **changes: Any) -> SupplierInvoice:
    """An invoice of that amount for goods that came: matched and approved."""
    PriceBreak.objects.all().delete()
    supplier = changes.get("supplier", world.northline)
    currency = changes.get("currency", "USD")
    order = f"PO-{number}"
    bought = an_order(
        world, (world.shipper, amount, 1), number=order, supplier=supplier, currency=currency
    )
    receive(world, bought, (1, amount))
    one = invoice(world, number, billed(1, amount, 1, order=order), **changes)
    assert one.status == "approved", one.holds.values()
    return one


def account_of(
    world: World, supplier: Supplier, iban: str = "DE89370400440532013000", **changes: Any
) -> BankAccount:
    """Bank details that are confirmed and in force, entered by nobody who releases payments."""
    now = timezone.now()
    given: dict[str, Any] = {
        "version": 1,
        "holder": supplier.name,
        "iban": iban,
        "country": iban[:2],
        "currency": "EUR",
        "reason": "Letter",
        "phones_on_file": ["+1"],
        "emails_on_file": [],
        "status": "confirmed",
        "proposed_by": world.people["ap_clerk"],
        "called_number": "+1",
        "spoke_with": "Ida",
        "call_note": "Yes",
        "called_at": now,
        "called_by": world.people["ap_clerk"],
        "confirmed_by": world.people["admin"],
        "confirmed_at": now,
        "usable_from": timezone.localdate() - timedelta(days=1),
    }
    return BankAccount.objects.create(supplier=supplier, **{**given, **changes})


def batch_of(
    world: World, *invoices: SupplierInvoice, until: str = "draft", pay_on: date | None = None
) -> PaymentBatch:
    """A batch by the AP clerk, brought to that status; the AP lead releases it."""
    clerk, lead = world.people["ap_clerk"], world.people["ap_lead"]
    batch = make_payment_batch(
        invoices=invoices, pay_on=pay_on or timezone.localdate(), actor=clerk
    )
    steps = ["draft", "proposed", "released", "exported"]
    reached = steps.index(until)
    if reached >= 1:
        batch = propose_payment_batch(batch, actor=clerk)
    if reached >= 2:
        batch = release_payment_batch(batch, version=batch.version, actor=lead)
    if reached >= 3:
        export_payment_batch(batch, file_format="csv", actor=clerk)
        batch.refresh_from_db()
    return batch


def bank_says(world: World, *rows: str, columns: str = "") -> ImportResult:
    """Imports what the bank says; a row is written as in the file."""
    head = columns or "invoice_number,batch_number,supplier_code,paid_on,amount,reference,status"
    return run_import(
        "payments",
        "\n".join([head, *rows]).encode(),
        file_name="bank.csv",
        organization_id=world.organization.pk,
        options=ImportOptions(),
        actor=world.people["ap_clerk"],
    )


def amounts(batch: PaymentBatch) -> Sequence[tuple[str, Decimal, Decimal, str]]:
    """What stands in a batch: invoice, amount, discount, status."""
    return list(
        batch.lines.order_by("pk").values_list(
            "invoice__number", "amount", "discount_amount", "status"
        )
    )
