"""Property 17: what the trail says can be read and added to, never changed, by nobody who serves."""

from __future__ import annotations

import psycopg
import pytest
from django.db import ProgrammingError, connection

from procure.models import BusinessEvent
from tests.conftest import owner_connection
from tests.purchasing.buying import drafted
from tests.world import World, make_world

CHANGES = {
    "an update": "UPDATE procure_businessevent SET summary = 'something else'",
    "a deletion": "DELETE FROM procure_businessevent",
    "emptying": "TRUNCATE procure_businessevent CASCADE",
}
every_change = pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)


@every_change
def test_the_application_may_not_change_the_trail(world: World, change: str) -> None:
    with world.inside():
        drafted(world)
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        world.inside(),
        connection.cursor() as cursor,
    ):
        cursor.execute(change)
    with world.inside():
        assert BusinessEvent.objects.filter(kind="purchase_order.drafted").count() == 1


def tamper(world: World, change: str) -> int:
    """Lets the tables' owner, bound by no privilege, do it for one company; rows he reached."""
    with owner_connection(connection.settings_dict["NAME"]) as owner:
        owner.execute("ALTER TABLE procure_businessevent NO FORCE ROW LEVEL SECURITY")
        try:
            return owner.execute(change).rowcount
        finally:
            owner.execute("ALTER TABLE procure_businessevent FORCE ROW LEVEL SECURITY")


@pytest.mark.django_db(transaction=True)
@every_change
def test_not_even_the_owner_changes_the_trail(change: str) -> None:
    world = make_world()
    with world.inside():
        drafted(world)
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
        tamper(world, change)
    with world.inside():
        (event,) = BusinessEvent.objects.all()
        assert event.summary == "Draft opened with 2 lines."


@pytest.mark.django_db(transaction=True)
def test_control_without_its_triggers_the_owner_rewrites_the_trail() -> None:
    world = make_world()
    with world.inside():
        drafted(world)
    with owner_connection(connection.settings_dict["NAME"]) as owner:
        owner.execute("ALTER TABLE procure_businessevent DISABLE TRIGGER USER")
    try:
        assert tamper(world, CHANGES["an update"]) == 1
    finally:
        with owner_connection(connection.settings_dict["NAME"]) as owner:
            owner.execute("ALTER TABLE procure_businessevent ENABLE TRIGGER USER")
