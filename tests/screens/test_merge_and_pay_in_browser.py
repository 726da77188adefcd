"""Two records that may be one, what is to be paid and the mailbox, each with something to show.

The sweep of test_accessibility.py opens the same addresses in a world where most of this is empty.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from matching.mailboxes import Mailbox
from suppliers.models import Supplier
from tests.browser import SignIn, seen_in_both_themes_and_widths, sideways
from tests.matching.payouts import account_of, approved, batch_of
from tests.world import World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]


def shown(page: Page, path: str, words: str) -> None:
    """The screen says these words and can be read by everybody in all four ways."""
    page.goto(path)
    assert words in page.inner_text("main")
    assert seen_in_both_themes_and_widths(page) == [], path


def test_two_records_that_may_be_one_can_be_read_side_by_side(
    world: World, sign_in: SignIn
) -> None:
    with world.inside():
        Supplier.objects.filter(pk=world.northline.pk).update(tax_id="DE136695976")
        double = Supplier.objects.create(
            code="NORTH-2", name="Northline Packaging LLC", currency="USD", tax_id="DE136695976"
        )
    page = sign_in(world.client("sourcing_lead"))
    shown(page, world.url("suppliers/duplicates/"), "Same tax id")
    preview = f"suppliers/{double.public_id}/merge/?into={world.northline.public_id}"
    shown(page, world.url(preview), "Not paid, USD")


def test_what_is_to_be_paid_and_the_mailbox_can_be_read_by_everybody(
    world: World, sign_in: SignIn
) -> None:
    with world.inside():
        account_of(world, world.northline)
        batch_of(world, approved(world, "INV-1", 400), until="proposed")
        approved(world, "INV-2", 500)
        approved(world, "INV-3", 600)
        Mailbox.objects.create(
            host="imap.acme.test", port=993, username="ap@acme.test", sealed_password="x"
        )
    page = sign_in(world.client("ap_clerk"))
    page.goto(world.url("payables/"))
    page.get_by_label("Pay INV-2").check()
    page.get_by_role("button", name="Tick the other 1 in USD").click()
    assert page.locator("[data-ticked]").text_content() == "2 ticked."
    assert page.get_by_label("Pay INV-3").is_checked()
    shown(page, world.url("payables/"), "Open, USD")
    shown(page, world.url("payables/batches/"), "Waiting for release")
    shown(sign_in(world.client("admin")), world.url("settings/mail-in/"), "Mail server")


def test_a_table_wider_than_a_phone_is_noticed(world: World, sign_in: SignIn) -> None:
    page = sign_in(world.client("sourcing_lead"))
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(world.url("suppliers/"))
    assert sideways(page) == []
    page.evaluate("document.querySelector('.pc-stacked').classList.remove('pc-stacked')")
    assert sideways(page) == ["Suppliers with standing and record over 12 months, a table"]
