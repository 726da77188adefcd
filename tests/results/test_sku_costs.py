"""What a SKU cost: received lines, at what was billed, net of returns and credits."""

from __future__ import annotations

from decimal import Decimal

from matching.cells import Documents, cells_from_documents
from matching.sku_costs import Cost, CostKey, cost_row, costs_of
from procure.models import ExchangeRate
from suppliers.models import PriceBreak
from tests.results.trade import Trade, day

AS_OF = day("06-30")


def costs(trade: Trade) -> dict[CostKey, Cost]:
    organization = trade.world.organization
    cells = cells_from_documents(Documents(organization, AS_OF))
    found = costs_of(organization, None, AS_OF, cells)
    return {cost.key: cost for cost in found}


def overall(trade: Trade) -> Cost:
    return costs(trade)[CostKey(trade.world.shipper.pk, None, "USD")]


def test_an_unbilled_line_costs_its_own_amount_in_proportion(trade: Trade) -> None:
    trade.receive(trade.order(100, "1.00", amount="99.00"), 50, "03-10")
    cost = overall(trade)
    assert (cost.all_time.quantity, cost.all_time.amount) == (50, Decimal("49.5"))
    assert (cost.all_time.average, cost.last_and_previous[0].unit_price) == (Decimal("0.99"), 1)


def test_parts_of_a_line_add_up_to_its_amount_exactly(trade: Trade) -> None:
    line = trade.order(3, "33.33", amount="100.00")
    for received_on in ("03-10", "04-10", "05-10"):
        trade.receive(line, 1, received_on)
    cost = overall(trade)
    assert cost.lines == 3
    assert cost.all_time.amount == 100


def test_a_billed_line_costs_what_was_billed_net_of_discounts(trade: Trade) -> None:
    line, other = trade.order(100, "1.00"), trade.order(300, "1.00", sku=trade.world.divider)
    trade.receive(line, 100, "03-10")
    trade.bill([(line, 100, 110), (other, 300, 330)], discount_amount=44)
    cost = overall(trade)
    assert cost.all_time.amount == 99
    assert cost.last_and_previous[0].unit_price == Decimal("0.99")


def test_landed_cost_spreads_charges_by_value(trade: Trade) -> None:
    line, other = trade.order(100, "1.00"), trade.order(300, "1.00", sku=trade.world.divider)
    trade.receive(line, 100, "03-10")
    trade.bill([(line, 100, 100), (other, 300, 300)], charges={"freight": "40"})
    cost = overall(trade)
    assert (cost.all_time.average, cost.landed.average) == (1, Decimal("1.1"))


def test_a_price_credit_lowers_the_price_and_not_the_quantity(trade: Trade) -> None:
    line = trade.order(100, "1.00")
    trade.receive(line, 100, "03-10")
    trade.bill([(line, 100, 120)])
    trade.bill([(line, 0, 15)], kind="credit")
    cost = overall(trade)
    assert (cost.all_time.quantity, cost.all_time.amount) == (100, 105)


def test_a_fully_credited_line_costs_its_order_price_again(trade: Trade) -> None:
    line = trade.order(100, "1.00")
    trade.receive(line, 100, "03-10")
    trade.bill([(line, 100, 120)])
    trade.bill([(line, 100, 120)], kind="credit")
    assert overall(trade).all_time.amount == 100


def test_a_voided_invoice_or_another_currency_is_no_price(trade: Trade) -> None:
    line = trade.order(100, "1.00")
    trade.receive(line, 100, "03-10")
    trade.void(trade.bill([(line, 100, 500)]))
    trade.bill([(line, 100, 500)], currency="EUR")
    assert overall(trade).all_time.amount == 100


def test_returned_goods_are_taken_off_the_latest_receipts(trade: Trade) -> None:
    line = trade.order(100, "2.00")
    trade.receive(line, 60, "03-10")
    trade.receive(line, 40, "04-10")
    trade.give_back(line, 50, "05-02")
    cost = overall(trade)
    assert (cost.lines, cost.all_time.quantity, cost.all_time.amount) == (1, 50, 100)
    assert cost.last_and_previous[0].on == day("03-10")


