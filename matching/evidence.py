"""The documents behind a figure: the rows that add up to it, those that missed first.

The lists are cut from the same statements that make the cells, so a figure and its documents agree
by construction, and every page says what all of its rows add up to.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Generic, NamedTuple, TypeVar

from django.core.paginator import Page, Paginator
from django.db import connection

from matching.cells import Documents, Span
from matching.documents_sql import BILLS, DUE_LINES, ORGANIZATION, RECEIVED_LINES
from matching.misses import MissAttribution
from procure.models import Organization
from purchasing.models import PurchaseOrderLine

ROWS_PER_PAGE = 25
MOST_ROWS_IN_A_FILE = 100_000

Row = TypeVar("Row", "DueLine", "JudgedBill", "ReceivedLine")


class DueLine(NamedTuple):
    """An order line that was due, with the receipt that completed it or came last."""

    total: int
    missed: int
    amounts: Decimal
    order_number: str
    order_id: uuid.UUID
    receipt_number: str | None
    receipt_id: uuid.UUID | None
    sku: str
    sku_id: uuid.UUID
    due_on: date
    done_on: date | None
    days_late: int | None
    lead_time: int | None
    agreed_lead_time_days: int | None
    needed: Decimal
    first_quantity: Decimal
    unit_price: Decimal
    agreed_price: Decimal | None
    amount: Decimal
    currency: str
    site: str
    is_missed: bool
    line_no: int
    cause: str | None
    is_said: bool
    worst_sku: str | None
    worst_sku_id: uuid.UUID | None
    worst_count: int | None

    @property
    def cause_words(self) -> str:
        """Who missed it, in words; empty for a line that was not missed."""
        return str(MissAttribution.Cause(self.cause).label) if self.cause else ""


class JudgedBill(NamedTuple):
    """An invoice with what the order allowed and the holds the supplier caused."""

    total: int
    missed: int
    amounts: Decimal
    number: str
    invoice_id: uuid.UUID
    invoiced_on: date
    expected: Decimal
    over: Decimal
    under: Decimal
    amount: Decimal
    currency: str
    checks: list[str] | None
    is_missed: bool


class ReceivedLine(NamedTuple):
    """A received line net of returns, at the price it cost."""

    total: int
    quantities: Decimal
    amounts: Decimal
    landed_amounts: Decimal
    receipt_number: str
    receipt_id: uuid.UUID
    order_number: str
    order_id: uuid.UUID
    supplier: str
    supplier_id: uuid.UUID
    received_on: date
    quantity: Decimal
    unit_price: Decimal
    amount: Decimal
    landed: Decimal
    currency: str
    is_billed: bool


@dataclass(frozen=True, slots=True)
class Aspect:
    """Which lines a measure is about, and which of them missed."""

    about: str
    missed: str


ASPECTS = {
    "on-time": Aspect("true", "NOT is_on_time"),
    "otif": Aspect("true", "cause IS NOT NULL"),
    "lead-time": Aspect("lead_time IS NOT NULL", "lead_time > agreed_lead_time_days"),
    "fill-rate": Aspect("true", "first_quantity < needed"),
    "price": Aspect("agreed_price IS NOT NULL", "unit_price > agreed_price"),
}


@dataclass(frozen=True, slots=True)
class Listing(Generic[Row]):
    """One page of rows with the number and amount of all of them, and how many missed."""

    page: Page[Row]
    total: int
    missed: int
    amount: Decimal

    @property
    def met(self) -> int:
        return self.total - self.missed


def due_lines(
    documents: Documents,
    days: Span,
    aspect: Aspect,
    *,
    missed_only: bool,
    number: int,
    size: int,
    causes: Sequence[str] = (),
) -> Listing[DueLine]:
    """Lines due in these days, in one statement: the missed ones first, the latest of them on top.

    With `causes`, only the late or short lines that have one of them.
    """
    rows = _fetch(
        f"""WITH {DUE_LINES}, shown AS (
            SELECT d.*, COALESCE({aspect.missed}, false) AS is_missed FROM due_line d
            WHERE {aspect.about} AND {_BETWEEN.format(day="due_on")}
              AND (%(causes)s::text[] IS NULL OR cause = ANY(%(causes)s::text[]))
        ), counted AS (
            SELECT count(*) AS total, count(*) FILTER (WHERE is_missed) AS missed,
                COALESCE(sum(amount), 0) AS amounts,
                mode() WITHIN GROUP (ORDER BY sku_id) FILTER (WHERE is_missed) AS worst
            FROM shown
        ), worst AS (
            SELECT s.code, s.public_id, count(*) AS times
            FROM shown JOIN suppliers_sku s
                ON s.organization_id = {ORGANIZATION} AND s.id = shown.sku_id
            WHERE is_missed AND sku_id = (SELECT counted.worst FROM counted)
            GROUP BY s.id
        )
        SELECT counted.total, counted.missed, counted.amounts, o.number, o.public_id,
            receipt.number, receipt.public_id, s.code, s.public_id, d.due_on, d.done_on,
            d.days_late, d.lead_time, d.agreed_lead_time_days, d.needed, d.first_quantity,
            d.unit_price, d.agreed_price, d.amount, d.currency,
            COALESCE(place.name, o.ship_to_country, ''), d.is_missed, line.line_no, d.cause, d.is_said,
            worst.code, worst.public_id, worst.times
        FROM shown d CROSS JOIN counted LEFT JOIN worst ON true
        JOIN purchasing_purchaseorder o
            ON o.organization_id = {ORGANIZATION} AND o.id = d.order_id
        JOIN purchasing_purchaseorderline line
            ON line.organization_id = {ORGANIZATION} AND line.id = d.id
        JOIN suppliers_sku s ON s.organization_id = {ORGANIZATION} AND s.id = d.sku_id
        LEFT JOIN procure_location place
            ON place.organization_id = {ORGANIZATION} AND place.id = o.ship_to_id
        LEFT JOIN LATERAL (
            SELECT r.number, r.public_id FROM purchasing_goodsreceiptline g
            JOIN purchasing_goodsreceipt r
                ON r.organization_id = g.organization_id AND r.id = g.receipt_id
            WHERE g.organization_id = {ORGANIZATION} AND g.order_line_id = d.id
              AND r.status = 'posted' AND r.kind = 'receipt'
              AND r.received_on <= COALESCE(d.done_on, r.received_on)
            ORDER BY r.received_on DESC, g.id DESC LIMIT 1
        ) receipt ON true
        WHERE d.is_missed OR NOT %(missed_only)s
        ORDER BY d.is_missed DESC, d.done_on IS NOT NULL, d.days_late DESC NULLS LAST, d.due_on, d.id
        LIMIT %(size)s OFFSET %(start)s""",
        documents, days, {"missed_only": missed_only, "causes": list(causes) or None}, number, size,
    )  # fmt: skip
    return _listing([DueLine(*row) for row in rows], missed_only, number, size)


def judged_bills(
    documents: Documents, days: Span, *, missed_only: bool, number: int, size: int
) -> Listing[JudgedBill]:
    """Invoices of these days, in one statement: those with a hold of the supplier's first."""
    rows = _fetch(
        f"""WITH {BILLS}, shown AS (
            SELECT j.*, NOT is_accurate AS is_missed, expected + over - under AS amount
            FROM judged_bill j WHERE {_BETWEEN.format(day="invoiced_on")}
        ), counted AS (
            SELECT count(*) AS total, count(*) FILTER (WHERE is_missed) AS missed,
                COALESCE(sum(amount), 0) AS amounts FROM shown
        )
        SELECT counted.total, counted.missed, counted.amounts, i.number, i.public_id,
            j.invoiced_on, j.expected, j.over, j.under, j.amount, j.currency, j.checks, j.is_missed
        FROM shown j CROSS JOIN counted
        JOIN matching_supplierinvoice i
            ON i.organization_id = {ORGANIZATION} AND i.id = j.id
        WHERE j.is_missed OR NOT %(missed_only)s
        ORDER BY j.is_missed DESC, j.over DESC, j.invoiced_on, j.id
        LIMIT %(size)s OFFSET %(start)s""",
        documents, days, {"missed_only": missed_only}, number, size,
    )  # fmt: skip
    return _listing([JudgedBill(*row) for row in rows], missed_only, number, size)


