"""Ordering and receiving in a browser that runs no scripts: slower, and nothing is missing."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from purchasing.models import GoodsReceiptLine, PurchaseOrder
from tests.browser import SignIn
from tests.world import World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]


def test_goods_are_ordered_and_received_without_scripts(world: World, sign_in: SignIn) -> None:
    page = sign_in(world.client("buyer"), java_script_enabled=False)
    page.goto(world.url("orders/new/"))
    page.get_by_label("Category").select_option(label="Packaging › Boxes")
    page.get_by_label("Needed by").fill(str(timezone.localdate()))
    page.get_by_label("Cost center").fill("4100")
    page.get_by_label("SKU, new line").fill("CTN-12-KR")
    page.get_by_label("Quantity, new line").fill("500")
    page.get_by_role("button", name="Save draft").click()
    page.get_by_role("radio", name="Northline Packaging").check()
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_label("Unit price, line 1")).to_have_value("0.612")
    expect(page.locator("#order-totals")).to_contain_text("306.00")
    page.get_by_role("button", name="Submit for approval").click()
    page.get_by_role("button", name="Issue and send to Northline Packaging").click()
    expect(page.locator(".pc-head .pc-pill").first).to_have_text("Issued")
    with world.inside():
        order = PurchaseOrder.objects.get()

    page = sign_in(world.client("receiver"), java_script_enabled=False)
    page.goto(world.url("receiving/"))
    page.get_by_role("link", name=order.number).click()
    page.get_by_label("Good").fill("490")
    page.get_by_label("Rejected").fill("10")
    page.get_by_role("radio", name="Damaged").check()
    page.get_by_role("button", name="Post receipt").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("GR-")
    with world.inside():
        came = GoodsReceiptLine.objects.get()
    assert (came.received_quantity, came.rejected_quantity, came.reject_reason) == (
        500,
        10,
        "damaged",
    )
