"""Law 3: every address of an organization is guarded, for every method and every kind of person."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client

from procure.tenancy import OrganizationOwned
from tests.addresses import Address, organization_addresses, role_with, role_without
from tests.world import World

ADDRESSES = organization_addresses()
every_address = pytest.mark.parametrize("address", ADDRESSES, ids=lambda a: a.name)


def row_counts(world: World) -> dict[str, int]:
    """How many rows each of the organization's tables holds, in one statement."""
    tables = [
        model._meta.db_table for model in apps.get_models() if issubclass(model, OrganizationOwned)
    ]
    query = " UNION ALL ".join(f"SELECT '{table}', count(*) FROM {table}" for table in tables)
    with world.inside(), connection.cursor() as cursor:
        cursor.execute(query)
        return dict(cursor.fetchall())


def test_there_are_addresses_to_guard() -> None:
    assert len(ADDRESSES) > 10


@every_address
def test_an_address_says_which_permission_it_needs(address: Address) -> None:
    assert address.permission is not None


@every_address
def test_strangers_find_nothing(address: Address, world: World, other_world: World) -> None:
    stranger = other_world.client(role_with(address.permission or ""))
    path = address.path(world.organization.slug)
    for method in ("get", "post", "put", "patch", "delete", "head"):
        assert getattr(stranger, method)(path).status_code == 404, method


@every_address
def test_nobody_comes_in_without_signing_in(address: Address, world: World) -> None:
    for method in ("get", "post"):
        response = getattr(Client(), method)(address.path(world.organization.slug))
        assert response.status_code == 302
        assert response.headers["Location"].startswith("/accounts/login/")


@every_address
def test_the_wrong_role_is_refused_and_changes_nothing(address: Address, world: World) -> None:
    role = role_without(address.permission or "")
    if role is None:
        return
    before = row_counts(world)
    client = world.client(role)
    for method in ("get", "post"):
        path = address.path(world.organization.slug)
        assert getattr(client, method)(path).status_code == 403, method
    assert row_counts(world) == before


@every_address
def test_looking_writes_nothing(address: Address, world: World) -> None:
    before = row_counts(world)
    client = world.client(role_with(address.permission or ""))
    response = client.get(address.path(world.organization.slug))
    assert response.status_code in {200, 302, 404, 405}
    assert row_counts(world) == before


@every_address
def test_an_empty_form_is_answered_in_words(address: Address, world: World) -> None:
    client = world.client(role_with(address.permission or ""))
    response = client.post(address.path(world.organization.slug), {})
    assert response.status_code < 500
