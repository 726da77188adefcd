"""Cells of supplier x SKU x month, recomputed whole from documents by a few statements.

The same statements give the days at the edge of a trailing period, so that a period is whole
months from stored cells plus edge days from documents, exactly.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.contrib.postgres.aggregates import JSONBAgg
from django.db import connection
from django.db.models import Q, Sum
from django.utils import timezone

from matching.documents_sql import BILLS, DUE_LINES, RECEIVED_LINES
from procure.models import Organization
from procure.money import ZERO
from suppliers.models import PerformanceCell

Days = Counter[int]


class Price(NamedTuple):
    """A price paid: ordered by day, then by source, so that the greatest is the last."""

    on: date
    source: int
    unit_price: Decimal


class CellKey(NamedTuple):
    """Which cell; without a SKU it holds the supplier's invoices. `month` is its first day."""

    supplier_id: int
    sku_id: int | None
    month: date
    currency: str


class Span(NamedTuple):
    """Days from first to last, both included; None is open."""

    first: date | None = None
    last: date | None = None


@dataclass(slots=True)
class Cell:
    """What the documents of one key add up to; the columns of PerformanceCell."""

    key: CellKey
    lines_due: int = 0
    lines_on_time: int = 0
    lines_in_full: int = 0
    lines_on_time_in_full: int = 0
    ordered_quantity: Decimal = ZERO
    first_received_quantity: Decimal = ZERO
    lines_with_agreed_lead_time: int = 0
    lines_within_lead_time: int = 0
    lines_with_agreement: int = 0
    lines_at_agreed_price: int = 0
    spend: Decimal = ZERO
    misses_by_us: int = 0
    misses_by_carrier: int = 0
    received_quantity: Decimal = ZERO
    rejected_quantity: Decimal = ZERO
    cost_lines: int = 0
    cost_quantity: Decimal = ZERO
    cost_amount: Decimal = ZERO
    cost_landed: Decimal = ZERO
    min_price: Decimal | None = None
    max_price: Decimal | None = None
    invoices: int = 0
    accurate_invoices: int = 0
    invoice_expected: Decimal = ZERO
    invoice_over: Decimal = ZERO
    invoice_under: Decimal = ZERO
    late_days: Days = field(default_factory=Counter)
    lead_times: Days = field(default_factory=Counter)
    last: Price | None = None
    previous: Price | None = None


# Columns that are read and written as they stand; prices and histograms have their own form.
COUNTED = (
    "lines_due", "lines_on_time", "lines_in_full", "lines_on_time_in_full", "ordered_quantity",
    "first_received_quantity", "lines_with_agreed_lead_time", "lines_within_lead_time",
    "lines_with_agreement", "lines_at_agreed_price", "spend", "misses_by_us", "misses_by_carrier",
)  # fmt: skip
COSTED = (
    "received_quantity", "rejected_quantity", "cost_lines", "cost_quantity", "cost_amount",
    "cost_landed", "min_price", "max_price",
)  # fmt: skip
BILLED = ("invoices", "accurate_invoices", "invoice_expected", "invoice_over", "invoice_under")
PLAIN = (*COUNTED, *COSTED, *BILLED)
ADDED = tuple(name for name in PLAIN if name not in {"min_price", "max_price"})
_PRICED = tuple(f"{which}_{part}" for which in ("last", "previous") for part in Price._fields)
_PRICED_COLUMNS = tuple(name.replace("unit_price", "price") for name in _PRICED)

_COUNTS = """
    count(*), count(*) FILTER (WHERE is_on_time), count(*) FILTER (WHERE is_in_full),
    count(*) FILTER (WHERE is_on_time AND is_in_full), sum(needed), sum(first_quantity),
    count(*) FILTER (WHERE agreed_lead_time_days IS NOT NULL AND issued_on IS NOT NULL),
    count(*) FILTER (WHERE lead_time <= agreed_lead_time_days),
    count(agreed_price), count(*) FILTER (WHERE unit_price <= agreed_price), sum(amount),
    count(*) FILTER (WHERE cause NOT IN ('supplier', 'carrier')),
    count(*) FILTER (WHERE cause = 'carrier'),
    array_agg(days_late) FILTER (WHERE days_late > %(late_days)s),
    array_agg(lead_time) FILTER (WHERE lead_time IS NOT NULL)"""

