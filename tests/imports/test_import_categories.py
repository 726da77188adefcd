from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from procure.columns import Notation
from procure.imports import ImportOptions, ImportResult, run_import
from suppliers.models import Category, CategoryStrategy
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


def in_scheme(world: World, scheme: str, *rows: str) -> ImportResult:
    return run_import(
        "categories",
        table("category_code,name", *rows),
        file_name="codes.csv",
        organization_id=world.organization.pk,
        options=ImportOptions(Notation(code_scheme=scheme)),
        actor=None,
    )


def lines(world: World) -> dict[str, list[str]]:
    """The codes from each category to the top, by code."""
    with world.inside():
        known = {one.pk: one for one in Category.objects.all()}
        return {one.code: [known[pk].code for pk in one.lineage] for one in known.values()}


CPV = ("03111000-2,Seeds", "03000000-1,Agriculture", "03110000-5,Crops", "30000000-9,Office",
       "30192000-1,Supplies", "03111700-9,Oilseeds")  # fmt: skip
UNSPSC = ("10101501,Cats", "10000000,Live", "10101500,Livestock", "10100000,Animals")


@pytest.mark.parametrize("scheme", ["cpv", "auto"])
def test_cpv_codes_say_where_a_category_stands_whatever_the_order(
    world: World, scheme: str
) -> None:
    assert counts(in_scheme(world, scheme, *CPV)) == (6, 0, 0, 0)
    found = lines(world)
    assert found["03111700-9"] == ["03111700-9", "03111000-2", "03110000-5", "03000000-1"]
    assert found["30192000-1"] == ["30192000-1", "30000000-9"], "levels between may be missing"
    assert found["30000000-9"] == ["30000000-9"], "a division may end in a zero"
    assert counts(in_scheme(world, scheme, *CPV)) == (0, 0, 6, 0)


def test_unspsc_codes_go_deeper_by_two_digits(world: World) -> None:
    in_scheme(world, "auto", *UNSPSC)
    assert lines(world)["10101501"] == ["10101501", "10101500", "10100000", "10000000"]


def test_a_code_of_no_scheme_stays_at_the_top_with_a_warning(world: World) -> None:
    result = in_scheme(world, "cpv", *CPV, "OWN,Our own")
    assert [one.message for one in result.warnings] == ["No CPV code; it stays at the top."]
    assert lines(world)["OWN"] == ["OWN"]
    in_scheme(world, "auto", "30197000-6,Small", "OWN,Our own")
    assert lines(world)["30197000-6"] == ["30197000-6"], "not all look alike, so nothing is derived"


def test_without_a_scheme_codes_say_nothing(world: World) -> None:
    in_scheme(world, "", *CPV)
    assert lines(world)["03111000-2"] == ["03111000-2"]


def test_ten_thousand_codes_take_as_many_statements_as_ten(world: World) -> None:
    def statements(first: int, count: int) -> int:
        rows = [f"{number:08d}-1,Code {number}" for number in range(first, first + count)]
        with CaptureQueriesContext(connection) as captured:
            assert counts(in_scheme(world, "cpv", *rows))[0] == count
        return len(captured)

    assert statements(10_000_000, 10) + 20 >= statements(20_000_000, 10_000)


STRATEGY = "category_code,objective,minimum_sources,lead_time_days,owner,preferred"


def test_strategies_come_in_with_their_preferred_suppliers(world: World) -> None:
    row = f"BOX,Two mills,2,14,{world.people['sourcing_lead'].email},NORTH:65;KESTREL"
    assert counts(take_in(world, "category_strategies", table(STRATEGY, row))) == (1, 0, 0, 0)
    with world.inside():
        made = CategoryStrategy.objects.get(category=world.boxes)
        shares = dict(made.shares.values_list("supplier__code", "share_percent"))
    assert (made.objective, made.minimum_sources, made.lead_time_days) == ("Two mills", 2, 14)
    assert made.owner == world.people["sourcing_lead"]
    assert shares == {"NORTH": 65, "KESTREL": None}
    assert counts(take_in(world, "category_strategies", table(STRATEGY, row))) == (0, 0, 1, 0)
    other = row.replace("NORTH:65;KESTREL", "NORTH")
    assert counts(take_in(world, "category_strategies", table(STRATEGY, other))) == (0, 1, 0, 0)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("NONE,,,,,", "There is no category “NONE”."),
        ("BOX,,,,who@acme.test,", "Nobody here has the address who@acme.test."),
        ("BOX,,,,,NOBODY:5", "There is no supplier “NOBODY”."),
        ("BOX,,,,,NORTH:1e400", "“1e400” is no share in percent."),
        ("BOX,,,,,NORTH:NaN", "“NaN” is no share in percent."),
        ("BOX,,,,,NORTH:60;KESTREL:60", "The target shares make more than 100%."),
    ],
)
def test_a_strategy_that_makes_no_sense_is_refused(world: World, row: str, message: str) -> None:
    before = everything(world)
    result = take_in(world, "category_strategies", table(STRATEGY, row))
    assert [one.message for one in result.refused] == [message]
    assert everything(world) == before
