"""Checks 2 and 17: a supplier that must not be paid, and clean invoices drawn for a look."""

from dataclasses import replace
from decimal import Decimal

import pytest

from matching.limits import CASE_POLICY, DEFAULT_POLICY, EXACT, OFF, Limit, Mode, Policy, Sample
from matching.results import Check, CheckResult
from matching.terms import (
    BankChange,
    BilledAccount,
    InvoiceKind,
    InvoiceLineTerms,
    InvoiceTerms,
    OrderLineTerms,
    OrderTerms,
)
from matching.three_way import compare

D = Decimal
ORDER = OrderTerms(
    currency="USD",
    number="PO-1",
    lines=(OrderLineTerms("1", quantity=D(10), unit_price=D(10), received=D(10)),),
)
SAMPLED = replace(CASE_POLICY, rule="T-3 v1", sample=Sample(D(5), D(1000)))


def invoice(**changes: object) -> InvoiceTerms:
    line = InvoiceLineTerms(D(10), D(10), order_line="1")
    return replace(InvoiceTerms("I-1", "USD", (line,), total=D(100)), **changes)


def check(name: str, given: InvoiceTerms, policy: Policy = CASE_POLICY) -> CheckResult | None:
    """The one result of this check."""
    found = [r for r in compare(given, [ORDER], policy).results if r.check == name]
    assert len(found) <= 1
    return found[0] if found else None


@pytest.mark.parametrize(
    ("status", "outcome", "at_stake"),
    [("active", "pass", 0), ("archived", "pass", 0), ("blocked", "hold", 100)],
)
def test_a_blocked_supplier_is_held_with_the_whole_invoice(
    status: str, outcome: str, at_stake: int
) -> None:
    found = check("SUPPLIER_BLOCKED", invoice(supplier_status=status))
    assert found is not None
    assert (found.status, found.at_stake) == (outcome, at_stake)
    assert (found.expected, found.actual) == ("active", status)
    assert found.sort_key()[0] == 2


def test_an_asked_change_of_bank_details_is_held_with_both_accounts() -> None:
    found = check("BANK_CHANGED", invoice(bank_change=BankChange("DE 3000", "DE 2051")))
    assert found is not None
    assert (found.status, found.expected, found.actual) == ("hold", "DE 3000", "DE 2051")
    assert (found.at_stake, found.sort_key()[0]) == (100, 2)


def test_nothing_is_said_of_a_supplier_that_nobody_asked_about() -> None:
    outcome = compare(invoice(), [ORDER], CASE_POLICY)
    checks = {result.check for result in outcome.results}
    assert not checks & {Check.SUPPLIER_BLOCKED, Check.BANK_CHANGED, Check.SAMPLE}
    assert outcome.outcome == "matched"


def test_other_checks_run_beside_a_blocked_supplier() -> None:
    dear = InvoiceLineTerms(D(10), D(20), order_line="1")
    outcome = compare(
        invoice(supplier_status="blocked", lines=(dear,), total=D(200)), [ORDER], CASE_POLICY
    )
    assert [hold.check for hold in outcome.holds] == ["SUPPLIER_BLOCKED", "PRICE"]


@pytest.mark.parametrize(
    ("draw", "outcome", "at_stake"), [("0.0049", "hold", 100), ("0.005", "pass", 0)]
)
def test_a_clean_invoice_is_drawn_by_its_value(draw: str, outcome: str, at_stake: int) -> None:
    found = check("SAMPLE", invoice(draw=D(draw)), SAMPLED)
    assert found is not None
    assert (found.status, found.at_stake, found.rule) == (outcome, at_stake, "T-3 v1")
    assert (found.limit, found.sort_key()[0]) == ("5 % at 1000 and more", 17)


@pytest.mark.parametrize(
    "changes",
    [
        {"draw": None},
        {"draw": D(0), "supplier_status": "blocked"},
        {"draw": D(0), "kind": InvoiceKind.CREDIT, "credits": "I-0"},
    ],
)
def test_what_is_held_already_and_credits_are_not_drawn(changes: dict[str, object]) -> None:
    assert check("SAMPLE", invoice(**changes), SAMPLED) is None


