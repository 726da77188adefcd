"""Property 4: one connection serves many organizations in turn, and none sees another's rows."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from suppliers.models import Supplier
from tests.safety.crowd import at_once
from tests.world import World, make_world

FLIPS = 400


def seen(world: World) -> set[int]:
    with world.inside():
        return set(Supplier._base_manager.values_list("organization_id", flat=True))


@pytest.mark.django_db(transaction=True)
def test_four_hundred_turns_on_one_connection_mix_nothing() -> None:
    worlds = [make_world("acme"), make_world("globex")]
    wrong = [
        turn
        for turn in range(FLIPS)
        if seen(worlds[turn % 2]) != {worlds[turn % 2].organization.pk}
    ]
    assert wrong == []


@pytest.mark.django_db(transaction=True)
def test_clients_at_once_see_their_own_rows_only() -> None:
    worlds = [make_world("acme"), make_world("globex")]
    calls = [lambda world=worlds[n % 2]: seen(world) for n in range(8)]
    answers = at_once(calls)
    assert answers == [{worlds[n % 2].organization.pk} for n in range(8)]


@pytest.mark.django_db(transaction=True)
def test_after_its_transaction_a_connection_sees_nothing() -> None:
    world = make_world()
    assert seen(world) == {world.organization.pk}
    assert Supplier._base_manager.count() == 0


@pytest.mark.django_db(transaction=True)
def test_control_a_session_setting_outlives_its_request() -> None:
    world = make_world()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET app.organization_id = '{world.organization.pk}'")
    try:
        assert Supplier._base_manager.count() == 2
    finally:
        connection.close()
