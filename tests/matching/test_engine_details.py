"""Every figure that a screen or a file shows of a check, exactly: what the other cases leave open."""

from dataclasses import replace
from decimal import Decimal

import pytest

from matching.billing import bill, share_charges
from matching.limits import CASE_POLICY, EXACT, OFF, Limit, MatchLevel, Mode, Policy, Status
from matching.results import Check, CheckResult, LinkedBy, MatchOutcome
from matching.terms import (
    InvoiceKind,
    InvoiceLineTerms,
    InvoiceTerms,
    OrderLineTerms,
    OrderTerms,
)
from matching.three_way import compare
from procure.units import UnitFactors

D = Decimal
CASES = UnitFactors.of({"CS": {"EA": D(12)}})
LOOSE = replace(
    CASE_POLICY, match_level=MatchLevel.TWO_WAY, price=OFF, quantity_ordered=OFF, charge=OFF
)


def ordered(line: str = "1", quantity: object = 10, price: object = 10, **more: object):
    more.setdefault("received", D(str(quantity)))
    return OrderLineTerms(line, D(str(quantity)), D(str(price)), **more)


def order(*lines: OrderLineTerms, **more: object) -> OrderTerms:
    return replace(OrderTerms("USD", lines, "PO-1"), **more)


def billed(quantity: object = 10, price: object = 10, line: str | None = "1", **more: object):
    return InvoiceLineTerms(D(str(quantity)), D(str(price)), order_line=line, **more)


def invoice(*lines: InvoiceLineTerms, **more: object) -> InvoiceTerms:
    return replace(InvoiceTerms("I-1", "USD", lines), **more)


def match(of: InvoiceTerms, *orders: OrderTerms, policy: Policy = CASE_POLICY) -> MatchOutcome:
    return compare(of, orders, policy)


def one(outcome: MatchOutcome, check: str) -> CheckResult:
    (found,) = [result for result in outcome.results if result.check == check]
    return found


def test_charges_fill_what_each_order_still_expects_and_the_last_takes_the_rest() -> None:
    first = order(charges={"freight": D(10)}, billed_charges={"freight": D(4)})
    second = order(number="PO-2", charges={"freight": D(3)})
    given = share_charges(invoice(charges={"freight": D(10)}), [first, second])
    assert given == {"PO-1": {"freight": D(6)}, "PO-2": {"freight": D(4)}}


def test_a_credits_charges_go_back_where_they_were_billed() -> None:
    orders = [
        order(charges={"freight": D(9)}, billed_charges={"freight": D(4)}),
        order(number="PO-2", charges={"freight": D(9)}, billed_charges={"freight": D(3)}),
    ]
    credit = invoice(charges={"freight": D(5)}, kind=InvoiceKind.CREDIT, credits="I-0")
    assert share_charges(credit, orders) == {
        "PO-1": {"freight": D(4)}, "PO-2": {"freight": D(1)}
    }  # fmt: skip


def test_charges_alone_belong_to_none_of_several_orders() -> None:
    orders = [order(ordered()), order(ordered(), number="PO-2")]
    freight = invoice(charges={"freight": D(5)})
    outcome = match(freight, *orders, policy=LOOSE)
    assert outcome.outcome == "matched"
    assert bill(orders, freight, outcome) == tuple(orders)


def test_information_about_terms_names_its_order() -> None:
    outcome = match(invoice(billed(), incoterm="EXW"), order(ordered(), incoterm="DAP"))
    found = one(outcome, "TERMS")
    assert (found.order, found.code, found.expected, found.actual) == (
        "PO-1", "incoterm", "DAP", "EXW"
    )  # fmt: skip


def test_the_cap_says_its_rule_and_its_limit() -> None:
    policy = replace(CASE_POLICY, rule="T-1 v1", header_cap=D("100.00"))
    found = one(match(invoice(billed()), order(ordered()), policy=policy), "HEADER_CAP")
    assert (found.status, found.rule, found.limit) == (Status.PASS, "T-1 v1", "100")


def test_a_lower_side_of_its_own_is_said_and_kept() -> None:
    limit = Limit(Mode.LIMIT, percent=D(2), lower_percent=D(5))
    assert str(limit) == "2 %, below 5 %"
    assert limit.two_sided() == limit
    by_amount = Limit(Mode.LIMIT, percent=D(2), lower_amount=D(5))
    assert by_amount.two_sided() == by_amount


@pytest.mark.parametrize(("quantity", "stake"), [("10.5", "5"), ("11", "10"), ("30", "200")])
def test_what_is_too_much_is_worth_its_share_of_the_invoice(quantity: str, stake: str) -> None:
    found = one(match(invoice(billed(quantity)), order(ordered())), "QTY_ORDERED")
    assert (found.status, found.at_stake) == (Status.HOLD, D(stake))


def test_all_is_at_stake_where_nothing_may_be_billed() -> None:
    full = order(ordered(billed_quantity=D(10), billed_amount=D(100)))
    assert one(match(invoice(billed(4)), full), "QTY_ORDERED").at_stake == D(40)


def test_money_is_rounded_to_the_units_of_the_orders_currency() -> None:
    yen = order(ordered(quantity=3, price="33.4"), currency="JPY")
    policy = replace(CASE_POLICY, line_amount=EXACT, price=OFF, quantity_ordered=EXACT)
    passes = invoice(billed(3, "33.667", amount=D(101)), currency="JPY")
    held = invoice(billed(3, 34, amount=D(102)), currency="JPY")
    assert one(match(passes, yen, policy=policy), "LINE_AMOUNT").status is Status.PASS
    found = one(match(held, yen, policy=policy), "LINE_AMOUNT")
    assert (found.expected, found.actual, found.status) == (D(100), D(102), Status.HOLD)
    more = invoice(billed(7, amount=D(100), price="14.285714"), currency="JPY")
    outcome = match(more, yen, policy=replace(policy, line_amount=OFF))
    assert one(outcome, "QTY_ORDERED").at_stake == D(57)
    assert outcome.amounts.supported == D(43)