class Miss(NamedTuple):
    """What the documents say of one line that was late or short."""

    due_on: date
    done_on: date | None
    days_late: int | None
    issued_on: date | None
    agreed_lead_time_days: int | None
    needed: Decimal
    is_on_time: bool
    cause: str


def miss_of(organization: Organization, line: PurchaseOrderLine, as_of: date) -> Miss | None:
    """The line's miss, in one statement; None when it was on time and in full, or is not due."""
    documents = Documents(
        organization, as_of, suppliers=[line.order.supplier_id], skus=[line.sku_id]
    )
    rows = _fetch(
        f"""WITH {DUE_LINES} SELECT {", ".join(Miss._fields)} FROM due_line
        WHERE id = %(line)s AND cause IS NOT NULL LIMIT %(size)s OFFSET %(start)s""",
        documents, Span(), {"line": line.pk}, 1, 1,
    )  # fmt: skip
    return Miss(*rows[0]) if rows else None


@dataclass(frozen=True, slots=True)
class ReceivedListing:
    """One page of received lines, with what all of them add up to."""

    page: Page[ReceivedLine]
    total: int
    quantity: Decimal
    amount: Decimal
    landed: Decimal


def received_lines(
    documents: Documents, *, currency: str | None, number: int, size: int
) -> ReceivedListing:
    """What came of these SKUs, in one statement, the latest first."""
    rows = [
        ReceivedLine(*row)
        for row in _fetch(
            f"""WITH {RECEIVED_LINES}, shown AS (
                SELECT * FROM received_line WHERE quantity > 0
                  AND (%(currency)s::text IS NULL OR currency = %(currency)s)
            ), counted AS (
                SELECT count(*) AS total, sum(quantity) AS quantities, sum(amount) AS amounts,
                    sum(landed) AS landed FROM shown
            )
            SELECT counted.total, counted.quantities, counted.amounts, counted.landed, r.number,
                r.public_id, o.number, o.public_id, p.name, p.public_id, g.received_on, g.quantity,
                g.unit_price, g.amount, g.landed, g.currency, g.is_billed
            FROM shown g CROSS JOIN counted
            JOIN purchasing_goodsreceipt r
                ON r.organization_id = {ORGANIZATION} AND r.id = g.receipt_id
            JOIN purchasing_purchaseorder o
                ON o.organization_id = {ORGANIZATION} AND o.id = g.order_id
            JOIN suppliers_supplier p
                ON p.organization_id = {ORGANIZATION} AND p.id = g.supplier_id
            ORDER BY g.received_on DESC, g.source DESC, g.id DESC
            LIMIT %(size)s OFFSET %(start)s""",
            documents, Span(), {"currency": currency}, number, size,
        )
    ]  # fmt: skip
    first = rows[0] if rows else None
    return ReceivedListing(
        _page(rows, first.total if first else 0, number, size),
        first.total if first else 0,
        first.quantities if first else Decimal(0),
        first.amounts if first else Decimal(0),
        first.landed_amounts if first else Decimal(0),
    )


