from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import ProgrammingError
from django.utils import timezone

from purchasing.models import StockCount
from purchasing.stock_counts import latest_counts
from suppliers.bills import products_with
from suppliers.models import BillOfMaterials
from tests.factories import BillOfMaterialsFactory, SkuFactory, StockCountFactory
from tests.imports.support import counts, everything, refusals, table, take_in
from tests.world import World

pytestmark = pytest.mark.django_db

BILL = "product_sku,component_sku,quantity,yield_percent"
COUNT = "sku,location,counted_quantity,counted_at"


def test_a_bill_comes_in_and_changes(world: World) -> None:
    row = "CTN-12-KR,DIV-12-SB,2,"
    assert counts(take_in(world, "bills_of_materials", table(BILL, row))) == (1, 0, 0, 0)
    assert counts(take_in(world, "bills_of_materials", table(BILL, row))) == (0, 0, 1, 0)
    changed = take_in(world, "bills_of_materials", table(BILL, "ctn-12-kr,div-12-sb,2.5,98"))
    assert counts(changed) == (0, 1, 0, 0)
    with world.inside():
        (one,) = BillOfMaterials.objects.all()
        assert (one.product_id, one.component_id) == (world.shipper.pk, world.divider.pk)
        assert (one.quantity, one.yield_percent) == (Decimal("2.5"), Decimal(98))


@pytest.mark.parametrize(
    ("rows", "refused"),
    [
        (["NONE,DIV-12-SB,1,"], (2, "product_sku", "There is no SKU “NONE”.")),
        (["CTN-12-KR,DIV-12-SB,0,"], (2, "quantity", "“0” has to be above 0.")),
        (["CTN-12-KR,DIV-12-SB,1,101"], (2, "yield_percent", "A yield is 100 at most.")),
        (["CTN-12-KR,CTN-12-KR,1,"], (2, "component_sku", "CTN-12-KR cannot go into itself.")),
        (
            ["CTN-12-KR,DIV-12-SB,1,", "DIV-12-SB,CTN-12-KR,1,"],
            (3, "component_sku", "DIV-12-SB would go into itself: CTN-12-KR has it already."),
        ),
        (
            ["DIV-12-SB,BAG,1,", "BAG,CTN-12-KR,1,", "CTN-12-KR,DIV-12-SB,1,"],
            (4, "component_sku", "CTN-12-KR would go into itself: DIV-12-SB has it already."),
        ),
    ],
)
def test_a_bad_bill_is_refused(world: World, rows: list[str], refused: object) -> None:
    with world.inside():
        SkuFactory(code="BAG", category=world.boxes)
    before = everything(world)
    assert refusals(take_in(world, "bills_of_materials", table(BILL, *rows))) == [refused]
    assert everything(world) == before


def test_the_finished_products_of_a_component_are_found_over_any_steps(inside: World) -> None:
    bag, nuts, gift = (SkuFactory(code=one, category=inside.boxes) for one in ("BAG", "NUTS", "G"))
    for product, component in ((nuts, bag), (gift, nuts), (gift, inside.shipper)):
        BillOfMaterialsFactory(product=product, component=component)
    found = products_with([bag.pk, inside.shipper.pk, inside.divider.pk])
    assert found == {bag.pk: [gift.pk], inside.shipper.pk: [gift.pk]}


def test_counts_are_added_and_never_changed(world: World) -> None:
    rows = ("CTN-12-KR,RENO,400,2026-05-04", "CTN-12-KR,,15.5,2026-05-04T14:30+02:00")
    assert counts(take_in(world, "stock_counts", table(COUNT, *rows))) == (2, 0, 0, 0)
    assert counts(take_in(world, "stock_counts", table(COUNT, *rows))) == (0, 0, 2, 0)
    before = everything(world)
    result = take_in(world, "stock_counts", table(COUNT, "CTN-12-KR,RENO,401,2026-05-04"))
    assert refusals(result) == [
        (2, "counted_quantity", "400 was counted at that moment. Bring a later count instead.")
    ]
    assert everything(world) == before
    with world.inside():
        one = StockCount.objects.get(location=None)
        assert one.counted_at == datetime(2026, 5, 4, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("NONE,,1,2026-05-04", "sku"),
        ("CTN-12-KR,NOWHERE,1,2026-05-04", "location"),
        ("CTN-12-KR,,-1,2026-05-04", "counted_quantity"),
        ("CTN-12-KR,,1,2026-05-04T25:00", "counted_at"),
        ("CTN-12-KR,,1,yesterday", "counted_at"),
        (f"CTN-12-KR,,1,{timezone.localdate() + timedelta(days=3)}", "counted_at"),
    ],
)
def test_a_bad_count_is_refused(world: World, row: str, column: str) -> None:
    before = everything(world)
    result = take_in(world, "stock_counts", table(COUNT, row))
    assert [one.column for one in result.refused] == [column]
    assert everything(world) == before


def test_the_database_keeps_counts_unchanged(inside: World) -> None:
    count = StockCountFactory(sku=inside.shipper)
    with pytest.raises(ProgrammingError, match="a stock count is never changed"):
        StockCount.objects.filter(pk=count.pk).update(counted_quantity=1)


def test_the_stock_screen_shows_the_last_count_per_place(world: World) -> None:
    now = timezone.now()
    with world.inside():
        for place, days, quantity in ((world.reno, 9, 7), (world.reno, 2, 412), (None, 5, 33)):
            StockCountFactory(
                sku=world.shipper, location=place, counted_quantity=quantity,
                counted_at=now - timedelta(days=days),
            )  # fmt: skip
        assert [one.counted_quantity for one in latest_counts().order_by("pk")] == [412, 33]
    client = world.client("receiver")
    page = client.get(world.url("stock/")).content.decode()
    assert ">412<" in page
    assert ">33<" in page
    assert ">7<" not in page
    only = client.get(world.url(f"stock/?location={world.reno.public_id}")).content.decode()
    assert ">33<" not in only
