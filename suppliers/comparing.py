"""Quotes side by side: what each would cost us in all, and how its supplier did so far.

`opened_quotations` is the only way from a request to its prices on our side of the house; while a
request is sealed it refuses, whoever asks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal

from django.utils import timezone

from procure.exchange import Rates, rates_on
from procure.money import ZERO, allocate, minor_unit, round_money
from suppliers.approved_vendors import ListDecision, list_decisions
from suppliers.models import (
    Quotation,
    QuotationLine,
    QuotationRequest,
    QuotationRequestLine,
    Scorecard,
    Supplier,
)
from suppliers.quoting import require_unsealed

COST_POINTS, RECORD_POINTS, ARRIVAL_POINTS = 50, 30, 20
SCORE_RULE = (
    "Cost 50: all for the lowest landed cost of a complete quote, two fewer per percent above it. "
    "Record 30: the scorecard of 12 months, half without one. "
    "Arrival 20: all when everything comes by the needed-by day, four fewer per day late, half "
    "when a lead time is missing. A quote that is late, or older than a change of the request, is "
    "shown and never the lowest."
)


@dataclass(frozen=True, slots=True)
class OfferCell:
    """What one supplier offers for one line, at the quantity asked for.

    `unit_price` holds at that quantity and is in the quote's currency; `landed` is the line with
    its part of freight and tooling in the request's currency, None without a rate between them.
    `days_late` is against the needed-by day, negative when early, None when unknown.
    """

    line: QuotationLine
    unit_price: Decimal
    goods: Decimal
    charges: Decimal
    landed: Decimal | None
    days_late: int | None
    is_below_minimum: bool
    is_best: bool = False


@dataclass(frozen=True, slots=True)
class ComparedOffer:
    """A supplier's whole quote. `total` is its landed cost, None without a rate; a quote is
    complete when it prices every line at the quantity asked for."""

    quotation: Quotation
    supplier: Supplier
    cells: Mapping[int, OfferCell]
    missing_lines: int
    total: Decimal | None
    longest_lead_time: int | None
    days_late: int | None
    scorecard: Scorecard | None
    decisions: Mapping[int, ListDecision]
    is_before_change: bool = False
    points: Decimal = ZERO
    is_lowest: bool = False
    is_best: bool = False

    @property
    def counts(self) -> bool:
        """Whether it may be the lowest or the best: it came in time and stands as asked."""
        return not self.quotation.is_late and not self.is_before_change

    @property
    def is_complete(self) -> bool:
        return not self.missing_lines

    @property
    def lacks(self) -> str:
        """What keeps the supplier off the list for one of its lines, in a sentence."""
        return next((one.missing for one in self.decisions.values() if one.missing), "")


@dataclass(frozen=True, slots=True)
class Comparison:
    """Every quote of a request, the best first, and each line with a cell per quote.

    Landed, and on the list, means at the request's ship-to where it names one.
    """

    lines: Sequence[QuotationRequestLine]
    offers: Sequence[ComparedOffer] = field(default_factory=list)

    @property
    def rows(
        self,
    ) -> list[tuple[QuotationRequestLine, list[tuple[ComparedOffer, OfferCell | None]]]]:
        return [
            (line, [(offer, offer.cells.get(line.pk)) for offer in self.offers])
            for line in self.lines
        ]


def opened_quotations(request: QuotationRequest) -> list[Quotation]:
    """The last version of each supplier's quote with lines and steps, in three statements.

    Refused while the request is sealed and its deadline has not passed.
    """
    require_unsealed(request)
    rows = (
        Quotation.objects.filter(invitation__request=request)
        .order_by("invitation_id", "-version")
        .distinct("invitation_id")
        .select_related("supplier", "invitation")
        .prefetch_related("lines__breaks")
    )
    return list(rows)


def price_at(line: QuotationLine, quantity: Decimal) -> Decimal:
    """The offered unit price for a quantity: that of the highest step within it."""
    steps = [one for one in line.breaks.all() if one.minimum_quantity <= quantity]
    highest = max(steps, key=lambda one: one.minimum_quantity, default=None)
    price: Decimal = highest.unit_price if highest is not None else line.unit_price
    return price


def compare_quotations(request: QuotationRequest) -> Comparison:
    """Compares all quotes of a request in ten statements, however many there are."""
    quotations = opened_quotations(request)
    lines = list(request.lines.select_related("sku"))
    today = timezone.localdate()
    rates, cards = rates_on(today), _scorecards(quotations)
    pairs = [(one.supplier_id, line.sku_id) for one in quotations for line in lines]
    decisions = list_decisions(pairs, today, ship_to=request.ship_to_id)
    offers = []
    for quotation in quotations:
        cells = _cells(request, quotation, lines, rates, today)
        usable = [cell for cell in cells.values() if not cell.is_below_minimum]
        offers.append(
            ComparedOffer(
                quotation=quotation,
                supplier=quotation.supplier,
                cells=cells,
                missing_lines=len(lines) - len(usable),
                total=_sum_of([cell.landed for cell in cells.values()]),
                longest_lead_time=_longest([cell.line.lead_time_days for cell in cells.values()]),
                days_late=_longest([cell.days_late for cell in cells.values()]),
                is_before_change=quotation.is_before_change(request),
                scorecard=cards.get(quotation.supplier_id),
                decisions={
                    line.pk: decisions[quotation.supplier_id, line.sku_id] for line in lines
                },
            )
        )
    return Comparison(lines, _ranked(_with_best_cells(offers, lines)))


def _cells(
    request: QuotationRequest,
    quotation: Quotation,
    lines: Sequence[QuotationRequestLine],
    rates: Rates,
    today: date,
) -> dict[int, OfferCell]:
    wanted = {line.pk: line.quantity for line in lines}
    offered = list(quotation.lines.all())
    currency = quotation.currency
    prices = [price_at(one, wanted[one.request_line_id]) for one in offered]
    goods = [
        round_money(price * wanted[one.request_line_id], currency)
        for price, one in zip(prices, offered, strict=True)
    ]
    extra = quotation.freight_amount + quotation.tooling_amount
    charges = allocate(extra, goods, minor_unit(currency)) if offered else []
    cells = {}
    for one, price, amount, charge in zip(offered, prices, goods, charges, strict=True):
        landed = rates.convert(amount + charge, currency, request.currency)
        cells[one.request_line_id] = OfferCell(
            line=one,
            unit_price=price,
            goods=amount,
            charges=charge,
            landed=None if landed is None else round_money(landed, request.currency),
            days_late=_days_late(one.lead_time_days, request.needed_on, today),
            is_below_minimum=one.minimum_quantity > wanted[one.request_line_id],
        )
    return cells


def _days_late(lead_time_days: int | None, needed_on: date | None, today: date) -> int | None:
    if lead_time_days is None or needed_on is None:
        return None
    return (today + timedelta(days=lead_time_days) - needed_on).days


def _sum_of(amounts: Sequence[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known, ZERO) if known and len(known) == len(amounts) else None


def _longest(values: Sequence[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return max(known) if known and len(known) == len(values) else None


def _scorecards(quotations: Sequence[Quotation]) -> dict[int, Scorecard]:
    suppliers = [one.supplier_id for one in quotations]
    rows = Scorecard.objects.filter(supplier__in=suppliers, period=Scorecard.Period.YEAR)
    return {one.supplier_id: one for one in rows}


def _with_best_cells(
    offers: Sequence[ComparedOffer], lines: Sequence[QuotationRequestLine]
) -> list[ComparedOffer]:
    """Marks the lowest landed cost per line among quotes that count."""
    best: dict[int, tuple[Decimal, int]] = {}
    for number, offer in enumerate(offers):
        if not offer.counts:
            continue
        for line in lines:
            cell = offer.cells.get(line.pk)
            if cell is not None and cell.landed is not None and not cell.is_below_minimum:
                best[line.pk] = min(best.get(line.pk, (cell.landed, number)), (cell.landed, number))
    return [
        replace(
            offer,
            cells={
                pk: replace(cell, is_best=pk in best and best[pk][1] == number)
                for pk, cell in offer.cells.items()
            },
        )
        for number, offer in enumerate(offers)
    ]


def _ranked(offers: Sequence[ComparedOffer]) -> list[ComparedOffer]:
    """Points for all, the most first; those that count before others, complete ones first."""
    totals = [
        offer.total
        for offer in offers
        if offer.is_complete and offer.total is not None and offer.counts
    ]
    lowest = min(totals, default=None)
    scored = [
        replace(
            offer,
            points=_cost_points(offer, lowest) + _record_points(offer) + _arrival_points(offer),
            is_lowest=lowest is not None and offer.is_complete and offer.total == lowest,
        )
        for offer in offers
    ]
    scored.sort(
        key=lambda one: (not one.counts, not one.is_complete, -one.points, one.supplier.name)
    )
    if scored and scored[0].is_complete and scored[0].counts:
        scored[0] = replace(scored[0], is_best=True)
    return scored


def _cost_points(offer: ComparedOffer, lowest: Decimal | None) -> Decimal:
    if not lowest or offer.total is None or not offer.is_complete:
        return ZERO
    above = 100 * (offer.total - lowest) / lowest
    return min(max(COST_POINTS - 2 * above, ZERO), Decimal(COST_POINTS))


def _record_points(offer: ComparedOffer) -> Decimal:
    if offer.scorecard is None or offer.scorecard.score is None:
        return Decimal(RECORD_POINTS) / 2
    return offer.scorecard.score * RECORD_POINTS / 100


def _arrival_points(offer: ComparedOffer) -> Decimal:
    if offer.days_late is None:
        return Decimal(ARRIVAL_POINTS) / 2
    return Decimal(max(ARRIVAL_POINTS - 4 * max(offer.days_late, 0), 0))
