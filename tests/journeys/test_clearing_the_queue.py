"""An AP clerk clears twenty mixed holds from the keyboard alone, and the key presses are counted."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from matching.capture import CapturedLine
from matching.models import Hold, Resolution, SupplierInvoice
from matching.resolution import apply_due_resolutions
from suppliers.models import PriceBreak
from tests.browser import SignIn
from tests.matching.paying import an_order, billed, invoice, receive
from tests.world import World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]

HELD = 20
MOST_KEYS = 3 * HELD


class Keyboard:
    """Presses keys and counts them."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.pressed = 0

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)
        self.pressed += 1


def twenty_held(world: World) -> None:
    """Prices, short deliveries, freight, taxes, totals that do not add up, no order, duplicates."""
    PriceBreak.objects.all().delete()
    today = timezone.localdate()
    given = {"actor": world.people["ap_lead"]}

    def day(n: int) -> dict[str, object]:
        return {
            "invoiced_on": today - timedelta(days=9 * n),
            "due_on": today + timedelta(days=n),
            **given,
        }

    def bought(n: int, came: int | None = None) -> str:
        quantity = 100 + n
        order = an_order(world, (world.shipper, quantity, 1), number=f"PO-{n}")
        receive(world, order, (1, quantity if came is None else came))
        return f"PO-{n}"

    for n in range(1, 5):
        invoice(world, f"PRICE-{n}", billed(1, 100 + n, "1.2", order=bought(n)), **day(n))
    for n in range(5, 9):
        invoice(world, f"SHORT-{n}", billed(1, 100 + n, 1, order=bought(n, 80)), **day(n))
    for n in range(9, 12):
        charged = {"charges": {"freight": Decimal(60 + n)}}
        invoice(world, f"FREIGHT-{n}", billed(1, 100 + n, 1, order=bought(n)), **charged, **day(n))
    for n in range(12, 14):
        line = billed(1, 100 + n, 1, order=bought(n), tax_rate=Decimal(10))
        taxes = {"taxes": {"10": Decimal(30)}, "tax_amount": Decimal(30)}
        invoice(world, f"TAX-{n}", line, **taxes, **day(n))
    for n in range(14, 16):
        line = billed(1, 100 + n, 1, order=bought(n))
        invoice(world, f"TOTAL-{n}", line, total_amount=Decimal(150), **day(n))
    for n in range(16, 19):
        bought(n)
        line = CapturedLine(Decimal(100 + n), Decimal(1), sku_code="CTN-12-KR")
        invoice(world, f"LOST-{n}", line, order_reference="Your order", **day(n))
    for n in range(19, 21):
        invoice(world, f"TWICE-{n}O1", billed(1, 100 + n, 1, order=bought(n)), **day(n))
        invoice(world, f"TWICE-{n}01", billed(1, 100 + n, 1, order=f"PO-{n}"), **day(n))


def test_twenty_mixed_holds_take_at_most_three_keys_each(world: World, sign_in: SignIn) -> None:
    with world.inside():
        twenty_held(world)
        held = SupplierInvoice.objects.filter(holds__status=Hold.Status.OPEN).distinct()
        numbers = set(held.values_list("number", flat=True))
        assert len(numbers) == HELD, sorted(numbers)
    page = sign_in(world.client("ap_clerk"))
    page.goto(world.url("exceptions/"))
    keys = Keyboard(page)
    for left in range(HELD, 0, -1):
        expect(page.locator(".pc-queue__item")).to_have_count(left)
        # A person sees the next invoice before a key is pressed; a busy machine is still at it.
        expect(page.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)
        before = page.locator("#held-invoice").inner_text()
        keys.press("1")
        keys.press("Enter")
        if left > 1:
            expect(page.locator("#held-invoice")).not_to_have_text(before)
    expect(page.get_by_text("Nothing is held for you")).to_be_visible()
    print(f"{HELD} holds cleared with {keys.pressed} key presses")
    assert keys.pressed <= MOST_KEYS
    with world.inside():
        Resolution.objects.update(effective_at=timezone.now())
        apply_due_resolutions()
        cleared = SupplierInvoice.objects.filter(number__in=numbers)
        assert not Hold.objects.filter(status=Hold.Status.OPEN).exists()
        assert set(cleared.values_list("status", flat=True)) == {"approved", "void"}
