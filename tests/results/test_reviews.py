"""A fallen grade opens a review; the approved vendor list waits for a person's yes."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from matching.cells import today_of
from matching.draining import drain
from procure.errors import BusinessRuleError
from procure.models import BusinessEvent
from suppliers.grading import review_grades
from suppliers.models import ApprovedVendor, Scorecard, SupplierReview
from suppliers.reviews import accept_review, dismiss_review
from suppliers.score_rules import FIRST_SCORING, RANK, REVIEW
from suppliers.scoring import set_score_rules
from suppliers.sourcing import WantedLine, supplier_ranking
from tests.factories import ApprovedVendorFactory
from tests.results.test_set_score_rules import rules
from tests.results.trade import Trade
from tests.world import World


def a_card(world: World, grade: str) -> Scorecard:
    """Northline's card of twelve months, not stored."""
    return Scorecard(
        supplier=world.northline,
        period="365d",
        grade=grade,
        rules_version=1,
        as_of=timezone.localdate(),
    )


def the_review(world: World) -> SupplierReview:
    review_grades([a_card(world, "D")])
    return SupplierReview.objects.get()


def test_which_grades_have_consequences() -> None:
    assert FIRST_SCORING.follows(REVIEW, "D")
    assert not any(FIRST_SCORING.follows(REVIEW, grade) for grade in ("A", "B", "C", ""))
    assert not FIRST_SCORING.follows(RANK, "D")


def test_a_review_opens_once_until_the_grade_has_recovered(inside: World) -> None:
    review = the_review(inside)
    assert (review.scope, review.suggested, review.status) == ("Packaging", "approved", "open")
    event = BusinessEvent.objects.get(kind="supplier_review.opened")
    assert event.summary.startswith("Grade D in Packaging: a review opened")
    for grade in ("D", "D", ""):
        review_grades([a_card(inside, grade)])
    assert SupplierReview.objects.get().status == "open"
    review_grades([a_card(inside, "C")])
    assert SupplierReview.objects.get().status == "lapsed"
    review_grades([a_card(inside, "D")])
    assert SupplierReview.objects.filter(status="open").count() == 1


def test_entries_for_several_ship_tos_are_one_review(inside: World) -> None:
    ApprovedVendorFactory(
        supplier=inside.northline, category=inside.packaging, location=inside.reno
    )
    assert the_review(inside).suggested == "approved"


def test_accepting_changes_the_list_by_its_own_action(inside: World) -> None:
    lead = inside.people["sourcing_lead"]
    accept_review(the_review(inside), reason="Two bad quarters", actor=lead)
    today = timezone.localdate()
    entry = ApprovedVendor.objects.get(supplier=inside.northline, valid_from=today)
    assert (entry.standing, entry.reason) == (
        "approved",
        "Grade D over 12 months: Two bad quarters",
    )
    kinds = BusinessEvent.objects.filter(
        kind__in=["supplier.approval_changed", "supplier_review.accepted"]
    )
    assert kinds.count() == 2
    review_grades([a_card(inside, "D")])
    assert SupplierReview.objects.count() == 1


def test_dismissing_leaves_the_list_and_needs_a_reason(inside: World) -> None:
    lead, review = inside.people["sourcing_lead"], the_review(inside)
    with pytest.raises(BusinessRuleError):
        dismiss_review(review, reason=" ", actor=lead)
    assert SupplierReview.objects.get().status == "open"
    dismiss_review(review, reason="New machine since May", actor=lead)
    assert ApprovedVendor.objects.get(supplier=inside.northline).standing == "preferred"
    with pytest.raises(BusinessRuleError):
        accept_review(review, reason="After all", actor=lead)
    review_grades([a_card(inside, "D")])
    assert SupplierReview.objects.count() == 1


def test_a_poor_record_reaches_the_sourcing_leads_home_and_is_decided_there(world: World) -> None:
    trade, due = Trade(world), str(today_of(world.organization) - timedelta(days=20))
    with world.inside():
        for _ in range(8):
            trade.order(due=due)
    drain(world.organization.pk)
    with world.inside():
        review = SupplierReview.objects.get()
    lead = world.client("sourcing_lead")
    title = "Northline Packaging fell to D in Packaging"
    assert f"{title}: review" in lead.get(world.url()).content.decode()
    assert title not in world.client("buyer").get(world.url()).content.decode()
    page = world.url(f"reviews/{review.public_id}/")
    assert "no longer preferred, but approved" in lead.get(page).content.decode()
    assert lead.post(f"{page}accept/", {"reason": ""}).status_code == 422
    assert lead.post(f"{page}accept/", {"reason": "Late again"}).status_code == 302
    assert "Late again" in lead.get(world.url("reviews/")).content.decode()
    assert title not in lead.get(world.url()).content.decode()
    assert world.client("buyer").post(f"{page}accept/", {"reason": "x"}).status_code == 403


def test_by_the_rules_a_poor_grade_ranks_behind_and_is_said(inside: World) -> None:
    after = {"review": "D", "rank": "D", "warn": "C"}
    set_score_rules(**rules(consequences=after), actor=inside.people["admin"])
    today = timezone.localdate()
    ApprovedVendorFactory(supplier=inside.kestrel, category=inside.packaging, standing="backup")

    def ranked() -> list[tuple[str, str]]:
        rows = supplier_ranking(
            category=inside.boxes,
            lines=[WantedLine(inside.shipper.pk, Decimal(100))],
            needed_on=None,
            on=today,
        )
        return [(row.supplier.name, row.reasons[0]) for row in rows]

    assert ranked()[0][0] == "Northline Packaging"
    card = a_card(inside, "D")
    card.rules_version = 2
    card.save()
    assert [name for name, _ in ranked()] == ["Kestrel Pack", "Northline Packaging"]
    assert ranked()[1][1] == "grade D over 12 months, so it ranks behind"
    Scorecard.objects.update(grade="C")
    assert ranked()[0] == ("Northline Packaging", "grade C over 12 months")