_COSTS = """
    COALESCE(sum(received_quantity) FILTER (WHERE rejects_known), 0),
    COALESCE(sum(rejected_quantity) FILTER (WHERE rejects_known), 0),
    count(*) FILTER (WHERE quantity > 0), sum(quantity), sum(amount), sum(landed),
    min(unit_price) FILTER (WHERE quantity > 0), max(unit_price) FILTER (WHERE quantity > 0),
    array_agg(received_on) FILTER (WHERE quantity > 0),
    array_agg(source) FILTER (WHERE quantity > 0),
    array_agg(unit_price) FILTER (WHERE quantity > 0)"""

_BILLS = """
    count(*), count(*) FILTER (WHERE is_accurate), sum(expected), sum(over), sum(under)"""


@dataclass(frozen=True, slots=True)
class Documents:
    """Which documents are asked: an organization's, of these suppliers and SKUs (None: all).

    `as_of` is the day up to which due dates count as passed.
    """

    organization: Organization
    as_of: date
    suppliers: Collection[int] | None = None
    skus: Collection[int] | None = None

    @property
    def parameters(self) -> dict[str, Any]:
        """What every statement on documents takes."""
        return {
            "organization": self.organization.pk,
            "as_of": self.as_of,
            "suppliers": None if self.suppliers is None else sorted(self.suppliers),
            "skus": None if self.skus is None else sorted(self.skus),
            "basis": self.organization.due_date_basis,
            "late_days": self.organization.late_days,
            "early_days": self.organization.early_days,
            "skip_weekends": self.organization.skip_weekends,
        }


def today_of(organization: Organization) -> date:
    """The organization's own date."""
    return timezone.localdate(timezone=ZoneInfo(organization.time_zone))


def as_of_day(organization: Organization) -> date:
    """The day up to which its due dates are counted as passed."""
    return organization.rollups_as_of or today_of(organization)


def month_of(day: date) -> date:
    """The first day of its month."""
    return day.replace(day=1)


def cells_from_documents(documents: Documents, *, invoices: bool = True) -> list[Cell]:
    """Every cell of these suppliers and SKUs, by month; three statements."""
    cells: dict[CellKey, Cell] = {}
    for key, values in _rows(documents, None, invoices=invoices):
        _fill(cells.setdefault(key, Cell(key)), values)
    return list(cells.values())


def edge_cells(
    documents: Documents, spans: Sequence[Span], *, delivery: bool = True
) -> list[list[Cell]]:
    """The same for single days: per span one list, its cells dated with the span's first day."""
    cells: list[dict[CellKey, Cell]] = [{} for _ in spans]
    if not spans:
        return []
    for (number, key), values in _span_rows(documents, spans, delivery=delivery):
        _fill(cells[number].setdefault(key, Cell(key)), values)
    return [list(found.values()) for found in cells]


Values = tuple[tuple[str, ...], Sequence[Any]]


def _rows(documents: Documents, spans: None, *, invoices: bool) -> Iterator[tuple[CellKey, Values]]:
    for names, ctes, source, day, figures in _statements(invoices=invoices):
        sku = "NULL::bigint" if names is BILLED else "sku_id"
        for row in _fetch(
            f"WITH {ctes} SELECT supplier_id, {sku}, date_trunc('month', {day})::date, currency,"
            f"{figures} FROM {source} GROUP BY 1, 2, 3, 4",
            documents.parameters,
        ):
            yield CellKey(*row[:4]), (names, row[4:])


def _span_rows(
    documents: Documents, spans: Sequence[Span], *, delivery: bool
) -> Iterator[tuple[tuple[int, CellKey], Values]]:
    edges = {"firsts": [span.first for span in spans], "lasts": [span.last for span in spans]}
    for names, ctes, source, day, figures in _statements(invoices=delivery):
        if names is COUNTED and not delivery:
            continue
        sku = "NULL::bigint" if names is BILLED else "sku_id"
        for row in _fetch(
            f"WITH {ctes} SELECT span.number, supplier_id, {sku}, span.first, currency,{figures} "
            f"FROM {source} JOIN unnest(%(firsts)s::date[], %(lasts)s::date[]) WITH ORDINALITY "
            f"AS span(first, last, number) ON {day} BETWEEN span.first AND span.last "
            "GROUP BY 1, 2, 3, 4, 5",
            {**documents.parameters, **edges},
        ):
            yield (row[0] - 1, CellKey(*row[1:5])), (names, row[5:])


