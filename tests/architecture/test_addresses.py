"""Law 3: every address of an organization is guarded, for every method and every kind of person."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client

from procure.permissions import Role
from procure.tenancy import OrganizationOwned
from tests.addresses import Address, organization_addresses, role_with, role_without
from tests.world import World

ADDRESSES = organization_addresses()
APPS = sorted({address.name.split(":")[0] for address in ADDRESSES})
METHODS = ("get", "post", "put", "patch", "delete", "head")
# All addresses of an app share one small company: a company of its own for each took most of the time.
of_every_app = pytest.mark.parametrize("app", APPS)


def addresses_of(app: str) -> list[Address]:
    return [address for address in ADDRESSES if address.name.startswith(f"{app}:")]


def answer(client: Client, method: str, path: str) -> int:
    """The status; an error in the view is a 500 as it would be in service."""
    client.raise_request_exception = False
    return int(getattr(client, method)(path).status_code)


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
    assert len(ADDRESSES) > 100


@pytest.mark.parametrize("address", ADDRESSES, ids=lambda a: a.name)
def test_an_address_says_which_permission_it_needs(address: Address) -> None:
    assert address.permission is not None


@of_every_app
def test_strangers_find_nothing(app: str, world: World, other_world: World) -> None:
    strangers = {role: other_world.client(role) for role in Role.values}
    answers = {
        (address.name, method): answer(
            strangers[role_with(address.permission or "")],
            method,
            address.path(world.organization.slug),
        )
        for address in addresses_of(app)
        for method in METHODS
    }
    assert {asked: status for asked, status in answers.items() if status != 404} == {}


@of_every_app
def test_nobody_comes_in_without_signing_in(app: str, world: World) -> None:
    nobody = Client()
    for address in addresses_of(app):
        for method in ("get", "post"):
            response = getattr(nobody, method)(address.path(world.organization.slug))
            assert response.status_code == 302, address.name
            assert response.headers["Location"].startswith("/accounts/login/"), address.name


@of_every_app
def test_the_wrong_role_is_refused_and_changes_nothing(app: str, world: World) -> None:
    people = {role: world.client(role) for role in Role.values}
    before = row_counts(world)
    answers = {
        (address.name, method): answer(people[role], method, address.path(world.organization.slug))
        for address in addresses_of(app)
        if (role := role_without(address.permission or ""))
        for method in ("get", "post")
    }
    assert {asked: status for asked, status in answers.items() if status != 403} == {}
    assert row_counts(world) == before


@of_every_app
def test_looking_writes_nothing(app: str, world: World) -> None:
    people = {role: world.client(role) for role in Role.values}
    before = row_counts(world)
    for address in addresses_of(app):
        client = people[role_with(address.permission or "")]
        status = answer(client, "get", address.path(world.organization.slug))
        assert status in {200, 302, 404, 405}, address.name
        assert row_counts(world) == before, address.name


@of_every_app
def test_an_empty_form_is_answered_in_words(app: str, world: World) -> None:
    people = {role: world.client(role) for role in Role.values}
    for address in addresses_of(app):
        client = people[role_with(address.permission or "")]
        status = answer(client, "post", address.path(world.organization.slug))
        assert status < 500, address.name
        assert status == 405 or not (address.permission or "").endswith(".read"), address.name
