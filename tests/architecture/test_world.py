"""The suite itself: it runs as the role that the application runs as."""

from __future__ import annotations

import pytest
from django.db import connection

from suppliers.models import Sku
from tests.world import World


@pytest.mark.django_db
def test_the_suite_runs_as_the_application_and_not_above_the_policies() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
        )
        assert cursor.fetchone() == ("app_rw", False, False)


def test_each_company_sees_its_own_rows_only(world: World, other_world: World) -> None:
    with world.inside():
        assert set(Sku._base_manager.values_list("organization_id", flat=True)) == {
            world.organization.pk
        }
    with other_world.inside():
        assert set(Sku._base_manager.values_list("organization_id", flat=True)) == {
            other_world.organization.pk
        }
