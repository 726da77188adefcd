"""Every screen, in light and dark, on a desktop and a phone: no violation of WCAG 2.2 A and AA.

A screen of one record is looked at when RECORDS tells which record of the world it shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.http import Http404
from playwright.sync_api import Page

from procure.columns import Notation
from procure.models import ImportRun
from procure.uploads import try_import
from suppliers.bank_changes import BankDetails, propose_bank_account
from suppliers.models import BankAccount, Contact, QuotationRequest
from suppliers.offering import ask_question
from tests.addresses import Address, organization_addresses, role_with
from tests.browser import SignIn, seen_in_both_themes_and_widths
from tests.quoting.asking import invitation_of, quoted, sent_request
from tests.world import World


def tried_import(world: World) -> ImportRun:
    """A file with a new row, a changed and a refused one, waiting to be applied."""
    rows = b"supplier_code,name,payment_terms_days,x\nS1,One,30,\nNORTH,Other,14,\nS2,Two,soon,\n"
    with world.inside():
        return try_import(
            kind="suppliers",
            file_name="suppliers.csv",
            content=rows,
            notation=Notation(),
            actor=world.people["sourcing_lead"],
        )


def open_request(world: World) -> QuotationRequest:
    """A request with a quote, an unanswered question, and a supplier that said nothing."""
    with world.inside():
        request = sent_request(world)
        quoted(request, world.northline, "0.60", "0.10", freight_amount=Decimal(90))
        ask_question(invitation_of(request, world.kestrel), text="Printed?", actor=None)
        return request


def changing_bank_details(world: World) -> BankAccount:
    """Bank details that wait for the call-back, with something to warn of."""
    with world.inside():
        Contact.objects.create(supplier=world.northline, name="Ida", phone="+1 555 0101")
        return propose_bank_account(
            world.northline,
            details=BankDetails(holder="N", country="US", currency="EUR", account_number="123456"),
            reason="Letter",
            actor=world.people["ap_lead"],
        )


Records = Callable[[World], dict[str, Any]]
RECORDS: dict[str, Records] = {
    "procure:location_edit": lambda world: {"public_id": world.reno.public_id},
    "procure:person_edit": lambda world: {
        "public_id": world.people["buyer"].memberships.get().public_id
    },
    "procure:import_detail": lambda world: {"public_id": tried_import(world).public_id},
    "suppliers:supplier_detail": lambda world: {"public_id": world.northline.public_id},
    "suppliers:category_detail": lambda world: {"public_id": world.boxes.public_id},
    "suppliers:sku_detail": lambda world: {"public_id": world.shipper.public_id},
    "matching:scorecard_detail": lambda world: {"public_id": world.northline.public_id},
    "matching:sku_cost_detail": lambda world: {"public_id": world.shipper.public_id},
    "suppliers:quotation_detail": lambda world: {"public_id": open_request(world).public_id},
    "suppliers:quotation_compare": lambda world: {"public_id": open_request(world).public_id},
    "suppliers:bank_account_detail": lambda world: {
        "public_id": changing_bank_details(world).public_id
    },
    "suppliers:agreement_detail": lambda world: {"public_id": world.agreement.public_id},
}
# Answers that are a part of a screen and are looked at inside it.
PIECES = {"suppliers:sku_suggestions", "purchasing:sku_suggestions_new"}
ACCOUNT_PAGES = (
    "/accounts/login/",
    "/accounts/password/forgotten/",
    "/accounts/password/sent/",
    "/accounts/password/new/x/y/",
    "/accounts/password/changed/",
    "/nowhere/",
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]


def screens(world: World) -> Iterator[tuple[str, str]]:
    """The address of each screen, with a role that may open it."""
    for address in organization_addresses():
        values = _values(address, world)
        if values is not None:
            yield (
                role_with(address.permission or ""),
                address.path(world.organization.slug, **values),
            )


def _values(address: Address, world: World) -> dict[str, Any] | None:
    """What fills the address, or None for a record the world does not hold."""
    if address.name in PIECES:
        return None
    if address.name in RECORDS:
        try:
            return RECORDS[address.name](world)
        except Http404:
            return None
    return None if address.parameters else {}


def looked_at(page: Page, path: str) -> list[str]:
    """What is wrong with one screen; a download or an address for POST is none."""
    shown: list[str] = []
    page.on("console", lambda message: shown.append(message.text))
    answer = page.goto(path)
    assert answer is not None
    if answer.status == 405 or "text/html" not in answer.headers.get("content-type", ""):
        return []
    found = [f"console: {words}" for words in shown if "Content Security Policy" in words]
    return [f"{path}: {words}" for words in found + seen_in_both_themes_and_widths(page)]


def test_every_screen_can_be_read_by_everybody(world: World, sign_in: SignIn) -> None:
    pages: dict[str, Page] = {}
    found: list[str] = []
    for role, path in screens(world):
        if role not in pages:
            pages[role] = sign_in(world.client(role))
        found += looked_at(pages[role], path)
    assert found == []


def test_the_pages_before_signing_in_can_be_read_by_everybody(sign_in: SignIn) -> None:
    page = sign_in()
    assert [words for path in ACCOUNT_PAGES for words in looked_at(page, path)] == []


def test_axe_sees_a_violation_when_there_is_one(sign_in: SignIn) -> None:
    page = sign_in()
    page.goto("/accounts/login/")
    page.evaluate("document.querySelector('label').remove()")
    found = seen_in_both_themes_and_widths(page)
    assert any("label" in words for words in found)
