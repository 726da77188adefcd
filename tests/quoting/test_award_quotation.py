"""The award writes decision, list entries and prices in one step, or nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from procure.errors import BusinessRuleError
from procure.events import work_off
from suppliers import awarding
from suppliers.agreements import WantedPrice, agreed_prices
from suppliers.awarding import AwardChoice, award_quotation
from suppliers.models import (
    ApprovedVendor,
    PriceAgreement,
    Qualification,
    QuotationAward,
    QuotationRequest,
    SourcingDecision,
    Supplier,
)
from tests.factories import QualificationFactory
from tests.quoting.asking import deadline_passes, quoted, sent_request
from tests.safety.crowd import Meeting, at_once, refusals
from tests.suppliers.support import refused
from tests.world import World, make_world

pytestmark = pytest.mark.django_db


def choice(line_no: int, supplier: Supplier, share: int = 100, condition: str = "") -> AwardChoice:
    return AwardChoice(
        line_no=line_no, supplier=supplier, share_percent=Decimal(share), condition=condition
    )


def award(world: World, request: QuotationRequest, *choices: AwardChoice, **more: Any) -> Any:
    values = {"reason": "Lowest landed cost.", "review_on": None, **more}
    return award_quotation(request, choices=choices, actor=world.people["sourcing_lead"], **values)


@pytest.fixture
def request_quoted(inside: World) -> QuotationRequest:
    request = sent_request(inside)
    quoted(request, inside.northline, "0.60", "0.10", breaks=())
    step = ((Decimal(5000), Decimal("0.45")),)
    quoted(request, inside.kestrel, "0.50", None, breaks=step, lead_time=9)
    return request


def test_an_award_writes_prices_entries_and_the_decision_they_rest_on(
    inside: World, request_quoted: QuotationRequest
) -> None:
    world, today = inside, timezone.localdate()
    QualificationFactory(supplier=world.kestrel, category=world.boxes)
    split = choice(1, world.kestrel, 60), choice(1, world.northline, 40)
    request = award(world, request_quoted, *split, choice(2, world.northline))
    decision = SourcingDecision.objects.get()
    assert (request.status, request.decision, decision.origin) == ("awarded", decision, "award")
    chosen = {one.supplier: one.share_percent for one in decision.candidates.all()}
    # Kestrel 600 of 1,000; Northline 480 of 1,200 and 50.
    assert chosen == {world.kestrel: Decimal("53.10"), world.northline: Decimal("46.90")}
    entry = ApprovedVendor.objects.get(supplier=world.kestrel)
    assert (entry.sku, entry.standing, entry.decision) == (world.shipper, "approved", decision)
    agreement = PriceAgreement.objects.get(number="RFQ-1001-KESTREL")
    assert agreement.decision == decision
    assert agreement.valid_to == today + timedelta(days=365)
    wanted = [WantedPrice(world.kestrel.pk, world.shipper.pk, Decimal(n)) for n in (2000, 6000)]
    for one, price in zip(wanted, ("0.50", "0.45"), strict=True):
        (found,) = agreed_prices([one], today).values()
        assert (found.unit_price, found.lead_time_days) == (Decimal(price), 9)
    assert QuotationAward.objects.count() == 3


def test_an_unqualified_supplier_is_not_put_on_the_list_silently(
    inside: World, request_quoted: QuotationRequest
) -> None:
    words = (
        "Kestrel Pack is not vetted for Boxes. Qualify it first, or say on which condition it is "
        "admitted."
    )
    with refused("not_qualified", words, "condition"):
        award(inside, request_quoted, choice(1, inside.kestrel))
    request_quoted.refresh_from_db()
    assert request_quoted.status == "sent"
    assert not SourcingDecision.objects.exists()


def test_a_condition_admits_it_conditionally(
    inside: World, request_quoted: QuotationRequest
) -> None:
    award(inside, request_quoted, choice(1, inside.kestrel, condition="Insurance by March."))
    qualification = Qualification.objects.get(supplier=inside.kestrel)
    assert (qualification.status, qualification.note) == ("conditional", "Insurance by March.")
    assert qualification.valid_to == timezone.localdate() + timedelta(days=90)


def test_a_suspended_supplier_gets_nothing_even_with_a_condition(
    inside: World, request_quoted: QuotationRequest
) -> None:
    QualificationFactory(supplier=inside.kestrel, category=inside.boxes, status="suspended")
    with pytest.raises(BusinessRuleError) as caught:
        award(inside, request_quoted, choice(1, inside.kestrel, condition="Later"))
    assert caught.value.code == "suspended"
    assert Qualification.objects.get(supplier=inside.kestrel).status == "suspended"


@pytest.mark.parametrize(
    ("shares", "code"), [((60, 30), "shares_not_whole"), ((100, 0), "share_twice")]
)
def test_the_shares_of_a_line_make_the_whole(
    inside: World, request_quoted: QuotationRequest, shares: tuple[int, int], code: str
) -> None:
    both = (
        choice(1, one, share)
        for one, share in zip((inside.kestrel, inside.northline), shares, strict=True)
    )
    with refused(code):
        award(inside, request_quoted, *both)


def test_what_was_not_quoted_or_has_ended_is_not_awarded(
    inside: World, request_quoted: QuotationRequest
) -> None:
    with refused("not_quoted"):
        award(inside, request_quoted, choice(2, inside.kestrel))
    with refused("reason_missing", field="reason"):
        award(inside, request_quoted, choice(2, inside.northline), reason=" ")
    request_quoted.invitations.get(supplier=inside.northline).quotations.update(
        valid_to=timezone.localdate() - timedelta(days=1)
    )
    with refused("offer_over"):
        award(inside, request_quoted, choice(2, inside.northline))


def test_sealed_prices_are_not_awarded_before_the_deadline(inside: World) -> None:
    request = sent_request(inside, is_sealed=True)
    quoted(request, inside.northline, "0.60", "0.10")
    with refused("sealed"):
        award(inside, request, choice(1, inside.northline))
    deadline_passes(request)
    assert award(inside, request, choice(1, inside.northline)).status == "awarded"


def test_whoever_lost_gets_a_polite_mail_and_learns_nothing_of_the_others(world: World) -> None:
    with world.inside():
        request = sent_request(world)
        for supplier in (world.northline, world.kestrel):
            quoted(request, supplier, "0.60", "0.10")
    work_off(world.organization.pk)
    mail.outbox.clear()
    with world.inside():
        award(world, request, choice(1, world.northline))
    work_off(world.organization.pk)
    bodies = {one.to[0]: one.body for one in mail.outbox}
    assert "We chose your offer" in bodies[world.northline.email]
    assert "we chose another offer" in bodies[world.kestrel.email]
    assert "Northline" not in bodies[world.kestrel.email]


# --- Two at once -------------------------------------------------------------------------------


def award_twice(world: World) -> list[Any]:
    """Two people, two different suppliers, one instant."""
    with world.inside():
        QualificationFactory(supplier=world.kestrel, category=world.boxes)
        request = sent_request(world)
        for supplier in (world.northline, world.kestrel):
            quoted(request, supplier, "0.60", "0.10")

    def step(supplier: Supplier) -> Callable[[], Any]:
        def decide() -> Any:
            with world.inside():
                return award(world, request, choice(1, supplier), choice(2, supplier))

        return decide

    return at_once([step(world.northline), step(world.kestrel)])


@pytest.mark.django_db(transaction=True)
def test_of_two_awards_at_once_exactly_one_is_made() -> None:
    world = make_world()
    assert refusals(award_twice(world)) == ["wrong_status"]
    with world.inside():
        assert SourcingDecision.objects.count() == 1
        assert QuotationAward.objects.values("supplier").distinct().count() == 1


@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_both_awards_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    world, meeting = make_world(), Meeting(2)

    def read_without_locks(request: QuotationRequest) -> QuotationRequest:
        fresh = QuotationRequest.objects.get(pk=request.pk)
        meeting.wait()
        return fresh

    monkeypatch.setattr(awarding, "lock", read_without_locks)
    assert refusals(award_twice(world)) == []
    with world.inside():
        assert SourcingDecision.objects.count() == 2
