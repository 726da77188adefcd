"""The decision log on its screens: listed, filtered, side by side, decided by hand."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from procure.tenancy import tenant_atomic
from suppliers.models import ApprovedVendor, SkuSubstitute, SourcingDecision
from tests.suppliers.support import day
from tests.suppliers.test_decide_sourcing import decide
from tests.suppliers.test_screens import house

__all__ = ["house"]

FRAME = 10  # statements of every screen: who is asking, whose data, the navigation's counts


@pytest.fixture
def lead(house):
    client = Client()
    client.force_login(house.sana)
    return client


@pytest.fixture
def decision(house):
    with tenant_atomic(house.organization.pk):
        return decide(house, review_on=day(10))


def new_url(house, more=""):
    return f"/fernhill/decisions/new/?category={house.corrugate.public_id}{more}"


def row(number, who, **more):
    fields = {"supplier": who.public_id, **more}
    return {f"candidates-{number}-{name}": value for name, value in fields.items()}


def sent(*rows, **more):
    count = {"candidates-TOTAL_FORMS": len(rows), "candidates-INITIAL_FORMS": len(rows)}
    values = {"title": "Corrugate", "reason": "Both needed", "review_on": "", **count}
    for one in rows:
        values |= one
    return values | more


def test_the_log_is_listed_and_filtered(house, lead, decision):
    page = lead.get("/fernhill/decisions/").content.decode()
    assert "SD-1001" in page
    assert "Ashgrove Box, Northline Packaging" in page
    for filters, is_found in (
        ("q=ashgrove", True),
        ("q=nobody", False),
        ("state=due", True),
        ("state=superseded", False),
        (f"category={house.packaging.public_id}", True),
    ):
        found = lead.get(f"/fernhill/decisions/?{filters}").content.decode()
        assert ("SD-1001" in found) == is_found, filters


def test_a_decision_shows_its_candidates_and_what_rests_on_it(house, lead, decision):
    with tenant_atomic(house.organization.pk):
        ApprovedVendor.objects.filter(supplier=house.northline).update(decision=decision)
    page = lead.get(f"/fernhill/decisions/{decision.public_id}/").content.decode()
    assert "Corrugate for 2027" in page
    assert "Northline was late in spring." in page
    assert "64 lines due" in page
    assert "preferred for Corrugate" in page
    assert "Insurance missing" in page


def test_the_form_weighs_the_suppliers_of_the_category(house, lead):
    assert b"Weigh its suppliers" in lead.get("/fernhill/decisions/new/").content
    page = lead.get(new_url(house)).content.decode()
    for name in ("Northline Packaging", "Ashgrove Box", "Delta Corrugated", "Kestrel Pack"):
        assert name in page
    assert "91.4%" in page
    assert b"0.60" in lead.get(new_url(house, "&sku=ctn-12")).content


def test_a_decision_is_made_by_hand_and_takes_the_place_of_another(house, lead, decision):
    rows = [
        row(0, house.northline, is_chosen="on", share_percent="60"),
        row(1, house.kestrel, is_chosen="on", share_percent="40", note="Insured now"),
    ]
    answer = lead.post(new_url(house, f"&supersedes={decision.public_id}"), sent(*rows))
    assert answer.status_code == 302
    with tenant_atomic(house.organization.pk):
        made = SourcingDecision.objects.get(number="SD-1002")
        assert (made.candidates.count(), made.reason) == (2, "Both needed")
        decision.refresh_from_db()
        assert decision.superseded_by == made
    assert b"SD-1002" in lead.get(f"/fernhill/decisions/{decision.public_id}/").content


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"reason": ""}, "Why: This field is required."),
        ({"review_on": "2020-01-01"}, "has passed. Choose a later day."),
        ({"candidates-0-share_percent": "50"}, "they have to make 100%."),
        ({"candidates-0-is_chosen": ""}, "Choose at least one supplier."),
        ({"candidates-0-supplier": "nonsense"}, "Enter a valid UUID."),
        ({"candidates-TOTAL_FORMS": "x"}, "ManagementForm data is missing"),
    ],
)
def test_what_is_refused_keeps_what_was_typed_and_decides_nothing(house, lead, more, sentence):
    answer = lead.post(new_url(house), sent(row(0, house.northline, is_chosen="on"), **more))
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    with tenant_atomic(house.organization.pk):
        assert not SourcingDecision.objects.exists()


def test_a_category_shows_its_strategy_its_gaps_and_what_may_stand_in(house, lead):
    of = f"/fernhill/categories/{house.corrugate.public_id}/"
    rows = {"preferred-TOTAL_FORMS": 1, "preferred-INITIAL_FORMS": 0}
    wanted = {"preferred-0-supplier": house.northline.public_id, "preferred-0-share_percent": "65"}
    values = {"objective": "Two mills", "minimum_sources": "4", "review_months": "6", **rows}
    assert lead.get(f"{of}strategy/").status_code == 200
    assert lead.post(f"{of}strategy/", {**values, "minimum_sources": "99"}).status_code == 422
    assert lead.post(f"{of}strategy/", values | wanted).status_code == 302
    stands_in = {"sku": "CTN-12", "substitute": "CTN-24", "note": "Same flute"}
    assert lead.post(f"{of}substitutes/new/", stands_in).status_code == 302
    lead.get(of)
    with CaptureQueriesContext(connection) as captured:
        page = lead.get(of).content.decode()
    assert len(captured) - FRAME <= 15
    for text in ("Two mills", "Needs 4 qualified sources, has 3.", "65%", "Same flute"):
        assert text in page
    assert lead.post(f"{of}review/", {"note": "As it is"}).status_code == 422, "set today"
    spend = lead.get(f"/fernhill/orders/of-category/?category={house.corrugate.public_id}")
    assert b"Nothing was ordered since" in spend.content
    assert lead.get("/fernhill/orders/of-category/?category=x").status_code == 404
    with tenant_atomic(house.organization.pk):
        pk = SkuSubstitute.objects.get().pk
    assert lead.post(f"{of}substitutes/{pk}/withdraw/").status_code == 302
    assert "Same flute" not in lead.get(of).content.decode()
