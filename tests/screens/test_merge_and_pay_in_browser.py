"""Two records that may be one, what is to be paid, the mailbox and dropped files, each with
something to show.

The sweep of test_accessibility.py opens the same addresses in a world where most of this is empty.
"""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from matching import reading_files
from matching.einvoices.reading import read_einvoice
from matching.mailboxes import Mailbox
from matching.reading_files import read_waiting_files
from suppliers.models import Supplier
from tests.browser import CROSSWISE, SignIn, seen, seen_in_both_themes_and_widths, sideways
from tests.matching.einvoices.sold import ubl
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


DRAG = """([kinds, files]) => {
    const carried = new DataTransfer();
    for (const [name, content] of files)
        carried.items.add(new File([Uint8Array.from(atob(content), one => one.charCodeAt(0))], name));
    const target = document.querySelector("main h1");
    for (const kind of kinds)
        target.dispatchEvent(new DragEvent(kind, {dataTransfer: carried, bubbles: true, cancelable: true}));
}"""

# Stops the form once after our own script has seen it, so that there is time to look.
HOLD = """document.querySelector("form[data-files]")
    .addEventListener("submit", event => event.preventDefault(), {once: true})"""


def drag(page: Page, *kinds: str, **files: bytes) -> None:
    """These events of a mouse that carries files, beside the area that is meant for them."""
    carried = [[f"{name}.xml", b64encode(content).decode()] for name, content in files.items()]
    page.evaluate(DRAG, [list(kinds), carried])


def test_files_dropped_together_each_have_a_result(
    world: World, sign_in: SignIn, settings: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr(reading_files, "read_apart", read_einvoice)
    page = sign_in(world.client("ap_clerk"))
    page.goto(world.url("invoices/files/"))
    files = {"good": ubl(), "bad": b"<note>No invoice</note>", "again": ubl()}
    drag(page, "dragenter", "dragover", **files)
    expect(page.locator(".pc-drop--over")).to_be_visible()
    page.evaluate(HOLD)
    drag(page, "drop", **files)
    expect(page.get_by_role("status").filter(has_text="Sending 3 files …")).to_be_visible()
    assert page.locator(".pc-drop__files li").all_inner_texts() == [
        "good.xml",
        "bad.xml",
        "again.xml",
    ]
    page.evaluate("document.querySelector('form[data-files]').requestSubmit()")
    expect(page.get_by_text("2 files still to be read.")).to_be_visible()
    read_waiting_files(world.organization.pk)
    rows = page.locator("#file-rows tbody tr")
    expect(page.get_by_text("still to be read")).to_have_count(0)  # without anybody asking
    told = {
        row.locator("th").inner_text(): row.locator(".pc-file__result").inner_text()
        for row in rows.all()
    }
    assert {name: words.split("\n")[0].split()[0] for name, words in told.items()} == {
        "good.xml": "Captured", "bad.xml": "Refused", "again.xml": "Refused",
    }  # fmt: skip
    assert "begins with “note”, not an invoice" in told["bad.xml"]
    assert "The same file came on" in told["again.xml"]
    expect(page.get_by_role("link", name="Refused")).to_have_text("Refused2")
    assert seen(page, CROSSWISE[1]) == []
