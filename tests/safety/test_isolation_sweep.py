"""Properties 1 and 2: no address shows or changes another organization's rows, bug or no bug.

Every address is asked with every foreign id that it could take, in the address, the query string
and the form. The control takes the policies away and must see leaks.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import psycopg
import pytest
from django.apps import apps
from django.db import connection, models
from psycopg.conninfo import make_conninfo

from procure.models import Location
from procure.tenancy import Addressed, OrganizationScoped
from suppliers.models import Category, Supplier
from tests.addresses import organization_addresses, role_with
from tests.services import ADMINISTRATOR
from tests.world import World, make_world

CANARY = "CANARY-OF-ANOTHER-COMPANY"
SAMPLED = 3
MEMBER_ROLES = ["admin", "buyer", "ap_clerk", "sourcing_lead"]


@pytest.fixture
def foreign(other_world: World) -> World:
    """The other company, with a canary in every text a screen could show."""
    with other_world.inside():
        for model in apps.get_models():
            if issubclass(model, Addressed) and not model._meta.proxy:
                for name in ("name", "description"):
                    if any(field.name == name for field in model._meta.fields):
                        model.objects.update(**{name: CANARY})
    return other_world


def foreign_ids(foreign: World) -> dict[str, str]:
    """One foreign address id per kind of record."""
    with foreign.inside():
        rows = {
            model._meta.label: model.objects.values_list("public_id", flat=True).first()
            for model in apps.get_models()
            if issubclass(model, Addressed)
        }
    return {label: str(public_id) for label, public_id in rows.items() if public_id}


def sampled(ids: list[tuple[str, str]], turn: int) -> list[tuple[str, str]]:
    """All ids in a soak; otherwise a few, moving on from address to address."""
    if os.environ.get("PROCURE_SOAK"):
        return ids
    return [ids[(turn + step) % len(ids)] for step in range(min(SAMPLED, len(ids)))]


def leaks(world: World, foreign: World) -> list[str]:
    """Every probe that showed a canary, or that answered 200 for a foreign id in its address."""
    found = []
    ids = list(foreign_ids(foreign).items())
    clients = {role: world.client(role) for role in MEMBER_ROLES}
    for turn, address in enumerate(organization_addresses()):
        role = role_with(address.permission or "")
        client = clients.setdefault(role, world.client(role))
        names = [name for kind, name in address.parameters if kind == "uuid"]
        for label, public_id in sampled(ids, turn) if names else ids[:1]:
            values = dict.fromkeys(names, public_id)
            path = address.path(world.organization.slug, **values)
            probe = {"id": public_id, "supplier": public_id, "category": public_id, "q": "CANARY"}
            found += [
                f"{address.name} with {label}: {response.status_code}"
                for response in (client.get(path, probe), client.post(path, probe))
                if CANARY in response.content.decode(errors="replace")
                or (names and response.status_code == 200)
            ]
    return found


def test_no_probe_shows_another_companys_rows(world: World, foreign: World) -> None:
    assert leaks(world, foreign) == []


@pytest.fixture
def forgotten_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug: the application's own filter by organization is gone everywhere."""
    monkeypatch.setattr(OrganizationScoped, "get_queryset", models.Manager.get_queryset)


def test_the_policies_hold_when_the_filter_is_forgotten(
    world: World, foreign: World, forgotten_filter: None
) -> None:
    with world.inside():
        assert Supplier.objects.count() == 2
    assert leaks(world, foreign) == []


@pytest.fixture
def no_policies(transactional_db: None) -> Iterator[None]:
    """The protection removed: every policy lets everything pass, and is put back afterwards."""
    name = connection.settings_dict["NAME"]
    with psycopg.connect(
        make_conninfo(os.environ[ADMINISTRATOR], dbname=name), autocommit=True
    ) as admin:
        tables = [
            row[0]
            for row in admin.execute("SELECT relname FROM pg_class WHERE relforcerowsecurity")
        ]
        for table in tables:
            admin.execute(f"ALTER POLICY organization_isolation ON {table} USING (true)")
        yield
        condition = (
            "organization_id ="
            " (SELECT nullif(current_setting('app.organization_id', true), '')::bigint)"
        )
        for table in tables:
            admin.execute(f"ALTER POLICY organization_isolation ON {table} USING ({condition})")


@pytest.mark.django_db(transaction=True)
def test_control_without_policies_the_forgotten_filter_leaks(
    no_policies: None, forgotten_filter: None
) -> None:
    world, other = make_world("acme"), make_world("globex")
    with world.inside():
        assert Supplier.objects.count() == 4
    with other.inside():
        for model in (Category, Location, Supplier):
            model.objects.filter(organization=other.organization).update(name=CANARY)
    assert leaks(world, other) != []
