import pytest

from suppliers.approved_vendors import list_decisions
from suppliers.models import Qualification
from suppliers.qualification import qualify_supplier
from tests.suppliers.support import day, kinds, nothing_changes, refused


def qualify(world, status, valid_to=None, note=""):
    return qualify_supplier(
        world.kestrel, category=world.corrugate, status=status, valid_to=valid_to, note=note,
        actor=world.sana,
    )  # fmt: skip


def test_a_supplier_becomes_qualified_until_a_day(world):
    made = qualify(world, "qualified", day(365))
    assert (made.status, made.valid_to, made.decided_by) == ("qualified", day(365), world.sana)
    assert Qualification.objects.filter(supplier=world.kestrel).count() == 1
    assert kinds() == ["supplier.qualified"]
    with nothing_changes():
        qualify(world, "qualified", day(365))


def test_losing_it_takes_the_standing_away_without_touching_the_list(world):
    pair = (world.northline.pk, world.small.pk)
    assert list_decisions([pair], day())[pair].standing == "preferred"
    qualify_supplier(
        world.northline, category=world.packaging, status="suspended", valid_to=None,
        note="Failed audit", actor=world.sana,
    )  # fmt: skip
    found = list_decisions([pair], day())[pair]
    assert (found.standing, found.missing) == ("off_list", "Suspended for Packaging: Failed audit.")


def test_an_end_in_the_past_is_refused(world):
    qualify(world, "qualified", day())
    with refused("already_over", field="valid_to"):
        qualify(world, "qualified", day(-1))


@pytest.mark.parametrize(
    ("status", "label"),
    [
        ("conditional", "conditionally qualified"),
        ("suspended", "suspended"),
        ("disqualified", "disqualified"),
    ],
)
def test_a_decision_that_needs_its_reason_is_refused_without_one(world, status, label):
    with refused("reason_missing", f"Say why it is {label}.", "note"):
        qualify(world, status, note=" ")
