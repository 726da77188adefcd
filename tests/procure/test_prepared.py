"""Statements whose plan is kept: planned once, and still only for the organization of the moment."""

from __future__ import annotations

import pytest
from django.db import connection

from procure.prepared import prepared
from suppliers.models import Supplier
from tests.world import World

pytestmark = pytest.mark.django_db

CODES = "SELECT id FROM suppliers_supplier WHERE id > %(after)s::bigint ORDER BY id"


def test_a_plan_is_kept_from_the_second_run_on(inside: World) -> None:
    for _ in range(3):
        prepared(CODES, {"after": 0})
    ((kept,),) = prepared(
        "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE %(start)s::text",
        {"start": "SELECT id FROM suppliers_supplier%"},
    )
    assert kept == 1


def test_a_kept_plan_shows_each_organization_its_own_rows(world: World, other_world: World) -> None:
    ids = {}
    for one in (world, other_world):
        with one.inside():
            ids[one.organization.pk] = list(
                Supplier.objects.order_by("pk").values_list("pk", flat=True)
            )
    for _ in range(10):  # beyond the five runs after which one plan serves all values
        for one in (world, other_world):
            with one.inside():
                found = [pk for (pk,) in prepared(CODES, {"after": 0})]
            assert found == ids[one.organization.pk]


def test_a_statement_without_rows_answers_none(inside: World) -> None:
    assert prepared("SET LOCAL lock_timeout = '3s'", {}) == []
    assert connection.is_usable()
