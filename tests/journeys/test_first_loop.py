"""The story of the first release, played by its people in a browser."""

from __future__ import annotations

import os
import re
from pathlib import Path
from subprocess import Popen

import pytest
from celery import Celery
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from matching.models import Resolution, SupplierInvoice
from purchasing.models import PurchaseOrder
from suppliers.models import Scorecard, SkuCost
from tests.browser import DESKTOP, PHONE, SignIn
from tests.journeys.company import PASSWORD, past
from tests.journeys.conftest import Mailbox
from tests.running.machine import wait_for
from tests.world import World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]


def look(page: Page, name: str) -> None:
    """Keeps a picture of the step in both widths where somebody asks for pictures."""
    folder = os.environ.get("JOURNEY_PICTURES")
    if not folder:
        return
    for size in (PHONE, DESKTOP):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        page.screenshot(path=Path(folder) / f"{name}-{size['width']}.png", full_page=True)


def fact(page: Page, words: str) -> Locator:
    """A row of a table by what it says."""
    return page.get_by_role("row").filter(has_text=words)


def signed_in_by_hand(page: Page, world: World) -> None:
    page.goto(world.url("orders/new/"))
    page.get_by_label("E-mail").fill(world.people["buyer"].email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("New purchase order")


def head_filled_in(page: Page) -> None:
    """What and where; a cost center is typed, all else chosen."""
    page.get_by_label("Category").select_option(label="Packaging › Boxes")
    expect(page.locator("#order-saved")).to_contain_text("Draft saved")
    page.get_by_label("Needed by").fill(str(timezone.localdate()))
    page.get_by_label("Cost center").fill("4100")


def line_typed(page: Page, text: str, quantity: str) -> None:
    """One line, from the focused SKU cell to the next line's, with keys alone."""
    page.keyboard.type(text)
    expect(page.locator("#suggestion-list").get_by_role("option")).to_have_count(1)
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_attribute("aria-label", re.compile("^Quantity"))
    page.keyboard.type(quantity)
    page.keyboard.press("Tab")
    price = page.locator(":focus")
    expect(price).to_have_attribute("aria-label", re.compile("^Unit price, line"))
    expect(price).to_have_attribute("placeholder", re.compile("^0."))
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_attribute("aria-label", "SKU, new line")


def test_an_order_comes_back_as_knowledge_for_the_next_one(
    world: World, sign_in: SignIn, broker: Celery, worker: Popen[bytes], mailbox: Mailbox
) -> None:
    past(world)
    buyer = sign_in()
    order = ordered(buyer, world)
    approved_as_shown(sign_in(world.client("approver")), world, order)
    issued_and_mailed(buyer, world, order, mailbox)
    receiver = sign_in(world.client("receiver"), has_touch=True)
    receiver.set_viewport_size(PHONE)  # type: ignore[arg-type]
    received_in_part(receiver, world, order)
    clerk = sign_in(world.client("ap_clerk"))
    invoice = invoiced_and_held(clerk, world, order)
    late_rest_received(receiver, world, order)
    settled_with_keys(clerk, world, invoice)
    paid_when_nobody_undoes(clerk, world, invoice, broker)
    results_have_changed(world, order)
    next_order_shows_it(buyer, world)
    figure_opens_its_documents(sign_in(world.client("operations_lead")), world, order)


def ordered(page: Page, world: World) -> PurchaseOrder:
    """The buyer signs in, finds the approved supplier first, types two lines and submits."""
    signed_in_by_hand(page, world)
    head_filled_in(page)
    first = page.locator("#ranking tr").first
    expect(first).to_contain_text("Northline Packaging")
    expect(first).to_contain_text("Preferred")
    expect(first).to_contain_text("100%")
    expect(first).to_contain_text("1 line due")
    first.get_by_role("radio").check()
    expect(page.locator("#order-route")).to_contain_text("Sent to Northline Packaging")
    page.get_by_label("SKU, new line").focus()
    line_typed(page, "CTN", "5000")
    line_typed(page, "divider", "1000")
    expect(page.locator("#line-1-amount")).to_have_text("3,060.00")
    expect(page.locator("#line-1-hint")).to_contain_text("−10.0%")
    expect(page.locator("#line-2-amount")).to_have_text("89.00")
    expect(page.locator("#order-totals")).to_contain_text("3,149.00")
    expect(first).to_contain_text("3,149.00")
    expect(first).to_contain_text("14 d")
    look(page, "1-order-form")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".pc-head .pc-pill").first).to_have_text("Waiting for approval")
    look(page, "2-submitted")
    with world.inside():
        return PurchaseOrder.objects.get(status="submitted")


def approved_as_shown(page: Page, world: World, order: PurchaseOrder) -> None:
    page.goto(world.url("approvals/"))
    look(page, "3-approvals")
    page.get_by_role("link", name=order.number).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(order.number)
    look(page, "4-decision")
    page.get_by_role("button", name="Approve 3,149.00 USD").click()
    expect(page.locator(".pc-head .pc-pill").first).to_have_text("Approved")


def issued_and_mailed(page: Page, world: World, order: PurchaseOrder, mailbox: Mailbox) -> None:
    page.goto(world.url(f"orders/{order.public_id}/"))
    page.get_by_role("button", name="Issue and send to Northline Packaging").click()
    expect(page.locator(".pc-head .pc-pill").first).to_have_text("Issued")
    look(page, "5-issued")
    mail = mailbox.wait_for(world.northline.email)
    assert order.number in str(mail["Subject"])
    (attached,) = mail.iter_attachments()
    assert attached.get_content_type() == "application/pdf"
    assert attached.get_filename() == f"{order.number}.pdf"
    assert attached.get_content().startswith(b"%PDF-")


