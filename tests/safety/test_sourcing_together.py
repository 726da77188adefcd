"""Two people decide about sourcing at one instant: the tree stays a tree, the list has no overlap,
no amendment is lost."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from suppliers import agreeing, catalogue
from suppliers.agreeing import PriceRow, change_agreed_prices
from suppliers.catalogue import create_category, move_category
from suppliers.details import CategoryDetails
from suppliers.models import ApprovedVendor, Category, PriceAgreement
from suppliers.vendor_approval import approve_vendor
from tests.conftest import owner_connection
from tests.safety.crowd import Meeting, at_once, refusals, rounds
from tests.world import World, make_world

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = rounds(6, 300)


def two_branches(
    world: World, number: int
) -> tuple[tuple[Category, Category], tuple[Category, Category]]:
    """Two branches; putting each below the other's child makes sense alone."""
    actor = world.people["sourcing_lead"]
    tops, children = [], []
    for name in ("film", "paper"):
        details = CategoryDetails(code=f"{name}-{number}", name=name)
        tops.append(create_category(details=details, parent=None, actor=actor))
        below = CategoryDetails(code=f"{name}-{number}-below", name=f"{name} below")
        children.append(create_category(details=below, parent=tops[-1], actor=actor))
    return (tops[0], children[1]), (tops[1], children[0])


def move_at_once(world: World, number: int) -> list[Any]:
    with world.inside():
        pairs = two_branches(world, number)

    def move(category: Category, parent: Category) -> Callable[[], Category]:
        def step() -> Category:
            with world.inside():
                return move_category(category, parent=parent, actor=world.people["sourcing_lead"])

        return step

    return at_once([move(*pair) for pair in pairs])


def circles(world: World) -> int:
    """Categories that come upon themselves on the way up."""
    with world.inside():
        parents = dict(Category.objects.values_list("pk", "parent_id"))
    found = 0
    for start in parents:
        one = parents[start]
        for _ in parents:
            if one is None or one == start:
                break
            one = parents.get(one)
        found += one == start
    return found


def test_two_moves_that_make_a_circle_together_are_not_both_done() -> None:
    world = make_world()
    for number in range(ROUNDS):
        assert refusals(move_at_once(world, number)) == ["category_cycle"]
    assert circles(world) == 0


def test_control_without_the_lock_on_the_tree_there_are_circles(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = make_world()
    meeting = Meeting(2)

    def read_without_locks(rows: Any) -> list[Category]:
        found = list(rows)
        meeting.wait()
        return found

    monkeypatch.setattr(catalogue, "lock_all", read_without_locks)
    monkeypatch.setattr(catalogue, "refresh_lineages", lambda: None)
    move_at_once(world, 0)
    assert circles(world) > 0


def approve_at_once(world: World) -> list[Any]:
    """Four people put one supplier on the list for one category from today."""

    def approve() -> ApprovedVendor:
        with world.inside():
            return approve_vendor(
                world.kestrel,
                category=world.boxes,
                standing="approved",
                valid_from=timezone.localdate(),
                actor=world.people["sourcing_lead"],
            )

    return at_once([approve] * 4)


def entries(world: World) -> int:
    with world.inside():
        return ApprovedVendor.objects.filter(supplier=world.kestrel).count()


def amend_at_once(world: World) -> list[Any]:
    """Two people change the price of one SKU in the version that both were shown."""

    def amend(price: str) -> Callable[[], PriceAgreement]:
        def step() -> PriceAgreement:
            with world.inside():
                return change_agreed_prices(
                    world.agreement,
                    effective_on=timezone.localdate(),
                    prices=[PriceRow(sku=world.shipper, unit_price=Decimal(price))],
                    version_shown=1,
                    reason="Index clause",
                    actor=world.people["sourcing_lead"],
                )

        return step

    return at_once([amend("0.600000"), amend("0.590000")])


def test_of_two_people_who_amend_one_agreement_the_second_looks_again() -> None:
    world = make_world()
    assert refusals(amend_at_once(world)) == ["changed_meanwhile"]
    with world.inside():
        assert PriceAgreement.objects.get(pk=world.agreement.pk).version == 2


def test_control_without_the_version_shown_a_change_is_overwritten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = make_world()
    monkeypatch.setattr(agreeing, "_require_version", lambda *_: None)
    assert refusals(amend_at_once(world)) == []
    with world.inside():
        assert PriceAgreement.objects.get(pk=world.agreement.pk).version == 3


def test_a_supplier_approved_four_times_at_once_is_on_the_list_once() -> None:
    world = make_world()
    assert refusals(approve_at_once(world)) == ["already_listed"] * 3
    assert entries(world) == 1


def test_control_without_the_exclusion_it_is_on_the_list_four_times() -> None:
    world = make_world()
    table, name = ApprovedVendor._meta.db_table, "suppliers_approvedvendor_overlap"
    with owner_connection(connection.settings_dict["NAME"]) as owner:
        (rule,) = owner.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", [name]
        ).fetchone()
        owner.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        try:
            assert refusals(approve_at_once(world)) == []
            assert entries(world) == 4
        finally:
            owner.execute(f"TRUNCATE {table} CASCADE")
            owner.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {rule}")
