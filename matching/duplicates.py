"""Whether an invoice repeats an earlier one: a suspicion that a person settles.

The same number of the same supplier, in any spelling of case and punctuation, is refused by the
database. Suspected are: a number that reads the same (O and 0, a cut year), an equal amount within
three days, an equal amount under a number one keystroke away, the same quantity on an order line
that is fully billed, and a near copy that over-bills its line. A supplier with the same tax id
counts as the same, and so does one whose bank account the invoice prints. Voided and fully
credited invoices do not count, and neither does a partial billing: an invoice whose lines all fit
into what was ordered is explained by its order. A credit note repeats by number only; that it
never gives back more than was billed is checked anyway.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from matching.feeding import Feed
from matching.ledger import BilledRow, Ledger
from matching.models import SupplierInvoice
from matching.results import LineMatch, MatchOutcome
from procure.money import ZERO
from procure.prepared import prepared
from procure.tenancy import current_organization_id

SAME_AMOUNT_WITHIN = timedelta(days=3)
NEAR_COPY_WITHIN = timedelta(days=5)
NEAR_QUANTITY = Decimal("0.10")
NEAR_PRICE = Decimal("0.02")

# One insertion, deletion, replacement or swap of neighbours at `at` makes the numbers equal.
ONE_KEYSTROKE_APART = """
    abs(length(c.normalised_number) - length(b.number)) <= 1
    AND EXISTS (
        SELECT FROM generate_series(0, length(b.number)) AS at
        WHERE left(c.normalised_number, at) = left(b.number, at) AND (
            substr(c.normalised_number, at + 2) = substr(b.number, at + 2)
            OR substr(c.normalised_number, at + 1) = substr(b.number, at + 2)
            OR substr(c.normalised_number, at + 2) = substr(b.number, at + 1)
            OR substr(c.normalised_number, at + 3) = substr(b.number, at + 3)
                AND substr(c.normalised_number, at + 1, 2) = reverse(substr(b.number, at + 1, 2))
        )
    )
"""
# Earlier invoices of a biller that count: not void, not credited in full, not kept by a person.
EARLIER = """
    c.organization_id = %(organization)s::bigint AND c.supplier_id = b.other_id
    AND c.kind = b.kind AND c.id < b.id AND c.status <> 'void'
    AND NOT EXISTS (
        SELECT FROM matching_supplierinvoice credit
        WHERE credit.organization_id = %(organization)s::bigint AND credit.credits_id = c.id
            AND credit.status IN ('approved', 'paid')
        HAVING sum(credit.total_amount) >= c.total_amount
    )
    AND NOT EXISTS (SELECT FROM kept WHERE kept.id = b.id AND kept.number = c.number)
"""
# The first earlier invoice by number and the first by amount: however many share the amount, no
# more come back than these two per biller, and the search by amount ends at the first it finds.
# The days are compared in a way that no index knows: asked for a range of days, Postgres would
# read all invoices of those days and of that supplier instead of the few of the same amount.
FIRST_REPEATED = f"""
WITH given AS (
    SELECT * FROM unnest(%(ids)s::bigint[], %(suppliers)s::bigint[], %(tax_ids)s::text[],
        %(kinds)s::text[], %(numbers)s::text[], %(totals)s::numeric[], %(days)s::date[])
        AS g(id, supplier_id, tax_id, kind, number, total, day)
),
kept AS (
    SELECT * FROM unnest(%(kept_ids)s::bigint[], %(kept_numbers)s::text[]) AS k(id, number)
),
paid AS (
    SELECT * FROM unnest(%(paid_ids)s::bigint[], %(paid_suppliers)s::bigint[]) AS p(id, supplier_id)
),
biller AS (
    SELECT g.*, g.supplier_id AS other_id FROM given g
    UNION ALL
    SELECT g.*, t.id FROM given g JOIN suppliers_supplier t
        ON t.organization_id = %(organization)s::bigint AND t.tax_id = g.tax_id
        AND t.id <> g.supplier_id
    WHERE g.tax_id <> ''
    UNION ALL
    SELECT g.*, p.supplier_id FROM given g JOIN paid p ON p.id = g.id
)
SELECT b.id, 'number', first.id, first.number FROM biller b CROSS JOIN LATERAL (
    SELECT c.id, c.number FROM matching_supplierinvoice c
    WHERE {EARLIER} AND b.number <> '' AND c.normalised_number = b.number
    ORDER BY c.id LIMIT 1
) AS first
UNION ALL
SELECT b.id, 'amount', first.id, first.number FROM biller b CROSS JOIN LATERAL (
    SELECT c.id, c.number FROM matching_supplierinvoice c
    WHERE {EARLIER} AND c.total_key = (b.total * 10000)::bigint AND (
        abs(c.invoiced_on - b.day) <= %(within)s::int
        OR c.supplier_id = b.supplier_id AND {ONE_KEYSTROKE_APART}
    )
    ORDER BY c.id LIMIT 1
) AS first
ORDER BY 1, 2, 3
"""


class Duplicates:
    """The earlier invoices that those of a batch could repeat: one statement."""

    def __init__(self, feed: Feed, ledger: Ledger, kept: Mapping[int, set[str]]) -> None:
        self.feed = feed
        self.ledger = ledger
        self.kept = kept
        self._first: dict[tuple[int, str], str] = {}
        invoices = feed.invoices
        pairs = [(pk, number) for pk, numbers in kept.items() for number in numbers]
        paid = [(one.pk, owner) for one in invoices for owner in feed.printed_accounts.owners(one)]
        given: dict[str, Any] = {
            "organization": current_organization_id(),
            "ids": [invoice.pk for invoice in invoices],
            "suppliers": [invoice.supplier_id for invoice in invoices],
            "tax_ids": [invoice.supplier.tax_id for invoice in invoices],
            "kinds": [invoice.kind for invoice in invoices],
            "numbers": [invoice.normalised_number for invoice in invoices],
            "totals": [invoice.total_amount for invoice in invoices],
            "days": [invoice.invoiced_on for invoice in invoices],
            "kept_ids": [pk for pk, _ in pairs],
            "kept_numbers": [number for _, number in pairs],
            "paid_ids": [pk for pk, _ in paid],
            "paid_suppliers": [owner for _, owner in paid],
            "within": SAME_AMOUNT_WITHIN.days,
        }
        for invoice_id, repeats, _, number in prepared(FIRST_REPEATED, given):
            self._first.setdefault((invoice_id, repeats), number)

    def earlier(self, invoice: SupplierInvoice, outcome: MatchOutcome) -> str | None:
        """The number of the earlier invoice that this one seems to repeat."""
        if same_number := self._first.get((invoice.pk, "number")):
            return same_number
        is_credit = invoice.kind != SupplierInvoice.Kind.INVOICE
        if is_credit or self._is_explained(outcome, invoice):
            return None
        if same_amount := self._first.get((invoice.pk, "amount")):
            return same_amount
        kept = self.kept.get(invoice.pk, set())
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


def _is_near_copy(invoice: SupplierInvoice, match: LineMatch, row: BilledRow) -> bool:
    quantity, price = match.quantity or ZERO, match.unit_price or ZERO
    return (
        abs(row.invoiced_on - invoice.invoiced_on) <= NEAR_COPY_WITHIN
        and abs(row.quantity - quantity) <= NEAR_QUANTITY * row.quantity
        and abs(row.unit_price - price) <= NEAR_PRICE * row.unit_price
    )
