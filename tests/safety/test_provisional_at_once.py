"""Two orders at one instant cannot both take the last order of a provisional admission."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from purchasing import off_list
from purchasing.models import PurchaseOrder
from tests.purchasing.test_provisional_orders import a_draft, admit, submit
from tests.safety.crowd import Meeting, at_once, refusals, rounds
from tests.world import World, make_world

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = rounds(6, 300)


def submit_two_at_once(world: World) -> list[PurchaseOrder | BaseException]:
    with world.inside():
        drafts = [a_draft(world), a_draft(world)]

    def call(order: PurchaseOrder) -> Callable[[], PurchaseOrder]:
        def step() -> PurchaseOrder:
            with world.inside():
                return submit(world, order)

        return step

    return at_once([call(order) for order in drafts])


def test_of_two_orders_at_once_one_takes_the_last_allowance() -> None:
    for number in range(ROUNDS):
        world = make_world(f"acme-{number}")
        with world.inside():
            admit(world, orders=1)
        assert refusals(submit_two_at_once(world)) == ["admission_used_up"]
        with world.inside():
            assert PurchaseOrder.objects.filter(status="approved").count() == 1


def test_of_two_orders_at_once_one_takes_the_last_of_the_spend() -> None:
    world = make_world()
    with world.inside():
        admit(world, orders=9, spend=150)
    assert refusals(submit_two_at_once(world)) == ["admission_used_up"]


def test_control_without_the_lock_both_take_it(monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world()
    with world.inside():
        admit(world, orders=1)
    meeting = Meeting(2)
    check_list = off_list.check_list

    def check_and_wait(*asked: object, **more: object) -> object:
        found = check_list(*asked, **more)  # type: ignore[arg-type]
        meeting.wait()
        return found

    monkeypatch.setattr(off_list, "hold_admissions", lambda admission_ids: None)
    monkeypatch.setattr(off_list, "check_list", check_and_wait)
    assert refusals(submit_two_at_once(world)) == []
    with world.inside():
        assert PurchaseOrder.objects.filter(status="approved").count() == 2
