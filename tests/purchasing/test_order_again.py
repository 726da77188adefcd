"""Ordering the same again, and a supplier that the ranking does not have."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from procure.errors import BusinessRuleError
from purchasing.models import PurchaseOrder
from purchasing.ordering import close_line_short
from purchasing.reordering import order_again
from suppliers.models import Sku
from tests.factories import SupplierFactory
from tests.purchasing.buying import drafted, issued, receive, today
from tests.world import World

pytestmark = pytest.mark.django_db


def lines_of(order: PurchaseOrder) -> list[tuple[str, Decimal, Decimal]]:
    return list(
        order.lines.order_by("line_no").values_list("sku__code", "ordered_quantity", "unit_price")
    )


def test_the_same_lines_come_at_todays_prices_and_quantities(inside: World) -> None:
    order = issued(inside)
    receive(inside, order, (1, 60))
    close_line_short(order, line_no=1, reason="Enough", actor=inside.people["buyer"])
    inside.agreement.breaks.filter(sku=inside.divider).update(unit_price=Decimal("0.095"))
    again = order_again(order, actor=inside.people["buyer"])
    assert (again.status, again.supplier, again.needed_on) == ("draft", inside.northline, None)
    assert lines_of(again) == [
        ("CTN-12-KR", 60, Decimal("0.612")), ("DIV-12-SB", 40, Decimal("0.095")),
    ]  # fmt: skip


def test_a_supplier_that_left_the_list_and_a_retired_sku_stay_behind(inside: World) -> None:
    order = issued(inside)
    inside.northline.approvals.update(
        valid_from=today() - timedelta(days=9), valid_to=today() - timedelta(days=1)
    )
    Sku.objects.filter(pk=inside.divider.pk).update(is_active=False)
    again = order_again(order, actor=inside.people["buyer"])
    assert (again.supplier, again.currency) == (None, "USD")
    assert [code for code, *_ in lines_of(again)] == ["CTN-12-KR"]
    Sku.objects.update(is_active=False)
    before = PurchaseOrder.objects.count()
    with pytest.raises(BusinessRuleError) as refusal:
        order_again(order, actor=inside.people["buyer"])
    assert (refusal.value.code, PurchaseOrder.objects.count()) == ("no_lines", before)


def test_it_is_offered_on_the_order_and_on_the_suppliers_page(world: World) -> None:
    with world.inside():
        order = issued(world)
    buyer = world.client("buyer")
    panel = buyer.get(world.url(f"suppliers/{world.northline.public_id}/orders/"))
    assert f'Order again<span class="pc-hidden"> {order.number}' in panel.content.decode()
    page = buyer.get(world.url(f"suppliers/{world.northline.public_id}/"))
    assert f"suppliers/{world.northline.public_id}/orders/" in page.content.decode()
    answer = buyer.post(world.url(f"orders/{order.public_id}/copy/"))
    with world.inside():
        draft = PurchaseOrder.objects.get(status="draft")
    assert str(draft.public_id) in answer["Location"]


def test_any_active_supplier_is_found_and_goes_through_the_friction(world: World) -> None:
    with world.inside():
        stranger = SupplierFactory(code="FAR", name="Farwell Cartons")
        SupplierFactory(code="FAR2", name="Farwell Closed", status="archived")
        order = drafted(world)
    buyer = world.client("buyer")
    base = world.url(f"orders/{order.public_id}/edit/")
    assert "Farwell" not in buyer.get(base).content.decode()
    found = buyer.get(f"{base}supplier/?supplier=farwell").content.decode()
    assert "Farwell Cartons" in found
    assert "Farwell Closed" not in found
    picked = buyer.post(f"{base}save/", {"supplier": str(stranger.public_id)})
    assert "isn’t approved for Boxes" in picked.content.decode()
    with world.inside():
        assert PurchaseOrder.objects.get().supplier_id == world.northline.pk
    chosen = {
        "supplier": str(stranger.public_id), "off_list_reason": "trial",
        "off_list_explanation": "They sent samples that we liked.",
    }  # fmt: skip
    assert buyer.post(f"{base}save/", chosen).status_code == 302
    with world.inside():
        assert PurchaseOrder.objects.get().supplier_id == stranger.pk
    assert "Farwell Cartons" in buyer.get(base).content.decode()


def test_an_exception_without_a_category_is_answered_in_words(world: World) -> None:
    with world.inside():
        order = drafted(world, category=None)
    answer = world.client("buyer").post(
        world.url(f"orders/{order.public_id}/edit/save/"),
        {"supplier": str(world.kestrel.public_id)},
    )
    assert answer.status_code == 422
    assert "not on the approved vendor list" in answer.content.decode()