_BETWEEN = (
    "{day} >= COALESCE(%(first)s::date, '-infinity'::date)"
    " AND {day} <= COALESCE(%(last)s::date, 'infinity'::date)"
)


def _fetch(
    sql: str, documents: Documents, days: Span, more: dict[str, Any], number: int, size: int
) -> list[tuple[Any, ...]]:
    parameters = {
        **documents.parameters, **more, "first": days.first, "last": days.last,
        "size": size, "start": (number - 1) * size,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _listing(rows: Sequence[Any], missed_only: bool, number: int, size: int) -> Listing[Any]:
    if not rows:
        return Listing(_page([], 0, 1, size), 0, 0, Decimal(0))
    first = rows[0]
    shown = first.missed if missed_only else first.total
    return Listing(_page(rows, shown, number, size), first.total, first.missed, first.amounts)


class _Counted(Sequence[Any]):
    """A list of which only one page was fetched."""

    def __init__(self, rows: Sequence[Any], total: int, start: int) -> None:
        self.rows, self.total, self.start = rows, total, start

    def __len__(self) -> int:
        return self.total

    def __getitem__(self, index: Any) -> Any:
        return self.rows[index.start - self.start : index.stop - self.start]


def _page(rows: Sequence[Any], total: int, number: int, size: int) -> Page[Any]:
    start = (number - 1) * size
    return Paginator(_Counted(rows, total, start), size).get_page(number)
