"""Whatever happens in whatever order: worked off bit by bit, rebuilt, or counted by hand from the
documents, the figures are the same."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matching.cells import today_of
from matching.draining import drain
from matching.verification import differences
from procure.money import round_half_up, round_price
from purchasing.models import PurchaseOrderLine
from suppliers.models import Scorecard, SkuCost
from tests.results import oracle
from tests.results.trade import Trade


class Story:
    """A sequence of business events, each drawn from a seeded generator."""

    def __init__(self, trade: Trade, seed: int) -> None:
        self.trade = trade
        self.random = random.Random(seed)
        self.today = today_of(trade.world.organization)
        self.lines: list[PurchaseOrderLine] = []
        self.receipts: list[Any] = []
        self.invoices: list[Any] = []

    def some_day(self, most: int = 400) -> date:
        return self.today - timedelta(days=self.random.randint(-15, most))

    def order(self) -> None:
        world, due = self.trade.world, self.some_day()
        self.lines.append(
            self.trade.order(
                self.random.choice([1, 7, 100, "12.5"]),
                self.random.choice(["0", "1.10", "3.333333"]),
                due=str(due),
                issued=self.random.choice([None, str(due - timedelta(days=20))]),
                supplier=self.random.choice([world.northline, world.kestrel]),
                sku=self.random.choice([world.shipper, world.divider]),
                status=self.random.choice(["issued", "issued", "closed", "draft"]),
            )
        )

    def issued_line(self) -> PurchaseOrderLine | None:
        lines = [line for line in self.lines if line.order.status != "draft"]
        return self.random.choice(lines) if lines else None

    def receive(self) -> None:
        if line := self.issued_line():
            part = self.random.choice([Decimal(1), Decimal("0.5"), Decimal("0.3333")])
            quantity = round_half_up(line.ordered_quantity * part, 4)
            on = line.promised_on + timedelta(days=self.random.randint(-9, 9))
            self.receipts.append(self.trade.receive(line, quantity, str(on)))

    def give_back(self) -> None:
        if line := self.issued_line():
            self.trade.give_back(line, self.random.choice([1, "0.5"]), str(self.today))

    def reverse(self) -> None:
        if self.receipts:
            self.trade.reverse(self.receipts.pop(self.random.randrange(len(self.receipts))))

    def bill(self) -> None:
        if line := self.issued_line():
            quantity = line.ordered_quantity
            amount = round_half_up(quantity * self.random.choice([Decimal(1), Decimal("1.37")]), 2)
            self.invoices.append(
                self.trade.bill(
                    [(line, quantity, amount)], on=str(self.some_day()),
                    charges=self.random.choice([{}, {"freight": "7.77"}]),
                    discount_amount=self.random.choice([Decimal(0), Decimal("0.13")]),
                )
            )  # fmt: skip

    def credit(self) -> None:
        if line := self.issued_line():
            self.trade.bill([(line, self.random.choice([0, 1]), "0.50")], kind="credit")

    def void(self) -> None:
        if self.invoices:
            self.trade.void(self.invoices.pop(self.random.randrange(len(self.invoices))))

    def work_off(self) -> None:
        drain(self.trade.world.organization.pk)

    @property
    def steps(self) -> list[Callable[[], None]]:
        return [
            self.order, self.receive, self.give_back, self.reverse, self.bill, self.credit,
            self.void, self.work_off,
        ]  # fmt: skip


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    steps=st.lists(st.sampled_from([0, 0, 1, 1, 1, 2, 3, 4, 4, 5, 6, 7]), min_size=3, max_size=25),
    seed=st.integers(0, 10_000),
)
def test_every_road_leads_to_the_same_figures(trade: Trade, steps: list[int], seed: int) -> None:
    before = transaction.savepoint()
    try:
        story = Story(trade, seed)
        for step in steps:
            story.steps[step]()
        drain(trade.world.organization.pk)
        check_scorecards(trade, story.today)
        check_costs(trade)
        assert differences(trade.world.organization) == []
    finally:
        transaction.savepoint_rollback(before)


def check_scorecards(trade: Trade, today: date) -> None:
    organization = trade.world.organization
    firsts = {"all": None, "365d": today - timedelta(days=364), "90d": today - timedelta(days=89)}
    for supplier in (trade.world.northline, trade.world.kestrel):
        for period, first in firsts.items():
            wanted = oracle.scorecard(supplier.pk, organization, today, first)
            card = Scorecard.objects.filter(supplier=supplier, period=period).first() or Scorecard()
            assert (card.lines_due, card.lines_on_time) == (
                wanted["lines_due"],
                wanted["lines_on_time"],
            )
            assert card.in_full_percent == rounded(share(wanted["in_full"], wanted["lines_due"]))
            assert card.fill_rate_percent == rounded(share(wanted["fill"], wanted["needed"]))
            assert card.late_days_mean == rounded(wanted["late_mean"])
            assert card.lead_time_median == wanted["lead_median"]
            assert (card.spend or 0) == wanted["spend"]


def check_costs(trade: Trade) -> None:
    for sku in (trade.world.shipper, trade.world.divider):
        for supplier in (None, trade.world.northline, trade.world.kestrel):
            wanted = oracle.cost(sku.pk, supplier and supplier.pk)
            row = SkuCost.objects.filter(sku=sku, supplier=supplier).first() or SkuCost()
            assert (row.lines, row.suppliers) == (wanted["lines"], wanted["suppliers"])
            assert row.received_quantity == wanted["quantity"]
            assert abs(row.amount - wanted["amount"]) <= Decimal("0.001")
            assert row.last_price == price(wanted["last"])
            assert (row.min_price, row.max_price) == (price(wanted["min"]), price(wanted["max"]))


def share(part: Any, whole: Any) -> Decimal | None:
    return Decimal(100) * part / whole if whole else None


def rounded(value: Decimal | None) -> Decimal | None:
    return None if value is None else round_half_up(value, 4)


def price(value: Decimal | None) -> Decimal | None:
    return None if value is None else round_price(value)


@pytest.mark.parametrize("forgotten", ["receive", "reverse", "bill"])
def test_control_an_action_that_forgets_to_mark_is_found(
    trade: Trade, monkeypatch: pytest.MonkeyPatch, forgotten: str
) -> None:
    due = str(today_of(trade.world.organization) - timedelta(days=20))
    line = trade.order(due=due)
    receipt = trade.receive(line, 50, due)
    drain(trade.world.organization.pk)
    monkeypatch.setattr(Trade, "mark", staticmethod(lambda line: None))
    if forgotten == "receive":
        trade.receive(line, 50, due)
    elif forgotten == "reverse":
        trade.reverse(receipt)
    else:
        trade.bill([(line, 100, 120)])
    drain(trade.world.organization.pk)
    assert differences(trade.world.organization) != []
