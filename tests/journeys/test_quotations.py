"""A request for quotation from its draft to the next order's price, played by its people."""

from __future__ import annotations

import re
from datetime import timedelta
from subprocess import Popen
from urllib.parse import urlsplit

import pytest
from celery import Celery
from django.utils import timezone
from playwright.sync_api import Page, expect

from tests.browser import PHONE, SignIn, seen_in_both_themes_and_widths
from tests.journeys.conftest import Mailbox
from tests.journeys.test_first_loop import look
from tests.purchasing.buying import drafted
from tests.world import World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]


def test_a_quote_becomes_the_price_of_the_next_order(
    world: World, sign_in: SignIn, broker: Celery, worker: Popen[bytes], mailbox: Mailbox
) -> None:
    lead = sign_in(world.client("sourcing_lead"))
    asked(lead, world)
    mail = mailbox.wait_for(world.northline.email)
    assert "RFQ-1001" in str(mail["Subject"])
    (link,) = re.findall(r"http\S+/quotes/\S+", mail.get_content())
    mailbox.mails.clear()
    path = urlsplit(link).path
    quoted(sign_in(java_script_enabled=False), path)
    page = sign_in()
    page.goto(path)
    assert seen_in_both_themes_and_widths(page) == []
    awarded(lead)
    assert "We chose your offer" in mailbox.wait_for(world.northline.email).get_content()
    with world.inside():
        order = drafted(world)
    buyer = sign_in(world.client("buyer"))
    buyer.goto(world.url(f"orders/{order.public_id}/edit/"))
    expect(buyer.get_by_label("Unit price, line 1")).to_have_value("0.55")


def asked(page: Page, world: World) -> None:
    """Category chosen; its SKUs and suppliers are there already, only quantities are typed."""
    page.goto(world.url("quotations/new/"))
    page.get_by_label("Category").select_option(label="\u2003Boxes")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_label("SKU, row 1")).to_have_value("CTN-12-KR")
    expect(page.get_by_label("Northline Packaging")).to_be_checked()
    page.get_by_label("Quantity, row 1").fill("2000")
    page.get_by_role("button", name="Save draft").click()
    page.get_by_role("button", name="Send to 1 supplier").click()
    expect(page.locator(".pc-head .pc-pill").first).to_have_text("Open")


def quoted(page: Page, path: str) -> None:
    """The supplier, on a phone without scripts and without an account."""
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.goto(path)
    assert "/open/" not in page.url
    expect(page.get_by_text("Waiting for your offer")).to_be_visible()
    page.get_by_role("button", name="Send the offer").click()
    expect(page.get_by_role("alert").first).to_contain_text("Prices hold until")
    page.get_by_label(re.compile("^Unit price optional")).fill("0.55")
    page.get_by_label("Lead time, days").fill("12")
    until = timezone.localdate() + timedelta(days=365)
    page.get_by_label("Prices hold until").fill(str(until))
    page.get_by_role("button", name="Send the offer").click()
    expect(page.get_by_text("Your offer is here: version 1.")).to_be_visible()
    expect(page.get_by_label(re.compile("^Unit price optional"))).to_have_value("0.55")
    look(page, "quote-page")


def awarded(page: Page) -> None:
    page.reload()
    page.get_by_role("link", name="Compare quotes").click()
    expect(page.get_by_label("Share of Northline Packaging, line 1, percent, row 1")).to_have_value(
        "100"
    )
    look(page, "quote-comparison")
    page.get_by_label("Why").fill("Lowest landed cost, in time.")
    page.get_by_role("button", name="Award").click()
    expect(page.locator(".pc-head .pc-pill").first).to_have_text("Awarded")
    expect(page.get_by_role("link", name="RFQ-1001-NORTH")).to_be_visible()
