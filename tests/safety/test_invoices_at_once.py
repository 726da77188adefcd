"""Properties 7 and 8 for bills: one invoice however often it is sent at once, no approval that
more than the receipts carry, and never a payable invoice with an open hold. Each with its control.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.db.models import Sum
from django.utils import timezone

from matching import capture, rematching
from matching.feeding import LockedOrders
from matching.holds import Cause
from matching.models import Hold, Resolution, SupplierInvoice, SupplierInvoiceLine
from matching.rematching import rematch_order_lines
from matching.resolution import accept_variance, apply_resolution, undo_resolution
from procure.models import BusinessEvent
from purchasing.models import PurchaseOrder
from purchasing.receiving import reverse_receipt
from suppliers.models import PriceBreak
from tests.conftest import log_in_as
from tests.matching.paying import an_order, billed, invoice, receive
from tests.safety.crowd import Meeting, at_once, refusals, rounds
from tests.world import World, make_world

pytestmark = pytest.mark.django_db(transaction=True)
CLIENTS = 8
SPELLINGS = ["INV-1", "inv 1", "INV/1", "Inv.1", "INV_1", "i-n-v-1", "INV 1", "(INV) 1"]


@pytest.fixture
def company() -> World:
    world = make_world()
    with world.inside():
        PriceBreak.objects.all().delete()
    return world


def inside(world: World, step: Callable[[], Any]) -> Any:
    with world.inside():
        return step()


def capture_at_once(world: World, numbers: list[str], quantity: object) -> list[Any]:
    return at_once(
        [
            partial(inside, world, partial(invoice, world, number, billed(1, quantity, 1)))
            for number in numbers
        ]
    )


def approved_quantity() -> Decimal:
    sums = SupplierInvoiceLine.objects.filter(invoice__status="approved")
    return sums.aggregate(total=Sum("matched_quantity"))["total"] or Decimal(0)


def payable_with_open_hold() -> int:
    return SupplierInvoice.objects.filter(
        status__in=["approved", "paid"], holds__status=Hold.Status.OPEN
    ).count()


def test_one_invoice_in_eight_spellings_at_once_is_taken_once(company: World) -> None:
    for _ in range(rounds(2, 500)):
        answers = capture_at_once(company, SPELLINGS, 1)
        assert refusals(answers) == ["duplicate_number"] * (CLIENTS - 1)
        with company.inside():
            assert SupplierInvoice.objects.exclude(status="void").count() == 1
            SupplierInvoice.objects.update(
                status="void", voided_at=timezone.now(), voided_by=company.people["ap_lead"],
                void_reason="Next round",
            )  # fmt: skip


def test_control_without_the_unique_number_it_is_taken_often(company: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = %s",
                       ["matching_supplierinvoice_number"])  # fmt: skip
        (definition,) = cursor.fetchone()
    as_owner(["DROP INDEX matching_supplierinvoice_number"])
    try:
        capture_at_once(company, SPELLINGS, 1)
        with company.inside():
            assert SupplierInvoice.objects.count() > 1
    finally:
        as_owner(["TRUNCATE matching_supplierinvoice CASCADE", definition])


def as_owner(statements: list[str]) -> None:
    """Runs statements that the application's role may not."""
    log_in_as("owner")
    try:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
    finally:
        log_in_as("runtime")


def test_eight_invoices_at_once_are_approved_for_no_more_than_came(company: World) -> None:
    for turn in range(rounds(2, 500)):
        number = f"PO-{turn}"
        with company.inside():
            order = an_order(company, (company.shipper, 1000, 1), number=number)
            receive(company, order, (1, 50))
        answers = at_once(
            [
                partial(
                    inside,
                    company,
                    partial(
                        invoice,
                        company,
                        f"R{turn}-{n * 17}",
                        billed(1, 20 + n, 1, order=number),
                    ),
                )
                for n in range(CLIENTS)
            ]
        )
        assert refusals(answers) == []
        with company.inside():
            of_order = SupplierInvoiceLine.objects.filter(
                order_line__order=order, invoice__status="approved"
            )
            assert of_order.aggregate(t=Sum("matched_quantity"))["t"] <= 50
            assert payable_with_open_hold() == 0


