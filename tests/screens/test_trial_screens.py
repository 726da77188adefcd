"""The tolerance lab on screen: asked, worked out, looked at, saved as a rule's next version."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from matching.models import SupplierInvoice, Tolerance, ToleranceTrial
from matching.tolerances import default_limits, set_tolerance
from matching.trying import work_out_trials
from procure.before_after import BeforeAfter, BeforeAfterChart, place_rows
from procure.models import BusinessEvent
from procure.progress import tell_progress
from tests.matching.paying import a_dear_invoice
from tests.screens.test_invoice_screens import rule_sent
from tests.world import World

pytestmark = pytest.mark.django_db
LAB = "settings/tolerances/lab/"
WIDE = {"price_percent": "100", "price_amount": "", "contract_price_mode": "off",
        "line_amount_mode": "off", "days": "30", "varied": "price_percent"}  # fmt: skip


@pytest.fixture
def dear(world: World) -> SupplierInvoice:
    """Billed at twice the order's price, and received today."""
    with world.inside():
        start = timezone.localdate() - timedelta(days=60)
        set_tolerance(limits=default_limits(), valid_from=start, actor=None)
        return a_dear_invoice(world, received_on=timezone.localdate())


def tried(world: World, **changes: str) -> ToleranceTrial:
    """Sent with the form; the worker has not come by yet."""
    sent = {**rule_sent(**WIDE), **changes}
    assert world.client("ap_lead").post(world.url(f"{LAB}new/"), sent).status_code == 302
    with world.inside():
        return ToleranceTrial.objects.get()


def worked_out(world: World) -> None:
    """The worker comes by."""
    with world.inside():
        work_out_trials(list(BusinessEvent.objects.filter(kind="tolerance_trial.asked")))


def test_limits_are_tried_looked_at_and_saved(world: World, dear: SupplierInvoice) -> None:
    trial = tried(world)
    client, path = world.client("ap_lead"), world.url(f"{LAB}{trial.public_id}/")
    waiting = client.get(path).content.decode()
    assert ("Look again" in waiting, "INV-1" in waiting) == (True, False)
    tell_progress(f"trial:{trial.public_id}", 3, 9)
    assert "3 of 9 are done" in client.get(path).content.decode()
    worked_out(world)
    page = client.get(path).content.decode()
    assert "0% → 100%" in page
    at_half = f"{world.url(f'{LAB}new/')}?trial={trial.public_id}&amp;at=50"
    assert f'href="{at_half}" aria-label="50%: 0.0% pass untouched (0 invoices), 0.00' in page
    assert page.count("pc-curve__line") == 1
    half = client.get(at_half.replace("&amp;", "&")).content.decode()
    assert 'name="price_percent" value="50"' in half
    assert "+10.00 with these limits" in page
    assert f"/invoices/{dear.public_id}/" in page
    assert f"supplier={world.northline.public_id}#curve" in page
    narrowed = client.get(f"{path}?supplier={world.kestrel.public_id}").content.decode()
    assert f"/invoices/{dear.public_id}/" not in narrowed
    assert (
        f">Price against the order, percent: {world.northline}<"
        in client.get(f"{path}?supplier={world.northline.public_id}").content.decode()
    )
    seen = world.client("sourcing_lead").get(path).content.decode()
    assert ("pc-curve__line" in seen, "&amp;at=" in seen) == (True, False)
    listed = client.get(world.url(LAB)).content.decode()
    assert (f"/{trial.public_id}/" in listed, "Being worked out" in listed) == (True, False)
    day = timezone.localdate() + timedelta(days=3)
    assert client.post(f"{path}save/", {"valid_from": day.isoformat()}).status_code == 302
    with world.inside():
        made = Tolerance.objects.get(version=2)
        assert (made.limits, made.valid_from) == (trial.limits, day)
        assert (made.created_by.email, made.supplier) == (world.people["ap_lead"].email, None)


def test_a_day_that_is_taken_is_refused_at_its_field(world: World, dear: SupplierInvoice) -> None:
    trial = tried(world)
    worked_out(world)
    day = (timezone.localdate() - timedelta(days=60)).isoformat()
    for sent, words in (({"valid_from": day}, "a new version begins later"), ({}, "is required")):
        answer = world.client("ap_lead").post(world.url(f"{LAB}{trial.public_id}/save/"), sent)
        assert (answer.status_code, words in answer.content.decode()) == (422, True)
    with world.inside():
        assert Tolerance.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"price_percent": ""}, "Give a percent, an amount, or both."),
        ({"days": "12"}, "not one of the available choices"),
        ({"sku": "NOTHING"}, "There is no SKU NOTHING."),
    ],
)
def test_limits_that_say_nothing_are_not_tried(
    world: World, changes: dict[str, str], words: str
) -> None:
    sent = {**rule_sent(**WIDE), **changes}
    answer = world.client("ap_lead").post(world.url(f"{LAB}new/"), sent)
    assert (answer.status_code, words in answer.content.decode()) == (422, True)
    with world.inside():
        assert not ToleranceTrial.objects.exists()


def test_the_form_begins_with_the_limits_of_a_rule_or_of_a_trial(
    world: World, dear: SupplierInvoice
) -> None:
    trial = tried(world, supplier=str(world.northline.public_id))
    client = world.client("ap_lead")
    again = client.get(world.url(f"{LAB}new/?trial={trial.public_id}")).content.decode()
    assert f'value="{world.northline.public_id}" selected' in again
    assert 'name="price_percent" value="100"' in again
    assert client.get(world.url(f"{LAB}new/?rule=nonsense")).status_code == 200
    assert client.get(world.url(f"{LAB}new/?rule={trial.public_id}")).status_code == 404


def row(name: str, before: object, after: object, money: object, then: object) -> BeforeAfter:
    return BeforeAfter(name, "", "?x", before, after, "", money, then, "")  # type: ignore[arg-type]


def test_shares_and_amounts_are_drawn_on_scales_of_their_own() -> None:
    rows = [row("A", 0, Decimal("62.5"), 0, 800), row("B", 100, 120, 1, 200)]
    first, second = place_rows(BeforeAfterChart("Both", "Share", "Amount", "", "", rows))
    assert (first.dot_before, first.dot_after) == ("0%", "62.5%")
    assert (first.bar_before, first.bar_after) == ("0%", "100%")
    assert (second.dot_before, second.dot_after) == ("100%", "100%")
    assert (second.bar_before, second.bar_after) == ("1%", "25%")  # seen, however little
