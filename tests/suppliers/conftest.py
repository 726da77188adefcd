from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from procure.tenancy import tenant_atomic
from tests.suppliers.world import company, fernhill, people


@pytest.fixture
def world(db: None) -> Iterator[SimpleNamespace]:
    """The company Fernhill inside its own transaction."""
    organization = company()
    sana, maya, aldo = people(organization)
    with tenant_atomic(organization.pk):
        world = fernhill()
        world.organization, world.sana, world.maya, world.aldo = organization, sana, maya, aldo
        yield world
