"""Every screen of the suppliers app: it opens, it shows, its forms work without JavaScript."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from procure.tenancy import tenant_atomic
from suppliers.models import (
    ApprovedVendor,
    Category,
    Contact,
    PriceAgreement,
    PriceBreak,
    Qualification,
    Sku,
    Supplier,
)
from tests.suppliers.support import day
from tests.suppliers.world import (
    agreement,
    company,
    entry,
    fernhill,
    last_paid,
    people,
    qualification,
    scorecard,
    sku,
    supplier,
)


@pytest.fixture
def house(db):
    """Fernhill with prices and records, outside of a transaction of its own."""
    organization = company()
    sana, maya, aldo = people(organization)
    with tenant_atomic(organization.pk):
        house = fernhill()
        house.agreed = agreement(
            "NL-1", house.northline, (house.small, "0", "0.60"), (house.small, "5000", "0.55"),
            valid_from=day(-100), valid_to=day(30),
        )  # fmt: skip
        last_paid(house.northline, house.small, "0.66")
        scorecard(house.northline, "91.4", 64, months=["100", "91"], lead_time_n=60)
        house.contact = Contact.objects.create(supplier=house.northline, name="Jo Ray")
    house.organization, house.sana, house.maya, house.aldo = organization, sana, maya, aldo
    return house


def browser(person):
    client = Client()
    client.force_login(person)
    return client


def get(house, path, person=None, **headers):
    response = browser(person or house.sana).get(f"/fernhill/{path}", **headers)
    assert response.status_code == 200, path
    return response.content.decode()


def post(house, path, values, person=None):
    return browser(person or house.sana).post(f"/fernhill/{path}", values)


def inside(house):
    return tenant_atomic(house.organization.pk)


def screens(house):
    north, boxes, small = (
        house.northline.public_id,
        house.corrugate.public_id,
        house.small.public_id,
    )
    with inside(house):
        listed = ApprovedVendor.objects.get(supplier=house.northline).public_id
    return [
        "suppliers/", "suppliers/new/", f"suppliers/{north}/", f"suppliers/{north}/edit/",
        f"suppliers/{north}/block/", f"suppliers/{north}/contacts/new/",
        f"suppliers/{north}/qualification/", f"suppliers/{north}/agreements/new/",
        f"contacts/{house.contact.public_id}/", f"contacts/{house.contact.public_id}/remove/",
        "categories/", "categories/new/", f"categories/{boxes}/", f"categories/{boxes}/edit/",
        f"categories/{boxes}/move/", "skus/", "skus/new/", f"skus/{small}/", f"skus/{small}/edit/",
        "approved-vendors/", "approved-vendors/new/", f"approved-vendors/{listed}/",
        f"approved-vendors/{listed}/end/", "agreements/", f"agreements/{house.agreed.public_id}/",
        f"agreements/{house.agreed.public_id}/edit/", f"agreements/{house.agreed.public_id}/prices/",
    ]  # fmt: skip


def test_every_screen_opens(house):
    for path in screens(house):
        assert "<h1" in get(house, path) or "<h2" in get(house, path), path


def test_an_auditor_sees_everything_and_is_offered_no_change(house):
    for path in ("suppliers/", "categories/", "skus/", "approved-vendors/", "agreements/"):
        text = get(house, path, house.aldo)
        assert "/new/" not in text, path
    text = get(house, f"suppliers/{house.northline.public_id}/", house.aldo)
    for word in ("/edit/", "/qualification/", "/new/", "/end/"):
        assert word not in text


def test_the_page_of_a_supplier_says_who_it_is_to_us(house):
    text = get(house, f"suppliers/{house.northline.public_id}/")
    for words in (
        "Northline Packaging", "Preferred", "Qualified", "NL-1", "Ends soon", "91.4%",
        "64 lines due", "Jo Ray", f"{house.northline.public_id}/supply/",
    ):  # fmt: skip
        assert words in text, words
    part = get(house, f"suppliers/{house.northline.public_id}/supply/")
    assert all(words in part for words in ("CTN-12", "+10.0%"))


def test_the_page_of_a_supplier_in_review_names_what_is_missing(house):
    text = get(house, f"suppliers/{house.kestrel.public_id}/")
    assert "Not approved" in text
    assert "Insurance certificate missing." in text


def test_a_buyer_orders_from_the_page_of_an_approved_supplier(house):
    text = get(house, f"suppliers/{house.northline.public_id}/", house.maya)
    assert 'action="/fernhill/orders/new/save/"' in text
    assert f'name="category" value="{house.corrugate.public_id}"' in text
    values = {"category": house.corrugate.public_id, "supplier": house.northline.public_id}
    response = post(house, "orders/new/save/", values, house.maya)
    assert response.status_code == 302
    text = get(house, f"suppliers/{house.kestrel.public_id}/", house.maya)
    assert "orders/new/save/" not in text


def test_a_category_ranks_its_suppliers_and_a_sku_their_prices(house):
    text = get(house, f"categories/{house.corrugate.public_id}/")
    assert text.index("Northline Packaging") < text.index("Kestrel Pack")
    text = get(house, f"skus/{house.small.public_id}/")
    assert "Contract price to" in text
    assert "0.60 USD" in text


def test_a_search_narrows_the_list_and_stands_as_a_pill(house):
    text = get(house, "suppliers/?q=north")
    assert "Northline Packaging" in text
    assert "Delta Corrugated" not in text
    assert 'class="pc-filter" href="?"' in text
    assert "No suppliers match" in get(house, "suppliers/?q=nobody")


@pytest.mark.parametrize(
    ("query", "there", "gone"),
    [
        ("standing=backup", "Delta", "Ashgrove"),
        ("qualification=in_review", "Kestrel", "Northline"),
        ("status=blocked", "", "Northline"),
        ("status=1900-01-01", "Northline", "Nobody"),
    ],
)
def test_filters_of_suppliers(house, query, there, gone):
    text = get(house, f"suppliers/?{query}")
    assert there in text
    assert f"{gone} " not in text


def test_a_filter_by_category_takes_everything_below_along(house):
    text = get(house, f"skus/?category={house.packaging.public_id}")
    assert "CTN-12" in text
    text = get(house, f"approved-vendors/?category={house.packaging.public_id}")
    assert "Delta Corrugated" in text


def test_the_order_stands_in_the_address(house):
    text = get(house, "suppliers/?sort=-name")
    assert text.index("Northline Packaging") < text.index("Ashgrove Box")
    assert 'aria-sort="descending"' in text
    assert get(house, "suppliers/?sort=password&page=77")


def test_htmx_gets_the_table_alone(house):
    text = get(house, "suppliers/?q=north", headers={"HX-Request": "true"})
    assert "<html" not in text
    assert "Northline" in text


def test_suggestions_are_options(house):
    text = get(house, "skus/suggestions/?prices-0-sku=ctn-1")
    assert '<option value="CTN-12">' in text
    assert "CTN-24" not in text
    assert get(house, "skus/suggestions/").strip() == ""
    asked = 'hx-get="/fernhill/skus/suggestions/"'
    assert asked in get(house, "approved-vendors/new/")
    assert asked in get(house, f"suppliers/{house.delta.public_id}/agreements/new/")


def test_an_empty_company_is_told_what_each_list_is_for(db):
    sana, _, _ = people(company("empty"))
    for path, words, new in (
        ("suppliers", "No suppliers yet", "suppliers/new/"),
        ("categories", "No categories yet", "categories/new/"),
        ("skus", "No SKUs yet", "skus/new/"),
        ("approved-vendors", "Nobody is approved yet", "approved-vendors/new/"),
        ("agreements", "Nothing is agreed yet", "imports/"),
    ):
        text = browser(sana).get(f"/empty/{path}/").content.decode()
        assert words in text
        assert f"/empty/{new}" in text


# Forms -----------------------------------------------------------------------------------------


def test_a_supplier_is_added_and_an_error_stands_at_its_field(house):
    values = {"name": "Acme", "code": "northline", "currency": "usx", "payment_terms_days": "30",
              "early_late_days": "0"}  # fmt: skip
    response = post(house, "suppliers/new/", values)
    assert response.status_code == 422
    assert "“USX” is not a currency such as USD." in response.content.decode()
    response = post(house, "suppliers/new/", {**values, "currency": "usd"})
    assert "There is a supplier with the code “northline” already." in response.content.decode()
    response = post(house, "suppliers/new/", {**values, "currency": "usd", "code": "ACME"})
    with inside(house):
        assert response.headers["Location"].endswith(
            f"/suppliers/{Supplier.objects.get(code='ACME').public_id}/"
        )


def test_a_supplier_is_changed_and_blocked(house):
    path = f"suppliers/{house.delta.public_id}/"
    values = {"name": "Delta", "code": "DELTA", "currency": "USD", "payment_terms_days": "45",
              "early_late_days": "0"}  # fmt: skip
    assert post(house, f"{path}edit/", values).status_code == 302
    assert post(house, f"{path}block/", {"reason": ""}).status_code == 422
    assert post(house, f"{path}block/", {"reason": "Fraud check"}).status_code == 302
    assert post(house, f"{path}block/", {"reason": "Again"}).status_code == 422
    with inside(house):
        changed = Supplier.objects.get(pk=house.delta.pk)
        assert (changed.name, changed.payment_terms_days, changed.status) == (
            "Delta",
            45,
            "blocked",
        )


def test_contacts(house):
    path = f"suppliers/{house.delta.public_id}/contacts/new/"
    assert post(house, path, {"name": "Di", "email": "nonsense"}).status_code == 422
    assert post(house, path, {"name": "Di"}).status_code == 302
    with inside(house):
        contact = Contact.objects.get(name="Di")
    assert post(house, f"contacts/{contact.public_id}/", {"name": "Dia"}).status_code == 302
    assert post(house, f"contacts/{contact.public_id}/remove/", {}).status_code == 302
    with inside(house):
        assert list(Contact.objects.values_list("name", flat=True)) == ["Jo Ray"]


def test_a_supplier_is_qualified_and_approved(house):
    boxes = str(house.corrugate.public_id)
    path = f"suppliers/{house.kestrel.public_id}/qualification/"
    assert "In review" in get(house, f"{path}?category={boxes}")
    values = {"category": boxes, "status": "conditional", "valid_to": str(day(90)), "note": ""}
    response = post(house, path, values)
    assert "Say why it is conditionally qualified." in response.content.decode()
    assert post(house, path, {**values, "note": "Audit in May"}).status_code == 302
    values = {"supplier": str(house.kestrel.public_id), "category": boxes, "sku": "",
              "standing": "backup", "rank": "1", "valid_from": str(day())}  # fmt: skip
    assert post(house, "approved-vendors/new/", {**values, "sku": "nope"}).status_code == 422
    assert post(house, "approved-vendors/new/", {**values, "sku": "ctn-12"}).status_code == 422
    assert post(house, "approved-vendors/new/", values).status_code == 302
    assert "already on the list" in post(house, "approved-vendors/new/", values).content.decode()
    with inside(house):
        assert Qualification.objects.get(supplier=house.kestrel).status == "conditional"
        listed = ApprovedVendor.objects.get(supplier=house.kestrel)
    change = {"standing": "approved", "rank": "2", "valid_to": "", "reason": "Proved itself"}
    assert post(house, f"approved-vendors/{listed.public_id}/", change).status_code == 302
    end = {"last_day": str(day()), "reason": "Too dear"}
    assert post(house, f"approved-vendors/{listed.public_id}/end/", end).status_code == 302
    with inside(house):
        listed.refresh_from_db()
        assert (listed.standing, listed.rank, listed.valid_to) == ("approved", 2, day())


def prices(*rows, **more):
    """The form of an agreement: rows are SKU, minimum quantity, price."""
    values = {"prices-TOTAL_FORMS": str(len(rows) + 1), "prices-INITIAL_FORMS": "0", **more}
    for number, (code, minimum, price) in enumerate(rows):
        values |= {
            f"prices-{number}-sku": code, f"prices-{number}-minimum_quantity": minimum,
            f"prices-{number}-unit_price": price,
        }  # fmt: skip
    return values


def test_an_agreement_is_written_and_its_errors_stand_at_the_row(house):
    path = f"suppliers/{house.delta.public_id}/agreements/new/"
    head = {"number": "D-1", "valid_from": str(day()), "valid_to": str(day(90)), "note": ""}
    text = post(
        house, path, prices(("ctn-12", "", ""), ("nope", "5", "1"), **head)
    ).content.decode()
    assert "Give the price of one unit." in text
    assert "There is no SKU “nope”." in text
    assert "Give at least one SKU" in post(house, path, prices(**head)).content.decode()
    twice = post(house, path, prices(("ctn-12", "", "1"), ("CTN-12", "0", "2"), **head))
    assert "CTN-12 has two prices. Keep one." in twice.content.decode()
    response = post(house, path, prices(("ctn-12", "", "0.58"), ("ctn-12", "1000", "0.5"), **head))
    with inside(house):
        made = PriceAgreement.objects.get(number="D-1")
        assert response.headers["Location"].endswith(f"/agreements/{made.public_id}/")
        assert list(made.breaks.values_list("minimum_quantity", "unit_price")) == [
            (Decimal(0), Decimal("0.58")), (Decimal(1000), Decimal("0.5")),
        ]  # fmt: skip


def test_more_rows_keep_what_was_typed(house):
    path = f"suppliers/{house.delta.public_id}/agreements/new/"
    response = post(house, path, prices(("ctn-12", "7", "0.58"), number="D-1", more="1"))
    text = response.content.decode()
    assert response.status_code == 200
    assert 'value="ctn-12"' in text
    assert 'value="D-1"' in text
    assert 'name="prices-6-sku"' in text


def test_prices_change_and_end_from_a_day_on(house):
    path = f"agreements/{house.agreed.public_id}/prices/"
    text = get(house, path)
    assert 'value="0.55"' in text
    assert 'value="5000"' in text
    values = prices(("CTN-12", "0", "0.62"), ("CTN-12", "5000", "0.55"), effective_on=str(day(3)))
    values |= {"prices-1-ends": "on", "prices-0-unit": "EA", "prices-0-lead_time_days": "14"}
    values["reason"] = "Index clause"
    assert post(house, path, values).status_code == 302
    with inside(house):
        rows = PriceBreak.objects.order_by("minimum_quantity", "valid_from")
        assert list(rows.values_list("unit_price", "valid_to")) == [
            (Decimal("0.60"), day(2)), (Decimal("0.62"), None), (Decimal("0.55"), day(2)),
        ]  # fmt: skip
    assert post(house, path, {**values, "effective_on": str(day(99))}).status_code == 422


def test_an_agreement_is_extended(house):
    path = f"agreements/{house.agreed.public_id}/edit/"
    assert post(house, path, {"valid_to": str(day(-200)), "note": ""}).status_code == 422
    assert post(house, path, {"valid_to": "", "note": "Rolled"}).status_code == 302
    with inside(house):
        assert PriceAgreement.objects.get(pk=house.agreed.pk).valid_to is None


def test_categories_and_skus_are_kept(house):
    values = {"name": "Film", "code": "film", "parent": str(house.packaging.public_id),
              "criticality": "high", "off_list_rule": "justify", "match_level": "three_way"}  # fmt: skip
    assert post(house, "categories/new/", values).status_code == 302
    with inside(house):
        film = Category.objects.get(code="film")
        assert film.lineage == [film.pk, house.packaging.pk]
    path = f"categories/{house.packaging.public_id}/move/"
    text = post(house, path, {"parent": str(film.public_id)}).content.decode()
    assert "Packaging cannot stand below itself: Film is part of it." in text
    values = {"code": "FLM-1", "description": "Film", "category": str(film.public_id), "unit": "RL",
              "in_full_tolerance_percent": "0", "is_active": "on"}  # fmt: skip
    assert post(house, "skus/new/", values).status_code == 302
    with inside(house):
        made = Sku.objects.get(code="FLM-1")
        assert made.category == film
    path = f"skus/{made.public_id}/edit/"
    assert f'value="{film.public_id}" selected' in get(house, path)
    assert post(house, path, {**values, "standard_cost": "-1"}).status_code == 422
    assert post(house, path, {**values, "standard_cost": "2.5"}).status_code == 302


def test_a_form_sent_twice_takes_effect_once(house):
    key = "0b9f0a53-6b2f-4f0e-8a51-2ad1a8f8a1d3"
    values = {"name": "Acme", "code": "ACME", "currency": "USD", "payment_terms_days": "30",
              "early_late_days": "0", "idempotency_key": key}  # fmt: skip
    first, second = (post(house, "suppliers/new/", values) for _ in range(2))
    assert first.headers["Location"] == second.headers["Location"]
    with inside(house):
        assert Supplier.objects.filter(code="ACME").count() == 1


# Statements ------------------------------------------------------------------------------------


def statements(house, path):
    client = browser(house.sana)
    client.get(f"/fernhill/{path}")
    with CaptureQueriesContext(connection) as captured:
        client.get(f"/fernhill/{path}")
    return len(captured)


def test_lists_and_pages_take_the_same_statements_for_10_rows_and_for_100(house):
    paths = ["suppliers/", "categories/", "skus/", "approved-vendors/", "agreements/"]
    paths += [
        f"suppliers/{house.northline.public_id}/", f"skus/{house.small.public_id}/",
        f"categories/{house.corrugate.public_id}/", f"agreements/{house.agreed.public_id}/",
        f"agreements/{house.agreed.public_id}/prices/",
    ]  # fmt: skip
    few = {path: statements(house, path) for path in paths}
    with inside(house):
        for n in range(60):
            one, what = supplier(f"S{n} Ltd"), sku(f"X-{n}", house.corrugate)
            entry(one, house.corrugate)
            entry(house.northline, what, "approved")
            qualification(one, house.packaging)
            agreement(f"S-{n}", one, (house.small, "0", "1"), (what, "0", "1"), valid_to=day(9))
            agreement(f"N-{n}", house.northline, (what, "0", "1"), valid_to=day(9))
            last_paid(house.northline, what, "1.00")
            last_paid(one, house.small, "1.00")
            scorecard(one, "90", 10)
    for path, count in few.items():
        assert statements(house, path) == count, path
        assert count <= (20 if path.count("/") == 1 else 30), (path, count)
