"""The invoice screens in a browser: readable by everybody, workable from the keyboard."""

from __future__ import annotations

import os
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from matching.capture import CapturedLine
from matching.models import Resolution, SupplierInvoice
from matching.tolerances import ensure_default_tolerance, set_tolerance
from suppliers.models import PriceBreak
from tests.browser import DESKTOP, PHONE, SignIn, seen_in_both_themes_and_widths
from tests.factories import PriceBreakFactory, SkuFactory
from tests.matching.paying import an_order, billed, invoice, receive
from tests.world import World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]
PICTURES = os.environ.get("PICTURES_TO")


@pytest.fixture
def queue(world: World) -> dict[str, SupplierInvoice]:
    """The picture's queue: a quantity and a price, nothing received, a duplicate, no order."""
    today = timezone.localdate()
    with world.inside():
        film = SkuFactory(code="FLM-BAR-45", description="Flow-wrap film, 45 g bar",
                          category=world.packaging)  # fmt: skip
        PriceBreak.objects.filter(sku=world.shipper).update(unit_price=Decimal("0.612"))
        PriceBreakFactory(agreement=world.agreement, sku=film, unit_price=Decimal(148),
                          valid_to=today + timedelta(days=130))  # fmt: skip
        order = an_order(
            world, (world.shipper, 4000, "0.612"), (film, 60, 148), (world.divider, 4000, "0.089"),
            number="PO-1042", created_by=world.people["buyer"],
        )  # fmt: skip
        receive(world, order, (1, 3960, 40), (2, 60), (3, 4000), received_on=today)
        dear = invoice(
            world, "INV-88213", billed(1, 4000, "0.612", order="PO-1042"),
            billed(2, 60, "151.70", order="PO-1042"), billed(3, 4000, "0.089", order="PO-1042"),
            charges={"freight": Decimal(18)}, invoiced_on=today - timedelta(days=5),
            due_on=today + timedelta(days=3), discount_until=today + timedelta(days=2),
            early_discount_percent=Decimal(2),
        )  # fmt: skip
        waiting = an_order(world, (film, 20, 148), number="PO-1043",
                           created_by=world.people["buyer"])  # fmt: skip
        invoice(world, "INV-4471", billed(1, 20, 148, order="PO-1043"), received_on=today)
        paid = an_order(world, (world.divider, 100, "0.089"), number="PO-1044")
        receive(world, paid, (1, 100))
        invoice(world, "PNS-11872", billed(1, 100, "0.089", order="PO-1044"))
        twice = invoice(world, "PNS-1I872", billed(1, 100, "0.089", order="PO-1044"))
        stray = invoice(world, "BL-7710", CapturedLine(Decimal(4), Decimal(160),
                        description="Labels, reel of 5,000"), order_reference="PO-999")  # fmt: skip
        assert waiting.pk
    return {"dear": dear, "twice": twice, "stray": stray}


def picture(page: Page, name: str) -> None:
    """Keeps what is on the screen, in both themes and widths, where somebody asks for it."""
    if PICTURES is None:
        return
    for width, size in (("1440", DESKTOP), ("390", PHONE)):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        for theme in ("light", "dark"):
            page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
            page.screenshot(path=Path(PICTURES) / f"{name}_{width}_{theme}.png", full_page=True)
    page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]


def test_the_screens_can_be_read_by_everybody(
    world: World, queue: dict[str, SupplierInvoice], sign_in: SignIn
) -> None:
    with world.inside():
        rule = ensure_default_tolerance()
        scope = {"supplier": world.northline, "category": world.boxes}
        set_tolerance(**scope, limits=rule.limits, valid_from=date(2026, 1, 1), actor=None)
    page = sign_in(world.client("ap_lead"))
    paths = {
        "exceptions": f"exceptions/{queue['dear'].public_id}/",
        "duplicate": f"exceptions/{queue['twice'].public_id}/",
        "stray": f"exceptions/{queue['stray'].public_id}/",
        "invoices": "invoices/",
        "invoice": f"invoices/{queue['dear'].public_id}/",
        "entry": "invoices/new/?order=PO-1043",
        "void": f"invoices/{queue['dear'].public_id}/void/",
        "tolerances": "settings/tolerances/",
        "tolerance": f"settings/tolerances/{rule.public_id}/",
    }
    found = []
    for name, path in paths.items():
        page.goto(world.url(path))
        picture(page, name)
        found += [f"{name}: {words}" for words in seen_in_both_themes_and_widths(page)]
    assert found == []


def test_an_exception_is_resolved_from_the_keyboard_and_undone(
    world: World, queue: dict[str, SupplierInvoice], sign_in: SignIn
) -> None:
    page = sign_in(world.client("ap_lead"))
    page.goto(world.url(f"exceptions/{queue['dear'].public_id}/"))
    number = page.locator("#held-invoice")
    expect(number).to_have_text("INV-88213")
    page.keyboard.press("l")
    expect(page.get_by_role("row", name="DIV-12-SB")).to_be_hidden()
    page.keyboard.press("2")
    expect(page.get_by_label("Accept the difference")).to_be_checked()
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    expect(page.locator("#held-invoice")).not_to_have_text("INV-88213")
    expect(page.locator(".pc-toast")).to_contain_text("INV-88213")
    picture(page, "toast")
    page.keyboard.press("z")
    expect(page.locator("#held-invoice")).to_have_text("INV-88213")
    with world.inside():
        assert Resolution.objects.get().status == "undone"
    page.keyboard.press("k")
    expect(page.locator("#held-invoice")).not_to_have_text("INV-88213")
    page.keyboard.press("j")
    expect(page.locator("#held-invoice")).to_have_text("INV-88213")


def test_letters_are_text_inside_a_field(
    world: World, queue: dict[str, SupplierInvoice], sign_in: SignIn
) -> None:
    page = sign_in(world.client("ap_lead"))
    page.goto(world.url(f"exceptions/{queue['dear'].public_id}/"))
    note = page.get_by_label("Note to the team", exact=True).last
    note.fill("")
    note.press_sequentially("jklz2")
    expect(note).to_have_value("jklz2")
    expect(page.locator("#held-invoice")).to_have_text("INV-88213")


def test_the_keys_are_listed_and_do_nothing_when_turned_off(
    world: World, queue: dict[str, SupplierInvoice], sign_in: SignIn
) -> None:
    page = sign_in(world.client("ap_lead"))
    page.goto(world.url(f"exceptions/{queue['dear'].public_id}/"))
    page.keyboard.press("?")
    expect(page.locator("#keyboard-help")).to_contain_text("Undo the last decision")
    page.keyboard.press("Escape")
    lead = world.people["ap_lead"]
    lead.letter_keys = False
    lead.save(update_fields=["letter_keys"])
    page.reload()
    for key in ("j", "2", "l", "?"):
        page.keyboard.press(key)
    expect(page.locator("#held-invoice")).to_have_text("INV-88213")
    expect(page.get_by_label("Accept the difference")).not_to_be_checked()
    expect(page.get_by_role("row", name="DIV-12-SB")).to_be_visible()
    expect(page.locator("#keyboard-help")).to_be_hidden()