def received_in_part(page: Page, world: World, order: PurchaseOrder) -> None:
    """On a phone: all dividers, but 4,500 of 5,000 shippers, 100 of them damaged."""
    page.goto(world.url("receiving/"))
    page.get_by_role("link", name=order.number).click()
    shippers = page.locator("li", has_text="CTN-12-KR")
    shippers.get_by_label("Good").fill("4400")
    shippers.get_by_label("Rejected").fill("100")
    shippers.get_by_role("radio", name="Damaged").check()
    page.get_by_role("button", name="All of DIV-12-SB").click()
    page.get_by_label("Delivery note", exact=True).fill("LS-1")
    look(page, "6-receive")
    page.get_by_role("button", name="Post receipt").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("GR-")
    look(page, "7-receipt")


def invoiced_and_held(page: Page, world: World, order: PurchaseOrder) -> SupplierInvoice:
    """The supplier bills everything; what has not come is held at once, side by side."""
    page.goto(world.url("invoices/new/"))
    page.get_by_label("Order it bills").fill(order.number)
    page.keyboard.press("Enter")
    page.get_by_label("Invoice number").fill("NL-777")
    page.get_by_label("Invoice date").fill(str(timezone.localdate()))
    expect(page.get_by_label("Total", exact=True)).to_have_value("3149")
    look(page, "8-invoice-form")
    page.get_by_role("button", name="Save and match").click()
    look(page, "9-captured")
    page.goto(world.url("exceptions/"))
    expect(page.get_by_role("heading", name="NL-777")).to_be_visible()
    line = page.locator("#comparison").get_by_role("row").filter(has_text="CTN-12-KR")
    expect(line).to_contain_text("5,000")
    expect(line).to_contain_text("100 rejected")
    expect(page.locator("#comparison")).to_contain_text(order.number)
    expect(page.locator("#comparison")).to_contain_text("GR-")
    look(page, "10-held")
    with world.inside():
        return SupplierInvoice.objects.get(number="NL-777", status="open")


def late_rest_received(page: Page, world: World, order: PurchaseOrder) -> None:
    page.goto(world.url(f"receiving/{order.public_id}/"))
    page.get_by_role("button", name="Accept everything").click()
    page.get_by_role("button", name="Post receipt").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("GR-")


def settled_with_keys(page: Page, world: World, invoice: SupplierInvoice) -> None:
    """The late receipt has cleared what was missing; what was damaged is claimed with two keys."""

    def disputed() -> str:
        page.goto(world.url("exceptions/"))
        return page.locator(".pc-four").inner_text()

    wait_for(lambda: "61.20" in disputed(), "the late receipt to clear what was missing")
    look(page, "11-rest")
    option = page.locator(".pc-option", has_text="Pay 3,087.80")
    page.keyboard.press(option.locator("kbd").inner_text())
    expect(option.get_by_role("radio")).to_be_checked()
    page.keyboard.press("Enter")
    expect(page.locator(".pc-toast")).to_contain_text("NL-777: 3,087.80 approved, 61.20 claimed")
    expect(page.get_by_text("Nothing is held for you")).to_be_visible()
    look(page, "12-settled")


def paid_when_nobody_undoes(
    page: Page, world: World, invoice: SupplierInvoice, broker: Celery
) -> None:
    """The time to undo is over; the sweep, which beat would ask for, lets the decision act."""
    with world.inside():
        Resolution.objects.update(effective_at=timezone.now())
    broker.send_task("procure.tasks.sweep")

    def status() -> str:
        with world.inside():
            return str(SupplierInvoice.objects.get(pk=invoice.pk).status)

    wait_for(lambda: status() == "approved", "the decision to take effect")
    page.goto(world.url(f"invoices/{invoice.public_id}/"))
    expect(page.locator(".pc-head .pc-pill").first).to_contain_text("Approved")
    look(page, "13-approved")


def results_have_changed(world: World, order: PurchaseOrder) -> None:
    """Scorecard and SKU cost were recomputed by the worker from the nudges alone."""

    def recomputed() -> bool:
        with world.inside():
            card = Scorecard.objects.get(supplier=world.northline, period="365d")
            cost = SkuCost.objects.get(sku=world.shipper, supplier=world.northline)
            return (card.lines_due, str(cost.last_price.normalize())) == (3, "0.612")

    wait_for(recomputed, "scorecard and SKU cost")


def next_order_shows_it(page: Page, world: World) -> None:
    page.goto(world.url("orders/new/"))
    head_filled_in(page)
    first = page.locator("#ranking tr").first
    expect(first).to_contain_text("Northline Packaging")
    expect(first).to_contain_text("3 lines due")
    look(page, "13-next-order")


def figure_opens_its_documents(page: Page, world: World, order: PurchaseOrder) -> None:
    """A number of the scorecard, and the documents that make it."""
    page.goto(world.url("scorecards/"))
    page.get_by_role("link", name="Northline Packaging").first.click()
    page.get_by_role("link", name=re.compile("On time")).first.click()
    documents = page.get_by_role("region", name=re.compile("3 of 3 on time"))
    expect(fact(page, order.number).first).to_be_visible()
    expect(documents.first).to_be_visible()
    look(page, "14-scorecard")
    fact(page, order.number).first.get_by_role("link", name="GR-").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("GR-")
