"""What if a supplier stops today: which SKUs and products it hits, when, and who takes over.

Nothing is written here. Its open orders count as lost; the others still come. Fallbacks are
chosen by the ranking of the order form, approved suppliers first: approved for where the SKU goes,
which is where most of what is lost was to go, else where most went in 12 months.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import Any

from django.db.models import Q, Sum

from procure.exchange import Rates, rates_on
from procure.models import Location
from procure.money import ZERO
from procure.tenancy import current_organization_id
from purchasing.cover import COVER, cover_rows
from purchasing.models import PurchaseOrder, PurchaseOrderLine
from suppliers.bills import products_with
from suppliers.category_reality import MONTHS, NINE_OF_TEN, months_before
from suppliers.histograms import Days, quantile_of
from suppliers.models import Category, PerformanceCell, Sku, Supplier
from suppliers.pricing import WantedLine, line_prices
from suppliers.sourcing import RankedSupplier, line_rankings

ENOUGH_TIMES = 5
"""Below so many lines of the SKU, what is agreed says more than what was measured."""

ONE = Decimal(1)

HIT = f"""
    WITH {COVER}
    SELECT cover.sku_id, cover.lost_quantity, cover.open_quantity, cover.on_hand, cover.daily,
        cover.days
    FROM cover WHERE cover.lost_quantity > 0 OR EXISTS (
        SELECT 1 FROM suppliers_performancecell cell
        WHERE cell.organization_id = %(organization)s AND cell.supplier_id = %(without)s
            AND cell.sku_id = cover.sku_id AND cell.month >= %(since)s::date
            AND (cell.spend > 0 OR cell.cost_quantity > 0))
"""


@dataclass(slots=True)
class Bought:
    """What was bought of a SKU in 12 months, in the organization's currency and the SKU's unit."""

    spend: Decimal = ZERO
    spend_of_all: Decimal = ZERO
    received: Decimal = ZERO


@dataclass(slots=True)
class DrillLine:
    """A SKU that the supplier provides, without it.

    `lead_days` are those of the fallback, `lead_basis` what they rest on. `cost_per_month` is by
    how much a month costs more (less below zero), in the organization's currency; None without
    two prices or a past use. `go_by` is the last day on which the fallback can still be in time.
    """

    sku: Sku
    lost_quantity: Decimal
    open_quantity: Decimal
    on_hand: Decimal | None
    daily: Decimal
    days: Decimal | None
    runs_out_on: date | None
    bought: Bought
    products: list[Sku] = field(default_factory=list)
    fallback: RankedSupplier | None = None
    ship_to: Location | None = None
    lead_days: int | None = None
    lead_basis: str = ""
    go_by: date | None = None
    cost_per_month: Decimal | None = None
    cost_percent: Decimal | None = None

    @property
    def whole_days(self) -> int | None:
        return None if self.days is None else math.floor(self.days)

    @property
    def share_percent(self) -> Decimal | None:
        """The supplier's share of what the SKU cost in 12 months."""
        whole = self.bought.spend_of_all
        return 100 * self.bought.spend / whole if whole else None

    @property
    def has_draft(self) -> bool:
        """Whether an open order is lost that an approved fallback can take over unasked."""
        found = self.fallback
        if not self.lost_quantity or found is None or not found.is_approved:
            return False
        return not self.asks_why

    @property
    def asks_why(self) -> bool:
        """Whether the list lets one order from the fallback, but wants to hear the reason first."""
        decision = self.fallback.decision if self.fallback else None
        if decision is None or not decision.is_approved:
            return False
        return decision.needs_justification and decision.rule != Category.OffListRule.OFF


@dataclass(frozen=True, slots=True)
class ProductHit:
    """A finished product, its SKUs that stop coming, and the first day on which one runs out."""

    product: Sku
    lines: list[DrillLine]
    runs_out_on: date | None

    @property
    def has_no_fallback(self) -> bool:
        return any(line.fallback is None for line in self.lines)


@dataclass(frozen=True, slots=True)
class Replacement:
    """An order to be: what one fallback supplier would take over for one place, and when it has
    to go."""

    supplier: Supplier
    ship_to: Location | None
    lines: list[DrillLine]
    go_by: date | None


