"""The decision log comes in as it went out, and what was decided is never changed."""

from __future__ import annotations

import pytest

from suppliers.models import SourcingDecision
from tests.imports.support import counts, exported, table, take_in
from tests.world import World

pytestmark = pytest.mark.django_db

COLUMNS = (
    "decision_number,category_code,sku,title,decided_on,decided_by,review_on,origin,superseded_by,"
    "reason,supplier_code,chosen,share_percent,unit_price"
)
OLD = (
    "D-1,BOX,,Boxes,2025-03-01,gone@acme.test,2026-03-01,entered,D-2,Cheapest,NORTH,yes,70,0.61",
    "D-1,BOX,,Boxes,2025-03-01,gone@acme.test,2026-03-01,entered,D-2,Cheapest,KESTREL,yes,30,0.6",
)
NEW = "D-2,BOX,,Boxes again,2026-03-01,buyer@acme.test,,award,,On time,NORTH,yes,,"


def log(world: World) -> list[tuple[object, ...]]:
    with world.inside():
        rows = SourcingDecision.objects.order_by("number").values_list(
            "number", "decided_by__email", "superseded_by__number", "origin"
        )
        return list(rows)


def test_a_log_comes_in_with_what_took_the_place_of_what(world: World, other_world: World) -> None:
    result = take_in(world, "sourcing_decisions", table(COLUMNS, *OLD, NEW))
    assert (counts(result), len(result.warnings)) == ((3, 0, 0, 0), 2)
    assert log(world) == [
        ("D-1", None, "D-2", "entered"),
        ("D-2", "buyer@acme.test", None, "award"),
    ]
    out = exported(world, "sourcing_decisions")
    assert counts(take_in(other_world, "sourcing_decisions", out.encode())) == (3, 0, 0, 0)
    assert exported(other_world, "sourcing_decisions") == out.replace("buyer@acme.test", "")


def test_what_was_decided_is_not_changed(world: World) -> None:
    take_in(world, "sourcing_decisions", table(COLUMNS, *OLD, NEW))
    out = exported(world, "sourcing_decisions")
    for before, after, column in (
        ("On time", "Cheap", "reason"),
        ("NORTH,yes", "KESTREL,yes", "decision_number"),
        ("award,,", "award,D-1,", "decision_number"),
    ):
        result = take_in(world, "sourcing_decisions", table(COLUMNS, NEW.replace(before, after)))
        assert [(one.column, one.message[:43]) for one in result.refused] == [
            (column, "A decision is not changed by an import. Giv")
        ]
    assert exported(world, "sourcing_decisions") == out


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ((OLD[0], NEW), "The shares of the chosen suppliers make 70%; they have to make 100%."),
        (OLD, "There is no decision “D-2”."),
        ((NEW.replace("2026-03-01", "2050-01-01"),), "A decision is of today or of a day before."),
        ((NEW.replace("yes", "no"),), "Choose at least one supplier."),
        ((NEW.replace("BOX,,", "PACK,NOPE,"),), "There is no SKU “NOPE”."),
    ],
)
def test_what_makes_no_decision_is_refused(
    world: World, rows: tuple[str, ...], message: str
) -> None:
    result = take_in(world, "sourcing_decisions", table(COLUMNS, *rows))
    assert message in [one.message for one in result.refused]
    assert log(world) == []
