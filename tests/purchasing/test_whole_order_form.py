"""The order form sent whole: without JavaScript, and when it is submitted."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client

from purchasing.models import PurchaseOrder
from tests.purchasing.buying import drafted
from tests.purchasing.order_form import fresh, line, whole_form
from tests.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def buyer(world: World) -> Client:
    return world.client("buyer")


@pytest.fixture
def order(world: World) -> PurchaseOrder:
    with world.inside():
        return drafted(world)


def test_the_whole_form_saves_what_changed_without_javascript(
    world: World, buyer: Client, order: PurchaseOrder
) -> None:
    path = world.url(f"orders/{order.public_id}/edit/save/")
    answer = buyer.post(path, whole_form(world, order))
    assert (answer.status_code, fresh(world, order).revision) == (302, 1)
    sent = whole_form(world, order, **{"line-1-ordered_quantity": "7", "new-1-sku": "DIV-12-SB"})
    buyer.post(path, sent)
    assert line(world, order).ordered_quantity == 7
    assert line(world, order, 3).ordered_quantity == 1


def test_a_new_order_is_written_without_javascript(
    world: World, buyer: Client, order: PurchaseOrder
) -> None:
    sent = whole_form(world, order, **{"new-1-sku": "DIV-12-SB", "new-1-ordered_quantity": "12"})
    buyer.post(world.url("orders/new/save/"), sent)
    with world.inside():
        made = PurchaseOrder.objects.exclude(pk=order.pk).get()
        assert made.lines.get().amount == Decimal("1.07")
        assert made.supplier == world.northline


def test_friction_without_javascript_keeps_the_rest_of_the_form(
    world: World, buyer: Client, order: PurchaseOrder
) -> None:
    sent = whole_form(
        world, order, **{"supplier": str(world.kestrel.public_id), "line-1-ordered_quantity": "9"}
    )
    page = buyer.post(world.url(f"orders/{order.public_id}/edit/save/"), sent)
    assert "isn’t approved for" in page.content.decode()
    assert line(world, order).ordered_quantity == 9
    assert fresh(world, order).supplier == world.northline


def test_submitting_takes_the_form_with_it_and_shows_the_order(
    world: World, buyer: Client, order: PurchaseOrder
) -> None:
    path = world.url(f"orders/{order.public_id}/edit/submit/")
    answer = buyer.post(path, whole_form(world, order, **{"line-1-ordered_quantity": "9"}))
    assert answer["Location"] == world.url(f"orders/{order.public_id}/")
    kept = fresh(world, order)
    assert (kept.number, kept.status) == ("PO-1001", "approved")
    assert line(world, order).ordered_quantity == 9


def test_what_is_missing_is_listed_with_links_and_nothing_is_submitted(
    world: World, buyer: Client, order: PurchaseOrder
) -> None:
    with world.inside():
        PurchaseOrder.objects.filter(pk=order.pk).update(ship_to=None, needed_on=None)
    sent = whole_form(world, order, ship_to="", needed_on="")
    answer = buyer.post(world.url(f"orders/{order.public_id}/edit/submit/"), sent)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert '<a href="#ship_to">Choose where to ship to.</a>' in page
    assert '<a href="#needed_on">' in page
    assert fresh(world, order).status == "draft"


def test_an_edited_price_without_reason_points_at_its_cell(
    world: World, buyer: Client, order: PurchaseOrder
) -> None:
    sent = whole_form(world, order, **{"line-1-unit_price": "0.65"})
    answer = buyer.post(world.url(f"orders/{order.public_id}/edit/submit/"), sent)
    assert '<a href="#line-1-price_reason">' in answer.content.decode()
    assert fresh(world, order).status == "draft"
