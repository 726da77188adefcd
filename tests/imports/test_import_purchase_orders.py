from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from purchasing.models import PurchaseOrder, PurchaseOrderLine
from suppliers.models import PriceAgreement, PriceBreak, StaleRollup
from tests.imports.support import (
    ORDER_COLUMNS,
    ORDER_ROWS,
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

ALL = (
    "po_number,line_no,supplier_code,sku,quantity,unit_price,currency,order_date,promised_date,"
    "requested_date,unit,incoterm,ship_to_country,line_amount,source_id"
)
FULL = (
    "H-9,3,north,ctn-12-kr,100,0.5,USD,2026-01-05,2026-02-01,2026-01-30,ea,EXW,Côte d'Ivoire,50,77"
)


def test_history_comes_in_as_issued_orders(world: World) -> None:
    clerk = world.people["operations_lead"]
    assert counts(take_in(world, "purchase_orders", table(ALL, FULL), actor=clerk)) == (1, 0, 0, 0)
    with world.inside():
        order = PurchaseOrder.objects.get(number="H-9")
        (line,) = order.lines.all()
        stale = set(StaleRollup.objects.values_list("supplier_id", "sku_id", "month"))
    assert (order.status, order.origin, order.issued_on) == ("issued", "imported", date(2026, 1, 5))
    assert (order.supplier_id, order.currency, order.incoterm, order.ship_to_country) == (
        world.northline.pk, "USD", "EXW", "Côte d'Ivoire",
    )  # fmt: skip
    assert (order.created_by_id, order.issued_by_id, order.issued_at) == (clerk.pk, None, None)
    assert (line.line_no, line.sku_id, line.description) == (
        3, world.shipper.pk, "Shipper 12-ct, kraft",
    )  # fmt: skip
    assert (line.ordered_quantity, line.unit_price, line.amount, line.unit) == (
        Decimal(100), Decimal("0.5"), Decimal(50), "EA",
    )  # fmt: skip
    assert (line.promised_on, line.expected_on, line.requested_on) == (
        date(2026, 2, 1), date(2026, 2, 1), date(2026, 1, 30),
    )  # fmt: skip
    assert (line.price_source, line.source_id) == ("imported", 77)
    assert stale == {(world.northline.pk, world.shipper.pk, None)}


def test_the_approved_list_is_asked_with_the_orders_day_and_its_answer_kept(world: World) -> None:
    import_orders(world)
    with world.inside():
        found = PurchaseOrderLine.objects.order_by("order__number", "line_no")
        standings = list(found.values_list("list_standing", flat=True))
        first = found[0]
    assert standings == ["preferred", "preferred", "off_list"]
    assert first.list_entry_id is not None


def test_an_order_from_before_the_entry_is_off_the_list(world: World) -> None:
    row = "H-1,1,NORTH,CTN-12-KR,100,0.5,1999-01-05,1999-02-01"
    import_orders(world, row)
    with world.inside():
        assert PurchaseOrderLine.objects.get().list_standing == "off_list"


def test_what_the_agreement_said_on_the_orders_day_is_kept(world: World) -> None:
    with world.inside():
        PriceAgreement.objects.update(valid_from=date(2026, 1, 1), valid_to=date(2026, 6, 30))
        PriceBreak.objects.update(valid_from=date(2026, 1, 1))
    rows = (
        "H-1,1,NORTH,CTN-12-KR,10,0.7,2026-06-30,2026-07-01",
        "H-2,1,NORTH,CTN-12-KR,10,0.7,2026-07-01,2026-07-09",
        "H-3,1,NORTH,CTN-12-KR,10,0.7,,2026-06-09",
    )
    import_orders(world, *rows)
    with world.inside():
        found = PurchaseOrderLine.objects.order_by("order__number").values_list(
            "agreed_price", "agreed_lead_time_days"
        )
        assert list(found) == [(Decimal("0.612"), 14), (None, None), (None, None)]


def test_the_order_day_may_be_unknown_and_the_amount_made(world: World) -> None:
    import_orders(world, "H-1,1,NORTH,CTN-12-KR,3,0.333333,,2026-02-01")
    with world.inside():
        line = PurchaseOrderLine.objects.select_related("order").get()
    assert line.order.issued_on is None
    assert line.amount == Decimal("1.00")


def test_oddities_are_warned_and_the_files_amount_is_kept(world: World) -> None:
    columns = f"{ORDER_COLUMNS},line_value"
    rows = (
        "H-1,1,NORTH,CTN-12-KR,10,0,2026-01-05,2026-02-01,0",
        "H-1,2,NORTH,CTN-12-KR,10,0.5,2026-01-05,2026-01-04,5",
        "H-1,3,NORTH,CTN-12-KR,10,0.5,2026-01-05,2026-02-01,5.01",
        "H-1,4,NORTH,CTN-12-KR,10,0.5,2026-01-05,2026-02-01,5.02",
    )
    result = take_in(world, "purchase_orders", table(columns, *rows))
    assert counts(result) == (4, 0, 0, 0)
    assert warned(result) == [(2, "unit_price"), (3, "order_date"), (5, "line_amount")]
    with world.inside():
        amounts = list(
            PurchaseOrderLine.objects.order_by("line_no").values_list("amount", flat=True)
        )
    assert amounts == [Decimal(0), Decimal(5), Decimal("5.01"), Decimal("5.02")]


def test_a_line_that_nothing_stands_on_is_changed(world: World) -> None:
    import_orders(world)
    changed = ORDER_ROWS[0].replace(",100,", ",120,")
    result = take_in(world, "purchase_orders", table(ORDER_COLUMNS, changed, *ORDER_ROWS[1:]))
    assert counts(result) == (0, 1, 2, 0)
    with world.inside():
        line = PurchaseOrderLine.objects.get(order__number="H-1", line_no=1)
        revision = line.order.revision
    assert (line.ordered_quantity, line.amount, revision) == (Decimal(120), Decimal(60), 2)


def test_an_order_may_gain_lines(world: World) -> None:
    import_orders(world)
    row = "H-2,2,KESTREL,DIV-12-SB,5,0.1,2026-01-07,2026-02-09"
    assert counts(take_in(world, "purchase_orders", table(ORDER_COLUMNS, row))) == (1, 0, 0, 0)


def test_a_line_of_which_something_came_takes_no_other_content(world: World) -> None:
    import_orders(world)
    take_in(world, "receipts", table(RECEIPT_COLUMNS, "R-1,H-1,1,100,2026-02-01"))
    before = everything(world)
    changed = ORDER_ROWS[0].replace(",100,", ",120,")
    moved = [row.replace("2026-01-05", "2026-01-06") for row in ORDER_ROWS[:2]]
    for rows in ([changed], moved):
        result = take_in(world, "purchase_orders", table(ORDER_COLUMNS, *rows))
        assert {message for _, _, message in refusals(result)} == {
            "The order has other content here, and goods or invoices stand on it."
        }
        assert everything(world) == before
    assert counts(take_in(world, "purchase_orders", table(ORDER_COLUMNS, *ORDER_ROWS))) == (
        0, 0, 3, 0,
    )  # fmt: skip


def test_an_order_entered_here_is_not_changed_by_a_file(world: World) -> None:
    import_orders(world)
    buyer = world.people["buyer"]
    with world.inside():
        PurchaseOrder.objects.filter(number="H-1").update(
            origin="entered",
            **dict.fromkeys(("submitted_by", "issued_by"), buyer),
            **dict.fromkeys(("submitted_at", "approved_at", "issued_at"), "2026-01-05T10:00Z"),
        )
    result = take_in(
        world, "purchase_orders", table(ORDER_COLUMNS, ORDER_ROWS[0].replace(",100,", ",120,"))
    )
    assert refusals(result) == [(2, "po_number", "The order was entered here; change it there.")]
    assert counts(take_in(world, "purchase_orders", table(ORDER_COLUMNS, ORDER_ROWS[0]))) == (
        0, 0, 1, 0,
    )  # fmt: skip


def test_partial_leaves_an_order_with_a_refused_line_out_whole(world: World) -> None:
    rows = (ORDER_ROWS[0], ORDER_ROWS[1].replace("DIV-12-SB", "NOTHING"), ORDER_ROWS[2])
    result = take_in(world, "purchase_orders", table(ORDER_COLUMNS, *rows), partial=True)
    assert counts(result) == (1, 0, 0, 2)
    assert refusals(result) == [
        (2, "po_number", "Left out with line 3, which belongs to the same document."),
        (3, "sku", "There is no SKU “NOTHING”."),
    ]
    with world.inside():
        assert [order.number for order in PurchaseOrder.objects.all()] == ["H-2"]


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (",1,NORTH,CTN-12-KR,1,1,2026-01-05,2026-02-01", "po_number"),
        ("H-5,0,NORTH,CTN-12-KR,1,1,2026-01-05,2026-02-01", "line_no"),
        ("H-5,one,NORTH,CTN-12-KR,1,1,2026-01-05,2026-02-01", "line_no"),
        ("H-5,1,NOBODY,CTN-12-KR,1,1,2026-01-05,2026-02-01", "supplier_code"),
        ("H-5,1,NORTH,NOTHING,1,1,2026-01-05,2026-02-01", "sku"),
        ("H-5,1,NORTH,CTN-12-KR,0,1,2026-01-05,2026-02-01", "quantity"),
        ("H-5,1,NORTH,CTN-12-KR,1e400,1,2026-01-05,2026-02-01", "quantity"),
        ("H-5,1,NORTH,CTN-12-KR,1,NaN,2026-01-05,2026-02-01", "unit_price"),
        ("H-5,1,NORTH,CTN-12-KR,1,-1,2026-01-05,2026-02-01", "unit_price"),
        ("H-5,1,NORTH,CTN-12-KR,1,1,2026-02-30,2026-02-01", "order_date"),
        ("H-5,1,NORTH,CTN-12-KR,1,1,2026-01-05,03/04/2026", "promised_date"),
        ("H-5,1,NORTH,CTN-12-KR,1,1,2026-01-05,", "promised_date"),
    ],
)
def test_every_bad_cell_refuses_the_file(world: World, row: str, column: str) -> None:
    before = everything(world)
    result = take_in(world, "purchase_orders", table(ORDER_COLUMNS, *ORDER_ROWS, row))
    assert [(line, name) for line, name, _ in refusals(result)] == [(5, column)]
    assert everything(world) == before


def test_an_order_has_one_supplier(world: World) -> None:
    rows = (ORDER_ROWS[0], ORDER_ROWS[1].replace("NORTH", "KESTREL"))
    result = take_in(world, "purchase_orders", table(ORDER_COLUMNS, *rows))
    assert refusals(result) == [
        (3, "supplier_code", "The order has another supplier_code on line 2.")
    ]


def test_the_number_of_statements_does_not_depend_on_the_lines_or_days(world: World) -> None:
    def statements(prefix: str, number: int) -> int:
        rows = (
            f"{prefix}{n},1,NORTH,CTN-12-KR,1,1,20{n % 25:02}-01-{n % 28 + 1:02},2026-02-01"
            for n in range(number)
        )
        with CaptureQueriesContext(connection) as queries:
            take_in(world, "purchase_orders", table(ORDER_COLUMNS, *rows))
        return len(queries)

    assert statements("A", 10) == statements("B", 400)