def test_control_without_the_locks_more_is_approved_than_came(
    company: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    meeting = Meeting(CLIENTS)

    def read_only(names: Any, ids: Any = ()) -> LockedOrders:
        orders = {o.pk: o for o in PurchaseOrder.objects.select_related("supplier", "organization")}
        lines: dict[int, Any] = {pk: list(order.lines.select_related("sku__category"))
                                 for pk, order in orders.items()}  # fmt: skip
        for pk, its in lines.items():
            for line in its:
                line.order = orders[pk]
        meeting.wait()
        return LockedOrders(orders, lines)

    with company.inside():
        order = an_order(company, (company.shipper, 1000, 1))
        receive(company, order, (1, 50))
    monkeypatch.setattr(capture, "lock_orders", read_only)
    at_once(
        [
            partial(
                inside,
                company,
                partial(invoice, company, f"R-{n * 17}", billed(1, 30 + n, 1)),
            )
            for n in range(CLIENTS)
        ]
    )
    with company.inside():
        assert approved_quantity() > 50


def test_releases_receipts_and_reversals_at_once_never_pay_what_is_held(company: World) -> None:
    for turn in range(rounds(2, 200)):
        number = f"PO-{turn}"
        with company.inside():
            order = an_order(company, (company.shipper, 1000, 1), number=number)
            receipt = receive(company, order, (1, 30))
            held = [
                invoice(company, f"H{turn}-{n * 23}", billed(1, 31 + n, 1, order=number))
                for n in range(3)
            ]
            line_ids = list(order.lines.values_list("pk", flat=True))
            decided = accept_variance(held[0], reason="Agreed", actor=company.people["buyer"])
        match_again = partial(rematch_order_lines, line_ids, Cause("test"), approved_too=True)
        steps: list[Callable[[], Any]] = [
            partial(receive, company, order, (1, 40)),
            match_again,
            match_again,
            partial(apply_resolution, decided),
            partial(apply_resolution, decided),
            partial(undo_resolution, decided, actor=company.people["buyer"]),
            partial(reverse_receipt, receipt, reason="Wrong", actor=company.people["receiver"]),
            partial(invoice, company, f"N{turn}", billed(1, 5, 1, order=number)),
        ]
        answers = at_once([partial(inside, company, step) for step in steps])
        assert set(refusals(answers)) <= {"too_late"}
        with company.inside():
            match_again()
            assert payable_with_open_hold() == 0
            assert Resolution.objects.get(pk=decided.pk).status != "waiting"
            touched = SupplierInvoice.objects.get(pk=held[0].pk)
            if touched.status == "approved":
                assert touched.holds.filter(status="overridden").exists() or not (
                    touched.holds.filter(status="open").exists()
                )


def test_control_an_approval_that_does_not_look_pays_what_is_held(
    company: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def approve_anyway(of: SupplierInvoice, holds: Any) -> None:
        of.status, of.approved_at = "approved", of.captured_at
        of.approved_amount, of.matched_at = of.total_amount, of.captured_at

    monkeypatch.setattr(rematching, "_decide", approve_anyway)
    with company.inside():
        an_order(company, (company.shipper, 10, 1))
        invoice(company, "A", billed(1, 10, 1))
        assert payable_with_open_hold() == 1


def test_one_decision_takes_effect_once(company: World) -> None:
    with company.inside():
        order = an_order(company, (company.shipper, 10, 1))
        receive(company, order, (1, 10))
        held = invoice(company, "A", billed(1, 10, 2))
        decided = accept_variance(held, reason="Agreed", actor=company.people["buyer"])
    answers = at_once([partial(inside, company, partial(apply_resolution, decided))] * CLIENTS)
    assert refusals(answers) == []
    with company.inside():
        assert BusinessEvent.objects.filter(kind="supplier_invoice.approved").count() == 1
