"""Buying with the keyboard, receiving on a phone, and every screen seen by axe in both themes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from purchasing.models import GoodsReceipt, PurchaseOrder
from purchasing.ordering import submit_purchase_order
from purchasing.receiving import ReceivedLine
from tests.browser import PHONE, SignIn, seen_in_both_themes_and_widths
from tests.factories import QualificationFactory
from tests.procure.test_attach_file import PNG
from tests.purchasing.buying import a_rule, drafted, issued, receive, submitted
from tests.world import World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]


def watched(page: Page) -> list[str]:
    """What the page complained of: refused scripts and styles, errors of ours."""
    heard: list[str] = []
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on(
        "console",
        lambda message: heard.append(message.text) if "Security Policy" in message.text else None,
    )
    return heard


def lines_of(world: World) -> list[tuple[Any, ...]]:
    with world.inside():
        order = PurchaseOrder.objects.get()
        return list(
            order.lines.order_by("line_no").values_list("sku__code", "ordered_quantity", "amount")
        )


def type_line(page: Page, text: str, quantity: str) -> None:
    """A line with nothing but the keyboard, the cursor being in an empty SKU cell."""
    page.keyboard.type(text)
    expect(page.locator("[role=option]").first).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.type(quantity)


def test_an_order_is_written_with_the_keyboard_alone(world: World, sign_in: SignIn) -> None:
    with world.inside():
        a_rule()
    page = sign_in(world.client("buyer"))
    heard = watched(page)
    page.goto(world.url("orders/new/"))
    page.select_option("#category", label="Packaging › Boxes")
    expect(page.locator("#ranking .pc-rank__pick").first).to_be_visible()
    page.select_option("#ship_to", label="Reno co-packer")
    page.fill("#needed_on", "2199-12-01")
    page.locator("#ranking .pc-rank__pick").first.check()
    expect(page.locator("#order-route")).to_contain_text("Sent to Northline Packaging")
    page.locator("#order-lines [role=combobox]").last.focus()
    type_line(page, "kraft", "4000")
    for _ in range(3):
        page.keyboard.press("Tab")
    expect(page.locator("#line-1-amount")).to_have_text("2,448.00")
    expect(page.locator("#line-1-unit_price")).to_have_value("0.612")
    page.locator("#order-lines [role=combobox]").last.focus()
    type_line(page, "div", "500")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/orders/*/")
    expect(page.locator("h1")).to_have_text("PO-1001")
    assert lines_of(world) == [
        ("CTN-12-KR", Decimal(4000), Decimal(2448)),
        ("DIV-12-SB", Decimal(500), Decimal("44.50")),
    ]
    assert heard == []


def test_nothing_a_person_types_is_overwritten_while_the_answer_is_on_its_way(
    world: World, sign_in: SignIn
) -> None:
    with world.inside():
        order = drafted(world)
    page = sign_in(world.client("buyer"))
    page.goto(world.url(f"orders/{order.public_id}/edit/"))
    page.route("**/save/", lambda route: (page.wait_for_timeout(400), route.continue_()))
    page.fill("#line-1-ordered_quantity", "200")
    page.locator("#line-1-unit_price").focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("0.7")
    expect(page.locator("#line-1-amount")).to_have_text("122.40")
    assert page.input_value("#line-1-unit_price") == "0.7"
    page.keyboard.press("Tab")
    expect(page.locator("#line-1-amount")).to_have_text("140.00")
    expect(page.locator("#line-1-price_reason")).to_be_visible()
    assert page.input_value("#line-1-ordered_quantity") == "200"


def test_a_line_is_removed_and_rows_are_pasted(world: World, sign_in: SignIn) -> None:
    with world.inside():
        order = drafted(world)
    page = sign_in(world.client("buyer"))
    page.goto(world.url(f"orders/{order.public_id}/edit/"))
    page.locator("#line-1-ordered_quantity").focus()
    page.keyboard.press("Control+Backspace")
    expect(page.locator("#line-1-sku")).to_have_count(0)
    page.evaluate(
        """() => {
            const cell = [...document.querySelectorAll('#order-lines [role=combobox]')].at(-1);
            const clipboard = new DataTransfer();
            clipboard.setData('text/plain', 'CTN-12-KR\\t1000\\nNOPE\\t5');
            cell.focus();
            cell.dispatchEvent(new ClipboardEvent('paste', {clipboardData: clipboard, bubbles: true, cancelable: true}));
        }"""
    )
    dialog = page.locator("dialog[open]")
    expect(dialog).to_contain_text("There is no SKU “NOPE”")
    dialog.get_by_role("button", name="Add 1 line").click()
    expect(page.locator("#line-3-sku")).to_have_value("CTN-12-KR")


def test_escape_from_the_friction_changes_nothing(world: World, sign_in: SignIn) -> None:
    with world.inside():
        QualificationFactory(supplier=world.kestrel, category=world.boxes, status="in_review")
        order = drafted(world)
    page = sign_in(world.client("buyer"))
    page.goto(world.url(f"orders/{order.public_id}/edit/"))
    kestrel = page.get_by_label("Kestrel Pack")
    northline = page.get_by_label("Northline Packaging")
    kestrel.check()
    expect(page.locator("dialog[open]")).to_contain_text("isn’t approved for Boxes")
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(northline).to_be_checked()
    kestrel.check()
    dialog = page.locator("dialog[open]")
    assert seen_in_both_themes_and_widths(page) == []
    dialog.get_by_label("Needed sooner").check()
    dialog.get_by_label("Explain for the approver").fill("Northline is too late for Monday.")
    dialog.get_by_role("button", name="Continue with exception").click()
    expect(page.locator("#order-route")).to_contain_text("Sourcing lead")
    with world.inside():
        assert PurchaseOrder.objects.get().supplier == world.kestrel


def test_goods_are_received_on_a_phone(world: World, sign_in: SignIn) -> None:
    with world.inside():
        order = issued(world)
    page = sign_in(world.client("receiver"))
    heard = watched(page)
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.goto(world.url(f"receiving/{order.public_id}/"))
    page.fill("#line-1-good", "96")
    page.fill("#line-1-rejected", "4")
    page.locator("#line-1-reason").get_by_label("Damaged").check()
    page.reload()
    expect(page.locator("#line-1-good")).to_have_value("96")
    for name, buffer in (("crushed.png", PNG), ("torn.png", PNG + b"2")):
        page.locator("#line-1-photos").set_input_files(
            [{"name": name, "mimeType": "image/png", "buffer": buffer}]
        )
    expect(page.get_by_text("2 photos")).to_be_visible()
    page.fill("#scan", "div-12-sb")
    page.keyboard.press("Enter")
    expect(page.locator("#line-2-good")).to_be_focused()
    page.get_by_role("button", name="All of DIV-12-SB").click()
    expect(page.locator("#receive-count")).to_have_text("2 of 2 lines")
    page.get_by_role("button", name="Post receipt").click()
    page.wait_for_url("**/receipts/*/")
    with world.inside():
        receipt = GoodsReceipt.objects.get()
        assert list(receipt.lines.values_list("received_quantity", "rejected_quantity")) == [
            (Decimal(100), Decimal(4)),
            (Decimal(40), Decimal(0)),
        ]
    expect(page.get_by_alt_text("Photo crushed.png")).to_be_visible()
    expect(page.get_by_alt_text("Photo torn.png")).to_be_visible()
    expect(page.get_by_role("button", name="Return the rejected 4")).to_be_visible()
    assert heard == []


def test_an_order_can_be_read_by_everybody_in_each_state(world: World, sign_in: SignIn) -> None:
    with world.inside():
        rule = a_rule()
        waiting = submitted(world)
        rule.delete()
        order = issued(world)
        receive(world, order, ReceivedLine(1, Decimal(9), Decimal(1), "damaged"))
        ready = submit_purchase_order(drafted(world), revision_shown=1, actor=world.people["buyer"])
    looks = {
        "buyer": [f"orders/{ready.public_id}/", f"orders/{order.public_id}/"],
        "approver": ["approvals/", f"orders/{waiting.public_id}/"],
    }
    found: list[str] = []
    for role, paths in looks.items():
        page = sign_in(world.client(role))
        heard = watched(page)
        for path in paths:
            answer = page.goto(world.url(path))
            assert answer is not None
            assert answer.ok, path
            found += [f"{path}: {words}" for words in seen_in_both_themes_and_widths(page) + heard]
    assert found == []