def _statements(*, invoices: bool) -> Iterator[tuple[tuple[str, ...], str, str, str, str]]:
    yield COUNTED, DUE_LINES, "due_line", "due_on", _COUNTS
    yield COSTED, RECEIVED_LINES, "received_line", "received_on", _COSTS
    if invoices:
        yield BILLED, BILLS, "judged_bill", "invoiced_on", _BILLS


def _fetch(sql: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _fill(cell: Cell, values: Values) -> None:
    names, row = values
    for name, value in zip(names, row, strict=False):
        setattr(cell, name, value)
    rest = row[len(names) :]
    if names is COUNTED:
        cell.late_days, cell.lead_times = Counter(rest[0]), Counter(rest[1])
    elif names is COSTED and rest[0]:
        prices = (Price(*price) for price in zip(*rest, strict=True))
        cell.last, cell.previous = last_two(prices)


def last_two(prices: Iterable[Price]) -> tuple[Price | None, Price | None]:
    """The latest price, and the latest one of another order line before it."""
    latest: dict[int, Price] = {}
    for price in prices:
        known = latest.get(price.source)
        if known is None or price > known:
            latest[price.source] = price
    ordered = sorted(latest.values(), reverse=True)
    return (ordered[0] if ordered else None), (ordered[1] if len(ordered) > 1 else None)


def as_row(cell: Cell) -> PerformanceCell:
    """The cell as its stored row."""
    row = PerformanceCell(
        supplier_id=cell.key.supplier_id,
        sku_id=cell.key.sku_id,
        month=cell.key.month,
        currency=cell.key.currency,
        late_days=_histogram(cell.late_days),
        lead_times=_histogram(cell.lead_times),
        **{name: getattr(cell, name) for name in PLAIN},
    )
    for which in ("last", "previous"):
        price: Price | None = getattr(cell, which)
        if price is not None:
            setattr(row, f"{which}_on", price.on)
            setattr(row, f"{which}_source", price.source)
            setattr(row, f"{which}_price", price.unit_price)
    return row


def _histogram(days: Days) -> dict[str, int]:
    return {str(day): days[day] for day in sorted(days)}


def stored_cells(
    *,
    suppliers: Collection[int] | None = None,
    skus: Collection[int] | None = None,
    names: Sequence[str] = PLAIN,
) -> list[Cell]:
    """The cells as they stand in the table, in one statement; `names` narrows what is read."""
    rows = PerformanceCell.objects.all()
    if suppliers is not None:
        rows = rows.filter(supplier_id__in=suppliers)
    if skus is not None:
        rows = rows.filter(sku_id__in=skus)
    columns = ("supplier_id", "sku_id", "month", "currency", "late_days", "lead_times")
    cells = []
    for row in rows.values_list(*columns, *_PRICED_COLUMNS, *names):
        cell = Cell(CellKey(*row[:4]))
        cell.late_days = Counter({int(day): count for day, count in row[4].items()})
        cell.lead_times = Counter({int(day): count for day, count in row[5].items()})
        cell.last, cell.previous = _price(row[6:9]), _price(row[9:12])
        for name, value in zip(names, row[12:], strict=True):
            setattr(cell, name, value)
        cells.append(cell)
    return cells


def _price(row: Sequence[Any]) -> Price | None:
    return None if row[0] is None else Price(*row)


def stored_months(supplier_id: int) -> list[Cell]:
    """A supplier's cells added up over its SKUs, by month and currency: one statement.

    What does not add up, the prices, is left out.
    """
    rows = (
        PerformanceCell.objects.filter(supplier_id=supplier_id)
        .values("month", "currency")
        .annotate(
            late=JSONBAgg("late_days", filter=~Q(late_days={})),
            lead=JSONBAgg("lead_times", filter=~Q(lead_times={})),
            **{f"sum_{name}": Sum(name) for name in ADDED},
        )
        .order_by("month")
    )
    cells = []
    for row in rows:
        cell = Cell(CellKey(supplier_id, None, row["month"], row["currency"]))
        cell.late_days, cell.lead_times = _merged(row["late"]), _merged(row["lead"])
        for name in ADDED:
            setattr(cell, name, row[f"sum_{name}"])
        cells.append(cell)
    return cells


def _merged(histograms: Iterable[dict[str, int]] | None) -> Days:
    merged: Days = Counter()
    for histogram in histograms or ():
        for day, count in histogram.items():
            merged[int(day)] += count
    return merged