@dataclass(frozen=True, slots=True)
class Drill:
    """The whole answer for a day, SKUs without a fallback first, then by when orders must go."""

    supplier: Supplier
    on: date
    currency: str
    lines: list[DrillLine]
    products: list[ProductHit]
    replacements: list[Replacement]

    @property
    def without_fallback(self) -> int:
        return sum(line.fallback is None for line in self.lines)

    @property
    def first_out(self) -> DrillLine | None:
        """The line that runs out first."""
        known = [line for line in self.lines if line.runs_out_on]
        return min(known, key=lambda line: line.runs_out_on or self.on, default=None)

    @property
    def first_to_order(self) -> DrillLine | None:
        """The line whose order has to go first."""
        known = [line for line in self.lines if line.go_by]
        return min(known, key=lambda line: line.go_by or self.on, default=None)

    @property
    def too_late(self) -> int:
        """How many SKUs run out before their fallback can be there."""
        return sum(line.go_by is not None and line.go_by < self.on for line in self.lines)

    @property
    def cost_per_month(self) -> Decimal:
        """What all known differences make together."""
        return sum((line.cost_per_month or ZERO for line in self.lines), ZERO)

    @property
    def lines_with_cost(self) -> int:
        return sum(line.cost_per_month is not None for line in self.lines)


def drill_of(supplier: Supplier, currency: str, on: date) -> Drill:
    """What stops with the supplier today, in a fixed number of statements."""
    rates = rates_on(on)
    hit = _hit(supplier, on)
    skus = Sku.objects.select_related("category").in_bulk(hit)
    bought = _bought(supplier, hit, currency, rates, on)
    lines = [_line(skus[pk], row, bought[pk], on) for pk, row in hit.items() if skus[pk].is_active]
    _find_ship_to(supplier, lines, on)
    _find_fallbacks(supplier, lines, currency, rates, on)
    products = _find_products(lines)
    lines.sort(key=_urgency)
    return Drill(supplier, on, currency, lines, products, _replacements(lines))


def _urgency(line: DrillLine) -> tuple[bool, date, Decimal, str]:
    return (
        line.fallback is not None,
        line.go_by or line.runs_out_on or date.max,
        -line.bought.spend,
        line.sku.code,
    )


def _hit(supplier: Supplier, on: date) -> dict[int, Sequence[Any]]:
    values = {
        "organization": current_organization_id(),
        "without": supplier.pk,
        "day": on,
        "since": _a_year_back(on),
    }
    return {sku_id: row for sku_id, *row in cover_rows(HIT, values)}


def _a_year_back(on: date) -> date:
    """The first of twelve months, the running one included."""
    return months_before(on.replace(day=1), MONTHS - 1)


def _bought(
    supplier: Supplier, sku_ids: Collection[int], currency: str, rates: Rates, on: date
) -> dict[int, Bought]:
    """What was bought by SKU; money without a rate is left out."""
    found: dict[int, Bought] = defaultdict(Bought)
    rows = (
        PerformanceCell.objects.filter(sku_id__in=sku_ids, month__gte=_a_year_back(on))
        .values_list("sku_id", "supplier_id", "currency")
        .annotate(spent=Sum("spend"), came=Sum("cost_quantity"))
        .order_by()
    )
    for sku_id, supplier_id, its_currency, spent, came in rows:
        spend = rates.convert(spent, its_currency, currency) or ZERO
        found[sku_id].spend_of_all += spend
        if supplier_id == supplier.pk:
            found[sku_id].spend += spend
            found[sku_id].received += came
    return found


def _line(sku: Sku, row: Sequence[Any], bought: Bought, on: date) -> DrillLine:
    lost, open_quantity, on_hand, daily, days = row
    out = None if days is None or days > 20_000 else on + timedelta(days=math.floor(days))
    return DrillLine(sku, lost, open_quantity, on_hand, daily, days, out, bought)


def _find_ship_to(supplier: Supplier, lines: Sequence[DrillLine], on: date) -> None:
    """Where most of each SKU was to go: of the open orders, else of those issued in 12 months."""
    skus = {line.sku.pk for line in lines}
    found = PurchaseOrderLine.objects.filter(
        sku_id__in=skus, order__supplier=supplier, order__ship_to__isnull=False
    ).filter(
        Q(order__status=PurchaseOrder.Status.ISSUED) | Q(order__issued_on__gte=_a_year_back(on))
    )
    sums = (
        found.values_list("sku_id", "order__status", "order__ship_to_id")
        .annotate(quantity=Sum("ordered_quantity"))
        .order_by()
    )
    most: dict[int, tuple[bool, Decimal, int]] = {}
    for sku_id, status, place_id, ordered in sums:
        rank = (status == PurchaseOrder.Status.ISSUED, ordered, place_id)
        most[sku_id] = max(rank, most.get(sku_id, rank))
    places = Location.objects.in_bulk({place_id for _, _, place_id in most.values()})
    for line in lines:
        if line.sku.pk in most:
            line.ship_to = places[most[line.sku.pk][2]]


