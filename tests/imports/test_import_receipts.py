from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from procure.models import Organization
from purchasing.models import GoodsReceipt, GoodsReceiptLine, PurchaseOrder
from purchasing.queries import line_quantities
from suppliers.models import StaleRollup
from tests.imports.support import (
    RECEIPT_COLUMNS,
    counts,
    everything,
    import_orders,
    refusals,
    table,
    take_in,
    warned,
)
from tests.world import World

pytestmark = pytest.mark.django_db

ALL = f"{RECEIPT_COLUMNS},quantity_rejected,reject_reason,recorded_date,source_id"
ROWS = (
    "R-1,H-1,1,60,2026-01-31,4,damaged,2026-02-02,5",
    "R-1,H-1,2,40,2026-01-31,,,2026-02-02,6",
    "R-2,H-1,1,40,2026-02-03,,,2026-02-03,7",
)


@pytest.fixture(autouse=True)
def orders(world: World) -> None:
    import_orders(world)


def test_receipts_come_in_posted_with_their_lines(world: World) -> None:
    with world.inside():
        StaleRollup.objects.all().delete()
    assert counts(take_in(world, "receipts", table(ALL, *ROWS))) == (3, 0, 0, 0)
    with world.inside():
        first, second = GoodsReceipt.objects.order_by("number")
        line = GoodsReceiptLine.objects.get(source_id=5)
        here = line_quantities([line.order_line_id])[line.order_line_id]
        stale = set(StaleRollup.objects.values_list("supplier_id", "sku_id"))
    assert (first.number, first.status, first.origin, first.received_on, first.recorded_on) == (
        "R-1", "posted", "imported", date(2026, 1, 31), date(2026, 2, 2),
    )  # fmt: skip
    assert second.number == "R-2"
    assert (line.received_quantity, line.rejected_quantity, line.reject_reason) == (
        Decimal(60), Decimal(4), "damaged",
    )  # fmt: skip
    assert (here.received, here.rejected, here.accepted) == (Decimal(100), Decimal(4), Decimal(96))
    assert stale == {
        (world.northline.pk, world.shipper.pk), (world.northline.pk, world.divider.pk),
    }  # fmt: skip


def test_a_second_import_changes_nothing(world: World) -> None:
    take_in(world, "receipts", table(ALL, *ROWS))
    before = everything(world)
    assert counts(take_in(world, "receipts", table(ALL, *ROWS))) == (0, 0, 3, 0)
    assert everything(world) == before


@pytest.mark.parametrize(
    "row",
    [
        "R-1,H-1,1,61,2026-01-31,4,damaged,2026-02-02,5",
        "R-1,H-1,1,60,2026-01-30,4,damaged,2026-02-02,5",
        "R-1,H-1,1,60,2026-01-31,5,damaged,2026-02-02,5",
        "R-1,H-2,1,1,2026-01-31,,,2026-02-02,9",
    ],
)
def test_a_posted_receipt_takes_no_other_content(world: World, row: str) -> None:
    take_in(world, "receipts", table(ALL, *ROWS))
    before = everything(world)
    result = take_in(world, "receipts", table(ALL, row))
    assert refusals(result) == [
        (
            2,
            "receipt_number",
            "The receipt is posted with other content. Reverse it, or use another number.",
        )
    ]
    assert everything(world) == before


def test_oddities_are_warned(world: World) -> None:
    rows = ("R-1,H-1,1,60,2026-01-01,4,,,", "R-2,H-1,2,1,2026-01-05,,,,")
    result = take_in(world, "receipts", table(ALL, *rows))
    assert counts(result) == (2, 0, 0, 0)
    assert warned(result) == [(2, "received_date"), (2, "reject_reason")]
    with world.inside():
        assert GoodsReceiptLine.objects.get(rejected_quantity=4).reject_reason == "other"


def test_the_limit_of_the_dock_holds_for_files_too(world: World) -> None:
    before = everything(world)
    rows = ("R-1,H-1,1,100,2026-02-01,,,,", "R-2,H-1,1,5.0001,2026-02-02,,,,")
    result = take_in(world, "receipts", table(ALL, *rows))
    assert refusals(result) == [
        (3, "quantity_received", "With this 105.0001 would be received of 100 ordered.")
    ]
    assert everything(world) == before
    at_the_limit = (rows[0], rows[1].replace("5.0001", "5"))
    assert counts(take_in(world, "receipts", table(ALL, *at_the_limit))) == (2, 0, 0, 0)


def test_where_the_limit_only_warns_the_row_comes_in(world: World) -> None:
    Organization.objects.update(over_receipt="warn")
    result = take_in(world, "receipts", table(ALL, "R-1,H-1,1,106,2026-02-01,,,,"))
    assert counts(result) == (1, 0, 0, 0)
    assert warned(result) == [(2, "quantity_received")]


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        ("R-9,H-7,1,1,2026-02-01,,,,", "po_number", "no line 1 on an order “H-7”"),
        ("R-9,H-1,9,1,2026-02-01,,,,", "po_number", "no line 9 on an order “H-1”"),
        ("R-9,H-1,1,0,2026-02-01,,,,", "quantity_received", "above 0"),
        ("R-9,H-1,1,ten,2026-02-01,,,,", "quantity_received", "plain number"),
        ("R-9,H-1,1,1,,,,,", "received_date", "missing"),
        ("R-9,H-1,1,1,2-Jun-06,,,,", "received_date", "not a day"),
        ("R-9,H-1,1,1,2026-02-01,2,damaged,,", "quantity_rejected", "More was rejected"),
        (f"R-9,H-1,1,1,{timezone.localdate() + timedelta(days=2)},,,,", "received_date", "future"),
    ],
)
def test_what_cannot_have_come_is_refused(world: World, row: str, column: str, words: str) -> None:
    before = everything(world)
    result = take_in(world, "receipts", table(ALL, *ROWS, row))
    ((line, name, message),) = refusals(result)
    assert (line, name) == (5, column)
    assert words in message
    assert everything(world) == before


def test_an_order_that_is_closed_receives_nothing(world: World) -> None:
    with world.inside():
        PurchaseOrder.objects.filter(number="H-1").update(status="closed", closed_at=timezone.now())
    result = take_in(world, "receipts", table(ALL, ROWS[0]))
    assert refusals(result) == [
        (2, "po_number", "The order is closed; goods need it to be issued.")
    ]


def test_a_receipt_is_for_one_order_on_one_day(world: World) -> None:
    rows = (ROWS[0], "R-1,H-2,1,1,2026-01-31,,,2026-02-02,8")
    result = take_in(world, "receipts", table(ALL, *rows))
    assert refusals(result) == [(3, "po_number", "The receipt has another po_number on line 2.")]
