"""A record of the small world for every address that has one in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from matching.captured_files import CapturedFile
from matching.claiming import Claim, expect_credit
from matching.demo.einvoice_files import xml_of
from matching.einvoices.reading import read_einvoice
from matching.expected_credits import ExpectedCredit
from matching.models import (
    PaymentBatch,
    SettlementTerms,
    SupplierInvoice,
    SupplierStatement,
    Tolerance,
    ToleranceSuspension,
    ToleranceTrial,
)
from matching.reading_files import claim_file, end_reading
from matching.receiving_files import receive_file
from matching.responding import respond_to_invoice
from matching.settling_receipts import TermsDetails, settle_by_receipt, settle_receipts
from matching.statement_taking import StatementDetails, StatementLine, take_statement
from matching.tolerances import default_limits, set_tolerance
from matching.trying import try_tolerance, work_out_trials
from procure.attachments import attach_file
from procure.columns import Notation
from procure.models import BusinessEvent, ImportRun
from procure.uploads import try_import
from purchasing.budgeting import save_budget
from purchasing.change_lines import LineRevision
from purchasing.changing import propose_order_change
from purchasing.models import ApprovalRule, Budget, GoodsReceipt, PurchaseOrder
from purchasing.receiving import ReceivedLine
from suppliers.admitting import admit_provisionally
from suppliers.bank_changes import BankDetails, propose_bank_account
from suppliers.committing import CommittedVolume, commit_volume
from suppliers.criteria import CriterionDetails, add_criterion, answer_criterion
from suppliers.deciding import Candidate, decide_sourcing
from suppliers.details import ContactDetails
from suppliers.merging import merge_suppliers
from suppliers.models import (
    ApprovedVendor,
    BankAccount,
    Contact,
    ProvisionalAdmission,
    Qualification,
    QualificationCriterion,
    QuotationRequest,
    RiskNote,
    SourcingDecision,
    Supplier,
    SupplierMerge,
    SupplierReview,
    VolumeCommitment,
)
from suppliers.offering import ask_question
from suppliers.record_keeping import note_risk
from suppliers.strategy_setting import StrategyDetails, set_category_strategy
from suppliers.supply_base import add_contact
from tests.matching.einvoices.arrived import came
from tests.matching.einvoices.sold import sold
from tests.matching.paying import an_order, billed, invoice
from tests.matching.payouts import account_of
from tests.matching.payouts import batch_of as payments_of
from tests.purchasing.buying import a_rule, drafted, issued, receive, submitted, today
from tests.quoting.asking import invitation_of, quoted, sent_request
from tests.world import World

ROW = [{"name": "CTN-12-KR", "words": "price over order", "billed": "10", "amount": "10"}]


@dataclass
class Records:
    """The world with a document in each state that a screen is about."""

    world: World
    draft: PurchaseOrder
    waiting: PurchaseOrder
    order: PurchaseOrder
    changing: PurchaseOrder
    late: PurchaseOrder
    receipt: GoodsReceipt
    held: SupplierInvoice
    answered: SupplierInvoice
    claimed: ExpectedCredit
    payments: PaymentBatch
    settlement: SettlementTerms
    self_billed: SupplierInvoice
    statement: SupplierStatement
    rule: ApprovalRule
    budget: Budget
    tolerance: Tolerance
    trial: ToleranceTrial
    suspension: ToleranceSuspension
    contact: Contact
    account: BankAccount
    tried: ImportRun
    request: QuotationRequest
    commitment: VolumeCommitment
    criterion: QualificationCriterion
    decision: SourcingDecision
    admission: ProvisionalAdmission
    review: SupplierReview
    risk: RiskNote
    merge: SupplierMerge
    file: CapturedFile

    @property
    def qualification(self) -> Qualification:
        return Qualification.objects.get(supplier=self.world.northline)

    @property
    def listed(self) -> ApprovedVendor:
        return ApprovedVendor.objects.get(supplier=self.world.northline)


def make_records(world: World) -> Records:
    """Must run outside a transaction of the organization."""
    with world.inside():
        frame = made_for_sourcing(world)
        bought = made_for_buying(world)
        return Records(
            world=world, tried=tried_import(world), file=file_left(world), **frame, **bought
        )


def file_left(world: World) -> CapturedFile:
    """An electronic invoice of a seller whom nobody knows."""
    sent = SimpleUploadedFile("stranger.xml", xml_of(sold(seller="Somebody Ltd")))
    receive_file(upload=sent, actor=world.people["ap_clerk"])
    file = claim_file()
    assert file is not None
    end_reading(world.organization.pk, file, read_einvoice(xml_of(sold(seller="Somebody Ltd"))))
    return file


def made_for_sourcing(world: World) -> dict[str, Any]:
    """Who, what, on which terms, why."""
    lead = world.people["sourcing_lead"]
    year_end = today() + timedelta(days=365)
    set_category_strategy(
        world.boxes,
        details=StrategyDetails(minimum_sources=2, shares={world.northline: Decimal(65)}),
        actor=lead,
    )
    return {
        "contact": add_contact(
            world.northline,
            details=ContactDetails(name="Ida", phone="+1 555 0101"),
            actor=lead,
        ),
        "account": changing_bank_details(world),
        "criterion": answered_criterion(world),
        "request": open_request(world),
        "commitment": commit_volume(
            world.northline,
            volume=CommittedVolume(
                measure="value", committed=Decimal(900), starts_on=today(), ends_on=year_end
            ),
            actor=lead,
        ),
        "decision": decide_sourcing(
            category=world.boxes,
            sku=None,
            title="Boxes 2027",
            candidates=[
                Candidate(supplier=world.northline, is_chosen=True),
                Candidate(supplier=world.kestrel, is_chosen=False),
            ],
            reason="On time",
            review_on=year_end,
            supersedes=None,
            actor=lead,
        ),
        "admission": admit_provisionally(
            world.kestrel,
            category=world.boxes,
            maximum_spend=Decimal(500),
            maximum_orders=1,
            expires_on=today() + timedelta(days=9),
            tasks=["Insurance", "Site visit"],
            reason="Fire at Northline",
            actor=lead,
        ),
        "risk": note_risk(
            world.northline,
            kind="financial",
            severity="high",
            text="Credit rating fell",
            valid_until=None,
            actor=lead,
        ),
        "merge": merge_suppliers(
            Supplier.objects.create(code="KESTREL-2", name="Kestrel Packaging", currency="USD"),
            remaining=world.kestrel,
            reason="Same tax id",
            actor=lead,
        ),
        "review": SupplierReview.objects.create(
            supplier=world.northline,
            category=world.boxes,
            grade="D",
            rules_version=1,
            suggested="approved",
        ),
    }


def made_for_buying(world: World) -> dict[str, Any]:
    """Orders, what came of them, and the rules they keep to."""
    buyer, admin = world.people["buyer"], world.people["admin"]
    order, changing = issued(world), issued(world)
    receipt = receive(world, order, ReceivedLine(1, Decimal(9), Decimal(1), "damaged"))
    picture = SimpleUploadedFile("note.pdf", b"%PDF-1.7")
    attach_file(order, upload=picture, actor=buyer)
    rule = a_rule()
    held = dearer_than_ordered(world)
    propose_order_change(
        changing, lines=[LineRevision(1, Decimal(120))], reason="More", actor=buyer
    )
    return {
        "draft": drafted(world),
        "waiting": submitted(world),
        "order": order,
        "changing": changing,
        "late": late_order(world),
        "receipt": receipt,
        "held": held,
        "answered": answered_invoice(world),
        "claimed": expect_credit(
            held, Claim("short_paid", Decimal(10), "Twice the price", ROW, asked_by=buyer)
        ),
        "payments": payments_to_kestrel(world),
        **settled_by_receipt(world),
        "statement": statement_of_northline(world),
        "rule": rule,
        "budget": save_budget(
            None,
            values={
                "cost_center": "4100",
                "period_start": today() - timedelta(days=30),
                "period_end": today() + timedelta(days=60),
                "amount": Decimal(1000),
                "currency": "USD",
            },
            actor=admin,
        ),
        "tolerance": set_tolerance(
            sku=world.shipper, limits=default_limits(), valid_from=today(), actor=None
        ),
        "trial": tried_limits(),
        "suspension": ToleranceSuspension.objects.create(
            supplier=world.kestrel, month=today(), accepted_amount=12, cap_amount=10
        ),
    }


def tried_limits() -> ToleranceTrial:
    """Limits that let the held invoice pass, worked out."""
    limits = {**default_limits(), "price": {"mode": "off"}, "contract_price": {"mode": "off"}}
    trial = try_tolerance(limits=limits, days=30, actor=None)
    work_out_trials([BusinessEvent.objects.get(subject_id=trial.pk, kind="tolerance_trial.asked")])
    trial.refresh_from_db()
    return trial


def changing_bank_details(world: World) -> BankAccount:
    """Bank details that wait for the call-back, with something to warn of."""
    return propose_bank_account(
        world.northline,
        details=BankDetails(holder="N", country="US", currency="EUR", account_number="123456"),
        reason="Letter",
        actor=world.people["ap_lead"],
    )


def answered_criterion(world: World) -> QualificationCriterion:
    """One point of the checklist, which Northline meets."""
    lead = world.people["sourcing_lead"]
    criterion = add_criterion(world.packaging, details=CriterionDetails("Insurance"), actor=lead)
    answer_criterion(
        Qualification.objects.get(supplier=world.northline),
        criterion=criterion,
        outcome="met",
        actor=lead,
    )
    return criterion


def open_request(world: World) -> QuotationRequest:
    """A request with a quote, an unanswered question, and a supplier that said nothing."""
    request = sent_request(world)
    quoted(request, world.northline, "0.60", "0.10", freight_amount=Decimal(90))
    ask_question(invitation_of(request, world.kestrel), text="Printed?", actor=None)
    return request


def late_order(world: World) -> PurchaseOrder:
    """An order whose line came after the day it was promised for."""
    order = an_order(world, (world.shipper, 10, 1), number="PO-LATE", issued_on=date(2026, 5, 4))
    order.lines.update(promised_on=today() - timedelta(days=20))
    receive(world, order, (1, 10), received_on=today() - timedelta(days=10))
    return order


def dearer_than_ordered(world: World) -> SupplierInvoice:
    """An invoice that its price holds."""
    an_order(world, (world.shipper, 10, 1), number="PO-DEAR")
    return invoice(world, "INV-88213", billed(1, 10, 2, order="PO-DEAR"))


def answered_invoice(world: World) -> SupplierInvoice:
    """An electronic invoice that its price holds, received as its supplier was told."""
    arrived = came(world, price=2)
    respond_to_invoice(arrived, status="AB", actor=world.people["ap_clerk"])
    return arrived


def payments_to_kestrel(world: World) -> PaymentBatch:
    """A released batch with one payment."""
    account_of(world, world.kestrel)
    order = an_order(world, (world.shipper, 8, 1), number="PO-PAID", supplier=world.kestrel)
    receive(world, order, (1, 8))
    paid = invoice(world, "KP-1", billed(1, 8, 1, order="PO-PAID"), supplier=world.kestrel)
    return payments_of(world, paid, until="released")


def settled_by_receipt(world: World) -> dict[str, Any]:
    """Northline sends no invoices: one document is written, one receipt ages, one is blocked."""
    lead = world.people["ap_lead"]
    details = TermsDetails("S", today() - timedelta(days=9), "Letter", Decimal(19), ageing_days=0)
    terms = settle_by_receipt(world.northline, terms=details, actor=lead)
    for number, price in (("PO-SETTLED", 1), ("PO-FREE", 0)):
        order = an_order(world, (world.divider, 10, price), number=number, issued_on=None)
        receive(world, order, (1, 8), received_on=today())
    (bill,) = settle_receipts(terms, actor=lead)
    aged = TermsDetails("S", details.starts_on, "Contract", Decimal(19))
    terms = settle_by_receipt(world.northline, terms=aged, actor=lead)
    receive(world, an_order(world, (world.divider, 10, 1), number="PO-AGES"), (1, 8))
    return {"settlement": terms, "self_billed": bill}


def statement_of_northline(world: World) -> SupplierStatement:
    """One document that is held here, one that differs, one that nobody knows, one paid."""
    lines = [
        StatementLine("INV-88213", Decimal(20)),
        StatementLine("SB-1001", Decimal(1)),
        StatementLine("X-1", Decimal(44), dated_on=today()),
        StatementLine("W-1", Decimal(4), kind="payment", dated_on=today()),
    ]
    return take_statement(
        world.northline,
        statement=StatementDetails(today(), "USD", lines),
        actor=world.people["ap_clerk"],
    )


def tried_import(world: World) -> ImportRun:
    """A file with a new row, a changed and a refused one, waiting to be applied."""
    rows = b"supplier_code,name,payment_terms_days,x\nS1,One,30,\nNORTH,Other,14,\nS2,Two,soon,\n"
    return try_import(
        kind="suppliers",
        file_name="suppliers.csv",
        content=rows,
        notation=Notation(),
        actor=world.people["sourcing_lead"],
    )


RECORDS: dict[str, Callable[[Records], Any]] = {
    "procure:location_edit": lambda has: has.world.reno,
    "procure:person_edit": lambda has: has.world.people["buyer"].memberships.get(),
    "procure:import_detail": lambda has: has.tried,
    "suppliers:review_detail": lambda has: has.review,
    "suppliers:supplier_detail": lambda has: has.world.northline,
    "suppliers:supplier_edit": lambda has: has.world.northline,
    "suppliers:supplier_block": lambda has: has.world.northline,
    "suppliers:supplier_unblock": lambda has: has.world.northline,
    "suppliers:supplier_archive": lambda has: has.world.northline,
    "suppliers:supplier_merge": lambda has: has.world.northline,
    "suppliers:supplier_sameness": lambda has: has.world.northline,
    "suppliers:supplier_tell_apart": lambda has: has.world.northline,
    "suppliers:contact_new": lambda has: has.world.northline,
    "suppliers:contact_edit": lambda has: has.contact,
    "suppliers:contact_remove": lambda has: has.contact,
    "suppliers:supplier_address": lambda has: has.world.northline,
    "suppliers:supplier_supply": lambda has: has.world.northline,
    "suppliers:risk_note_new": lambda has: has.world.northline,
    "suppliers:merge_undo": lambda has: has.merge,
    "suppliers:risk_note_close": lambda has: has.risk,
    "suppliers:bank_account_new": lambda has: has.world.kestrel,
    "suppliers:bank_account_detail": lambda has: has.account,
    "suppliers:qualification_edit": lambda has: has.world.northline,
    "suppliers:qualification_detail": lambda has: has.qualification,
    "suppliers:criterion_answer": lambda has: {
        "public_id": has.qualification.public_id,
        "criterion_id": has.criterion.public_id,
    },
    "suppliers:checklist_edit": lambda has: has.world.packaging,
    "suppliers:criterion_new": lambda has: has.world.packaging,
    "suppliers:criterion_edit": lambda has: has.criterion,
    "suppliers:criterion_retire": lambda has: has.criterion,
    "suppliers:admission_new": lambda has: has.world.kestrel,
    "suppliers:admission_end": lambda has: has.admission,
    "suppliers:agreement_new": lambda has: has.world.northline,
    "suppliers:category_detail": lambda has: has.world.boxes,
    "suppliers:category_edit": lambda has: has.world.boxes,
    "suppliers:category_move": lambda has: has.world.boxes,
    "suppliers:strategy_edit": lambda has: has.world.boxes,
    "suppliers:strategy_review": lambda has: has.world.boxes,
    "suppliers:substitute_new": lambda has: has.world.boxes,
    "suppliers:sku_detail": lambda has: has.world.shipper,
    "suppliers:sku_edit": lambda has: has.world.shipper,
    "suppliers:unit_factor_new": lambda has: has.world.shipper,
    "suppliers:approved_vendor_edit": lambda has: has.listed,
    "suppliers:approved_vendor_end": lambda has: has.listed,
    "suppliers:agreement_detail": lambda has: has.world.agreement,
    "suppliers:agreement_edit": lambda has: has.world.agreement,
    "suppliers:agreement_prices": lambda has: has.world.agreement,
    "suppliers:quotation_detail": lambda has: has.request,
    "suppliers:quotation_edit": lambda has: has.request,
    "suppliers:quotation_compare": lambda has: has.request,
    "suppliers:decision_detail": lambda has: has.decision,
    "purchasing:order_detail": lambda has: has.order,
    "purchasing:order_cancel": lambda has: has.order,
    "purchasing:order_close": lambda has: has.order,
    "purchasing:order_reopen": lambda has: has.order,
    "purchasing:line_close_short": lambda has: has.order,
    "purchasing:order_change": lambda has: has.order,
    "purchasing:order_print": lambda has: has.order,
    "purchasing:order_edit": lambda has: has.draft,
    "purchasing:order_paste": lambda has: has.draft,
    "purchasing:supplier_search": lambda has: has.draft,
    "purchasing:supplier_orders": lambda has: has.world.northline,
    "purchasing:supplier_drill": lambda has: has.world.northline,
    "purchasing:admission_usage": lambda has: has.admission,
    "purchasing:receive_order": lambda has: has.order,
    "purchasing:receipt_detail": lambda has: has.receipt,
    "purchasing:receipt_reverse": lambda has: has.receipt,
    "purchasing:budget_edit": lambda has: has.budget,
    "purchasing:approval_rule_edit": lambda has: has.rule,
    "purchasing:commitment_detail": lambda has: has.commitment,
    "purchasing:commitment_edit": lambda has: has.commitment,
    "purchasing:commitment_withdraw": lambda has: has.commitment,
    "matching:credit_detail": lambda has: has.claimed,
    "matching:credit_print": lambda has: has.claimed,
    "matching:credit_drop": lambda has: has.claimed,
    "matching:invoice_detail": lambda has: has.held,
    "matching:invoice_void": lambda has: has.held,
    "matching:response_new": lambda has: has.answered,
    "matching:file_detail": lambda has: has.file,
    "matching:order_invoices": lambda has: has.order,
    "matching:exception_detail": lambda has: has.held,
    "matching:payment_batch_detail": lambda has: has.payments,
    "matching:payment_batch_cancel": lambda has: has.payments,
    "matching:payment_take_out": lambda has: {
        "public_id": has.payments.public_id,
        "line_id": has.payments.lines.get().pk,
    },
    "matching:settlement_end": lambda has: has.settlement,
    "matching:settlement_print": lambda has: has.self_billed,
    "matching:statement_detail": lambda has: has.statement,
    "matching:tolerance_change": lambda has: has.tolerance,
    "matching:trial_detail": lambda has: has.trial,
    "matching:scorecard_detail": lambda has: has.world.northline,
    "matching:miss_attribute": lambda has: has.late,
    "matching:sku_cost_detail": lambda has: has.world.shipper,
}
