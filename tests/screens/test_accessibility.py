"""Every screen, in light and dark, on a desktop and a phone: no violation of WCAG 2.2 A and AA.

The resolver names the screens. One with a record in its address shows the record that RECORDS
gives it; an address without a screen stands in NO_SCREEN with its reason. An ordinary run looks at
a screen in two of the four ways, the next at the other two; a soak looks at every one in all four.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence

import pytest
from playwright.sync_api import Page

from tests.addresses import Address, organization_addresses, role_with
from tests.browser import CROSSWISE, EVERY_WAY, SignIn, Way, seen
from tests.quoting.asking import invitation_of, link_of
from tests.screens.no_screen import NO_SCREEN, ONLY_POST
from tests.screens.records import RECORDS, Records, make_records
from tests.world import World

ACCOUNT_PAGES = (
    "/accounts/login/",
    "/accounts/password/forgotten/",
    "/accounts/password/sent/",
    "/accounts/password/new/x/y/",
    "/accounts/password/changed/",
    "/nowhere/",
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]


def screens() -> Iterator[Address]:
    """Every address that is a screen."""
    return (address for address in organization_addresses() if address.name not in NO_SCREEN)


def path_of(address: Address, records: Records) -> str:
    """The address with its record in it."""
    slug = records.world.organization.slug
    if not address.parameters:
        return address.path(slug)
    with records.world.inside():
        record = RECORDS[address.name](records)
    values = record if isinstance(record, dict) else {"public_id": record.public_id}
    return address.path(slug, **values)


def unseen(known: Collection[str]) -> set[str]:
    """Screens with a record in their address for which none is known."""
    return {one.name for one in screens() if one.parameters} - set(known)


def test_every_screen_of_a_record_has_one_to_show() -> None:
    assert unseen(RECORDS) == set()
    assert set(RECORDS) | set(NO_SCREEN) <= {one.name for one in organization_addresses()}
    assert not set(RECORDS) & set(NO_SCREEN)


def test_control_a_screen_without_its_record_is_missed() -> None:
    known = set(RECORDS) - {"matching:exception_detail"}
    assert unseen(known) == {"matching:exception_detail"}


def test_a_button_is_no_screen(world: World) -> None:
    for address in organization_addresses():
        if NO_SCREEN.get(address.name) == ONLY_POST:
            client = world.client(role_with(address.permission or ""))
            assert client.get(address.path("acme")).status_code in {404, 405}, address.name


def ways(turn: int) -> Sequence[Way]:
    """All four in a soak; otherwise light on the one width and dark on the other, by turns."""
    return EVERY_WAY if os.environ.get("PROCURE_SOAK") else CROSSWISE[turn % 2]


def looked_at(page: Page, path: str, in_ways: Sequence[Way] = EVERY_WAY) -> list[str]:
    """What is wrong with one screen."""
    shown: list[str] = []
    page.on("console", lambda message: shown.append(message.text))
    answer = page.goto(path)
    assert answer is not None
    if not (answer.ok or path in ACCOUNT_PAGES) or "text/html" not in answer.headers.get(
        "content-type", ""
    ):
        return [f"{path}: no screen, but {answer.status}"]
    found = [f"console: {words}" for words in shown if "Content Security Policy" in words]
    return [f"{path}: {words}" for words in found + seen(page, in_ways)]


def test_every_screen_can_be_read_by_everybody(world: World, sign_in: SignIn) -> None:
    records = make_records(world)
    pages: dict[str, Page] = {}
    found: list[str] = []
    for turn, address in enumerate(screens()):
        role = role_with(address.permission or "")
        if role not in pages:
            pages[role] = sign_in(world.client(role))
        found += looked_at(pages[role], path_of(address, records), ways(turn))
    assert found == [], "\n".join(found)


def test_an_invited_suppliers_page_can_be_read_by_everybody(world: World, sign_in: SignIn) -> None:
    records = make_records(world)
    page = sign_in()
    for supplier in (world.northline, world.kestrel):
        with world.inside():
            link = link_of(world, invitation_of(records.request, supplier))
        assert looked_at(page, link) == []
    assert "Your offer" in page.content() or "Send the offer" in page.content()


def test_the_pages_before_signing_in_can_be_read_by_everybody(sign_in: SignIn) -> None:
    page = sign_in()
    assert [words for path in ACCOUNT_PAGES for words in looked_at(page, path)] == []


def test_axe_sees_a_violation_when_there_is_one(sign_in: SignIn) -> None:
    page = sign_in()
    page.goto("/accounts/login/")
    page.evaluate("document.querySelector('label').remove()")
    for way in EVERY_WAY:
        assert any("label" in words for words in seen(page, [way])), way
