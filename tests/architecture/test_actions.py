"""Law 4: an action is atomic, names its actor last, records exactly one event, and a second call
is refused or does nothing."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from matching import attributing, capture, order_changes, resolution, tolerances
from matching.models import Hold, Resolution
from procure import organizing, people
from procure.attachments import attach_file
from procure.errors import BusinessRuleError
from procure.models import BusinessEvent, Location, Membership
from procure.money import ZERO
from purchasing import (
    approval_rules,
    approving,
    budgeting,
    changing,
    closing,
    drafting,
    ordering,
    receiving,
    reordering,
)
from purchasing.change_content import change_hash
from purchasing.change_lines import LineRevision
from purchasing.content import content_hash
from purchasing.drafting import DraftChanges, LineChange
from purchasing.models import GoodsReceipt, PurchaseOrder, PurchaseOrderLine
from purchasing.receiving import ReceivedLine, ReturnedLine
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
from suppliers.score_rules import FIRST_SCORING
from suppliers.strategy_setting import StrategyDetails
from suppliers.unit_factors import add_unit_factor
from tests.architecture.invoice_scenes import for_strays
from tests.architecture.test_layers import ROOT, modules, name_of
from tests.factories import CategoryStrategyFactory, SupplierFactory
from tests.matching.paying import an_order, billed, invoice
from tests.purchasing.buying import a_rule, drafted, issued, receive, submitted, today
from tests.quoting.asking import drafted_request, invitation_of, quoted, sent_request
from tests.results.trade import Trade
from tests.world import World

# Functions with an `actor` that are no actions, or not written like one, each with its reason.
NOT_ACTIONS = {
    "procure/events.py": "writes the trail itself",
    "procure/imports.py": "a frame around many rows, with a transaction of its own",
    "procure/uploads.py": "hands a file to the import's frame",
    "matching/telling.py": "tells what actions did",
    "purchasing/ordering.py:route_of": "a question, not a step",
}
NOT_DECORATED = {
    "matching/capture.py:capture_invoice": "the unique number's refusal ends a transaction of its own",
    "matching/capture.py:capture_invoices": "the unique number's refusal ends a transaction of its own",
    "procure/organizing.py:save_location": "the unique code's refusal ends a transaction of its own",
}


@dataclass(frozen=True)
class Action:
    """A function that takes its actor by name."""

    name: str
    node: ast.FunctionDef

    @property
    def is_atomic(self) -> bool:
        return "transaction.atomic" in {ast.unparse(one) for one in self.node.decorator_list}

    @property
    def keywords(self) -> list[str]:
        return [argument.arg for argument in self.node.args.kwonlyargs]


def actions_in(path: Path) -> Iterator[Action]:
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            action = Action(f"{name_of(path)}:{node.name}", node)
            listed = {name_of(path), action.name} & set(NOT_ACTIONS)
            if "actor" in action.keywords and not listed:
                yield action


ACTIONS = {
    action.name: action
    for path in modules()
    if "management" not in path.parts
    for action in actions_in(path)
}
every_action = pytest.mark.parametrize("action", ACTIONS.values(), ids=lambda one: one.name)


def test_what_is_listed_is_there() -> None:
    for name in [*NOT_ACTIONS, *NOT_DECORATED]:
        path, _, function = name.partition(":")
        assert f"def {function}" in (ROOT / path).read_text(), name


@every_action
def test_an_action_is_one_transaction(action: Action) -> None:
    assert action.is_atomic != (action.name in NOT_DECORATED)


@every_action
def test_an_action_names_everything_but_its_document(action: Action) -> None:
    assert len(action.node.args.args) <= 1, "only the document stands first"
    assert not action.node.args.vararg


@every_action
def test_the_actor_comes_last(action: Action) -> None:
    assert action.keywords[-1] == "actor"


# --- Played -----------------------------------------------------------------------------------

Step = Callable[[], object]
# Each call is a thing of its own; a form that is sent twice is stopped by its key.
ADDS = {
    "procure/people.py:invite_person": "the newer invitation replaces the one before",
    "purchasing/ordering.py:draft_purchase_order": "two drafts are two drafts",
    "purchasing/drafting.py:start_draft": "two drafts are two drafts",
    "purchasing/reordering.py:order_again": "two drafts are two drafts",
    "purchasing/receiving.py:post_receipt": "goods come in parts",
    "purchasing/receiving.py:post_return": "goods go back in parts",
    "matching/resolution.py:add_note": "two sentences are two notes",
    "matching/resolution.py:ask_owner": "a second question is another question",
    "matching/resolution.py:request_credit": "asked again",
    "matching/resolution.py:put_aside": "put aside again",
    "suppliers/deciding.py:decide_sourcing": "what is decided again is another decision",
    "suppliers/supply_base.py:add_contact": "two people may have one name",
    "purchasing/approval_rules.py:save_approval_rule": "rules may be alike",
    "suppliers/quoting.py:draft_quotation_request": "two drafts are two drafts",
    "procure/people.py:change_membership": "set again to the same",
    "procure/organizing.py:change_organization": "set again to the same",
}

# Made of other actions, and tells all: an award decides and agrees, an order change is told on the
# order and on the invoice that asked for it.
COMPOSED = {
    "drafting.py:start_draft": 2,
    "awarding.py:award_quotation": 3,
    "order_changes.py:change_order_as_billed": 2,
    "reviews.py:accept_review": 2,
}


def held(world: World) -> Any:
    """An invoice that asks for more than the order says."""
    order = an_order(world, (world.shipper, 100, 1))
    receive(world, order, (1, 100))
    return invoice(world, "INV-1", billed(1, 10, 2))


def for_buying(world: World) -> dict[str, Step]:
    buyer, approver = world.people["buyer"], world.people["approver"]
    receiver = world.people["receiver"]
    a_rule()
    draft, waiting, sent, out = drafted(world), submitted(world), submitted(world), submitted(world)
    shown = content_hash(waiting, waiting.lines.all())
    approved = approving.approve_purchase_order(
        out,
        revision_shown=1,
        content_hash_shown=content_hash(out, out.lines.all()),
        comment="",
        actor=approver,
    )
    received = issued(world)
    receipt = receive(world, received, (1, 10))
    crushed = issued(world)
    receive(world, crushed, ReceivedLine(1, Decimal(60), Decimal(40), "damaged"))
    short, to_close, to_cancel = issued(world), issued(world), issued(world)
    change = DraftChanges(lines={1: LineChange(quantity=Decimal(7))})
    return {
        "drafting.py:start_draft": lambda: drafting.start_draft(
            changes=DraftChanges(head={"cost_center": "4200"}), currency="USD", actor=buyer
        ),
        "drafting.py:change_draft": lambda: drafting.change_draft(
            draft, changes=change, revision_shown=1, actor=buyer
        ),
        "ordering.py:draft_purchase_order": lambda: drafted(world),
        "ordering.py:submit_purchase_order": lambda: ordering.submit_purchase_order(
            PurchaseOrder.objects.get(pk=draft.pk), revision_shown=None, actor=buyer
        ),
        "approving.py:approve_purchase_order": lambda: approving.approve_purchase_order(
            waiting, revision_shown=1, content_hash_shown=shown, comment="", actor=approver
        ),
        "approving.py:send_back_purchase_order": lambda: approving.send_back_purchase_order(
            sent, revision_shown=1, comment="Too much", actor=approver
        ),
        "ordering.py:issue_purchase_order": lambda: ordering.issue_purchase_order(
            approved, actor=buyer
        ),
        "approving.py:withdraw_purchase_order": lambda: approving.withdraw_purchase_order(
            waiting, actor=buyer
        ),
        "receiving.py:post_receipt": lambda: receiving.post_receipt(
            received,
            lines=[ReceivedLine(1, Decimal(1))],
            received_on=today(),
            delivery_note="",
            actor=receiver,
        ),
        "receiving.py:post_return": lambda: receiving.post_return(
            received,
            lines=[ReturnedLine(1, Decimal(1))],
            returned_on=today(),
            reason="Torn",
            actor=receiver,
        ),
        "receiving.py:return_rejected": lambda: receiving.return_rejected(
            crushed, line_no=1, actor=receiver
        ),
        "receiving.py:reverse_receipt": lambda: receiving.reverse_receipt(
            GoodsReceipt.objects.filter(kind="return").earliest("pk")
            if GoodsReceipt.objects.filter(kind="return").exists()
            else receipt,
            reason="Mistake",
            actor=receiver,
        ),
        "ordering.py:close_line_short": lambda: ordering.close_line_short(
            short, line_no=1, reason="Enough", actor=buyer
        ),
        "ordering.py:close_purchase_order": lambda: ordering.close_purchase_order(
            to_close, reason="Enough", actor=buyer
        ),
        "ordering.py:cancel_purchase_order": lambda: ordering.cancel_purchase_order(
            to_cancel, reason="Not needed", actor=buyer
        ),
        "budgeting.py:save_budget": lambda: budgeting.save_budget(
            None,
            values={
                "cost_center": "4100",
                "period_start": today(),
                "period_end": today(),
                "amount": Decimal(10),
                "currency": "USD",
            },
            actor=world.people["admin"],
        ),
        "approval_rules.py:save_approval_rule": lambda: approval_rules.save_approval_rule(
            None,
            values={"name": "Large", "minimum_amount": Decimal(10), "role": "approver"},
            actor=world.people["admin"],
        ),
    }


def for_changing(world: World) -> dict[str, Step]:
    buyer, approver = world.people["buyer"], world.people["approver"]
    a_rule()
    first, *others = (issued(world) for _ in range(4))
    more = [LineRevision(1, Decimal(105))]

    def propose(order: PurchaseOrder) -> Any:
        return changing.propose_order_change(order, lines=more, reason="More", actor=buyer)

    full, shut = issued(world), issued(world)
    receive(world, full, (1, 100), (2, 40))
    billed_in_full = [line.pk for line in full.lines.all()]
    ordering.close_purchase_order(shut, reason="Enough", actor=buyer)
    good, bad, gone = (propose(order) for order in others)
    shown = change_hash(good, list(good.lines.all()))
    return {
        "reordering.py:order_again": lambda: reordering.order_again(first, actor=buyer),
        "closing.py:close_settled_order": lambda: closing.close_settled_order(
            full, billed_lines=billed_in_full, actor=None
        ),
        "closing.py:reopen_purchase_order": lambda: closing.reopen_purchase_order(
            shut, reason="More came", actor=buyer
        ),
        "changing.py:propose_order_change": lambda: propose(first),
        "changing.py:approve_order_change": lambda: changing.approve_order_change(
            good, content_hash_shown=shown, comment="", actor=approver
        ),
        "changing.py:refuse_order_change": lambda: changing.refuse_order_change(
            bad, comment="Too much", actor=approver
        ),
        "changing.py:withdraw_order_change": lambda: changing.withdraw_order_change(
            gone, actor=buyer
        ),
    }


def late_line(world: World) -> PurchaseOrderLine:
    """The one line that is overdue."""
    overdue = PurchaseOrderLine.objects.filter(promised_on__lt=today()).first()
    if overdue is not None:
        return overdue
    trade = Trade(world)
    trade.numbers = count(9001)
    return trade.order(due=str(today() - timedelta(days=9)))


def for_paying(world: World) -> dict[str, Step]:
    lead, clerk, buyer = (world.people[role] for role in ("ap_lead", "ap_clerk", "buyer"))
    of_hold = held(world)
    Hold.objects.filter(invoice=of_hold).update(owner_role="ap_lead")
    order = of_hold.lines.get().order_line.order
    again = invoice(world, "INV-2", billed(1, 10, 1))

    def undo() -> object:
        return resolution.undo_resolution(Resolution.objects.latest("pk"), actor=lead)

    over = an_order(world, (world.shipper, 100, 1), number="PO-OVER")
    receive(world, over, (1, 105))
    too_much = invoice(world, "INV-9", billed(1, 105, 1, order="PO-OVER"))
    return {
        "order_changes.py:change_order_as_billed": lambda: order_changes.change_order_as_billed(
            too_much, reason="", actor=buyer
        ),
        "attributing.py:attribute_miss": lambda: attributing.attribute_miss(
            late_line(world), cause="carrier", reason="Truck broke down", actor=lead
        ),
        "resolution.py:add_note": lambda: resolution.add_note(of_hold, text="Called", actor=clerk),
        "resolution.py:ask_owner": lambda: resolution.ask_owner(
            of_hold, person=buyer, question="Agreed?", actor=clerk
        ),
        "resolution.py:request_credit": lambda: resolution.request_credit(
            of_hold, reason="Too dear", actor=clerk
        ),
        "resolution.py:put_aside": lambda: resolution.put_aside(
            of_hold, until=today() + timedelta(days=3), actor=clerk
        ),
        "resolution.py:accept_variance": lambda: resolution.accept_variance(
            of_hold, reason="Agreed by phone", actor=lead
        ),
        "resolution.py:undo_resolution": undo,
        "resolution.py:pay_supported": lambda: resolution.pay_supported(
            of_hold, reason="The rest is disputed", actor=clerk
        ),
        "capture.py:void_invoice": lambda: capture.void_invoice(
            again, reason="Wrong company", actor=lead
        ),
        "capture.py:capture_invoice": lambda: invoice(
            world, "INV-3", billed(1, 1, 1, order=str(order.number))
        ),
        "tolerances.py:set_tolerance": lambda: tolerances.set_tolerance(
            sku=world.shipper,
            limits=tolerances.default_limits(),
            valid_from=today() + timedelta(days=1),
            actor=lead,
        ),
    }


def a_review(world: World, category: Category) -> SupplierReview:
    """The one review of Northline in this category."""
    review, _ = SupplierReview.objects.get_or_create(
        supplier=world.northline,
        category=category,
        defaults={"grade": "D", "rules_version": 1, "suggested": "approved"},
    )
    return review


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


def a_lapsed_qualification(world: World) -> Qualification:
    """One whose last day is over; it has fallen when it is asked for again."""
    found: Qualification = Qualification.objects.get(supplier=world.northline)
    if found.status == Qualification.Status.QUALIFIED:
        found.valid_to = today() - timedelta(days=1)
        found.save(update_fields=["valid_to"])
    return found


def for_the_house(world: World) -> dict[str, Step]:
    admin = world.people["admin"]
    buyer = Membership.objects.get(user=world.people["buyer"])
    return {
        "people.py:invite_person": lambda: people.invite_person(
            email="new@acme.test", roles=["buyer"], actor=admin
        ),
        "people.py:change_membership": lambda: people.change_membership(
            buyer, roles=["buyer"], acceptance_limit=ZERO, lead=None, is_active=True, actor=admin
        ),
        "attachments.py:attach_file": lambda: attach_file(
            world.northline, upload=SimpleUploadedFile("a.pdf", b"%PDF-1.7"), actor=admin
        ),
        "organizing.py:save_location": lambda: organizing.save_location(
            Location(code="SLC", name="Salt Lake"), actor=admin
        ),
        "organizing.py:change_organization": lambda: organizing.change_organization(
            world.organization, values={"name": "Acme Ltd"}, actor=admin
        ),
    }


def for_asking(world: World) -> dict[str, Step]:
    lead = world.people["sourcing_lead"]
    draft, out, over, off = drafted_request(world), *(sent_request(world) for _ in range(3))
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


def told() -> int:
    return BusinessEvent.objects.count()


def second_call(step: Step) -> int | str:
    """How many events it recorded, or that it was refused."""
    before = told()
    try:
        step()
    except BusinessRuleError:
        return "refused"
    return told() - before


Scene = Callable[[World], dict[str, Step]]
SCENES: tuple[Scene, ...] = (
    for_buying,
    for_changing,
    for_paying,
    for_strays,
    for_sourcing,
    for_asking,
    for_the_house,
)


@pytest.mark.parametrize("scene", SCENES)
def test_each_action_records_one_event_and_a_second_call_none(scene: Scene, inside: World) -> None:
    adds = {name.split("/")[1] for name in ADDS}
    for name, step in scene(inside).items():
        before = told()
        step()
        once = COMPOSED.get(name, 1)
        assert told() - before == once, name
        assert second_call(step) in ([once] if name in adds else ["refused", 0]), name
