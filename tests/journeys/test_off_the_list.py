"""A supplier that nobody approved: possible, at the price of a sentence that its approver reads."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from purchasing.models import PurchaseOrder
from tests.browser import SignIn
from tests.journeys.company import past
from tests.purchasing.buying import drafted
from tests.world import World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]

WHY = "Their new board passed the drop test in May."


def test_an_exception_costs_a_sentence_and_its_approver_reads_it(
    world: World, sign_in: SignIn
) -> None:
    past(world)
    with world.inside():
        order = drafted(world)
    page = sign_in(world.client("buyer"))
    page.goto(world.url(f"orders/{order.public_id}/edit/"))
    before = as_stored(world, order)

    asked_for_reason(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_role("radio", name="Northline Packaging")).to_be_checked()
    assert as_stored(world, order) == before

    asked_for_reason(page)
    page.get_by_role("radio", name="Trial order").check()
    page.get_by_label("Explain for the approver").fill(WHY)
    page.get_by_role("button", name="Continue with exception").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_role("radio", name="Kestrel Pack")).to_be_checked()
    page.get_by_label("Unit price, line 2").fill("0.09")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".pc-head .pc-pill").first).to_have_text("Waiting for approval")

    approver = sign_in(world.client("approver"))
    approver.goto(world.url("approvals/"))
    expect(approver.get_by_role("row").filter(has_text="Kestrel Pack")).to_contain_text("Off list")
    approver.goto(world.url(f"orders/{order.public_id}/"))
    expect(approver.get_by_text(WHY)).to_be_visible()
    expect(approver.get_by_text("Exception from the approved list: trial order.")).to_be_visible()


def asked_for_reason(page: Page) -> None:
    """Choosing the supplier opens a dialog with both suppliers, not an error."""
    page.get_by_role("radio", name="Kestrel Pack").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Kestrel Pack isn’t approved for Boxes")
    expect(dialog.get_by_role("button", name="Use Northline Packaging instead")).to_be_visible()


def as_stored(world: World, order: PurchaseOrder) -> dict[str, object]:
    with world.inside():
        return dict(PurchaseOrder.objects.values().get(pk=order.pk))
