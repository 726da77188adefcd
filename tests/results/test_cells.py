"""What counts as due, on time, in full and filled, line by line."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from matching.cells import Cell, Documents, cells_from_documents
from tests.results.trade import Trade, day

AS_OF = day("06-30")


def only_cell(trade: Trade, **rules: Any) -> Cell:
    organization = trade.world.organization
    for name, value in rules.items():
        setattr(organization, name, value)
    (cell,) = [
        cell for cell in cells_from_documents(Documents(organization, AS_OF)) if cell.lines_due
    ]
    return cell


def judged(cell: Cell) -> tuple[int, int, int, int]:
    return (
        cell.lines_due, cell.lines_on_time, cell.lines_in_full, cell.lines_on_time_in_full
    )  # fmt: skip


def test_a_line_received_whole_on_its_day_is_on_time_and_in_full(trade: Trade) -> None:
    trade.receive(trade.order(), 100, "03-10")
    cell = only_cell(trade)
    assert judged(cell) == (1, 1, 1, 1)
    assert cell.late_days == Counter()
    assert cell.lead_times == Counter({9: 1})
    assert cell.key.month == day("03-01")


def test_the_receipt_that_completes_a_line_decides(trade: Trade) -> None:
    line = trade.order()
    trade.receive(line, 60, "03-09")
    trade.receive(line, 40, "03-13")
    cell = only_cell(trade)
    assert judged(cell) == (1, 0, 0, 0)
    assert cell.late_days == Counter({3: 1})
    assert cell.lead_times == Counter({12: 1})
    assert cell.first_received_quantity == 60


def test_a_later_surplus_does_not_make_a_line_late(trade: Trade) -> None:
    line = trade.order()
    trade.receive(line, 100, "03-09")
    trade.receive(line, 5, "03-20")
    assert judged(only_cell(trade)) == (1, 1, 1, 1)


def test_an_open_line_past_its_day_is_late_without_a_number_of_days(trade: Trade) -> None:
    trade.receive(trade.order(), 60, "03-09")
    cell = only_cell(trade)
    assert judged(cell) == (1, 0, 0, 0)
    assert (cell.late_days, cell.lead_times) == (Counter(), Counter())


def test_a_line_not_yet_due_counts_only_when_it_has_come(trade: Trade) -> None:
    trade.order(due="07-10")
    assert cells_from_documents(Documents(trade.world.organization, AS_OF)) == []
    trade.receive(trade.order(due="07-11"), 100, "06-20")
    assert judged(only_cell(trade)) == (1, 1, 1, 1)


def test_a_line_due_today_is_not_late_yet(trade: Trade) -> None:
    trade.order(due="06-30")
    assert cells_from_documents(Documents(trade.world.organization, AS_OF)) == []


def test_cancelled_quantity_is_not_awaited_and_a_cancelled_line_is_not_due(trade: Trade) -> None:
    trade.receive(trade.order(cancelled_quantity=40), 60, "03-10")
    trade.order(cancelled_quantity=100)
    trade.order(status="draft", issued=None)
    cell = only_cell(trade)
    assert judged(cell) == (1, 1, 1, 1)
    assert (cell.ordered_quantity, cell.spend) == (60, 60)


def test_a_short_line_of_a_closed_order_is_on_time_but_not_in_full(trade: Trade) -> None:
    trade.receive(trade.order(status="closed"), 90, "03-10")
    cell = only_cell(trade)
    assert judged(cell) == (1, 1, 0, 0)
    assert cell.lead_times == Counter()


def test_the_sku_s_tolerance_makes_a_line_full(trade: Trade) -> None:
    trade.world.shipper.in_full_tolerance_percent = Decimal(5)
    trade.world.shipper.save()
    trade.receive(trade.order(), 95, "03-10")
    assert judged(only_cell(trade)) == (1, 1, 1, 1)


@pytest.mark.parametrize(
    ("came", "rules", "answer", "late"),
    [
        ("03-12", {"late_days": 2}, (1, 1, 1, 1), {}),
        ("03-13", {"late_days": 2}, (1, 0, 0, 0), {3: 1}),
        ("03-05", {"early_days": 5}, (1, 1, 1, 1), {}),
        ("03-04", {"early_days": 5}, (1, 0, 1, 0), {}),
        ("03-11", {"due_date_basis": "requested"}, (1, 1, 1, 1), {}),
        ("03-13", {"due_date_basis": "requested"}, (1, 0, 0, 0), {1: 1}),
    ],
)
def test_the_window_is_the_organization_s(
    trade: Trade, came: str, rules: dict[str, Any], answer: tuple[int, ...], late: dict[int, int]
) -> None:
    trade.receive(trade.order(requested_on=day("03-12")), 100, came)
    cell = only_cell(trade, **rules)
    assert judged(cell) == answer
    assert cell.late_days == Counter(late)


def test_fill_rate_is_the_first_delivery_and_never_more_than_ordered(trade: Trade) -> None:
    line = trade.order(200, due="03-10")
    trade.receive(line, 170, "03-08")
    trade.receive(line, 30, "03-09")
    trade.receive(trade.order(100), 105, "03-08")
    cell = only_cell(trade)
    assert (cell.first_received_quantity, cell.ordered_quantity) == (270, 300)


def test_rejects_belong_to_the_month_of_receipt_and_unknown_is_not_zero(trade: Trade) -> None:
    line = trade.order()
    trade.receive(line, 60, "04-02", rejected=3)
    trade.receive(line, 40, "04-03", rejects_known=False)
    cells = cells_from_documents(Documents(trade.world.organization, AS_OF))
    (april,) = [cell for cell in cells if cell.key.month == day("04-01")]
    assert (april.rejected_quantity, april.received_quantity) == (3, 60)
    assert april.cost_quantity == 100


def test_lead_time_adherence_and_agreed_price_count_covered_lines_only(trade: Trade) -> None:
    trade.receive(trade.order(agreed_lead_time_days=9, agreed_price=1), 100, "03-10")
    trade.receive(trade.order(agreed_lead_time_days=8, agreed_price="0.99"), 100, "03-10")
    trade.receive(trade.order(), 100, "03-10")
    cell = only_cell(trade)
    assert (cell.lines_with_agreed_lead_time, cell.lines_within_lead_time) == (2, 1)
    assert (cell.lines_with_agreement, cell.lines_at_agreed_price) == (2, 1)


def invoices(trade: Trade) -> Cell:
    cells = cells_from_documents(Documents(trade.world.organization, AS_OF))
    (cell,) = [cell for cell in cells if cell.invoices]
    return cell


def test_only_holds_that_the_supplier_caused_make_an_invoice_inaccurate(trade: Trade) -> None:
    line = trade.order(1000)
    for holds in ([], ["PRICE"], ["AWAITING_RECEIPT"], ["AWAITING_RECEIPT", "QTY_RECEIVED"]):
        trade.bill([(line, 100, 100)], holds=holds)
    cell = invoices(trade)
    assert (cell.invoices, cell.accurate_invoices) == (4, 2)
    assert cell.key.sku_id is None


def test_our_late_receipt_does_not_count_against_the_supplier(trade: Trade) -> None:
    invoice = trade.bill([(trade.order(), 100, 100)], holds=["QTY_RECEIVED"])
    assert invoices(trade).accurate_invoices == 0
    invoice.holds.update(
        status="cleared", closed_because="receipt GR-0123", closed_at=invoice.matched_at
    )
    assert invoices(trade).accurate_invoices == 1


def test_invoice_variance_shows_price_quantity_and_charges_over_and_under_apart(
    trade: Trade,
) -> None:
    line = trade.order(100, "2.00")
    trade.bill([(line, 80, 168)])  # 8 over by price
    trade.bill([(line, 30, 57)])  # 20 expected at 40, 10 too many: 17 over
    trade.bill([(trade.order(10, "5.00"), 10, 45)], charges={"freight": "12.50"})
    cell = invoices(trade)
    assert cell.invoice_expected == 160 + 40 + 50
    assert cell.invoice_over == Decimal("8") + 17 + Decimal("12.50")
    assert cell.invoice_under == 5


def test_void_invoices_and_credits_are_not_in_the_count(trade: Trade) -> None:
    line = trade.order()
    trade.void(trade.bill([(line, 100, 120)]))
    trade.bill([(line, 100, 100)])
    trade.bill([(line, 0, 10)], kind="credit")
    cell = invoices(trade)
    assert (cell.invoices, cell.invoice_over) == (1, 0)


@pytest.mark.parametrize(
    ("due", "received", "late_days", "on_time", "late"),
    [
        ("03-06", "03-09", 0, 0, {1: 1}),  # Friday, Monday
        ("03-06", "03-07", 0, 1, {}),  # Friday, Saturday
        ("03-06", "03-09", 1, 1, {}),
        ("03-07", "03-09", 0, 1, {}),  # Saturday, Monday
        ("03-08", "03-10", 0, 0, {1: 1}),  # Sunday, Tuesday
        ("03-06", "03-16", 2, 0, {6: 1}),
    ],
)
def test_weekends_do_not_count_when_left_out(
    trade: Trade, due: str, received: str, late_days: int, on_time: int, late: dict[int, int]
) -> None:
    organization = trade.world.organization
    organization.skip_weekends, organization.late_days = True, late_days
    trade.receive(trade.order(due=due), 100, received)
    documents = Documents(organization, day("04-01"))
    cell = next(one for one in cells_from_documents(documents) if one.lines_due)
    assert (cell.lines_on_time, cell.late_days) == (on_time, late)
    organization.skip_weekends = False
    [plain] = [one for one in cells_from_documents(documents) if one.lines_due]
    assert sum(plain.late_days.values()) == int((day(received) - day(due)).days > late_days)


def test_an_open_line_due_on_a_weekend_is_late_from_tuesday_on(trade: Trade) -> None:
    organization = trade.world.organization
    organization.skip_weekends = True
    trade.order(due="03-07")
    for today, due in (("03-09", 0), ("03-10", 1)):
        cells = cells_from_documents(Documents(organization, day(today)))
        assert sum(one.lines_due for one in cells) == due
