"""Whether an invoice repeats an earlier one: a suspicion that a person settles.

The same number of the same supplier, in any spelling of case and punctuation, is refused by the
database. Suspected are: a number that reads the same (O and 0, a cut year), an equal amount within
three days, an equal amount under a number one keystroke away, the same quantity on an order line
that is fully billed, and a near copy that over-bills its line. A supplier with the same tax id
counts as the same. Voided and fully credited invoices do not count, and neither does a partial
billing: an invoice whose lines all fit into what was ordered is explained by its order. A credit
note repeats by number only; that it never gives back more than was billed is checked anyway.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from matching.feeding import Feed
from matching.ledger import BilledRow, Ledger
from matching.models import SupplierInvoice
from matching.results import LineMatch, MatchOutcome
from procure.money import ZERO
from procure.tenancy import current_organization_id

SAME_AMOUNT_WITHIN = timedelta(days=3)
NEAR_COPY_WITHIN = timedelta(days=5)
NEAR_QUANTITY = Decimal("0.10")
NEAR_PRICE = Decimal("0.02")

CANDIDATES = """
WITH given AS (
    SELECT * FROM unnest(%(ids)s::bigint[], %(suppliers)s::bigint[], %(tax_ids)s::text[],
        %(kinds)s::text[], %(numbers)s::text[], %(totals)s::numeric[], %(days)s::date[])
        AS g(id, supplier_id, tax_id, kind, number, total, day)
),
biller AS (
    SELECT g.*, g.supplier_id AS other_id FROM given g
    UNION ALL
    SELECT g.*, t.id FROM given g JOIN suppliers_supplier t
        ON t.organization_id = %(organization)s AND t.tax_id = g.tax_id AND t.id <> g.supplier_id
    WHERE g.tax_id <> ''
),
candidate AS (
    SELECT b.id AS given_id, c.id FROM biller b JOIN matching_supplierinvoice c
        ON c.organization_id = %(organization)s AND c.supplier_id = b.other_id
        AND c.normalised_number = b.number AND c.kind = b.kind AND c.id < b.id
    WHERE b.number <> ''
    UNION
    SELECT b.id, c.id FROM biller b JOIN matching_supplierinvoice c
        ON c.organization_id = %(organization)s AND c.supplier_id = b.other_id
        AND c.total_amount = b.total AND c.kind = b.kind AND c.id < b.id
    WHERE c.invoiced_on BETWEEN b.day - %(within)s AND b.day + %(within)s
        OR left(c.normalised_number, length(b.number) / 2) = left(b.number, length(b.number) / 2)
        OR right(c.normalised_number, length(b.number) / 2) = right(b.number, length(b.number) / 2)
),
credited AS (
    SELECT credits_id AS id, sum(total_amount) AS amount FROM matching_supplierinvoice
    WHERE organization_id = %(organization)s AND status IN ('approved', 'paid')
      AND credits_id IN (SELECT id FROM candidate)
    GROUP BY credits_id
)
SELECT given_id, c.number, c.normalised_number, c.total_amount, c.invoiced_on, c.supplier_id
FROM candidate JOIN matching_supplierinvoice c
    ON c.organization_id = %(organization)s AND c.id = candidate.id
LEFT JOIN credited ON credited.id = c.id
WHERE c.status <> 'void'
  AND (credited.amount IS NULL OR credited.amount < c.total_amount)
