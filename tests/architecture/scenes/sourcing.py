"""Law 4 played while sourcing: suppliers, lists, terms, decisions, quotations."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from suppliers import (
    admitting,
    agreeing,
    awarding,
    catalogue,
    committing,
    criteria,
    deciding,
    offering,
    qualification,
    quoting,
    reviews,
    scoring,
    strategy_setting,
    supply_base,
    vendor_approval,
)
from suppliers.agreeing import PriceRow
from suppliers.committing import CommittedVolume
from suppliers.criteria import CriterionDetails
from suppliers.deciding import Candidate
from suppliers.details import CategoryDetails, ContactDetails, SkuDetails, SupplierDetails
from suppliers.models import (
    AdmissionTask,
    ApprovedVendor,
    Category,
    Contact,
    ProvisionalAdmission,
    Qualification,
    QualificationCriterion,
    SkuSubstitute,
    SupplierReview,
    VolumeCommitment,
)
from suppliers.request_changes import extend_quotation_deadline, remind_invited
from suppliers.score_rules import FIRST_SCORING
from suppliers.strategy_setting import StrategyDetails
from suppliers.unit_factors import add_unit_factor
from tests.factories import CategoryStrategyFactory, SupplierFactory
from tests.purchasing.buying import today
from tests.quoting.asking import (
    changed_request,
    drafted_request,
    invitation_of,
    quoted,
    sent_request,
)
from tests.world import World

Step = Callable[[], object]


def a_review(world: World, category: Category) -> SupplierReview:
    """The one review of Northline in this category."""
    review, _ = SupplierReview.objects.get_or_create(
        supplier=world.northline,
        category=category,
        defaults={"grade": "D", "rules_version": 1, "suggested": "approved"},
    )
    return review


def a_lapsed_qualification(world: World) -> Qualification:
    """One whose last day is over; it has fallen when it is asked for again."""
    found: Qualification = Qualification.objects.get(supplier=world.northline)
    if found.status == Qualification.Status.QUALIFIED:
        found.valid_to = today() - timedelta(days=1)
        found.save(update_fields=["valid_to"])
    return found


def for_sourcing(world: World) -> dict[str, Step]:
    lead = world.people["sourcing_lead"]
    contact = supply_base.add_contact(world.kestrel, details=ContactDetails(name="Ida"), actor=lead)
    unit = {"category": world.boxes, "unit": "EA"}
    row = PriceRow(sku=world.shipper, unit_price=Decimal("0.5"))
    end = today() + timedelta(days=90)
    looked_at = CategoryStrategyFactory(reviewed_on=today() - timedelta(days=200)).category
    return {
        "supply_base.py:create_supplier": lambda: supply_base.create_supplier(
            details=SupplierDetails(code="NEW", name="New", currency="USD"), actor=lead
        ),
        "supply_base.py:change_supplier": lambda: supply_base.change_supplier(
            world.kestrel,
            details=SupplierDetails(code="KESTREL", name="Kestrel Ltd", currency="USD"),
            actor=lead,
        ),
        "supply_base.py:block_supplier": lambda: supply_base.block_supplier(
            world.kestrel, reason="Audit", actor=lead
        ),
        "supply_base.py:unblock_supplier": lambda: supply_base.unblock_supplier(
            world.kestrel, reason="Passed", actor=lead
        ),
        "supply_base.py:add_contact": lambda: supply_base.add_contact(
            world.kestrel, details=ContactDetails(name="Ben"), actor=lead
        ),
        "supply_base.py:change_contact": lambda: supply_base.change_contact(
            Contact.objects.get(pk=contact.pk), details=ContactDetails(name="Ida B."), actor=lead
        ),
        "supply_base.py:remove_contact": lambda: supply_base.remove_contact(contact, actor=lead),
        "admitting.py:admit_provisionally": lambda: admitting.admit_provisionally(
            world.kestrel,
            category=world.boxes,
            maximum_spend=Decimal(500),
            maximum_orders=1,
            expires_on=today() + timedelta(days=9),
            tasks=["Insurance"],
            reason="Fire",
            actor=lead,
        ),
        "admitting.py:tick_admission_task": lambda: admitting.tick_admission_task(
            AdmissionTask.objects.get(), is_done=True, actor=lead
        ),
        "admitting.py:end_admission": lambda: admitting.end_admission(
            ProvisionalAdmission.objects.get(), reason="Over", actor=lead
        ),
        "qualification.py:qualify_supplier": lambda: qualification.qualify_supplier(
            world.kestrel,
            category=world.boxes,
            status="qualified",
            valid_to=None,
            note="",
            actor=lead,
        ),
        "criteria.py:add_criterion": lambda: criteria.add_criterion(
            world.boxes, details=CriterionDetails("Insurance"), actor=lead
        ),
        "criteria.py:change_criterion": lambda: criteria.change_criterion(
            QualificationCriterion.objects.get(),
            details=CriterionDetails("Liability insurance"),
            actor=lead,
        ),
        "criteria.py:answer_criterion": lambda: criteria.answer_criterion(
            Qualification.objects.get(supplier=world.kestrel),
            criterion=QualificationCriterion.objects.get(),
            outcome="met",
            actor=lead,
        ),
        "criteria.py:retire_criterion": lambda: criteria.retire_criterion(
            QualificationCriterion.objects.get(), actor=lead
        ),
        "qualification.py:let_qualification_fall": lambda: qualification.let_qualification_fall(
            a_lapsed_qualification(world), actor=None
        ),
        "vendor_approval.py:approve_vendor": lambda: vendor_approval.approve_vendor(
            world.kestrel,
            category=world.boxes,
            standing="backup",
            valid_from=today(),
            actor=lead,
        ),
        "vendor_approval.py:change_vendor_approval": lambda: vendor_approval.change_vendor_approval(
            ApprovedVendor.objects.get(supplier=world.kestrel),
            standing="approved",
            rank=2,
            valid_to=None,
            reason="Good year",
            actor=lead,
        ),
        "strategy_setting.py:set_category_strategy": lambda: strategy_setting.set_category_strategy(
            world.boxes,
            details=StrategyDetails(minimum_sources=2, shares={world.northline: None}),
            actor=lead,
        ),
        "strategy_setting.py:review_category_strategy": lambda: (
            strategy_setting.review_category_strategy(looked_at, note="Stays", actor=lead)
        ),
        "strategy_setting.py:approve_substitute": lambda: strategy_setting.approve_substitute(
            world.shipper, substitute=world.divider, note="", actor=lead
        ),
        "strategy_setting.py:withdraw_substitute": lambda: strategy_setting.withdraw_substitute(
            SkuSubstitute.objects.filter(sku=world.shipper).first() or SkuSubstitute(pk=0),
            actor=lead,
        ),
        "vendor_approval.py:end_vendor_approval": lambda: vendor_approval.end_vendor_approval(
            ApprovedVendor.objects.get(supplier=world.kestrel),
            last_day=today(),
            reason="No capacity",
            actor=lead,
        ),
        "supply_base.py:archive_supplier": lambda: supply_base.archive_supplier(
            world.kestrel, reason="Gave up", actor=lead
        ),
        "deciding.py:decide_sourcing": lambda: deciding.decide_sourcing(
            category=world.boxes,
            sku=None,
            title="Boxes",
            candidates=[Candidate(supplier=world.northline, is_chosen=True)],
            reason="On time",
            review_on=None,
            supersedes=None,
            actor=lead,
        ),
        "agreeing.py:agree_prices": lambda: agreeing.agree_prices(
            world.northline,
            number="NEW-1",
            valid_from=today(),
            valid_to=None,
            note="",
            prices=[row],
            actor=lead,
        ),
        "agreeing.py:change_price_agreement": lambda: agreeing.change_price_agreement(
            world.agreement, valid_to=end, note="Ends", actor=lead
        ),
        "committing.py:commit_volume": lambda: committing.commit_volume(
            world.northline,
            volume=CommittedVolume(
                measure="value", committed=Decimal(900), starts_on=today(), ends_on=end
            ),
            actor=lead,
        ),
        "committing.py:change_commitment": lambda: committing.change_commitment(
            VolumeCommitment.objects.get(), committed=Decimal(800), ends_on=end, note="", actor=lead
        ),
        "committing.py:withdraw_commitment": lambda: committing.withdraw_commitment(
            VolumeCommitment.objects.get(), reason="Both agreed", actor=lead
        ),
        "agreeing.py:change_agreed_prices": lambda: agreeing.change_agreed_prices(
            world.agreement, effective_on=today(), prices=[row], actor=lead
        ),
        "catalogue.py:create_category": lambda: catalogue.create_category(
            details=CategoryDetails(code="NEW", name="New"), parent=None, actor=lead
        ),
        "catalogue.py:change_category": lambda: catalogue.change_category(
            world.boxes, details=CategoryDetails(code="BOX", name="Cartons"), actor=lead
        ),
        "catalogue.py:move_category": lambda: catalogue.move_category(
            world.boxes, parent=None, actor=lead
        ),
        "catalogue.py:create_sku": lambda: catalogue.create_sku(
            details=SkuDetails(code="NEW", description="New", **unit), actor=lead
        ),
        "unit_factors.py:add_unit_factor": lambda: add_unit_factor(
            world.divider, unit="BDL", factor=Decimal(25), valid_from=today(), actor=lead
        ),
        "catalogue.py:change_sku": lambda: catalogue.change_sku(
            world.divider,
            details=SkuDetails(code="DIV-12-SB", description="Divider", **unit),
            actor=lead,
        ),
        "reviews.py:accept_review": lambda: reviews.accept_review(
            a_review(world, world.packaging), reason="Two bad quarters", actor=lead
        ),
        "reviews.py:dismiss_review": lambda: reviews.dismiss_review(
            a_review(world, world.boxes), reason="New line runs since May", actor=lead
        ),
        "scoring.py:set_score_rules": lambda: scoring.set_score_rules(
            measures=FIRST_SCORING.measures,
            grades={"A": 92, "B": 75, "C": 60},
            least_lines=8,
            consequences={},
            valid_from=today(),
            actor=lead,
        ),
    }


def for_asking(world: World) -> dict[str, Step]:
    lead = world.people["sourcing_lead"]
    draft, out, over, off = drafted_request(world), *(sent_request(world) for _ in range(3))
    moved = sent_request(world)
    later = timezone.now() + timedelta(days=9)
    quoted(out, world.northline, "0.6", "0.1")
    north, kestrel = (invitation_of(over, one) for one in (world.northline, world.kestrel))
    question = offering.ask_question(north, text="Printed?", actor=None)
    third = SupplierFactory(name="Third")
    return {
        "quoting.py:draft_quotation_request": lambda: drafted_request(world),
        "quoting.py:invite_supplier": lambda: quoting.invite_supplier(
            draft, supplier=third, email="", actor=lead
        ),
        "quoting.py:send_quotation_request": lambda: quoting.send_quotation_request(
            draft, actor=lead
        ),
        "offering.py:open_invitation": lambda: offering.open_invitation(north, actor=None),
        "offering.py:submit_quotation": lambda: quoted(over, world.northline, "0.5", "0.1"),
        "offering.py:ask_question": lambda: offering.ask_question(
            kestrel, text="When?", actor=None
        ),
        "offering.py:decline_invitation": lambda: offering.decline_invitation(
            kestrel, reason="No time", actor=None
        ),
        "quoting.py:answer_question": lambda: quoting.answer_question(
            question, answer="Plain", goes_to_all=True, actor=lead
        ),
        "quoting.py:close_quotation_request": lambda: quoting.close_quotation_request(
            over, actor=lead
        ),
        "quoting.py:cancel_quotation_request": lambda: quoting.cancel_quotation_request(
            off, reason="No budget", actor=lead
        ),
        "request_changes.py:change_quotation_request": lambda: changed_request(world, moved),
        "request_changes.py:extend_quotation_deadline": lambda: extend_quotation_deadline(
            moved, deadline=later, actor=lead
        ),
        "request_changes.py:remind_invited": lambda: remind_invited(moved, actor=lead),
        "awarding.py:award_quotation": lambda: awarding.award_quotation(
            out,
            choices=[
                awarding.AwardChoice(line_no=number, supplier=world.northline) for number in (1, 2)
            ],
            reason="Cheapest in time",
            review_on=None,
            actor=lead,
        ),
    }
