"""What a SKU cost us: by supplier, and over all of them.

The facts are received lines net of returns, at the billed net price where billed. Cells are added
up; the averages of the last 365 and 90 days take their edge days from the documents.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from django.utils import timezone

from matching.cells import COSTED, Cell, Documents, Price, last_two, stored_cells
from matching.periods import parts_of, period_of
from matching.scorecards import edge_days
from procure.exchange import Rates, rates_on
from procure.models import Organization
from procure.money import ZERO, round_half_up, round_price
from suppliers import rollups
from suppliers.agreements import WantedPrice, agreed_prices
from suppliers.models import Scorecard, Sku, SkuCost

WINDOWS = (Scorecard.Period.YEAR, Scorecard.Period.QUARTER)


class CostKey(NamedTuple):
    """One SKU of one supplier in one currency; without a supplier, all of them."""

    sku_id: int
    supplier_id: int | None
    currency: str


@dataclass(slots=True)
class Worth:
    """Quantity and amount of received lines in a window."""

    quantity: Decimal = ZERO
    amount: Decimal = ZERO

    @property
    def average(self) -> Decimal | None:
        """By value over quantity, unrounded."""
        return self.amount / self.quantity if self.quantity else None


@dataclass(slots=True)
class Cost:
    """What cells of one key add up to, unrounded; money in the key's currency."""

    key: CostKey
    lines: int = 0
    all_time: Worth = field(default_factory=Worth)
    landed: Worth = field(default_factory=Worth)
    windows: dict[str, Worth] = field(default_factory=lambda: defaultdict(Worth))
    least: Decimal | None = None
    most: Decimal | None = None
    prices: list[Price] = field(default_factory=list)
    supplier_ids: set[int] = field(default_factory=set)
    agreed_price: Decimal | None = None
    standard_cost: Decimal | None = None

    def add(self, cell: Cell, rate: Decimal) -> None:
        """Adds a cell whose money is worth `rate` times as much in this currency."""
        self.lines += cell.cost_lines
        self.supplier_ids.add(cell.key.supplier_id)
        self._add_worth(self.all_time, cell, rate)
        self.landed.quantity += cell.cost_quantity
        self.landed.amount += cell.cost_landed * rate
        for price in (cell.last, cell.previous):
            if price is not None:
                self.prices.append(price._replace(unit_price=price.unit_price * rate))
        if cell.min_price is not None and cell.max_price is not None:
            lowest, highest = cell.min_price * rate, cell.max_price * rate
            self.least = lowest if self.least is None else min(self.least, lowest)
            self.most = highest if self.most is None else max(self.most, highest)

    def add_to_window(self, code: str, cell: Cell, rate: Decimal) -> None:
        """Adds what of a cell, or of its edge days, lies in a trailing window."""
        self._add_worth(self.windows[code], cell, rate)

    @staticmethod
    def _add_worth(worth: Worth, cell: Cell, rate: Decimal) -> None:
        worth.quantity += cell.cost_quantity
        worth.amount += cell.cost_amount * rate

    @property
    def last_and_previous(self) -> tuple[Price | None, Price | None]:
        return last_two(self.prices)

    @property
    def ppv(self) -> Decimal | None:
        """(actual - standard) x quantity; positive is worse."""
        if self.standard_cost is None:
            return None
        return self.all_time.amount - self.standard_cost * self.all_time.quantity


def costs_of(
    organization: Organization,
    sku_ids: Collection[int] | None,
    as_of: date,
    cells: Sequence[Cell] | None = None,
) -> list[Cost]:
    """The costs of these SKUs by supplier, and per SKU over all its suppliers.

    Five statements; `cells` are the stored ones unless given. Over all suppliers the currency is
    the one they share, else the organization's; an amount without a rate into it is left out.
    """
    if cells is None:
        cells = stored_cells(skus=sku_ids, names=COSTED)
    cells = [cell for cell in cells if cell.cost_lines]
    skus = {cell.key.sku_id for cell in cells if cell.key.sku_id is not None}
    costs = _Costs(organization.currency, cells, rates_on(as_of))
    periods = [period_of(code, as_of, as_of) for code in WINDOWS]
    parts = [parts_of(period.days) for period in periods]
    for cell in cells:
        costs.add(cell)
        for window, part in zip(WINDOWS, parts, strict=True):
            if part.holds_month(cell.key.month):
                costs.add_to_window(window, cell)
    documents = Documents(organization, as_of, skus=skus if sku_ids is not None else None)
    months = {cell.key.month for cell in cells}
    for index, cell in edge_days(documents, parts, months, delivery=False):
        if cell.cost_lines:
            costs.add_to_window(WINDOWS[index], cell)
    found = sorted(costs.found.values(), key=lambda cost: str(cost.key))
    _add_agreed_prices(found, as_of)
    _add_standard_costs(found, organization.currency, costs.rates)
    return found


