"""Property 8: no crowd brings a line above its limit, received or given back.

Billing more than came is in test_invoices_at_once.py.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from purchasing import receiving
from purchasing.models import PurchaseOrder
from purchasing.ordering import OrderedLine
from purchasing.queries import line_quantities
from purchasing.receiving import ReturnedLine, post_return
from tests.purchasing.buying import issued, receive, today
from tests.safety.crowd import Meeting, at_once, read_without_locks, refusals, rounds
from tests.world import World, make_world

pytestmark = pytest.mark.django_db(transaction=True)

CLIENTS = 8
EACH = 20
ROUNDS = rounds(5, 500)


def order_of_a_hundred(world: World) -> PurchaseOrder:
    with world.inside():
        return issued(world, lines=[OrderedLine(world.shipper, Decimal(100))])


def by_clients(world: World, step: Callable[[int], object]) -> list[object]:
    def call(number: int) -> Callable[[], object]:
        def inside() -> object:
            with world.inside():
                return step(number)

        return inside

    return list(at_once([call(number) for number in range(CLIENTS)]))


def here(world: World, order: PurchaseOrder) -> Decimal:
    with world.inside():
        (line,) = order.lines.all()
        return line_quantities([line.pk])[line.pk].net_received


# --- Received ---------------------------------------------------------------------------------


def receive_twenty_each(world: World, order: PurchaseOrder) -> list[object]:
    return by_clients(world, lambda number: receive(world, order, (1, EACH)))


def test_eight_clients_receive_five_percent_over_at_most() -> None:
    world = make_world()
    for _ in range(ROUNDS):
        order = order_of_a_hundred(world)
        assert refusals(receive_twenty_each(world, order)) == ["over_receipt"] * 3
        assert here(world, order) == 100


@pytest.mark.parametrize(("last", "refused"), [("25.0000", []), ("25.0001", ["over_receipt"])])
def test_the_boundary_belongs_to_the_limit(last: str, refused: list[str]) -> None:
    world = make_world()
    order = order_of_a_hundred(world)
    with world.inside():
        receive(world, order, (1, 80))
    answers = by_clients(world, lambda number: number or receive(world, order, (1, Decimal(last))))
    assert refusals(answers) == refused
    assert here(world, order) == (80 if refused else Decimal("105.0000"))


def test_control_without_the_lock_much_more_is_received(monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world()
    order = order_of_a_hundred(world)
    read_without_locks(monkeypatch, receiving, Meeting(CLIENTS))
    assert refusals(receive_twenty_each(world, order)) == []
    assert here(world, order) == CLIENTS * EACH


# --- Given back -------------------------------------------------------------------------------


def return_twenty_each(world: World, order: PurchaseOrder) -> list[object]:
    return by_clients(
        world,
        lambda number: post_return(
            order,
            lines=[ReturnedLine(1, Decimal(EACH))],
            returned_on=today(),
            reason="Crushed corners",
            actor=world.people["receiver"],
        ),
    )


def test_eight_clients_give_back_no_more_than_came() -> None:
    world = make_world()
    for _ in range(rounds(2, 200)):
        order = order_of_a_hundred(world)
        with world.inside():
            receive(world, order, (1, 100))
        assert refusals(return_twenty_each(world, order)) == ["over_return"] * 3
        assert here(world, order) == 0


def test_control_without_the_lock_more_goes_back_than_came(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = make_world()
    order = order_of_a_hundred(world)
    with world.inside():
        receive(world, order, (1, 100))
    read_without_locks(monkeypatch, receiving, Meeting(CLIENTS))
    assert refusals(return_twenty_each(world, order)) == []
    assert here(world, order) == 100 - CLIENTS * EACH
