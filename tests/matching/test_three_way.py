"""What the engine answers beyond a case file: amounts, rules per line, links, information."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from matching.billing import bill
from matching.limits import DEFAULT_POLICY, EXACT, OFF, Limit, MatchLevel, Mode
from matching.results import LinkedBy
from matching.terms import (
    Creditable,
    InvoiceKind,
    InvoiceLineTerms,
    InvoiceTerms,
    OrderLineTerms,
    OrderStatus,
    OrderTerms,
)
from matching.three_way import compare
from procure.units import UnitFactors

D = Decimal


def order_line(line="1", quantity="10", price="10", **more):
    more.setdefault("received", D(quantity))
    return OrderLineTerms(line=line, quantity=D(quantity), unit_price=D(price), **more)


def billed(quantity="10", price="10", line="1", **more):
    return InvoiceLineTerms(quantity=D(quantity), unit_price=D(price), order_line=line, **more)


def order(*lines, **more):
    return OrderTerms(currency="USD", lines=lines, number="PO-1", **more)


def invoice(*lines, **more):
    return InvoiceTerms(number="I-1", currency="USD", lines=lines, **more)


def split(outcome):
    amounts = outcome.amounts
    return amounts.ordered, amounts.invoiced, amounts.supported, amounts.in_dispute


def money(*texts):
    return tuple(D(text) for text in texts)


def test_the_queue_shows_what_is_supported_and_what_is_in_dispute():
    """4,000 billed of 3,960 good ones, film 2.5 % too dear, and freight as agreed."""
    bought = order(
        order_line("1", "4000", "0.6120", rejected=D(40), match_level=MatchLevel.FOUR_WAY),
        order_line("2", "60", "148"),
        order_line("3", "4000", "0.0890"),
        charges={"freight": D(180)},
    )
    asked = invoice(
        billed("4000", "0.6120", "1"),
        billed("60", "151.70", "2"),
        billed("4000", "0.0890", "3"),
        charges={"freight": D(180)},
        total=D("12086"),
    )
    outcome = compare(asked, [bought])
    assert [hold.check for hold in outcome.holds] == ["PRICE", "QUALITY"]
    assert [hold.at_stake for hold in outcome.holds] == [D("222.00"), D("24.48")]
    assert split(outcome) == money("11864.00", "12086", "11839.52", "246.48")
    assert [str(line.supported) for line in outcome.lines] == ["2423.52", "8880.00", "356.00"]


@pytest.mark.parametrize(
    ("bought", "asked", "amounts"),
    [
        # quantity and price of one line: the goods that came, at the order's price
        (order(order_line(received=D(6))), invoice(billed("10", "12")), ("100.00", "120.00", "60.00", "60.00")),
        # the agreement is cheaper than the order
        (order(order_line(agreed_price=D(9))), invoice(billed("10", "12")), ("100.00", "120.00", "90.00", "30.00")),
        # the order is cheaper than the agreement
        (order(order_line(agreed_price=D(11))), invoice(billed("10", "12")), ("100.00", "120.00", "100.00", "20.00")),
        # less tax than due: no more of it is disputed than was billed
        (order(order_line()), invoice(billed(tax_rate=D(10)), billed("10", "10", "9", sku="Z", tax_rate=D(10)), tax=D(5), taxes={D(10): D(5)}), ("100.00", "205.00", "100.00", "105.00")),
        # nothing came
        (order(order_line(received=D(0))), invoice(billed()), ("100.00", "100.00", "0.00", "100.00")),
        # what is too much comes off the last lines
        (order(order_line(quantity="10")), invoice(billed("8", "10"), billed("4", "5")), ("100.00", "100.00", "90.00", "10.00")),
        # an unmatched line supports nothing
        (order(order_line()), invoice(billed(), billed("1", "7", "9", sku="Z")), ("100.00", "107.00", "100.00", "7.00")),
        # a unit nobody can convert supports nothing
        (order(order_line()), invoice(billed(unit="KGM")), ("100.00", "100.00", "0", "100.00")),
        # a charge over its limit is disputed as far as this invoice adds to it
        (order(order_line(), charges={"freight": D(10)}, billed_charges={"freight": D(30)}), invoice(billed(), charges={"freight": D(60)}), ("110.00", "160.00", "100.00", "60.00")),
        # the order cannot be billed
        (order(order_line(), status=OrderStatus.CLOSED), invoice(billed()), ("100.00", "100.00", "0", "100.00")),
        # another currency
        (replace(order(order_line()), currency="EUR"), invoice(billed()), ("100.00", "100.00", "0", "100.00")),
        # a total above its parts
        (order(order_line()), invoice(billed(), total=D(130)), ("100.00", "130", "100.00", "30.00")),
        # a total below its parts
        (order(order_line()), invoice(billed(), total=D(90)), ("100.00", "90", "90", "0")),
        # tax too high by more than its limit
        (order(order_line()), invoice(billed(tax_rate=D(10)), tax=D(12), taxes={D(10): D(12)}), ("100.00", "112.00", "110.00", "2.00")),
        # tax follows what is disputed, by rate
        (order(order_line(received=D(5))), invoice(billed(tax_rate=D(10)), tax=D(10), taxes={D(10): D(10)}), ("100.00", "110.00", "55.00", "55.00")),
        # tax without rates follows in proportion
        (order(order_line(received=D(5))), invoice(billed(), tax=D(10)), ("100.00", "110.00", "55.00", "55.00")),
    ],
)  # fmt: skip
def test_supported_and_in_dispute_make_up_the_invoice(bought, asked, amounts):
    outcome = compare(asked, [bought])
    assert split(outcome) == money(*amounts)


def test_a_price_held_for_being_low_is_supported_as_billed():
    policy = replace(DEFAULT_POLICY, price=Limit(Mode.EXACT, lower_percent=D(1)))
    outcome = compare(invoice(billed("10", "8")), [order(order_line())], policy)
    assert [hold.check for hold in outcome.holds] == ["PRICE"]
    assert split(outcome) == money("100", "80", "80", "0")
    assert outcome.lines[0].supported == D(80)


def test_a_line_amount_is_supported_up_to_the_orders():
    policy = replace(DEFAULT_POLICY, price=OFF, line_amount=EXACT)
    asked = invoice(billed("5", "12"), billed("5", "14"))
    outcome = compare(asked, [order(order_line())], policy)
    assert [(hold.check, hold.at_stake) for hold in outcome.holds] == [("LINE_AMOUNT", D(30))]
    assert [line.supported for line in outcome.lines] == [D(60), D(40)]
    assert split(outcome) == money("100", "130", "100", "30")


def test_a_held_invoice_bills_nothing():
    bought = order(order_line(received=D(5)), charges={"freight": D(9)})
    asked = invoice(billed(), charges={"freight": D(9)})
    outcome = compare(asked, [bought])
    assert outcome.outcome == "held"
    assert bill([bought], asked, outcome) == (bought,)


def test_a_duplicate_supports_nothing_and_runs_nothing_else():
    asked = invoice(billed("99", "99"), total=D(1), duplicate_of="I-0")
    outcome = compare(asked, [order(order_line())])
    (hold,) = outcome.results
    assert (hold.check, hold.expected, hold.actual, hold.at_stake) == (
        "DUPLICATE_SUSPECT",
        "I-0",
        "I-1",
        D(1),
    )
    assert split(outcome) == money("0", "1", "0", "1")
    assert [(line.line, line.supported) for line in outcome.lines] == [(None, D(0))]


def test_the_cap_keeps_back_what_is_over_it():
    policy = replace(DEFAULT_POLICY, header_cap=D(4), price=Limit(Mode.LIMIT, percent=D(10)))
    outcome = compare(invoice(billed("10", "11")), [order(order_line())], policy)
    assert [hold.check for hold in outcome.holds] == ["HEADER_CAP"]
    assert split(outcome) == money("100.00", "110.00", "104.00", "6.00")


def test_the_default_cap_of_an_organization_is_a_hundred():
    price = Limit(Mode.LIMIT, percent=D(10))
    bought = order(order_line(price="1000", quantity="10"))
    for price_billed, held in (("1010", False), ("1010.01", True)):
        policy = replace(DEFAULT_POLICY, price=price)
        outcome = compare(invoice(billed("10", price_billed)), [bought], policy)
        assert (outcome.outcome == "held") is held


def test_each_line_is_judged_by_its_own_rule():
    strict = replace(DEFAULT_POLICY, rule="T-14 v3", price=EXACT)
    loose = replace(DEFAULT_POLICY, rule="T-2 v1", price=OFF, match_level=MatchLevel.NONE)
    bought = order(order_line("1", policy=strict), order_line("2", policy=loose), order_line("3"))
    asked = invoice(billed("10", "10.05", "1"), billed("10", "99", "2"), billed("10", "10.05", "3"))
    outcome = compare(asked, [bought], replace(DEFAULT_POLICY, rule="T-1 v9"))
    assert [(r.check, r.line, r.rule, r.limit) for r in outcome.holds] == [
        ("PRICE", "1", "T-14 v3", "exact")
    ]
    assert [(r.check, r.line, r.rule, r.limit) for r in outcome.within_tolerance] == [
        ("PRICE", "3", "T-1 v9", "1 % and 25")
    ]
    assert not [r for r in outcome.results if r.line == "2"]


def test_every_check_keeps_its_figures_even_when_it_passes():
    outcome = compare(invoice(billed("4", "9")), [order(order_line(agreed_price=D(10)))])
    assert outcome.outcome == "matched"
    assert {
        r.check: (r.status, str(r.expected), str(r.actual), r.difference)
        for r in outcome.results
        if r.line == "1"
    } == {
        "PRICE": ("info", "10.000000", "9.000000", D(-1)),
        "CONTRACT_PRICE": ("info", "10.000000", "9.000000", D(-1)),
        "QTY_ORDERED": ("info", "10.0000", "4.0000", D(-6)),
        "QTY_RECEIVED": ("info", "10.0000", "4.0000", D(-6)),
        "LINE_AMOUNT": ("pass", "100.00", "36.00", D(-64)),
    }


def test_written_values_are_kept_beside_the_normalised_ones():
    factors = UnitFactors.of({"CS": {"EA": D(12)}})
    bought = order(order_line(price="24", unit="CS", unit_factors=factors))
    asked = invoice(billed("120", "2.5", unit="EA", amount=D(240), discount=D(60)))
    (line,) = compare(asked, [bought]).lines
    assert (line.quantity, line.unit_price) == (D(10), D(24))
    assert (line.written_quantity, line.written_price, line.written_unit) == (
        D(120),
        D("2.5"),
        "EA",
    )
    assert line.price_from_amount
    assert (line.order, line.line, line.linked_by) == ("PO-1", "1", LinkedBy.ORDER_LINE)


def test_a_price_may_be_for_a_hundred():
    bought = order(order_line(quantity="200", price="0.05"))
    asked = invoice(billed("200", "5", price_base_quantity=D(100), amount=D(10)))
    outcome = compare(asked, [bought])
    assert outcome.outcome == "matched"
    assert outcome.lines[0].unit_price == D("0.05")
    assert not outcome.lines[0].price_from_amount


def test_a_person_may_link_what_the_words_contradict():
    bought = order(order_line(sku="A"))
    by_hand = invoice(billed(sku="B", order="PO-1", linked_by_hand=True))
    assert compare(by_hand, [bought]).lines[0].linked_by is LinkedBy.HAND
    control = invoice(billed(sku="B", order="PO-1"))
    assert [hold.check for hold in compare(control, [bought]).holds] == ["LINE_UNMATCHED"]


@pytest.mark.parametrize(
    ("price", "told"),
    [("2.01", True), ("1.99", True), ("2.02", False), ("2", False), ("1.98", False)],
)
def test_a_factor_off_by_less_than_one_percent_is_information(price, told):
    factors = UnitFactors.of({"CS": {"EA": D(12)}})
    bought = order(order_line(price="24", unit="CS", unit_factors=factors))
    policy = replace(DEFAULT_POLICY, price=OFF)
    outcome = compare(invoice(billed("120", price, unit="EA")), [bought], policy)
    assert outcome.outcome == "matched"
    assert [r.status for r in outcome.results if r.check == "UOM_FACTOR"] == ["info"] * told


def test_without_a_conversion_no_factor_can_be_off():
    outcome = compare(invoice(billed("10", "10.05")), [order(order_line())])
    assert outcome.within_tolerance[0].check == "PRICE"
    assert not [r for r in outcome.results if r.check == "UOM_FACTOR"]


def test_terms_are_information_only():
    bought = order(order_line(), incoterm="DAP", payment_terms_days=30)
    asked = invoice(
        billed(), incoterm="EXW", invoiced_on=date(2026, 5, 4), due_on=date(2026, 5, 18)
    )
    outcome = compare(asked, [bought])
    assert outcome.outcome == "matched"
    assert [
        (r.code, r.expected, r.actual, r.status) for r in outcome.results if r.check == "TERMS"
    ] == [("incoterm", "DAP", "EXW", "info"), ("due date", "2026-06-03", "2026-05-18", "info")]
    agreed = replace(asked, incoterm="DAP", due_on=date(2026, 6, 3))
    assert not [r for r in compare(agreed, [bought]).results if r.check == "TERMS"]


def test_one_tax_amount_for_several_rates_is_compared_in_one_sum():
    bought = order(order_line("1"), order_line("2"))
    lines = (billed(tax_rate=D(19)), billed(line="2", tax_rate=D(7)))
    right = compare(invoice(*lines, tax=D(26)), [bought])
    assert right.outcome == "matched"
    (hold,) = compare(invoice(*lines, tax=D(27)), [bought]).holds
    assert (hold.check, hold.code, hold.expected, hold.actual) == ("TAX", "7+19", D(26), D(27))


def test_a_credit_supports_what_it_may_credit():
    credit = invoice(
        billed("6", "10"),
        kind=InvoiceKind.CREDIT,
        credits="I-0",
        creditable=(Creditable("PO-1", "1", D(4), D(40)),),
    )
    outcome = compare(credit, [order(order_line(billed_quantity=D(10), billed_amount=D(100)))])
    assert [(h.check, h.difference, h.at_stake) for h in outcome.holds] == [
        ("QTY_ORDERED", D(2), D(20)),
        ("LINE_AMOUNT", D(20), D(20)),
    ]
    assert split(outcome)[1:] == money("60.00", "40.00", "20.00")


def test_huge_and_tiny_figures_stay_exact():
    bought = order(order_line(quantity="999999999999999999", price="0.000001"))
    asked = invoice(billed("999999999999999999", "0.000001", amount=D("999999999999.999999")))
    policy = replace(DEFAULT_POLICY, price=EXACT, line_amount=EXACT)
    outcome = compare(asked, [bought], policy)
    assert outcome.outcome == "matched"
    one_more = invoice(billed("999999999999999999.0001", "0.000001"))
    (hold, _) = compare(one_more, [bought], policy).holds
    assert (hold.check, str(hold.difference)) == ("QTY_ORDERED", "0.0001")


def test_three_hundred_lines_are_linked_each_to_its_own():
    lines = [order_line(str(n), price=str(n + 1), sku=f"S{n}") for n in range(300)]
    for key in ("number", "sku", "fit"):
        asked = invoice(
            *(
                InvoiceLineTerms(
                    quantity=D(10),
                    unit_price=D(n + 1),
                    order_line=str(n) if key == "number" else None,
                    sku=f"S{n}" if key == "sku" else None,
                )
                for n in reversed(range(300))
            )
        )
        outcome = compare(asked, [order(*lines)])
        assert outcome.outcome == "matched"
        assert [line.line for line in outcome.lines] == [str(n) for n in reversed(range(300))]
