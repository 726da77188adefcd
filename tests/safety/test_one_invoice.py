"""Property 7: the same invoice by eight clients at once, each in a spelling of its own, is one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.db import connection

from matching.models import SupplierInvoice
from tests.conftest import owner_connection
from tests.matching.paying import billed, invoice
from tests.safety.crowd import at_once, refusals, rounds
from tests.world import World, make_world

pytestmark = pytest.mark.django_db(transaction=True)

SPELLINGS = ["INV-{}", "inv {}", "INV/{}", "Inv.{}", "INV{}", " inv-{} ", "I.N.V. {}", "inv_{}"]
ROUNDS = rounds(5, 500)
UNIQUE_NUMBER = "matching_supplierinvoice_number"


def sent_in_every_spelling(world: World, number: int) -> list[str]:
    """The refusals that eight clients got for one invoice."""

    def send(spelling: str) -> Callable[[], None]:
        def capture() -> None:
            with world.inside():
                invoice(world, spelling.format(number), billed(1, 10, "0.612"))

        return capture

    return refusals(at_once([send(spelling) for spelling in SPELLINGS]))


def kept(world: World) -> int:
    with world.inside():
        return SupplierInvoice.objects.count()


def test_one_of_eight_spellings_is_kept() -> None:
    world = make_world()
    for number in range(1000, 1000 + ROUNDS):
        assert sent_in_every_spelling(world, number) == ["duplicate_number"] * 7
    assert kept(world) == ROUNDS


@pytest.fixture
def no_unique_number(transactional_db: None) -> Iterator[None]:
    """The protection removed: the database lets a number be used again; put back afterwards."""
    with owner_connection(connection.settings_dict["NAME"]) as owner:
        found = owner.execute(
            "SELECT indexdef FROM pg_indexes WHERE indexname = %s", [UNIQUE_NUMBER]
        ).fetchone()
        assert found is not None
        owner.execute(f"DROP INDEX {UNIQUE_NUMBER}")
        yield
        owner.execute("TRUNCATE matching_supplierinvoice CASCADE")
        owner.execute(found[0])


def test_control_without_the_unique_number_all_eight_are_kept(
    no_unique_number: None,
) -> None:
    world = make_world()
    assert sent_in_every_spelling(world, 1000) == []
    assert kept(world) == len(SPELLINGS)