class _Costs:
    """Costs being added up, by supplier and over all."""

    def __init__(self, own_currency: str, cells: Iterable[Cell], rates: Rates) -> None:
        used: dict[int, set[str]] = defaultdict(set)
        for cell in cells:
            if cell.key.sku_id is not None:
                used[cell.key.sku_id].add(cell.key.currency)
        self.rates = rates
        self.shared = {
            sku_id: next(iter(currencies)) if len(currencies) == 1 else own_currency
            for sku_id, currencies in used.items()
        }
        self.found: dict[CostKey, Cost] = {}

    def _targets(self, cell: Cell) -> Iterable[tuple[Cost, Decimal]]:
        sku_id, currency = cell.key.sku_id, cell.key.currency
        if sku_id is None or sku_id not in self.shared:
            return
        into = self.shared[sku_id]
        rate = self.rates.convert(Decimal(1), currency, into)
        for key, worth in (
            (CostKey(sku_id, cell.key.supplier_id, currency), Decimal(1)),
            (CostKey(sku_id, None, into), rate),
        ):
            if worth is not None:
                yield self.found.setdefault(key, Cost(key)), worth

    def add(self, cell: Cell) -> None:
        for cost, rate in self._targets(cell):
            cost.add(cell, rate)

    def add_to_window(self, code: str, cell: Cell) -> None:
        for cost, rate in self._targets(cell):
            cost.add_to_window(code, cell, rate)


def _add_agreed_prices(costs: Collection[Cost], on: date) -> None:
    """The price in force for the average quantity of a received line; over all, the lowest."""
    wanted = [
        WantedPrice(cost.key.supplier_id, cost.key.sku_id, cost.all_time.quantity / cost.lines)
        for cost in costs
        if cost.key.supplier_id is not None and cost.lines
    ]
    agreed = agreed_prices(wanted, on) if wanted else {}
    lowest: dict[tuple[int, str], Decimal] = {}
    for cost in costs:
        price = agreed.get((cost.key.supplier_id or 0, cost.key.sku_id))
        if price is not None:
            cost.agreed_price = price.unit_price
            key = (cost.key.sku_id, cost.key.currency)
            lowest[key] = min(lowest.get(key, price.unit_price), price.unit_price)
    for cost in costs:
        if cost.key.supplier_id is None:
            cost.agreed_price = lowest.get((cost.key.sku_id, cost.key.currency))


def _add_standard_costs(costs: Collection[Cost], own_currency: str, rates: Rates) -> None:
    """The SKU's standard cost, which is in the organization's currency, in the cost's own."""
    standard: Mapping[int, Decimal | None] = dict(
        Sku.objects.filter(pk__in={cost.key.sku_id for cost in costs}).values_list(
            "pk", "standard_cost"
        )
    )
    for cost in costs:
        own = standard[cost.key.sku_id]
        if own is not None:
            cost.standard_cost = rates.convert(own, own_currency, cost.key.currency)


def refresh_sku_costs(organization: Organization, sku_ids: Collection[int], as_of: date) -> None:
    """Computes and stores the costs of these SKUs; their results must be locked."""
    costs = costs_of(organization, sku_ids, as_of)
    rollups.store_sku_costs(sku_ids, [cost_row(cost, as_of) for cost in costs])


def cost_row(cost: Cost, as_of: date) -> SkuCost:
    """The cost rounded as the table keeps it."""
    last, previous = cost.last_and_previous
    return SkuCost(
        sku_id=cost.key.sku_id,
        supplier_id=cost.key.supplier_id,
        currency=cost.key.currency,
        lines=cost.lines,
        suppliers=len(cost.supplier_ids),
        received_quantity=cost.all_time.quantity,
        amount=round_half_up(cost.all_time.amount, 4),
        agreed_price=cost.agreed_price,
        last_price=_price(last and last.unit_price),
        last_on=last and last.on,
        previous_price=_price(previous and previous.unit_price),
        average_price=_price(cost.all_time.average),
        average_price_365d=_price(cost.windows[Scorecard.Period.YEAR].average),
        average_price_90d=_price(cost.windows[Scorecard.Period.QUARTER].average),
        min_price=_price(cost.least),
        max_price=_price(cost.most),
        landed_price=_price(cost.landed.average),
        ppv=None if cost.ppv is None else round_half_up(cost.ppv, 4),
        as_of=as_of,
        computed_at=timezone.now(),
    )


def _price(value: Decimal | None) -> Decimal | None:
    return None if value is None else round_price(value)
