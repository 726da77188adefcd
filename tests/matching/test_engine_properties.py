"""What must hold for every order and invoice, whatever their figures."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from matching.billing import bill, billed_by_line
from matching.limits import CASE_POLICY, Combine, Limit, MatchLevel, Mode, Policy, Status
from matching.terms import (
    Creditable,
    InvoiceKind,
    InvoiceLineTerms,
    InvoiceTerms,
    OrderLineTerms,
    OrderTerms,
)
from matching.three_way import compare
from procure.units import UnitFactors

D = Decimal
quantities = st.integers(0, 40).map(D)
prices = st.decimals("0", "20", places=2)
percents = st.none() | st.sampled_from([D(0), D(1), D(10), D(50)])
amounts = st.none() | st.sampled_from([D(0), D("0.5"), D(5), D(100)])


@st.composite
def limits(draw, lower=False):
    mode = draw(st.sampled_from(Mode))
    percent, amount = draw(percents), draw(amounts)
    if mode is Mode.LIMIT and percent is None and amount is None:
        percent = D(5)
    return Limit(
        mode,
        percent,
        amount,
        draw(percents) if lower else None,
        draw(amounts) if lower else None,
        draw(st.sampled_from(Combine)),
    )


@st.composite
def policies(draw):
    return replace(
        CASE_POLICY,
        price=draw(limits()),
        contract_price=draw(limits()),
        quantity_ordered=draw(limits()),
        quantity_received=draw(limits()),
        line_amount=draw(limits()),
        charge=draw(limits()),
        match_level=draw(st.sampled_from(MatchLevel)),
    )


@st.composite
def orders(draw):
    lines = []
    for number in range(draw(st.integers(1, 3))):
        received = draw(quantities)
        lines.append(
            OrderLineTerms(
                line=str(number),
                quantity=draw(quantities),
                unit_price=draw(prices),
                received=received,
                rejected=min(received, draw(st.integers(0, 3).map(D))),
                returned=min(received, draw(st.integers(0, 3).map(D))),
                agreed_price=draw(st.none() | prices),
                billed_quantity=draw(st.integers(0, 5).map(D)),
                billed_amount=draw(st.integers(0, 50).map(D)),
            )
        )
    charge = draw(st.integers(0, 20).map(D))
    return OrderTerms(currency="USD", lines=tuple(lines), number="PO", charges={"freight": charge})


@st.composite
def invoices(draw, order):
    lines = []
    for _ in range(draw(st.integers(1, 5))):
        near = draw(st.sampled_from(order.lines))
        quantity = draw(quantities)
        price = draw(st.sampled_from([near.unit_price]) | prices)
        lines.append(
            InvoiceLineTerms(
                quantity=quantity,
                unit_price=price,
                amount=quantity * price + draw(st.sampled_from([D(0), D("0.01"), D("-0.5")])),
                order_line=near.line,
                unit="EA",
            )
        )
    freight = draw(st.integers(0, 30).map(D))
    invoice = InvoiceTerms(
        number="I", currency="USD", lines=tuple(lines), charges={"freight": freight}
    )
    return with_total(invoice)


def with_total(invoice):
    total = sum((line.amount for line in invoice.lines), D(0)) + sum(invoice.charges.values(), D(0))
    return replace(invoice, total=total + invoice.tax - invoice.discount)


@st.composite
def matches(draw):
    order = draw(orders())
    return draw(invoices(order)), order, draw(policies())


def keys(outcome):
    return {(hold.check, hold.line, hold.code) for hold in outcome.holds}


def figures(outcome):
    return {
        (r.check, r.line, r.code, r.expected, r.actual, r.difference)
        for r in outcome.holds
        if r.check not in ("PRICE", "CONTRACT_PRICE")
    }


@given(matches(), st.randoms(use_true_random=False))
def test_the_order_of_lines_never_matters(match, random):
    invoice, order, policy = match
    shuffled = list(invoice.lines)
    random.shuffle(shuffled)
    one = compare(invoice, [order], policy)
    other = compare(replace(invoice, lines=tuple(shuffled)), [order], policy)
    assert keys(one) == keys(other)
    assert figures(one) == figures(other)
    assert one.amounts.invoiced == other.amounts.invoiced


@given(matches(), st.integers(0, 5))
def test_two_invoices_never_pass_what_one_would_not(match, cut):
    invoice, order, policy = match
    first = with_total(replace(invoice, lines=invoice.lines[:cut]))
    second = with_total(replace(invoice, number="J", lines=invoice.lines[cut:], charges={}))
    passed = compare(first, [order], policy)
    after = bill([order], first, passed)
    if passed.outcome == "matched" and compare(second, after, policy).outcome == "matched":
        assert compare(invoice, [order], policy).outcome == "matched"


@given(matches(), st.integers(1, 30))
def test_more_received_never_creates_a_hold(match, more):
    invoice, order, policy = match
    before = compare(invoice, [order], policy)
    lines = tuple(replace(line, received=line.received + more) for line in order.lines)
    after = compare(invoice, [replace(order, lines=lines)], policy)
    if before.outcome == "matched":
        assert after.outcome == "matched"
    awaited = {
        (check, line, None)
        for _, line, _ in keys(before)
        for check in ("AWAITING_RECEIPT", "QTY_RECEIVED", "QUALITY")
    }
    assert keys(after) <= keys(before) | awaited


@given(matches())
def test_a_credit_of_everything_returns_to_the_start(match):
    invoice, order, policy = match
    invoice = replace(invoice, charges={})
    invoice = with_total(invoice)
    billed = compare(invoice, [order], policy)
    after = bill([order], invoice, billed)
    credit = replace(
        invoice,
        number="C",
        kind=InvoiceKind.CREDIT,
        credits="I",
        creditable=tuple(
            Creditable(number, line, quantity, amount)
            for (number, line), (quantity, amount) in billed_by_line(billed).items()
        ),
    )
    credited = compare(credit, after, policy)
    assert not credited.holds
    if billed.outcome == "matched":
        (start,) = bill(after, credit, credited)
        assert start.lines == order.lines


@given(matches(), st.decimals("0", "50", places=2), st.booleans())
def test_money_is_conserved_to_the_cent(match, discount, has_tax):
    invoice, order, policy = match
    invoice = with_total(replace(invoice, discount=discount, tax=D("7.77") if has_tax else D(0)))
    outcome = compare(invoice, [order], policy)
    amounts = outcome.amounts
    assert amounts.supported + amounts.in_dispute == amounts.invoiced == invoice.total
    written = sum(line.amount for line in invoice.lines)
    assert sum(line.net_amount for line in outcome.lines) == written - discount
    for line in outcome.lines:
        assert line.supported + line.in_dispute == line.net_amount
        assert line.supported <= max(line.net_amount, 0)
    if amounts.invoiced >= 0:
        assert 0 <= amounts.supported <= amounts.invoiced
    if outcome.outcome == "matched":
        assert amounts.supported == amounts.invoiced
        (after,) = bill([order], invoice, outcome)
        grown = sum(line.billed_amount for line in after.lines)
        grown -= sum(line.billed_amount for line in order.lines)
        assert grown == written - discount
        assert after.billed_charges == invoice.charges


@given(
    matches(),
    st.sampled_from(["price", "quantity_ordered", "quantity_received", "line_amount", "charge"]),
)
def test_a_wider_limit_never_creates_a_hold(match, name):
    invoice, order, policy = match
    narrow = getattr(policy, name)
    if narrow.mode is not Mode.LIMIT:
        return
    wide = replace(
        narrow,
        percent=None if narrow.percent is None else narrow.percent + 1,
        amount=None if narrow.amount is None else narrow.amount + 1,
        combine=Combine.EITHER,
    )
    before = compare(invoice, [order], policy)
    after = compare(invoice, [order], replace(policy, **{name: wide}))
    assert keys(after) <= keys(before)


@given(matches(), st.sampled_from([D(2), D(5), D(10)]))
def test_a_unit_changes_nothing_but_words(match, factor):
    """An invoice in cases of the same goods is judged like the one in eaches."""
    invoice, order, policy = match
    policy = replace(policy, quantity_received_weighed=None)
    factors = UnitFactors.of({"CS": {"EA": factor}})
    known = replace(order, lines=tuple(replace(line, unit_factors=factors) for line in order.lines))
    in_cases = replace(
        invoice,
        lines=tuple(
            replace(
                line,
                quantity=line.quantity / factor,
                unit_price=line.unit_price * factor,
                unit="CS",
            )
            for line in invoice.lines
        ),
    )
    one, other = compare(invoice, [known], policy), compare(in_cases, [known], policy)
    assert keys(one) == keys(other)
    assert figures(one) == figures(other)


def oracle(limit: Limit, base: Fraction, actual: Fraction) -> bool:
    """Say whether a limit lets a value pass, from the words of the rules."""
    if limit.mode is Mode.OFF or actual == base:
        return True
    above = actual > base
    if above and limit.mode is Mode.EXACT:
        return False
    percent = limit.percent if above else limit.lower_percent
    amount = limit.amount if above else limit.lower_amount
    if percent is None and amount is None:
        return True
    by_amount = None if amount is None else abs(actual - base) <= Fraction(amount)
    if base == 0:
        return bool(by_amount)
    by_percent = (
        None if percent is None else abs(actual - base) / abs(base) <= Fraction(percent) / 100
    )
    given_limits = [each for each in (by_amount, by_percent) if each is not None]
    return any(given_limits) if limit.combine is Combine.EITHER else all(given_limits)


@settings(max_examples=400)
@given(limits(lower=True), st.decimals("0", "30", places=1), st.decimals("0", "30", places=1))
def test_a_limit_judges_as_its_words_say(limit, base, actual):
    passed = limit.judge(base, actual - base) is not Status.HOLD
    assert passed == oracle(limit, Fraction(base), Fraction(actual))


@given(limits(), st.decimals("0", "30", places=1), st.decimals("0", "30", places=1))
def test_a_two_sided_limit_is_the_same_on_both_sides(limit, base, step):
    both_sides = limit.two_sided()
    above, below = both_sides.judge(base, step), both_sides.judge(base, -step)
    assert (above is Status.HOLD) == (below is Status.HOLD)


def test_a_policy_is_the_default_of_a_new_organization():
    assert Policy().header_cap == D(100)
    assert str(Policy().price) == "1 % and 25"
    assert str(Policy().charge) == "10 % and 50"
    assert str(Policy().tax) == "0.05"
    assert str(Policy().received_limit("EA")) == "exact"
    assert str(Policy().received_limit("KGM")) == "2 %"
