"""What leads to a first order: each step's form, when it is done, and who may take it."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.test import Client

from procure.models import Organization
from procure.people import found_organization
from procure.tenancy import tenant_atomic
from suppliers.models import Qualification
from tests.factories import CategoryFactory, PriceAgreementFactory, SkuFactory, SupplierFactory
from tests.purchasing.buying import drafted
from tests.world import World, make_world

STEP = re.compile(
    r'pc-steps__item">.*?<(?:a class="pc-work__title" href="([^"]*)"|span class="pc-work__title")>'
    r"([^<]*)<.*?</li>",
    re.DOTALL,
)


@pytest.fixture
def world(db: None) -> World:
    """The company of the screens, in place of this folder's own."""
    return make_world()


def steps(client: Client, organization: Organization) -> dict[str, tuple[str, bool]]:
    """The checklist on home: the address behind each title, and whether it is ticked."""
    html = client.get(f"/{organization.slug}/").content.decode()
    return {
        found[2]: (unescape(found[1] or ""), ">Done<" in found[0]) for found in STEP.finditer(html)
    }


@pytest.mark.django_db
def test_each_step_opens_its_form_filled_in_and_ticks_itself_off() -> None:
    organization = found_organization(
        slug="new", name="New", currency="USD", owner_email="o@new.test", password="a-long-pass-9"
    )
    owner = Client()
    owner.login(username="o@new.test", password="a-long-pass-9")
    told = steps(owner, organization)
    assert [title for title, (_, is_done) in told.items() if is_done] == []
    assert told["Add a category"][0] == "/new/categories/new/"
    waiting = {title for title, (address, _) in told.items() if not address}
    assert waiting == {
        "Say how it is bought", "Add what you buy", "Add two suppliers", "Qualify both",
        "Approve both", "Agree on prices",
    }  # fmt: skip

    with tenant_atomic(organization.pk):
        category = CategoryFactory(code="BOX", name="Boxes")
        sku = SkuFactory(code="BX-1", category=category)
        first, second = SupplierFactory(code="A"), SupplierFactory(code="B")
        Qualification.objects.create(supplier=first, category=category, status="qualified")
    told = steps(owner, organization)
    at = f"category={category.public_id}"
    assert told["Add what you buy"] == ("", True)
    assert told["Qualify both"] == (f"/new/suppliers/{second.public_id}/qualification/?{at}", False)
    approve = f"/new/approved-vendors/new/?supplier={first.public_id}&{at}"
    assert told["Approve both"] == (approve, False)
    shown = owner.get(approve).content.decode()
    assert re.search(rf'value="{category.public_id}" selected', shown)

    with tenant_atomic(organization.pk):
        PriceAgreementFactory(supplier=first)
    assert told["Agree on prices"] == ("", False)
    assert steps(owner, organization)["Agree on prices"] == ("", True)
    form = f"/new/suppliers/{first.public_id}/agreements/new/?sku={sku.public_id}"
    assert 'value="BX-1"' in owner.get(form).content.decode()


def test_a_step_of_somebody_else_has_no_link(world: World) -> None:
    told = steps(world.client("auditor"), world.organization)
    assert told["Write the first order"] == ("", False)
    told = steps(world.client("buyer"), world.organization)
    assert told["Write the first order"][0] == "/acme/orders/new/"
    assert told["Qualify both"] == ("", False)


def test_a_page_says_what_its_supplier_lacks_next(world: World) -> None:
    lead, kestrel = world.client("sourcing_lead"), world.kestrel.public_id
    page = world.url(f"suppliers/{kestrel}/")
    assert "It is not qualified for any category yet." in lead.get(page).content.decode()
    with world.inside():
        vetted = Qualification.objects.create(
            supplier=world.kestrel, category=world.boxes, status="qualified"
        )
    for shown in (page, world.url(f"qualifications/{vetted.public_id}/")):
        assert "Approve for Boxes" in lead.get(shown).content.decode()
        assert "Approve for Boxes" not in world.client("buyer").get(shown).content.decode()


def test_a_supplier_added_for_a_category_is_qualified_for_it_next(world: World) -> None:
    lead, at = world.client("sourcing_lead"), f"category={world.boxes.public_id}"
    values = {"name": "Third", "code": "THIRD", "currency": "USD", "payment_terms_days": "30"}
    values |= {"early_late_days": "0", "idempotency_key": "4b4cb2d5-4a7b-4b0e-9a25-6e3b0a0a6a11"}
    answer = lead.post(world.url(f"suppliers/new/?{at}"), values)
    assert answer["Location"].endswith(f"/qualification/?{at}&status=qualified")


def test_a_request_for_quotation_begins_with_the_draft(world: World) -> None:
    with world.inside():
        order = drafted(world)
    answer = world.client("sourcing_lead").get(
        world.url(f"orders/{order.public_id}/edit/quotation/")
    )
    query = answer["Location"].split("?")[1]
    assert query.startswith(f"category={world.boxes.public_id}&line=CTN-12-KR%3A")
    empty = world.client("sourcing_lead").get(world.url("orders/new/quotation/"))
    assert empty["Location"] == "/acme/quotations/new/?"
