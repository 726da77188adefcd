"""A request that names where the goods go is weighed, awarded and listed for that place."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from procure.models import Location
from suppliers.approved_vendors import list_decisions
from suppliers.awarding import AwardChoice, award_quotation
from suppliers.comparing import compare_quotations
from suppliers.models import ApprovedVendor, QuotationRequest, SourcingDecision
from suppliers.quoting import RequestDetails, RequestedLine, draft_quotation_request
from suppliers.quoting import send_quotation_request as send
from tests.factories import QualificationFactory, SkuFactory, SupplierFactory
from tests.quoting.asking import quoted, sent_request
from tests.world import World

pytestmark = pytest.mark.django_db


def award_to_kestrel(world: World, request: QuotationRequest) -> QuotationRequest:
    return award_quotation(
        request,
        choices=[AwardChoice(line_no=1, supplier=world.kestrel)],
        reason="Lowest landed cost.",
        review_on=None,
        actor=world.people["sourcing_lead"],
    )


def listed(world: World, place: Location | None) -> str:
    pair = (world.kestrel.pk, world.shipper.pk)
    found = list_decisions([pair], timezone.localdate(), ship_to=place and place.pk)
    return found[pair].standing


def approved_for(world: World, place: Location) -> None:
    ApprovedVendor.objects.create(
        supplier=world.kestrel,
        category=world.boxes,
        location=place,
        standing="approved",
        valid_from=timezone.localdate() - timedelta(days=1),
    )


@pytest.fixture
def elsewhere(inside: World) -> Location:
    return Location.objects.create(code="ELSE", name="Elsewhere")


def test_the_comparison_asks_the_list_for_the_place_of_the_request(
    inside: World, elsewhere: Location
) -> None:
    approved_for(inside, inside.reno)
    answers = {}
    for place in (inside.reno, elsewhere):
        request = sent_request(inside, ship_to=place)
        quoted(request, inside.kestrel, "0.60", "0.10")
        (offer,) = compare_quotations(request).offers
        answers[place.code] = bool(offer.lacks)
    assert answers == {inside.reno.code: False, "ELSE": True}


def test_an_award_lists_the_supplier_for_the_place_and_nowhere_else(
    inside: World, elsewhere: Location
) -> None:
    QualificationFactory(supplier=inside.kestrel, category=inside.boxes)
    request = sent_request(inside, ship_to=inside.reno)
    quoted(request, inside.kestrel, "0.60")
    award_to_kestrel(inside, request)
    entry = ApprovedVendor.objects.get(supplier=inside.kestrel)
    assert (entry.sku, entry.location) == (inside.shipper, inside.reno)
    standings = [listed(inside, place) for place in (inside.reno, elsewhere, None)]
    assert standings == ["approved", "off_list", "off_list"]


def test_an_award_without_a_place_lists_the_supplier_everywhere(
    inside: World, elsewhere: Location
) -> None:
    QualificationFactory(supplier=inside.kestrel, category=inside.boxes)
    request = sent_request(inside)
    quoted(request, inside.kestrel, "0.60")
    award_to_kestrel(inside, request)
    assert ApprovedVendor.objects.get(supplier=inside.kestrel).location is None
    assert [listed(inside, place) for place in (elsewhere, None)] == ["approved", "approved"]


def test_whoever_is_listed_for_another_place_only_gets_an_entry_for_this_one(
    inside: World, elsewhere: Location
) -> None:
    QualificationFactory(supplier=inside.kestrel, category=inside.boxes)
    approved_for(inside, elsewhere)
    request = sent_request(inside, ship_to=inside.reno)
    quoted(request, inside.kestrel, "0.60")
    award_to_kestrel(inside, request)
    places = ApprovedVendor.objects.filter(supplier=inside.kestrel).values_list("location__code")
    assert {code for (code,) in places} == {"ELSE", inside.reno.code}


def test_the_decision_keeps_each_candidates_standing_at_the_place(inside: World) -> None:
    approved_for(inside, inside.reno)
    QualificationFactory(supplier=inside.kestrel, category=inside.boxes)
    request = sent_request(inside, ship_to=inside.reno)
    quoted(request, inside.kestrel, "0.60")
    award_to_kestrel(inside, request)
    assert SourcingDecision.objects.get().candidates.get().standing == "Approved"


# --- However many -------------------------------------------------------------------------------


def a_quoted_request(world: World, *, suppliers: int, lines: int) -> QuotationRequest:
    lead = world.people["sourcing_lead"]
    asked = [SupplierFactory(email=f"s{suppliers}-{n}@quotes.example") for n in range(suppliers)]
    skus = [SkuFactory(category=world.boxes) for _ in range(lines)]
    details = RequestDetails(
        category=world.boxes,
        title=f"{suppliers} by {lines}",
        deadline=timezone.now() + timedelta(days=7),
        needed_on=timezone.localdate() + timedelta(days=30),
        ship_to=world.reno,
    )
    wanted = [RequestedLine(sku=one, quantity=Decimal(100)) for one in skus]
    draft = draft_quotation_request(details=details, lines=wanted, suppliers=asked, actor=lead)
    request = send(draft, actor=lead)
    step = ((Decimal(1000), Decimal("0.5")),)
    for one in asked:
        quoted(request, one, *["1.00"] * lines, breaks=step)
    return request


def test_a_comparison_of_any_size_takes_the_same_statements(world: World) -> None:
    client, counts = world.client("auditor"), {}
    for suppliers, lines in ((2, 1), (9, 12)):
        with world.inside():
            request = a_quoted_request(world, suppliers=suppliers, lines=lines)
            fresh = QuotationRequest.objects.get(pk=request.pk)
            with CaptureQueriesContext(connection) as reading:
                assert len(compare_quotations(fresh).offers) == suppliers
            counted = [len(reading)]  # a later request empties the log
        path = world.url(f"quotations/{request.public_id}/")
        for screen in (path, f"{path}compare/"):
            client.get(screen)
            with CaptureQueriesContext(connection) as showing:
                assert client.get(screen).status_code == 200
            counted.append(len(showing))
        counts[suppliers, lines] = counted
    assert counts[2, 1] == counts[9, 12]