ORDER BY given_id, c.id
"""


@dataclass(frozen=True, slots=True)
class _Candidate:
    """An earlier invoice with the same number or amount."""

    number: str
    normalised_number: str
    total_amount: Decimal
    invoiced_on: date
    supplier_id: int


class Duplicates:
    """The earlier invoices that those of a batch could repeat: one statement."""

    def __init__(self, feed: Feed, ledger: Ledger, kept: Mapping[int, set[str]]) -> None:
        self.feed = feed
        self.ledger = ledger
        self.kept = kept
        self._found: dict[int, list[_Candidate]] = defaultdict(list)
        invoices = feed.invoices
        given: dict[str, Any] = {
            "organization": current_organization_id(),
            "ids": [invoice.pk for invoice in invoices],
            "suppliers": [invoice.supplier_id for invoice in invoices],
            "tax_ids": [invoice.supplier.tax_id for invoice in invoices],
            "kinds": [invoice.kind for invoice in invoices],
            "numbers": [invoice.normalised_number for invoice in invoices],
            "totals": [invoice.total_amount for invoice in invoices],
            "days": [invoice.invoiced_on for invoice in invoices],
            "within": SAME_AMOUNT_WITHIN.days,
        }
        with connection.cursor() as cursor:
            cursor.execute(CANDIDATES, given)
            for invoice_id, *candidate in cursor.fetchall():
                self._found[invoice_id].append(_Candidate(*candidate))

    def earlier(self, invoice: SupplierInvoice, outcome: MatchOutcome) -> str | None:
        """The number of the earlier invoice that this one seems to repeat."""
        kept = self.kept.get(invoice.pk, set())
        candidates = [each for each in self._found[invoice.pk] if each.number not in kept]
        for candidate in candidates:
            if invoice.normalised_number == candidate.normalised_number != "":
                return candidate.number
        is_credit = invoice.kind != SupplierInvoice.Kind.INVOICE
        if is_credit or self._is_explained(outcome, invoice):
            return None
        for candidate in candidates:
            if _is_same_amount(invoice, candidate):
                return candidate.number
        for match in outcome.lines:
            row = self._repeated_row(invoice, match)
            if row is not None and row.number not in kept:
                return row.number
        return None

    def _is_explained(self, outcome: MatchOutcome, invoice: SupplierInvoice) -> bool:
        """Whether all its lines fit into their order lines beside everything billed before."""
        return bool(outcome.lines) and all(
            match.line is not None
            and match.quantity is not None
            and not self._is_over(invoice, match)
            for match in outcome.lines
        )

    def _rows(self, invoice: SupplierInvoice, match: LineMatch) -> Sequence[BilledRow]:
        line = self.feed.order_line.get((match.order or "", match.line or ""))
        if line is None:
            return ()
        rows = self.ledger.rows[line.pk]
        return [
            row
            for row in rows
            if row.invoice_id < invoice.pk
            and row.kind == invoice.kind
            and (not row.quantity or self.ledger.left_on(row) > 0)
        ]

    def _is_over(self, invoice: SupplierInvoice, match: LineMatch) -> bool:
        line = self.feed.order_line[match.order or "", match.line or ""]
        before = sum((self.ledger.left_on(row) for row in self._rows(invoice, match)), ZERO)
        ordered: Decimal = line.ordered_quantity - line.cancelled_quantity
        return before + (match.quantity or ZERO) > ordered

    def _repeated_row(self, invoice: SupplierInvoice, match: LineMatch) -> BilledRow | None:
        """The earlier line with the same quantity on a full order line, or a near copy of this."""
        rows = self._rows(invoice, match)
        if not rows or not match.quantity or not self._is_over(invoice, match):
            return None
        line = self.feed.order_line[match.order or "", match.line or ""]
        billed = sum((self.ledger.left_on(row) for row in rows), ZERO)
        is_full = billed >= line.ordered_quantity - line.cancelled_quantity
        for row in rows:
            if (is_full and row.quantity == match.quantity) or _is_near_copy(invoice, match, row):
                return row
        return None


def _is_same_amount(invoice: SupplierInvoice, candidate: _Candidate) -> bool:
    if candidate.total_amount != invoice.total_amount:
        return False
    if abs(candidate.invoiced_on - invoice.invoiced_on) <= SAME_AMOUNT_WITHIN:
        return True
    return candidate.supplier_id == invoice.supplier_id and _within_one_edit(
        invoice.normalised_number, candidate.normalised_number
    )


def _is_near_copy(invoice: SupplierInvoice, match: LineMatch, row: BilledRow) -> bool:
    quantity, price = match.quantity or ZERO, match.unit_price or ZERO
    return (
        abs(row.invoiced_on - invoice.invoiced_on) <= NEAR_COPY_WITHIN
        and abs(row.quantity - quantity) <= NEAR_QUANTITY * row.quantity
        and abs(row.unit_price - price) <= NEAR_PRICE * row.unit_price
    )


def _within_one_edit(one: str, other: str) -> bool:
    """Whether one insertion, deletion, replacement or swap of neighbours makes them equal."""
    if len(one) > len(other):
        one, other = other, one
    if len(other) - len(one) > 1:
        return False
    start = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
    rest, other_rest = one[start:], other[start:]
    if len(one) == len(other):
        is_swap = rest[:2] == other_rest[:2][::-1] and rest[2:] == other_rest[2:]
        return rest[1:] == other_rest[1:] or is_swap
    return rest == other_rest[1:]
