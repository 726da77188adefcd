"""From an empty organization to a first order, by its founder alone, in a browser.

Home's first steps lead the way. What a person types and clicks is counted: a field is six seconds
of a person's time, a click is three.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from procure.models import Organization
from procure.people import found_organization
from procure.tenancy import tenant_atomic
from purchasing.models import PurchaseOrder
from suppliers.models import ApprovedVendor, CategoryStrategy, PriceAgreement, Qualification
from tests.browser import SignIn

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]

OWNER, PASSWORD = "you@acme.example", "a long enough sentence"
SECONDS_PER_CLICK, SECONDS_PER_FIELD = 3, 6


@dataclass
class Person:
    """Somebody at a browser, whose clicks are counted and whose typing is remembered."""

    page: Page
    clicks: int = 0
    typed: list[str] = field(default_factory=list)

    def press(self, target: Locator) -> None:
        target.click()
        self.page.wait_for_load_state()
        self.clicks += 1

    def link(self, words: str) -> None:
        self.press(self.page.locator("main").get_by_role("link", name=words).first)

    def button(self, words: str) -> None:
        self.press(self.page.get_by_role("button", name=words).last)

    def choose(self, label: str, words: str) -> None:
        self.page.get_by_label(label, exact=True).select_option(label=words)
        self.clicks += 1

    def type(self, label: str | Locator, text: str) -> None:
        if isinstance(label, str):
            label = self.page.get_by_label(re.compile(f"^{label}")).first
        label.fill(text)
        label.press("Tab")
        self.typed.append(text)

    def step(self, words: str) -> None:
        """From wherever they are: home, and the step of the checklist."""
        self.press(self.page.get_by_role("link", name="Home", exact=True).first)
        self.link(words)

    @property
    def seconds(self) -> int:
        return self.clicks * SECONDS_PER_CLICK + len(self.typed) * SECONDS_PER_FIELD


def signed_in(page: Page, organization: Organization) -> Person:
    owner = Person(page)
    page.goto(f"/{organization.slug}/")
    owner.type("E-mail", OWNER)
    owner.type("Password", PASSWORD)
    owner.button("Sign in")
    return owner


def category_set_up(owner: Person) -> None:
    """A place, the category, its strategy, what is bought in it."""
    owner.link("Add a place")
    owner.type("Code", "MAIN")
    owner.type("Name", "Main warehouse")
    owner.button("Save place")
    owner.step("Add a category")
    owner.type("Name", "Boxes")
    owner.type("Category code", "BOX")
    owner.button("Add category")
    owner.link("Say how this category is bought")
    owner.type("Objective", "Two sources at a steady price")
    owner.type("Qualified sources", "2")
    owner.button("Save strategy")
    owner.link("Add a SKU")
    owner.type("SKU", "BX-1")
    owner.type("Description", "Shipper 30 x 20")
    owner.button("Add SKU")
    owner.link("Add a supplier for it")


def supplier_added(owner: Person, name: str, code: str, mail: str) -> None:
    """Three fields; that it is for boxes is known from here to the approved vendor list."""
    owner.type("Name", name)
    owner.type("Supplier code", code)
    owner.type("E-mail for orders", mail)
    owner.button("Add supplier")
    expect(owner.page.get_by_label("Category")).to_contain_text("Boxes")
    expect(owner.page.get_by_label("Status")).to_have_value("qualified")
    owner.button("Save qualification")
    owner.link("Approve for Boxes")
    owner.button("Approve supplier")
    expect(owner.page.get_by_role("heading", level=1)).to_have_text(name)


def order_sent(owner: Person) -> None:
    """From the agreement's page: category, supplier, place and price are known."""
    owner.button("New order")
    page = owner.page
    owner.type(page.get_by_label("Needed by"), str(timezone.localdate().replace(year=2099)))
    owner.type("Cost center", "4100")
    owner.type(page.get_by_label("SKU, new line"), "BX-1")
    owner.type(page.get_by_label(re.compile("^Quantity")).first, "400")
    expect(page.locator("#order-totals")).to_contain_text("200.00")
    owner.button("Submit for approval")
    expect(page.get_by_role("button", name="Issue and send to")).to_be_visible()


def test_a_founder_alone_sends_a_first_order_in_minutes(sign_in: SignIn) -> None:
    organization = found_organization(
        slug="acme", name="Acme", currency="USD", owner_email=OWNER, password=PASSWORD
    )
    owner = signed_in(sign_in(), organization)
    category_set_up(owner)
    supplier_added(owner, "Kestrel Packaging", "KES", "orders@kestrel.example")
    owner.step("Add two suppliers")
    supplier_added(owner, "Northline Board", "NOR", "orders@northline.example")
    owner.link("New agreement")
    expect(owner.page.get_by_label("Agreement number")).to_have_value(re.compile("^NOR-"))
    owner.type(owner.page.locator("[name=prices-0-unit_price]"), "0.50")
    owner.button("Save agreement")
    order_sent(owner)

    with tenant_atomic(organization.pk):
        order = PurchaseOrder.objects.get()
        assert (order.status, order.lines.get().amount) == ("approved", 200)
        assert CategoryStrategy.objects.get().minimum_sources == 2
        assert Qualification.objects.filter(status="qualified").count() == 2
        assert ApprovedVendor.objects.count() == 2
        assert PriceAgreement.objects.get().supplier == order.supplier
    owner.button("Issue and send to")
    expect(owner.page.get_by_role("link", name="Receive goods").first).to_be_visible()
    with tenant_atomic(organization.pk):
        assert PurchaseOrder.objects.get().status == "issued"
    twice = {text for text in owner.typed if owner.typed.count(text) > 1}
    assert twice <= {"BX-1"}, "only what is ordered is named again, to choose it"
    assert (owner.clicks <= 30, len(owner.typed) <= 24) == (True, True), (owner.clicks, owner.typed)
    assert owner.seconds < 5 * 60
