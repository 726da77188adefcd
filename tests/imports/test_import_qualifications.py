from __future__ import annotations

from datetime import date

import pytest

from suppliers.models import Qualification
from tests.imports.support import counts, everything, refusals, table, take_in, warned
from tests.world import World

pytestmark = pytest.mark.django_db

COLUMNS = "supplier_code,category_code,status,valid_to,note"


def test_qualifications_come_in_and_change(world: World) -> None:
    rows = ("KESTREL,BOX,qualified,2027-01-31,Audit of May", "NORTH,PACK,conditional,,Until audit")
    clerk = world.people["sourcing_lead"]
    result = take_in(world, "qualifications", table(COLUMNS, *rows), actor=clerk)
    assert counts(result) == (1, 1, 0, 0)
    with world.inside():
        new = Qualification.objects.get(supplier=world.kestrel)
        changed = Qualification.objects.get(supplier=world.northline)
    assert (new.category_id, new.status, new.valid_to, new.note, new.decided_by_id) == (
        world.boxes.pk, "qualified", date(2027, 1, 31), "Audit of May", clerk.pk,
    )  # fmt: skip
    assert (changed.status, changed.note) == ("conditional", "Until audit")
    assert counts(take_in(world, "qualifications", table(COLUMNS, *rows))) == (0, 0, 2, 0)


def test_without_a_category_the_top_of_the_tree_is_meant(world: World) -> None:
    result = take_in(world, "qualifications", table("supplier_code,status", "KESTREL,qualified"))
    assert counts(result) == (1, 0, 0, 0)
    with world.inside():
        (one,) = Qualification.objects.filter(supplier=world.kestrel)
    assert one.category_id == world.packaging.pk


def test_a_suspension_without_its_note_is_a_warning(world: World) -> None:
    result = take_in(world, "qualifications", table(COLUMNS, "NORTH,PACK,suspended,,"))
    assert counts(result) == (0, 1, 0, 0)
    assert warned(result) == [(2, "note")]


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("NONE,BOX,qualified,,", "supplier_code"),
        ("NORTH,NONE,qualified,,", "category_code"),
        ("NORTH,BOX,fine,,", "status"),
        ("NORTH,BOX,qualified,tomorrow,", "valid_to"),
    ],
)
def test_every_bad_cell_refuses_the_file(world: World, row: str, column: str) -> None:
    before = everything(world)
    result = take_in(world, "qualifications", table(COLUMNS, row))
    assert [(line, name) for line, name, _ in refusals(result)] == [(2, column)]
    assert everything(world) == before
