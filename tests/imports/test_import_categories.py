from __future__ import annotations

import pytest

from suppliers.models import Category
from tests.imports.support import counts, everything, refusals, table, take_in
from tests.world import World

pytestmark = pytest.mark.django_db

COLUMNS = "category_code,name,parent_code,lead_time_days,criticality"


def test_a_tree_comes_in_whatever_the_order_of_its_rows(world: World) -> None:
    rows = ("A-1-1,Deep,A-1,,", "A-1,Mid,A,7,high", "A,Top,,,low")
    assert counts(take_in(world, "categories", table(COLUMNS, *rows))) == (3, 0, 0, 0)
    with world.inside():
        deep, mid, top = (Category.objects.get(code=code) for code in ("A-1-1", "A-1", "A"))
    assert deep.lineage == [deep.pk, mid.pk, top.pk]
    assert top.lineage == [top.pk]
    assert (mid.lead_time_days, mid.criticality, deep.criticality) == (7, "high", "medium")


def test_a_category_moves_with_all_below_it(world: World) -> None:
    take_in(world, "categories", table(COLUMNS, "A,Top,,,", "B,Below,A,,"))
    result = take_in(world, "categories", table(COLUMNS, "A,Top,BOX,,", "B,Below,A,,"))
    assert counts(result) == (0, 1, 1, 0)
    with world.inside():
        below = Category.objects.get(code="B")
        assert below.lineage == [
            below.pk, below.parent_id, world.boxes.pk, world.packaging.pk,
        ]  # fmt: skip


def test_without_the_column_a_category_stays_where_it_is(world: World) -> None:
    assert counts(take_in(world, "categories", table("category_code,name", "BOX,Boxes"))) == (
        0, 0, 1, 0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (("A,Top,Z,,",), "There is no category “Z”."),
        (("A,Top,B,,", "B,Below,A,,"), "Category A stands below itself."),
        (("A,Top,A,,",), "Category A stands below itself."),
        (("A,Top,,soon,",), "“soon” is not a whole number."),
        (("A,Top,,,huge",), "“huge” is none of low, medium, high."),
    ],
)
def test_what_makes_no_tree_is_refused(world: World, rows: tuple[str, ...], sentence: str) -> None:
    before = everything(world)
    result = take_in(world, "categories", table(COLUMNS, *rows))
    assert [message for _, _, message in refusals(result)] == [sentence]
    assert everything(world) == before
