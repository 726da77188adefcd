"""One field for order number, delivery note, SKU code, GTIN and the supplier's code."""

from __future__ import annotations

import pytest

from procure.models import BusinessEvent
from purchasing.models import PurchaseOrder
from tests.purchasing.buying import drafted, issued, receive
from tests.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(world: World) -> PurchaseOrder:
    with world.inside():
        world.divider.gtin = "4006381333931"
        world.divider.save()
        order = issued(world)
        order.lines.filter(line_no=1).update(supplier_sku="NL-778")
    return order


def scan(world: World, text: str, role: str = "receiver", **more: str) -> str:
    answer = world.client(role).get(world.url("receiving/scan/"), {"q": text, **more})
    assert answer.status_code == 302
    return str(answer.headers["Location"])


def test_a_code_leads_to_the_order_and_its_line(world: World, order: PurchaseOrder) -> None:
    page = world.url(f"receiving/{order.public_id}/")
    assert scan(world, f" {str(order.number).lower()} ") == page
    for text in ("div-12-sb", "4006381333931", "04006381333931"):
        assert scan(world, text) == f"{page}?line=2#line-2", text
    assert scan(world, "nl-778") == f"{page}?line=1#line-1"
    assert scan(world, "nl-778", "auditor").startswith(world.url(f"orders/{order.public_id}/"))


def test_a_delivery_note_leads_to_the_receipt_that_was_posted(
    world: World, order: PurchaseOrder
) -> None:
    with world.inside():
        receipt = receive(world, order, (1, 1), delivery_note="DN-77")
    assert scan(world, "dn-77") == world.url(f"receipts/{receipt.public_id}/")


def test_a_code_on_several_orders_lists_them_and_the_open_one_comes_first(
    world: World, order: PurchaseOrder
) -> None:
    with world.inside():
        other = issued(world)
        drafted(world)
        events = BusinessEvent.objects.count()
    assert scan(world, "DIV-12-SB") == world.url("receiving/?q=DIV-12-SB")
    listed = world.client("receiver").get(world.url("receiving/?q=DIV-12-SB")).content.decode()
    assert str(order.number) in listed
    assert str(other.number) in listed
    here = scan(world, "DIV-12-SB", order=str(other.public_id))
    assert here == world.url(f"receiving/{other.public_id}/?line=2#line-2")
    with world.inside():
        assert BusinessEvent.objects.count() == events


@pytest.mark.parametrize("text", ["", "nothing", "x" * 5000, "%", "000"])
def test_what_is_on_no_open_order_is_said(world: World, order: PurchaseOrder, text: str) -> None:
    address = scan(world, text)
    assert address.startswith(world.url("receiving/?q="))
    assert world.client("receiver").get(address).status_code == 200
    here = scan(world, text, order=str(order.public_id))
    assert here == world.url(f"receiving/{order.public_id}/")
    assert scan(world, text, order="no-id").startswith(world.url("receiving/?q="))


def test_a_code_with_a_zero_byte_is_refused_as_damaged(world: World) -> None:
    answer = world.client("receiver").get(world.url("receiving/scan/"), {"q": "a\0b"})
    assert answer.status_code == 400
    assert "damaged on its way" in answer.content.decode()


def test_only_the_screens_that_scan_may_use_the_camera(world: World, order: PurchaseOrder) -> None:
    client = world.client("receiver")
    for path, allowed in (
        (f"receiving/{order.public_id}/", True),
        ("receiving/", True),
        ("", False),
    ):
        policy = client.get(world.url(path)).headers["Permissions-Policy"]
        assert ("camera=(self)" in policy) is allowed
