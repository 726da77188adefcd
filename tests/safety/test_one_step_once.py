"""Property 5: however many take the same step at once, it is taken once, and told once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from procure.models import BusinessEvent, User
from purchasing import approving, ordering
from purchasing.content import content_hash
from purchasing.models import Approval, PurchaseOrder
from tests.factories import MembershipFactory, UserFactory
from tests.purchasing.buying import a_rule, approve, issued, submitted
from tests.safety.crowd import Meeting, at_once, read_without_locks, refusals, rounds
from tests.world import World, make_world

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = rounds(12, 1000)


def two_approvers(world: World) -> list[User]:
    second = UserFactory(
        email=f"second@{world.organization.slug}.test", full_name="Second approver"
    )
    MembershipFactory(organization=world.organization, user=second, roles=["approver"])
    return [world.people["approver"], second]


def approving_at_once(
    world: World, order: PurchaseOrder, approvers: Sequence[User]
) -> list[PurchaseOrder | BaseException]:
    with world.inside():
        shown = content_hash(order, order.lines.all())

    def call(person: User) -> Callable[[], PurchaseOrder]:
        def step() -> PurchaseOrder:
            with world.inside():
                return approve(order, person, content_hash_shown=shown)

        return step

    return at_once([call(person) for person in approvers])


def told(order: PurchaseOrder, kind: str) -> int:
    return BusinessEvent.objects.filter(kind=kind, subject_id=order.pk).count()


def test_two_approvers_at_once_approve_once() -> None:
    world = make_world()
    approvers = two_approvers(world)
    with world.inside():
        a_rule()
    for _ in range(ROUNDS):
        with world.inside():
            order = submitted(world)
        answers = approving_at_once(world, order, approvers)
        assert refusals(answers) == ["wrong_status"]
        with world.inside():
            decided = Approval.objects.filter(order=order)
            assert [approval.status for approval in decided] == ["approved"]
            assert told(order, "purchase_order.approved") == 1


def test_control_without_the_lock_both_approve(monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world()
    approvers = two_approvers(world)
    with world.inside():
        a_rule()
        order = submitted(world)
    read_without_locks(monkeypatch, approving, Meeting(2))
    answers = approving_at_once(world, order, approvers)
    assert refusals(answers) == []
    with world.inside():
        assert told(order, "purchase_order.approved") == 2


def issuing_at_once(world: World, clients: int) -> tuple[PurchaseOrder, list[object]]:
    with world.inside():
        order = submitted(world)
        assert order.status == PurchaseOrder.Status.APPROVED

    def step() -> PurchaseOrder:
        with world.inside():
            return ordering.issue_purchase_order(order, actor=world.people["buyer"])

    return order, at_once([step] * clients)  # type: ignore[return-value]


def test_an_order_issued_by_eight_clients_goes_out_once() -> None:
    world = make_world()
    for _ in range(rounds(3, 300)):
        order, answers = issuing_at_once(world, 8)
        assert refusals(answers) == ["wrong_status"] * 7
        with world.inside():
            assert told(order, "purchase_order.issued") == 1


def test_control_without_the_lock_an_order_goes_out_more_than_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = make_world()
    with world.inside():
        issued(world)  # the number series exists, so that only the order is fought over
    with monkeypatch.context() as removed:
        order_made = []
        original = ordering.submit_purchase_order

        def submit_then_unlock(*args: object, **kwargs: object) -> PurchaseOrder:
            made = original(*args, **kwargs)  # type: ignore[arg-type]
            order_made.append(made)
            read_without_locks(removed, ordering, Meeting(8))
            return made

        removed.setattr("tests.purchasing.buying.submit_purchase_order", submit_then_unlock)
        order, answers = issuing_at_once(world, 8)
    assert refusals(answers) == []
    with world.inside():
        assert told(order, "purchase_order.issued") == 8
