from __future__ import annotations

from datetime import date

import pytest

from suppliers.models import ApprovedVendor, Qualification, QualificationCriterion, Supplier
from tests.factories import MembershipFactory, UserFactory
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


def test_a_new_status_of_a_known_one_follows_the_screens_steps(world: World) -> None:
    with world.inside():
        Qualification.objects.update(status="disqualified", note="Fraud")
    before = everything(world)
    result = take_in(world, "qualifications", table(COLUMNS, "NORTH,PACK,qualified,,"))
    assert refusals(result) == [
        (2, "status", "The supplier is disqualified here; it can become in review.")
    ]
    assert everything(world) == before


def test_a_known_one_is_not_qualified_against_its_checklist(world: World) -> None:
    with world.inside():
        Qualification.objects.update(status="in_review")
        QualificationCriterion.objects.create(category=world.packaging, name="Insurance")
    result = take_in(world, "qualifications", table(COLUMNS, "NORTH,PACK,qualified,,"))
    assert refusals(result) == [(2, "status", "Not yet: Insurance is not answered.")]


def test_what_nobody_judged_yet_is_a_fact_of_the_past(world: World) -> None:
    with world.inside():
        QualificationCriterion.objects.create(category=world.packaging, name="Insurance")
    result = take_in(world, "qualifications", table(COLUMNS, "KESTREL,BOX,qualified,,"))
    assert counts(result) == (1, 0, 0, 0)


def test_losing_it_by_a_file_takes_preferred_away_too(world: World) -> None:
    take_in(world, "qualifications", table(COLUMNS, "NORTH,PACK,suspended,,Audit"))
    with world.inside():
        current = ApprovedVendor.objects.get(supplier=world.northline, valid_to__isnull=True)
    assert current.standing == "approved"


def test_who_added_a_supplier_does_not_qualify_it_by_a_file(world: World) -> None:
    lead = world.people["sourcing_lead"]
    second = UserFactory(email="second@acme.test", full_name="Second lead")
    MembershipFactory(organization=world.organization, user=second, roles=["sourcing_lead"])
    with world.inside():
        Supplier.objects.filter(pk=world.kestrel.pk).update(created_by=lead)
    row = table(COLUMNS, "KESTREL,BOX,qualified,,")
    (refusal,) = refusals(take_in(world, "qualifications", row, actor=lead))
    assert refusal[1] == "status"
    assert counts(take_in(world, "qualifications", row, actor=second)) == (1, 0, 0, 0)