def test_without_a_total_the_parts_are_what_is_asked_for() -> None:
    found = check(
        "SUPPLIER_BLOCKED",
        invoice(supplier_status="blocked", total=None, charges={"freight": D(7)}, tax=D(3)),
    )
    assert found is not None
    assert found.at_stake == 110


@pytest.mark.parametrize(
    ("value", "draw", "is_drawn"),
    [
        ("1000", "0.0499", True),
        ("1000", "0.05", False),
        ("5000", "0.0499", True),
        ("500", "0.0249", True),
        ("500", "0.025", False),
        ("0", "0", False),
        ("-5", "0", False),
    ],
)
def test_a_smaller_invoice_is_drawn_more_rarely(value: str, draw: str, is_drawn: bool) -> None:
    assert Sample(D(5), D(1000)).is_drawn(D(value), D(draw)) is is_drawn


def test_without_a_threshold_all_are_drawn_alike() -> None:
    assert Sample(D(5), D(0)).is_drawn(D(1), D("0.0499"))
    assert str(Sample(D(5), D(0))) == "5 % of them"


def test_without_tolerance_limits_are_exact_and_what_was_off_stays_off() -> None:
    policy = DEFAULT_POLICY.without_tolerance("since May")
    limits = (
        *(policy.price, policy.contract_price, policy.quantity_ordered, policy.quantity_received),
        *(policy.quantity_received_weighed, policy.charge, policy.tax),
    )
    assert set(limits) == {EXACT}
    assert (policy.line_amount, policy.rule) == (OFF, "default, since May")
    assert (policy.header_cap, policy.match_level) == (100, "three_way")
    wide = replace(
        DEFAULT_POLICY,
        quantity_received_weighed=None,
        line_amount=Limit(Mode.LIMIT, D(2)),
        contract_price=Limit(Mode.LIMIT, D(2)),
        quantity_ordered=Limit(Mode.LIMIT, D(2)),
        quantity_received=Limit(Mode.LIMIT, D(2)),
    ).without_tolerance("since May")
    assert wide.quantity_received_weighed is None
    assert {
        wide.line_amount, wide.contract_price, wide.quantity_ordered, wide.quantity_received
    } == {EXACT}  # fmt: skip


def test_what_limits_let_pass_is_added_up_even_without_a_cap() -> None:
    policy = replace(
        CASE_POLICY,
        price=Limit(Mode.LIMIT, D(10)),
        charge=Limit(Mode.LIMIT, amount=D(5)),
        tax=Limit(Mode.LIMIT, amount=D(1)),
    )
    line = InvoiceLineTerms(D(10), D("10.5"), order_line="1", tax_rate=D(10))
    asked = invoice(lines=(line,), charges={"freight": D(4)}, tax=D("10.75"), total=D("119.75"))
    outcome = compare(asked, [ORDER], policy)
    assert (outcome.outcome, outcome.accepted) == ("matched", D("9.25"))
    assert compare(invoice(), [ORDER], policy).accepted == 0


def billed_to(*, is_own: bool, **changes: object) -> InvoiceTerms:
    account = BilledAccount(is_own, "DE •••• 3000", "DE •••• 2051")
    return invoice(billed_account=account, **changes)


def test_payment_asked_to_none_of_the_suppliers_accounts_is_held() -> None:
    found = check("BANK_CHANGED", billed_to(is_own=False))
    assert (found.status, found.code, found.at_stake) == ("hold", "printed", 100)
    assert (found.expected, found.actual) == ("DE •••• 3000", "DE •••• 2051")
    assert check("BANK_CHANGED", billed_to(is_own=True)) is None


def test_a_credit_note_asks_for_no_payment() -> None:
    credit = billed_to(is_own=False, kind=InvoiceKind.CREDIT, credits="I-0")
    assert check("BANK_CHANGED", credit) is None