def _find_fallbacks(
    supplier: Supplier, lines: Sequence[DrillLine], currency: str, rates: Rates, on: date
) -> None:
    skus = [line.sku for line in lines]
    quantities = {line.sku.pk: _quantity_asked(line) for line in lines}
    ship_to = {line.sku.pk: line.ship_to.pk for line in lines if line.ship_to}
    rankings = line_rankings(skus, quantities, ship_to=ship_to, without=supplier.pk, on=on)
    for line in lines:
        line.fallback = next(iter(rankings[line.sku.pk]), None)
    times = _lead_times(lines, on)
    wanted = [WantedLine(sku_id, quantity) for sku_id, quantity in quantities.items()]
    prices = line_prices(supplier.pk, wanted, on) if wanted else {}
    for line in lines:
        if line.fallback is None:
            continue
        _set_lead_time(line, line.fallback, times)
        own = prices[line.sku.pk].unit_price
        now = None if own is None else rates.convert(own, supplier.currency, currency)
        then = line.fallback.compared_cost
        if now is not None and then is not None:
            more = then / quantities[line.sku.pk] - now
            line.cost_percent = 100 * more / now if now else None
            line.cost_per_month = more * line.bought.received / MONTHS


def _quantity_asked(line: DrillLine) -> Decimal:
    """What is asked a price for: the lost orders, else a month of what came, else one."""
    return line.lost_quantity or line.bought.received / MONTHS or ONE


def _lead_times(lines: Sequence[DrillLine], on: date) -> Mapping[tuple[int, int], Days]:
    """How long each fallback's lines of the SKU took in 12 months."""
    pairs = {(line.fallback.supplier.pk, line.sku.pk) for line in lines if line.fallback}
    found: dict[tuple[int, int], Days] = defaultdict(Counter)
    cells = PerformanceCell.objects.filter(
        supplier_id__in={one for one, _sku in pairs},
        sku_id__in={sku for _one, sku in pairs},
        month__gte=_a_year_back(on),
    )
    for supplier_id, sku_id, times in cells.values_list("supplier_id", "sku_id", "lead_times"):
        found[supplier_id, sku_id].update({int(day): int(n) for day, n in times.items()})
    return found


BASIS = {
    "agreement": "agreed",
    "record": "its median",
    "category": "as the category says",
}


def _set_lead_time(
    line: DrillLine,
    fallback: RankedSupplier,
    times: Mapping[tuple[int, int], Days],
) -> None:
    """The days of nine in ten of its lines of the SKU; with few of them what the ranking takes."""
    days = times.get((fallback.supplier.pk, line.sku.pk), Counter())
    taken, count = quantile_of(days, NINE_OF_TEN), sum(days.values())
    if taken is not None and count >= ENOUGH_TIMES:
        line.lead_days = int(taken.to_integral_value(ROUND_CEILING))
        line.lead_basis = f"nine in ten of {count} lines"
    elif fallback.lead_time_days is not None:
        line.lead_days = fallback.lead_time_days
        basis = BASIS[fallback.lead_time_source]
        line.lead_basis = f"{basis}, {count} line{'' if count == 1 else 's'} so far"
    if line.lead_days is not None and line.runs_out_on is not None:
        line.go_by = line.runs_out_on - timedelta(days=line.lead_days)


def _find_products(lines: Sequence[DrillLine]) -> list[ProductHit]:
    """The finished products behind the lines, the first to stop first."""
    found = products_with([line.sku.pk for line in lines])
    products = Sku.objects.in_bulk({one for ids in found.values() for one in ids})
    parts: dict[int, list[DrillLine]] = defaultdict(list)
    for line in lines:
        line.products = [products[one] for one in found.get(line.sku.pk, ())]
        for product in line.products:
            parts[product.pk].append(line)
    hits = []
    for pk, its_lines in parts.items():
        days = [line.runs_out_on for line in its_lines if line.runs_out_on]
        hits.append(ProductHit(products[pk], its_lines, min(days, default=None)))
    return sorted(hits, key=lambda hit: (hit.runs_out_on or date.max, hit.product.code))


def _replacements(lines: Sequence[DrillLine]) -> list[Replacement]:
    """One order to be per approved fallback supplier and place, the most urgent first."""
    together: dict[tuple[int, int | None], list[DrillLine]] = defaultdict(list)
    for line in lines:
        if line.has_draft and line.fallback:
            place_id = line.ship_to.pk if line.ship_to else None
            together[line.fallback.supplier.pk, place_id].append(line)
    found = []
    for its_lines in together.values():
        fallback = its_lines[0].fallback
        assert fallback is not None
        days = [line.go_by for line in its_lines if line.go_by]
        first = min(days, default=None)
        found.append(Replacement(fallback.supplier, its_lines[0].ship_to, its_lines, first))
    return sorted(found, key=lambda one: (one.go_by or date.max, one.supplier.name))
