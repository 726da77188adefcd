"""Which invoices are suspected to repeat an earlier one, and which are not."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection

from matching.capture import CapturedLine, void_invoice
from matching.duplicates import FIRST_REPEATED
from matching.invoice_numbers import normalised_number
from matching.models import SupplierInvoice
from suppliers.models import PriceBreak, Supplier
from tests.matching.paying import (
    DAY,
    an_order,
    billed,
    credit,
    invoice,
    open_holds,
    receive,
    status_of,
)
from tests.world import World

pytestmark = pytest.mark.django_db
LATER = DAY + timedelta(days=30)


@pytest.fixture(autouse=True)
def an_order_of_a_hundred(inside: World) -> None:
    PriceBreak.objects.all().delete()
    receive(inside, an_order(inside, (inside.shipper, 100, 1)), (1, 100))


def unplaced(amount: object) -> CapturedLine:
    return CapturedLine(Decimal(1), Decimal(str(amount)))


@pytest.mark.parametrize("respelled", ["INV-1O1", "1NV-101", "INV-101-R", "INV-101/2026"])
def test_a_number_that_reads_the_same_is_suspected(inside: World, respelled: str) -> None:
    invoice(inside, "INV-101", billed(1, 10, 1))
    again = invoice(inside, respelled, billed(1, 20, 1), invoiced_on=LATER)
    assert open_holds(again) == [("DUPLICATE_SUSPECT", "INV-101", respelled)]
    hold = again.holds.get()
    assert (hold.owner_role, hold.amount_at_stake) == ("ap_clerk", Decimal(20))


@pytest.mark.parametrize(("days", "is_suspected"), [(3, True), (4, False)])
def test_the_same_amount_within_three_days_is_suspected(
    inside: World, days: int, is_suspected: bool
) -> None:
    invoice(inside, "AB-77", unplaced(500))
    again = invoice(inside, "XY-1234", unplaced(500), invoiced_on=DAY + timedelta(days=days))
    assert (open_holds(again)[0][0] == "DUPLICATE_SUSPECT") is is_suspected


@pytest.mark.parametrize("number", ["A-10045", "A-1004", "A-0104", "A-1O05"])
def test_the_same_amount_under_a_number_one_keystroke_away_is_suspected(
    inside: World, number: str
) -> None:
    invoice(inside, "A-1004" if number != "A-1004" else "A-10046", unplaced(500))
    again = invoice(inside, number, unplaced(500), invoiced_on=LATER)
    assert open_holds(again)[0][0] == "DUPLICATE_SUSPECT"


@pytest.mark.parametrize("number", ["A-1112", "B-1005", "A-100444", "A-10", "A-4001"])
def test_the_same_amount_under_a_number_further_away_is_not(inside: World, number: str) -> None:
    invoice(inside, "A-1004", unplaced(500))
    again = invoice(inside, number, unplaced(500), invoiced_on=LATER)
    assert open_holds(again)[0][0] == "NO_PO"


def test_of_many_invoices_with_the_same_amount_the_first_that_is_near_is_named(
    inside: World,
) -> None:
    first = invoice(inside, "RENT-900", unplaced(500))
    SupplierInvoice.objects.bulk_create(
        SupplierInvoice(
            supplier=inside.northline,
            number=f"RENT-{number}",
            normalised_number=normalised_number(f"RENT-{number}"),
            invoiced_on=DAY - timedelta(days=30 * (number - 100)),
            received_on=DAY,
            due_on=DAY,
            currency=first.currency,
            total_amount=first.total_amount,
        )
        for number in range(100, 200)
    )
    far = invoice(inside, "RENT-8822", unplaced(500), invoiced_on=LATER)
    near = invoice(inside, "RENT-157X", unplaced(500), invoiced_on=LATER)
    assert open_holds(far)[0][0] == "NO_PO"
    assert open_holds(near) == [("DUPLICATE_SUSPECT", "RENT-157", "RENT-157X")]


def test_a_line_billed_in_full_again_is_suspected(inside: World) -> None:
    invoice(inside, "AB-77", billed(1, 100, 1))
    again = invoice(inside, "XY-1234", billed(1, 100, "1.005"), invoiced_on=LATER)
    assert open_holds(again) == [("DUPLICATE_SUSPECT", "AB-77", "XY-1234")]


def test_a_near_copy_that_over_bills_is_suspected(inside: World) -> None:
    invoice(inside, "AB-77", billed(1, 60, 1))
    again = invoice(inside, "XY-1234", billed(1, 58, "1.01"), invoiced_on=DAY + timedelta(days=5))
    assert open_holds(again) == [("DUPLICATE_SUSPECT", "AB-77", "XY-1234")]


def test_a_partial_billing_is_no_duplicate(inside: World) -> None:
    first = invoice(inside, "AB-77", billed(1, 50, 1))
    second = invoice(inside, "AB-78", billed(1, 50, 1))
    assert (status_of(first), status_of(second)) == ("approved", "approved")


def test_another_supplier_with_the_same_tax_id_counts_as_the_same(inside: World) -> None:
    Supplier.objects.update(tax_id="US-123456789")
    inside.kestrel.refresh_from_db()
    invoice(inside, "AB-77", unplaced(500))
    again = invoice(inside, "AB 77", unplaced(900), supplier=inside.kestrel)
    assert open_holds(again) == [("DUPLICATE_SUSPECT", "AB-77", "AB 77")]


def test_another_supplier_without_it_does_not(inside: World) -> None:
    invoice(inside, "AB-77", unplaced(500))
    again = invoice(inside, "AB-77", unplaced(500), supplier=inside.kestrel)
    assert open_holds(again)[0][0] == "NO_PO"


def test_a_voided_invoice_counts_no_more_and_frees_its_number(inside: World) -> None:
    void_invoice(
        invoice(inside, "AB-77", billed(1, 100, 1)),
        reason="Entered by mistake",
        actor=inside.people["ap_clerk"],
    )
    assert status_of(invoice(inside, "AB-77", billed(1, 100, 1))) == "approved"


def test_a_fully_credited_invoice_counts_no_more_but_keeps_its_number(inside: World) -> None:
    invoice(inside, "INV-101", billed(1, 100, 1))
    credit(inside, "CN-1", "INV-101", billed(1, 100, 1))
    again = invoice(inside, "INV-1O1", billed(1, 100, 1))
    assert status_of(again) == "approved"
    assert SupplierInvoice.objects.filter(status="approved").count() == 3


def test_an_equal_total_is_searched_by_what_an_index_may_be_asked_for(inside: World) -> None:
    """Behind a row's policy Postgres looks into an index only for what leaks nothing: whole
    numbers, but no amounts."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT proname, proleakproof FROM pg_proc WHERE proname IN ('int8eq', 'numeric_eq')"
        )
        assert dict(cursor.fetchall()) == {"int8eq": True, "numeric_eq": False}
        cursor.execute(
            "SELECT count(*) FROM pg_indexes WHERE indexdef LIKE %s",
            ["%matching_supplierinvoice USING btree (organization_id, supplier_id, total_key, id)"],
        )
        assert cursor.fetchone() == (1,)
    assert "c.total_key =" in FIRST_REPEATED
    assert "c.total_amount =" not in FIRST_REPEATED
