from dataclasses import replace

from suppliers.catalogue import (
    change_category,
    create_category,
    move_category,
    refresh_lineages,
)
from suppliers.details import CategoryDetails
from suppliers.models import Category
from tests.suppliers.support import kinds, nothing_changes, refused
from tests.suppliers.world import category

FILM = CategoryDetails(code="film", name="Film", lead_time_days=21)


def test_a_new_category_knows_its_ancestors(world):
    made = create_category(details=FILM, parent=world.corrugate, actor=world.sana)
    assert made.lineage == [made.pk, world.corrugate.pk, world.packaging.pk]
    assert (made.code, made.lead_time_days, made.off_list_rule) == ("film", 21, "approve")
    assert kinds() == ["category.created"]


def test_a_category_at_the_top_is_its_own_lineage(world):
    made = create_category(details=FILM, parent=None, actor=world.sana)
    assert made.lineage == [made.pk]


def test_a_code_in_use_is_refused(world):
    with refused("code_taken", "There is a category with the code “corrugate” already.", "code"):
        create_category(details=replace(FILM, code="corrugate"), parent=None, actor=world.sana)


def test_a_change_is_told_once_and_a_second_time_does_nothing(world):
    details = CategoryDetails(code="corrugate", name="Corrugate", off_list_rule="block")
    change_category(world.corrugate, details=details, actor=world.sana)
    world.corrugate.refresh_from_db()
    assert world.corrugate.off_list_rule == "block"
    with nothing_changes():
        change_category(world.corrugate, details=details, actor=world.sana)
    assert kinds() == ["category.changed"]


def test_changing_to_a_code_in_use_is_refused(world):
    details = CategoryDetails(code="packaging", name="Corrugate")
    with refused("code_taken", field="code"):
        change_category(world.corrugate, details=details, actor=world.sana)


def test_moving_takes_everything_below_along(world):
    film = category("film", world.corrugate)
    food = category("food")
    moved = move_category(world.corrugate, parent=food, actor=world.sana)
    film.refresh_from_db()
    assert moved.lineage == [world.corrugate.pk, food.pk]
    assert film.lineage == [film.pk, world.corrugate.pk, food.pk]
    assert kinds() == ["category.moved"]


def test_moving_to_the_top_or_to_where_it_is(world):
    moved = move_category(world.corrugate, parent=None, actor=world.sana)
    assert moved.lineage == [world.corrugate.pk]
    with nothing_changes():
        move_category(world.corrugate, parent=None, actor=world.sana)


def test_a_category_cannot_stand_below_itself(world):
    sentence = "Packaging cannot stand below itself: Corrugate is part of it."
    with refused("category_cycle", sentence, "parent"):
        move_category(world.packaging, parent=world.corrugate, actor=world.sana)
    with refused("category_cycle", field="parent"):
        move_category(world.packaging, parent=world.packaging, actor=world.sana)


def test_lineages_are_rebuilt_from_parents(world):
    Category.objects.update(lineage=[])
    refresh_lineages()
    world.corrugate.refresh_from_db()
    assert world.corrugate.lineage == [world.corrugate.pk, world.packaging.pk]


def test_a_circle_made_elsewhere_is_named(world):
    Category.objects.filter(pk=world.packaging.pk).update(parent=world.corrugate)
    with refused("category_cycle", "Category corrugate stands below itself.", "parent_code"):
        refresh_lineages()