def test_a_reversed_receipt_leaves_nothing_behind(trade: Trade) -> None:
    trade.reverse(trade.receive(trade.order(), 100, "03-10"))
    assert costs(trade) == {}


def test_the_last_price_is_the_latest_receipt_s_then_the_highest_source_id_s(
    trade: Trade,
) -> None:
    for price, source_id, received_on in (
        ("1.00", 30, "03-09"),
        ("3.00", 9, "03-10"),
        ("2.00", 10, "03-10"),
    ):
        trade.receive(trade.order(100, price, source_id=source_id), 100, received_on)
    last, previous = overall(trade).last_and_previous
    assert (last.unit_price, previous.unit_price) == (2, 3)


def test_the_previous_price_is_another_order_line_s(trade: Trade) -> None:
    trade.receive(trade.order(100, "1.00"), 100, "02-01")
    line = trade.order(100, "2.00")
    trade.receive(line, 50, "03-10")
    trade.receive(line, 50, "04-10")
    last, previous = overall(trade).last_and_previous
    assert (last.unit_price, previous.unit_price) == (2, 1)


def test_zero_prices_count_in_the_minimum(trade: Trade) -> None:
    trade.receive(trade.order(100, 0), 100, "03-10")
    trade.receive(trade.order(100, "4.00"), 100, "03-11")
    cost = overall(trade)
    assert (cost.least, cost.most, cost.all_time.average) == (0, 4, 2)


def test_ppv_is_actual_less_standard_times_quantity(trade: Trade) -> None:
    trade.world.shipper.standard_cost = Decimal("0.90")
    trade.world.shipper.save()
    trade.receive(trade.order(100, "1.00"), 50, "03-10")
    assert overall(trade).ppv == 5


def test_the_agreed_price_is_the_one_in_force_for_a_usual_quantity(trade: Trade) -> None:
    PriceBreak.objects.create(
        agreement=trade.world.agreement, sku=trade.world.shipper, unit="EA",
        minimum_quantity=500, unit_price="0.500000", valid_from=day("2020-01-01"),
    )  # fmt: skip
    trade.receive(trade.order(100), 100, "03-10")
    assert overall(trade).agreed_price == Decimal("0.612")
    trade.receive(trade.order(1000), 1000, "03-10")
    assert overall(trade).agreed_price == Decimal("0.5")


def test_trailing_averages_are_exact_to_the_day(trade: Trade) -> None:
    """90 days up to 30 June begin on 2 April."""
    trade.receive(trade.order(100, "1.00"), 100, "04-01")
    trade.receive(trade.order(100, "2.00"), 100, "04-02")
    trade.receive(trade.order(100, "4.00"), 100, "06-30")
    row = cost_row(overall(trade), AS_OF)
    assert row.average_price_90d == 3
    assert row.average_price_365d == Decimal("2.333333")


def test_suppliers_are_apart_and_together(trade: Trade) -> None:
    trade.receive(trade.order(100, "1.00"), 100, "03-10")
    trade.receive(trade.order(100, "3.00", supplier=trade.world.kestrel), 100, "03-11")
    found = costs(trade)
    assert len(found) == 3
    assert found[CostKey(trade.world.shipper.pk, trade.world.kestrel.pk, "USD")].lines == 1
    assert len(overall(trade).supplier_ids) == 2
    assert overall(trade).all_time.average == 2


def test_two_currencies_meet_in_the_organization_s_own(trade: Trade) -> None:
    ExchangeRate.objects.create(
        currency="EUR", per_currency="USD", rate="1.10", valid_from=day("2026-01-01")
    )
    trade.receive(trade.order(100, "1.00"), 100, "03-10")
    trade.receive(
        trade.order(100, "1.00", supplier=trade.world.kestrel, currency="EUR"), 100, "03-11"
    )
    found = costs(trade)
    assert overall(trade).all_time.amount == 210
    assert overall(trade).most == Decimal("1.10")
    assert found[CostKey(trade.world.shipper.pk, trade.world.kestrel.pk, "EUR")].most == 1