def test_two_dear_lines_of_one_order_line_are_at_stake_together() -> None:
    dear = invoice(billed(4, 12), billed(5, 13))
    found = one(match(dear, order(ordered())), "PRICE")
    assert (found.invoice_line, found.amount, found.at_stake) == (1, D(8), D(23))


def test_a_difference_to_the_agreement_alone_is_no_accepted_money() -> None:
    policy = replace(CASE_POLICY, price=OFF, contract_price=Limit(Mode.LIMIT, percent=D(50)))
    outcome = match(invoice(billed()), order(ordered(agreed_price=D(9))), policy=policy)
    assert one(outcome, "CONTRACT_PRICE").status is Status.WITHIN_TOLERANCE
    assert outcome.accepted == 0
    unlimited = match(invoice(billed(10, 20)), order(ordered()), policy=policy)
    assert unlimited.accepted == 0


def test_what_came_in_full_is_not_awaited() -> None:
    outcome = match(invoice(billed(5)), order(ordered(received=D(5))))
    assert one(outcome, "QTY_RECEIVED").status is Status.PASS


def test_accepted_line_amounts_add_up() -> None:
    policy = replace(
        CASE_POLICY, price=OFF, line_amount=Limit(Mode.LIMIT, percent=D(10)), header_cap=D(5)
    )
    both = order(ordered("1"), ordered("2"))
    dear = invoice(billed(10, "10.3"), billed(10, "10.4", line="2"))
    outcome = match(dear, both, policy=policy)
    assert outcome.accepted == D(7)
    assert one(outcome, "HEADER_CAP").status is Status.HOLD


def test_half_a_unit_of_money_too_much_is_cut_from_what_is_supported() -> None:
    policy = replace(CASE_POLICY, price=OFF, line_amount=EXACT)
    outcome = match(invoice(billed(10, "10.05")), order(ordered()), policy=policy)
    assert (outcome.amounts.supported, outcome.amounts.in_dispute) == (D(100), D("0.5"))


@pytest.mark.parametrize(("ours", "theirs"), [(None, "1"), ("1", None)])
def test_a_gtin_on_one_side_says_nothing_against_a_fit(
    ours: str | None, theirs: str | None
) -> None:
    outcome = match(invoice(billed(line=None, gtin=theirs)), order(ordered(gtin=ours)))
    assert outcome.lines[0].linked_by is LinkedBy.FIT


def test_another_gtin_is_no_fit() -> None:
    outcome = match(invoice(billed(line=None, gtin="2")), order(ordered(gtin="1")))
    assert [hold.check for hold in outcome.holds] == ["LINE_UNMATCHED"]


def test_a_fit_looks_at_the_quantity_in_the_orders_unit() -> None:
    in_cases = invoice(billed(2, 12, line=None, unit="CS"))
    small = order(ordered(quantity=10, price=1, unit_factors=CASES))
    large = order(ordered(quantity=24, price=1, unit_factors=CASES))
    assert [hold.check for hold in match(in_cases, small).holds] == ["LINE_UNMATCHED"]
    assert match(in_cases, large).lines[0].linked_by is LinkedBy.FIT


def test_a_sku_fills_its_first_line_in_the_orders_unit_before_the_next() -> None:
    both = order(*(ordered(line, 24, 1, sku="BOX", unit_factors=CASES) for line in ("1", "2")))
    twice = invoice(*(billed(2, 12, line=None, unit="CS", sku="BOX") for _ in range(2)))
    lines = match(twice, both).lines
    assert [(line.line, line.linked_by) for line in lines] == [
        ("1", LinkedBy.SKU), ("2", LinkedBy.SKU)
    ]  # fmt: skip


def test_a_duplicate_shows_its_lines_as_written_and_all_in_dispute() -> None:
    line = billed(2, 3, unit="CS", amount=D("6.5"))
    outcome = match(
        invoice(line, duplicate_of="I-0", tax=D(1), charges={"freight": D(2)}), order(ordered())
    )
    (shown,) = outcome.lines
    assert (shown.position, shown.written_quantity, shown.written_unit) == (1, D(2), "CS")
    assert (shown.written_price, shown.price_from_amount) == (D(3), True)
    assert (shown.net_amount, shown.supported, shown.in_dispute) == (D("6.5"), 0, D("6.5"))
    assert one(outcome, "DUPLICATE_SUSPECT").at_stake == D("9.5")
    assert outcome.amounts.invoiced == outcome.amounts.in_dispute == D("9.5")


def test_a_factor_that_is_slightly_off_is_told_with_both_prices() -> None:
    outcome = match(
        invoice(billed(1, "12.06", unit="CS")),
        order(ordered(quantity=12, price=1, unit_factors=CASES)),
    )
    found = one(outcome, "UOM_FACTOR")
    assert (found.status, found.order, found.line, found.invoice_line) == (
        Status.INFO, "PO-1", "1", 1
    )  # fmt: skip
    assert (found.expected, found.actual, found.difference) == (D(1), D("1.005"), D("0.005"))


def test_an_unknown_unit_holds_all_its_lines_at_once() -> None:
    outcome = match(invoice(billed(1, 7, unit="CS"), billed(1, 8, unit="PL")), order(ordered()))
    found = one(outcome, "UOM_UNKNOWN")
    assert (found.order, found.line, found.invoice_line) == ("PO-1", "1", 1)
    assert (found.expected, found.actual, found.at_stake) == ("EA", "CS", D(15))
    assert found.check is Check.UOM_UNKNOWN
