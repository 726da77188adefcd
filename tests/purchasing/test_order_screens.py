"""The order list, one order, approvals, receiving: what they show, and at what cost."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from purchasing.models import Approval, GoodsReceipt, PurchaseOrder
from purchasing.ordering import OrderedLine, close_line_short
from purchasing.queries import awaited_orders, open_deliveries
from purchasing.receiving import reverse_receipt
from tests.factories import SkuFactory, SupplierFactory
from tests.purchasing.buying import a_rule, issued, receive, submitted, today
from tests.world import World

pytestmark = pytest.mark.django_db


def statements(client: Client, path: str) -> int:
    client.get(path)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    asked = [query["sql"] for query in captured]
    return sum(not (text or "").startswith(("SAVEPOINT", "RELEASE", "SET LOCAL")) for text in asked)


def one_more(world: World) -> PurchaseOrder:
    with world.inside():
        supplier = SupplierFactory()
        sku = SkuFactory(category=world.boxes)
        world.northline = supplier
        from tests.factories import ApprovedVendorFactory

        ApprovedVendorFactory(supplier=supplier, category=world.boxes, standing="approved")
        order = issued(world, supplier=supplier, lines=[OrderedLine(sku, Decimal(10), Decimal(1))])
        receive(world, order, (1, 4))
        return order


@pytest.mark.parametrize(
    ("role", "path"),
    [
        ("buyer", "orders/"),
        ("buyer", "orders/?view=overdue&q=sup"),
        ("receiver", "receiving/"),
        ("receiver", "receipts/"),
    ],
)
def test_a_list_costs_the_same_for_few_rows_and_many(world: World, role: str, path: str) -> None:
    client = world.client(role)
    for _ in range(3):
        one_more(world)
    few = statements(client, world.url(path))
    for _ in range(12):
        one_more(world)
    assert statements(client, world.url(path)) == few
    assert few < 15


def test_an_order_costs_the_same_for_few_lines_and_many(world: World) -> None:
    client = world.client("buyer")
    counts = []
    for lines in (2, 20):
        with world.inside():
            skus = SkuFactory.create_batch(lines, category=world.boxes)
            order = issued(world, lines=[OrderedLine(s, Decimal(1), Decimal(1)) for s in skus])
            receive(world, order, *((n, 1) for n in range(1, lines + 1)))
        counts.append(statements(client, world.url(f"orders/{order.public_id}/")))
    assert counts[0] == counts[1]
    assert counts[0] < 15


def decide(world: World, order: PurchaseOrder, step: str, **changes: Any) -> Any:
    """Opens the order as the approver and answers with what the page showed."""
    client = world.client("approver")
    path = world.url(f"orders/{order.public_id}/")
    page = client.get(path).content.decode()
    shown = page.split('name="content_hash" value="')[1].split('"')[0]
    sent = {"revision": order.revision, "content_hash": shown, "comment": "", **changes}
    return client.post(f"{path}{step}/", sent)


@pytest.fixture
def waiting(world: World) -> PurchaseOrder:
    with world.inside():
        a_rule()
        return submitted(world)


def status_of(world: World, order: PurchaseOrder) -> str:
    with world.inside():
        return str(PurchaseOrder.objects.get(pk=order.pk).status)


def test_the_approver_finds_the_order_and_approves_what_was_shown(
    world: World, waiting: PurchaseOrder
) -> None:
    listed = world.client("approver").get(world.url("approvals/")).content.decode()
    assert "PO-1001" in listed
    assert decide(world, waiting, "approve").status_code == 302
    assert status_of(world, waiting) == "approved"


def test_an_edit_between_showing_and_approving_is_said_and_nothing_happens(
    world: World, waiting: PurchaseOrder
) -> None:
    answer = decide(world, waiting, "approve", content_hash="0" * 64)
    assert answer.status_code == 409
    assert "changed meanwhile" in answer.content.decode()
    assert status_of(world, waiting) == "submitted"


def test_sending_back_without_a_comment_is_refused(world: World, waiting: PurchaseOrder) -> None:
    answer = decide(world, waiting, "send-back")
    assert "Say what has to change" in answer.content.decode()
    assert decide(world, waiting, "send-back", comment="Half of it").status_code == 302
    assert status_of(world, waiting) == "draft"


def test_the_buyer_sees_no_decision_and_cannot_send_one(
    world: World, waiting: PurchaseOrder
) -> None:
    client = world.client("buyer")
    path = world.url(f"orders/{waiting.public_id}/")
    assert "content_hash" not in client.get(path).content.decode()
    assert client.post(f"{path}approve/", {"revision": 1}).status_code == 403
    with world.inside():
        assert Approval.objects.get().status == "waiting"


def test_every_step_has_its_button(world: World) -> None:
    client = world.client("buyer")
    with world.inside():
        order = submitted(world)
    path = world.url(f"orders/{order.public_id}/")
    assert client.post(f"{path}issue/").status_code == 302
    assert status_of(world, order) == "issued"
    assert "Reason" in client.get(f"{path}cancel/").content.decode()
    assert client.post(f"{path}cancel/", {"reason": ""}).status_code == 409
    assert client.post(f"{path}lines/1/close/", {"reason": "Sold out"}).status_code == 302
    assert client.post(f"{path}close/", {"reason": "Enough"}).status_code == 302
    assert status_of(world, order) == "closed"
    copied = client.post(f"{path}copy/")
    with world.inside():
        copy = PurchaseOrder.objects.exclude(pk=order.pk).get()
        assert copied["Location"].endswith(f"{copy.public_id}/")
        assert copy.lines.count() == 2


def test_another_companys_order_is_not_there(world: World, other_world: World) -> None:
    with other_world.inside():
        order = submitted(other_world)
    client = world.client("buyer")
    for path in ("", "edit/", "edit/save/", "approve/", "print/", "pdf/"):
        url = world.url(f"orders/{order.public_id}/{path}")
        assert client.get(url).status_code in (403, 404)


# Receiving ------------------------------------------------------------------------------------


@pytest.fixture
def awaited(world: World) -> PurchaseOrder:
    with world.inside():
        return issued(world)


def receipts(world: World) -> list[tuple[Any, ...]]:
    with world.inside():
        return list(
            GoodsReceipt.objects.order_by("pk").values_list(
                "kind", "status", "lines__received_quantity", "lines__rejected_quantity"
            )
        )


def test_a_receipt_is_posted_once_however_often_it_is_sent(
    world: World, awaited: PurchaseOrder
) -> None:
    client = world.client("receiver")
    path = world.url(f"receiving/{awaited.public_id}/")
    sent = {
        "idempotency_key": "6f0f8a0e-7a53-4a55-9f76-2a4b39b7a001",
        "line-1-good": "56",
        "line-1-rejected": "4",
        "line-1-reason": "damaged",
    }
    first, second = client.post(path, sent), client.post(path, sent)
    assert first["Location"] == second["Location"]
    assert receipts(world) == [("receipt", "posted", Decimal(60), Decimal(4))]


def test_accepting_everything_takes_what_is_open(world: World, awaited: PurchaseOrder) -> None:
    client = world.client("receiver")
    path = world.url(f"receiving/{awaited.public_id}/")
    client.post(path, {"line-1-good": "30"})
    client.post(path, {"accept_everything": "yes"})
    assert [row[2] for row in receipts(world)] == [Decimal(30), Decimal(70), Decimal(40)]


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"line-1-good": "105.0001"}, "105 more can be received at most"),
        ({"line-1-good": "4 pallets"}, "is not a number"),
        ({"line-1-rejected": "4"}, "say what is wrong"),
        ({"line-1-good": "1", "received_on": "2199-01-01"}, "lies in the future"),
        ({"line-1-good": "1", "received_on": "31.12."}, "year-month-day"),
        ({}, "Enter a quantity"),
    ],
)
def test_a_refused_receipt_keeps_what_was_typed(
    world: World, awaited: PurchaseOrder, sent: dict[str, str], words: str
) -> None:
    path = world.url(f"receiving/{awaited.public_id}/")
    answer = world.client("receiver").post(path, sent)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert all(f'value="{typed}"' in page for typed in sent.values())
    assert receipts(world) == []


def test_goods_go_back_and_a_receipt_is_reversed(world: World, awaited: PurchaseOrder) -> None:
    client = world.client("receiver")
    posted = client.post(world.url(f"receiving/{awaited.public_id}/"), {"line-1-good": "60"})[
        "Location"
    ]
    answer = client.post(f"{posted}return/", {"line-1-returned": "61", "reason": "Wet"})
    assert "60 can go back at most" in answer.content.decode()
    assert client.post(f"{posted}return/", {"line-1-returned": "5"}).status_code == 409
    sent = client.post(f"{posted}return/", {"line-1-returned": "5", "reason": "Wet"})
    assert (
        "Reverse the return first"
        in client.post(f"{posted}reverse/", {"reason": "Wrong order"}).content.decode()
    )
    assert client.post(f"{sent['Location']}reverse/", {"reason": "It stayed"}).status_code == 302
    assert client.post(f"{posted}reverse/", {"reason": "Wrong order"}).status_code == 302
    assert [row[:2] for row in receipts(world)] == [("receipt", "reversed"), ("return", "reversed")]


# What is due ------------------------------------------------------------------------------------


def test_an_order_is_overdue_the_day_after_until_everything_is_here(world: World) -> None:
    with world.inside():
        order = issued(world)
        order.lines.update(promised_on=today() - timedelta(days=1))
        other = issued(world)
        other.lines.update(promised_on=today())
        person = world.people["receiver"]

        def standing() -> tuple[int, int, list[str]]:
            return (
                open_deliveries(today()).overdue,
                open_deliveries(today()).due,
                [str(one) for one in awaited_orders()],
            )

        assert standing() == (1, 2, ["PO-1001", "PO-1002"])
        receipt = receive(world, order, (1, 100), (2, 40))
        assert standing() == (0, 1, ["PO-1002"])
        reverse_receipt(receipt, reason="Wrong order", actor=person)
        assert standing() == (1, 2, ["PO-1001", "PO-1002"])
        close_line_short(order, line_no=1, reason="Sold out", actor=world.people["buyer"])
        receive(world, order, (2, 40))
        assert standing() == (0, 1, ["PO-1002"])
