"""The demo is made by the product's own rules: every kind of hold, and results that verify."""

from __future__ import annotations

import pytest

from matching.demo.strategy import make_strategy
from matching.expected_credits import ExpectedCredit
from matching.fixes import proposed_fixes
from matching.management.commands.seed_demo import make_organization
from matching.models import Hold, MatchResult, SupplierInvoice, ToleranceTrial
from matching.trial_results import result_of
from matching.verification import differences
from procure.events import work_off
from procure.models import PendingEvent, User
from procure.tenancy import tenant_atomic
from purchasing.models import Approval, PurchaseOrder
from suppliers.models import (
    QuotationRequest,
    Scorecard,
    Sku,
    SourcingDecision,
    StaleRollup,
    Supplier,
)

HOLDS = {
    "AWAITING_RECEIPT", "BANK_CHANGED", "CHARGE", "CONTRACT_PRICE", "CURRENCY", "DUPLICATE_SUSPECT",
    "HEADER_BALANCE", "HEADER_CAP", "LINE_AMOUNT", "LINE_UNMATCHED", "NO_PO", "PO_STATUS",
    "PO_SUPPLIER", "PRICE", "QTY_ORDERED", "QTY_RECEIVED", "QUALITY", "SAMPLE", "TAX",
    "UOM_UNKNOWN",
}  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_the_demo_has_work_on_every_desk_and_results_that_verify() -> None:
    organization = make_organization("fernhill", "Fernhill Foods", 370, "a-password-of-the-demo")
    work_off(organization.pk)
    with tenant_atomic(organization.pk, is_bulk=True):
        assert (Supplier.objects.count(), Sku.objects.count()) == (41, 288)
        waiting = Hold.objects.filter(status="open")
        assert set(waiting.values_list("check_code", flat=True)) == HOLDS
        printed = waiting.filter(check_code="BANK_CHANGED", code="printed")
        assert list(printed.values_list("invoice__number", flat=True)) == ["SH-5530"]
        electronic = SupplierInvoice.objects.filter(origin="electronic").exclude(billed_account="")
        assert set(electronic.values_list("number", flat=True)) == {"SH-5530", "SR-12044"}
        statuses = set(PurchaseOrder.objects.values_list("status", flat=True))
        assert statuses == {"draft", "submitted", "approved", "issued", "closed"}
        assert Approval.objects.filter(status="waiting").exists()
        asked = QuotationRequest.objects.values_list("title", "status").order_by("number")
        assert list(asked) == [
            ("Corrugate, next year", "sent"),
            ("Film, two years", "sent"),
            ("Dark chocolate", "awarded"),
        ]
        assert SupplierInvoice.objects.filter(status="paid").exists()
        claims = ExpectedCredit.objects.values_list("kind", "status").order_by("pk")
        assert list(claims) == [
            ("short_paid", "received"),
            ("short_paid", "open"),
            ("requested", "open"),
            ("returned", "open"),
        ]
        fixes = [(fix.supplier.code, fix.would_prevent) for fix in proposed_fixes(organization)]
        assert ("COPPERLEAF", 3) in fixes
        passed = MatchResult.objects.filter(checks__contains=[{"status": "within_tolerance"}])
        assert passed.filter(invoice__is_touchless=True).count() > 100
        for trial in ToleranceTrial.objects.all():
            total = result_of(trial.result).total
            assert 0 < total.now.let_pass < total.on_trial.let_pass
            assert len({(one.touchless, one.let_pass) for one in total.steps}) >= 5
        grades = set(Scorecard.objects.filter(period="all").values_list("grade", flat=True))
        assert {"A", "B", "C", "D"} <= grades
        assert not PendingEvent.objects.exists()
        assert not StaleRollup.objects.exists()
    with tenant_atomic(organization.pk, is_bulk=True):
        assert differences(organization) == []
    with tenant_atomic(organization.pk, is_bulk=True):
        make_strategy(organization)
        assert SourcingDecision.objects.filter(candidates__score__isnull=False).exists()
        assert PurchaseOrder.objects.filter(sourcing_decision__isnull=False).exists()
    assert User.objects.get(email="ap@fernhill.example").check_password("a-password-of-the-demo")
