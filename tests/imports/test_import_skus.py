from __future__ import annotations

from decimal import Decimal

import pytest

from suppliers.models import Category, PerformanceCell, Sku, StaleRollup
from tests.imports.support import counts, everything, refusals, table, take_in
from tests.world import World

pytestmark = pytest.mark.django_db

ALL = "sku,description,category_code,unit,pack_size,standard_cost,sale_price,reorder_point,gtin"


def test_a_sku_comes_in_with_all_its_columns(world: World) -> None:
    row = "X-1,Paper,BOX,kgm,25 kg bag,1.25,2.5,40,04012345678901"
    assert counts(take_in(world, "skus", table(ALL, row))) == (1, 0, 0, 0)
    with world.inside():
        one = Sku.objects.get(code="X-1")
    assert (one.description, one.category_id, one.unit) == ("Paper", world.boxes.pk, "KGM")
    assert (one.pack_size, one.gtin) == ("25 kg bag", "04012345678901")
    assert (one.standard_cost, one.sale_price, one.reorder_point) == (
        Decimal("1.25"), Decimal("2.5"), Decimal(40),
    )  # fmt: skip


def test_a_product_group_that_is_missing_is_made_once(world: World) -> None:
    rows = ("X-1,One,Tests", "X-2,Two,tests", "X-3,Three,")
    assert counts(take_in(world, "skus", table("sku,description,product_group", *rows))) == (
        3, 0, 0, 0,
    )  # fmt: skip
    with world.inside():
        group = Category.objects.get(code="Tests")
        assert group.lineage == [group.pk]
        assert set(Sku.objects.filter(category=group).values_list("code", flat=True)) == {
            "X-1", "X-2",
        }  # fmt: skip
        assert Sku.objects.get(code="X-3").category.code == "General"


def test_without_a_category_a_known_sku_stays_where_it_is(world: World) -> None:
    row = "ctn-12-kr,Shipper of twelve"
    assert counts(take_in(world, "skus", table("sku,description", row))) == (0, 1, 0, 0)
    with world.inside():
        world.shipper.refresh_from_db()
    assert (world.shipper.category_id, world.shipper.description) == (
        world.boxes.pk, "Shipper of twelve",
    )  # fmt: skip


def test_another_standard_cost_makes_its_results_stale(world: World) -> None:
    with world.inside():
        PerformanceCell.objects.create(
            supplier=world.northline, sku=world.shipper, month="2026-05-01", currency="USD"
        )
    take_in(world, "skus", table("sku,description,standard_cost", "CTN-12-KR,Shipper,0.7"))
    with world.inside():
        (stale,) = StaleRollup.objects.all()
    assert (stale.supplier_id, stale.sku_id) == (world.northline.pk, world.shipper.pk)


def test_the_unit_stays_once_prices_are_counted_in_it(world: World) -> None:
    before = everything(world)
    row = "CTN-12-KR,Shipper 12-ct kraft,KGM"
    result = take_in(world, "skus", table("sku,description,unit", row))
    assert refusals(result) == [(2, "unit", "Prices and results are counted in EA already.")]
    assert everything(world) == before


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (",Paper,,,,,,,", "sku"),
        ("X-1,,,,,,,,", "description"),
        ("X-1,Paper,,,,1e400,,,", "standard_cost"),
        ("X-1,Paper,,,,NaN,,,", "standard_cost"),
        ("X-1,Paper,,,,-1,,,", "standard_cost"),
        ("X-1,Paper,,,,,See DN-93 (ID#:1281),,", "sale_price"),
        ("X-1,Paper,,,,,,0.00001,", "reorder_point"),
        ("X-1,Paper,,,,,,,123", "gtin"),
    ],
)
def test_every_bad_cell_refuses_the_file(world: World, row: str, column: str) -> None:
    before = everything(world)
    result = take_in(world, "skus", table(ALL, "X-0,Good,,,,,,,", row))
    assert [(line, name) for line, name, _ in refusals(result)] == [(3, column)]
    assert everything(world) == before
