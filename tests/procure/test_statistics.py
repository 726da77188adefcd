"""The planner learns of rows that came together, once, before they are joined."""

from __future__ import annotations

import json

import pytest
from django.db import connection

from procure.statistics import refresh_outgrown_statistics
from suppliers.models import Supplier
from tests.conftest import owner_connection
from tests.world import World

pytestmark = pytest.mark.django_db
MANY = 2_000


def planned_rows() -> int:
    """How many suppliers of this organization the planner expects."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {Supplier.objects.values('pk').query}")
        (plan,) = cursor.fetchone()
    plan = json.loads(plan) if isinstance(plan, str) else plan
    return int(plan[0]["Plan"]["Plan Rows"])


def test_what_has_grown_is_looked_at_once(world: World) -> None:
    with world.inside():
        refresh_outgrown_statistics()
        Supplier.objects.bulk_create(
            Supplier(code=f"S-{n}", name=f"Supplier {n}", currency="USD") for n in range(MANY)
        )
        assert planned_rows() < MANY / 10  # the control: nobody has looked yet
        assert refresh_outgrown_statistics() >= 1
        assert planned_rows() >= MANY
        assert refresh_outgrown_statistics() == 0


def test_whoever_comes_second_does_not_wait(world: World) -> None:
    with world.inside():
        Supplier.objects.bulk_create(
            Supplier(code=f"S-{n}", name=f"Supplier {n}", currency="USD") for n in range(MANY)
        )
        with owner_connection(connection.settings_dict["NAME"]) as other, other.transaction():
            other.execute(
                "SELECT pg_advisory_xact_lock(hashtext('procure_refresh_outgrown_statistics'))"
            )
            assert refresh_outgrown_statistics() == 0
