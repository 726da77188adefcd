"""Property 14: locks are taken in one order, so nobody waits in a circle."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Collection
from datetime import timedelta
from decimal import Decimal
from functools import partial

import psycopg
import pytest
from django.db import OperationalError, transaction
from django.utils import timezone

from matching import capture, resolution
from matching.capture import void_invoice
from matching.feeding import LockedOrders, lock_orders
from matching.models import PaymentBatch, Resolution, SupplierInvoice
from matching.paying import (
    cancel_payment_batch,
    make_payment_batch,
    propose_payment_batch,
    release_payment_batch,
)
from procure.errors import BusinessRuleError
from procure.events import work_off
from purchasing.approving import send_back_purchase_order, withdraw_purchase_order
from purchasing.models import GoodsReceipt, PurchaseOrder
from purchasing.ordering import (
    cancel_purchase_order,
    close_line_short,
    close_purchase_order,
    issue_purchase_order,
    submit_purchase_order,
)
from purchasing.receiving import ReturnedLine, post_return, reverse_receipt
from tests.matching.paying import an_order, billed, credit, invoice
from tests.purchasing.buying import a_rule, approve, drafted, issued, receive, submitted, today
from tests.purchasing.test_provisional_orders import a_draft, admit
from tests.safety.crowd import at_once, rounds
from tests.safety.lock_watch import RANKS, watched
from tests.world import World, make_world

CLIENTS = 8


# --- The order of locks -----------------------------------------------------------------------


def whole_story(world: World) -> None:
    """Every action of buying, receiving and billing that locks anything, once."""
    people = world.people
    buyer, clerk, lead = people["buyer"], people["ap_clerk"], people["ap_lead"]
    with world.inside():
        a_rule()
        orders = [drafted(world) for _ in range(6)]

    def work() -> None:
        work_off(world.organization.pk)

    def submit(number: int) -> Callable[[], object]:
        return lambda: submit_purchase_order(orders[number], revision_shown=None, actor=buyer)

    def order(number: int = 0) -> PurchaseOrder:
        return PurchaseOrder.objects.get(pk=orders[number].pk)

    def bill(name: str, line: int, quantity: object, price: object) -> Callable[[], object]:
        return lambda: invoice(
            world,
            name,
            billed(line, quantity, price, order=str(order().number)),
            invoiced_on=today(),
        )

    def made_invoice(name: str) -> SupplierInvoice:
        return SupplierInvoice.objects.get(number=name)

    in_turn = [
        lambda: admit(world),
        lambda: submit_purchase_order(a_draft(world), revision_shown=None, actor=buyer),
        *(submit(number) for number in range(6)),
        lambda: approve(order(), people["approver"]),
        lambda: issue_purchase_order(order(), actor=buyer),
        lambda: send_back_purchase_order(
            order(1), revision_shown=1, comment="Too much", actor=people["approver"]
        ),
        lambda: withdraw_purchase_order(order(2), actor=buyer),
        lambda: cancel_purchase_order(order(3), reason="Not needed", actor=buyer),
        bill("EARLY", 1, 10, "0.612"),
        lambda: receive(world, order(), (1, 60), (2, 39)),
        work,
        bill("DEAR", 1, 10, "0.7"),
        bill("CHEAP", 2, 10, "0.089"),
        lambda: invoice(world, "STRAY", billed(1, 10, "0.612", order="PO-0"), invoiced_on=today()),
        lambda: resolution.link_line(
            made_invoice("STRAY"),
            position=1,
            order_line=order(3).lines.get(line_no=1),
            actor=clerk,
        ),
        lambda: credit(
            world,
            "CREDIT",
            "CHEAP",
            billed(2, 1, "0.089", order=str(order().number)),
            invoiced_on=today(),
        ),
        lambda: resolution.accept_variance(made_invoice("DEAR"), reason="Agreed", actor=lead),
        lambda: resolution.undo_resolution(Resolution.objects.latest("pk"), actor=lead),
        lambda: resolution.accept_variance(made_invoice("DEAR"), reason="Agreed", actor=lead),
        let_time_pass,
        work,
        lambda: post_return(
            order(),
            lines=[ReturnedLine(2, Decimal(1))],
            returned_on=today(),
            reason="Torn",
            actor=people["receiver"],
        ),
        lambda: reverse_receipt(
            GoodsReceipt.objects.get(kind="return"), reason="Mistake", actor=people["receiver"]
        ),
        work,
        lambda: make_payment_batch(invoices=[made_invoice("EARLY")], pay_on=today(), actor=clerk),
        lambda: propose_payment_batch(PaymentBatch.objects.get(), actor=clerk),
        lambda: release_payment_batch(PaymentBatch.objects.get(), version=1, actor=lead),
        lambda: cancel_payment_batch(PaymentBatch.objects.get(), reason="Later", actor=clerk),
        lambda: void_invoice(made_invoice("EARLY"), reason="Wrong", actor=clerk),
        lambda: (
            close_line_short(order(), line_no=2, reason="Enough", actor=buyer)
            if order().lines.get(line_no=2).ordered_quantity > 40
            else None
        ),
        lambda: close_purchase_order(order(), reason="Done", actor=buyer),
        work,
    ]
    for step in in_turn:
        if step is work:
            step()
        else:
            with world.inside():
                step()


def let_time_pass() -> None:
    """The time to undo a decision is over."""
    Resolution.objects.update(effective_at=timezone.now() - timedelta(seconds=1))


@pytest.mark.django_db
def test_every_transaction_locks_in_the_order_of_the_house() -> None:
    with watched() as watch:
        whole_story(make_world())
    assert watch.defects == []
    assert watch.ever == set(RANKS) - {"procure_idempotencykey"}


@pytest.mark.django_db
def test_control_a_lock_out_of_turn_is_seen(world: World) -> None:
    with world.inside():
        order = issued(world)
        receipt = receive(world, order, (1, 1))
    with watched() as watch, world.inside():
        list(GoodsReceipt.objects.filter(pk=receipt.pk).select_for_update())
        list(PurchaseOrder.objects.filter(pk=order.pk).order_by("pk").select_for_update())
    unordered, out_of_turn = watch.defects
    assert unordered.startswith("purchasing_goodsreceipt is locked in no order of ids")
    assert out_of_turn.startswith(
        "purchasing_purchaseorder is locked after purchasing_goodsreceipt"
    )


# --- Nobody waits in a circle -----------------------------------------------------------------


def deadlocks(answers: Collection[object]) -> int:
    """How many of the clients were ended by Postgres because they waited in a circle."""
    for answer in answers:
        if isinstance(answer, BaseException) and not isinstance(
            answer, BusinessRuleError | OperationalError
        ):
            raise answer
    return sum(
        isinstance(answer, OperationalError)
        and isinstance(answer.__cause__, psycopg.errors.DeadlockDetected)
        for answer in answers
    )


def one_of_everything(world: World, orders: list[PurchaseOrder], seed: int) -> None:
    """A random step on a random order, in the ways that people and machines take them."""
    chance = random.Random(seed)
    first, second = chance.sample(orders, 2)
    people = world.people

    def bill_two_orders() -> None:
        invoice(
            world,
            f"INV-{seed}",
            billed(1, chance.randint(1, 9), "0.612", order=str(first.number)),
            billed(2, 1, "0.089", order=str(second.number)),
            invoiced_on=today(),
        )

    def order_anew() -> None:
        order = submitted(world)
        approve(order, people["approver"])

    steps = [
        lambda: receive(world, first, (2, 1), (1, 1)),
        bill_two_orders,
        bill_two_orders,
        order_anew,
        lambda: cancel_purchase_order(first, reason="Not needed", actor=people["buyer"]),
        lambda: work_off(world.organization.pk),
    ]
    chosen = chance.choice(steps)
    if chosen is steps[-1]:
        chosen()
        return
    with world.inside():
        chosen()


@pytest.mark.django_db(transaction=True)
def test_eight_clients_on_few_orders_never_wait_in_a_circle() -> None:
    world = make_world()
    with world.inside():
        a_rule()
    for turn in range(rounds(4, 400)):
        with world.inside():
            orders = [issued(world) for _ in range(3)]
        calls = [
            partial(one_of_everything, world, orders, turn * CLIENTS + client)
            for client in range(CLIENTS)
        ]
        assert deadlocks(at_once(calls)) == 0


def in_the_order_of_the_invoice(meeting: threading.Barrier) -> Callable[..., LockedOrders]:
    """Removes the protection: orders are locked one by one as the invoice names them."""

    def lock_one_by_one(names: Collection[str], ids: Collection[int] = ()) -> LockedOrders:
        for number, name in enumerate(names):
            with transaction.atomic():
                lock_orders([name])
            if number == 0:
                meeting.wait(timeout=20)
        return lock_orders(names, ids)

    return lock_one_by_one


def bill_crosswise(world: World) -> list[object]:
    """Two invoices at once over the same two orders, which name them the other way round."""
    with world.inside():
        for number in ("PO-1", "PO-2"):
            an_order(world, (world.shipper, 100, "0.612"), number=number)

    def send(first: str, second: str) -> Callable[[], object]:
        def capture_one() -> object:
            with world.inside():
                lines = [billed(1, 1, "0.612", order=number) for number in (first, second)]
                return invoice(world, f"INV-{first}", *lines)

        return capture_one

    return list(at_once([send("PO-1", "PO-2"), send("PO-2", "PO-1")]))


@pytest.mark.django_db(transaction=True)
def test_two_invoices_over_the_same_orders_are_both_taken_in() -> None:
    assert deadlocks(bill_crosswise(make_world())) == 0


@pytest.mark.django_db(transaction=True)
def test_control_locks_in_the_order_of_the_invoice_make_a_circle(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    unsorted = in_the_order_of_the_invoice(threading.Barrier(2))

    # The names come as a set; a tuple keeps the order in which the invoice gives them.
    monkeypatch.setattr(capture, "frozenset", tuple, raising=False)
    monkeypatch.setattr(capture, "lock_orders", unsorted)
    assert deadlocks(bill_crosswise(make_world())) == 1
