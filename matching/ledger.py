"""What is billed so far on the orders of a batch, and what its invoices add while they are matched.

Billed are approved and paid invoices less their approved credits, without the batch itself. What a
credit gives back of an invoice that is still held counts for that invoice alone, so that nobody
else takes the room.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from matching.billing import LineKey, QuantityAndAmount, billed_by_line, share_charges
from matching.feeding import Feed
from matching.models import MatchResult, SupplierInvoice
from matching.results import MatchOutcome
from matching.terms import Creditable, InvoiceTerms, OrderStatus, OrderTerms
from procure.money import ZERO
from procure.prepared import prepared
from procure.tenancy import current_organization_id

Status = SupplierInvoice.Status
Kind = SupplierInvoice.Kind
PAYABLE = (Status.APPROVED, Status.PAID)
Sums = dict[LineKey, QuantityAndAmount]

BILLED = """
SELECT line.invoice_id, line.order_line_id, invoice.number, invoice.kind, invoice.status,
    invoice.credits_id, credited.status, invoice.invoiced_on,
    line.matched_quantity, line.matched_price, line.matched_amount
FROM matching_supplierinvoiceline line
JOIN matching_supplierinvoice invoice
    ON invoice.organization_id = line.organization_id AND invoice.id = line.invoice_id
LEFT JOIN matching_supplierinvoice credited
    ON credited.organization_id = line.organization_id AND credited.id = invoice.credits_id
WHERE line.organization_id = %(organization)s::bigint
    AND line.order_line_id = ANY(%(order_lines)s::bigint[]) AND line.charge_code = ''
    AND line.invoice_id <> ALL(%(batch)s::bigint[]) AND invoice.status <> 'void'
ORDER BY line.invoice_id, line.position
"""


@dataclass(frozen=True, slots=True)
class BilledRow:
    """One line of another invoice on an order line of the batch."""

    invoice_id: int
    order_line_id: int
    number: str
    kind: str
    status: str
    credits_id: int | None
    credits_status: str | None
    invoiced_on: date
    quantity: Decimal
    unit_price: Decimal
    amount: Decimal

    @property
    def is_billed(self) -> bool:
        return self.status in PAYABLE


@dataclass(frozen=True, slots=True)
class Earlier:
    """What others billed on the orders of a batch: their lines, and the charges per order id of
    those that are payable, each with the kind of its document."""

    rows: Sequence[BilledRow]
    charges: Sequence[tuple[Mapping[str, Mapping[str, str]], str]]


class Ledger:
    """The sums per order line and charge, moving on with each invoice that becomes payable.

    What others billed is read, unless it is given: who judges a batch several times reads it once.
    """

    def __init__(self, feed: Feed, earlier: Earlier | None = None) -> None:
        self.feed = feed
        self._batch = {invoice.pk for invoice in feed.invoices}
        self._sums: Sums = {}
        self._charges: dict[str, dict[str, Decimal]] = defaultdict(dict)
        self._billed_by: dict[int, Sums] = defaultdict(dict)
        self._credited: dict[int, Sums] = defaultdict(dict)
        self._waiting: dict[int, Sums] = defaultdict(dict)
        self._billed: set[int] = set()
        self._terms: dict[tuple[int, date, int], OrderTerms] = {}
        self.rows: dict[int, list[BilledRow]] = defaultdict(list)
        self._begin_with(earlier or read_earlier(feed))

    def _begin_with(self, earlier: Earlier) -> None:
        for row in earlier.rows:
            self.rows[row.order_line_id].append(row)
            key, change = self._key(row.order_line_id), (row.quantity, row.amount)
            if row.kind == Kind.INVOICE:
                _add(self._billed_by[row.invoice_id], key, change)
                if row.is_billed:
                    _add(self._sums, key, change)
            elif row.is_billed:
                self._give_back(key, change, row.credits_id, row.credits_status)
        for charges, kind in earlier.charges:
            for order_id, codes in charges.items():
                order = self.feed.locked.orders.get(int(order_id))
                if order is not None:
                    self._add_charges(str(order.number), codes, -1 if kind == Kind.CREDIT else 1)

    def _add_charges(self, number: str, codes: Mapping[str, object], sign: int) -> None:
        billed = self._charges[number]
        for code, amount in codes.items():
            billed[code] = billed.get(code, ZERO) + sign * Decimal(str(amount))

    def _key(self, order_line_id: int) -> LineKey:
        line = self.feed.order_line_by_id[order_line_id]
        return line.order.number, str(line.line_no)

    def _give_back(
        self,
        key: LineKey,
        change: QuantityAndAmount,
        credits_id: int | None,
        credits_status: str | None,
    ) -> None:
        """What a payable credit takes from the sums, or keeps ready for its held invoice."""
        if credits_id is not None:
            _add(self._credited[credits_id], key, change)
        if credits_id in self._batch:
            is_waiting = credits_id not in self._billed
        else:
            is_waiting = credits_status is not None and credits_status not in PAYABLE
        if credits_id is not None and is_waiting:
            _add(self._waiting[credits_id], key, change)
        else:
            _add(self._sums, key, change, -1)

    def orders(self, invoice: SupplierInvoice) -> tuple[OrderTerms, ...]:
        """The orders that the invoice means, with what others billed on them."""
        named = self.feed.named_orders(invoice)
        own = self._waiting.get(invoice.pk, {})
        if invoice.credits_id is not None:
            numbers = {key[0] for key in self._billed_by.get(invoice.credits_id, ())}
            known = {order.pk for order in named}
            named += [
                order
                for order in self.feed.locked.orders.values()
                if order.number in numbers and order.pk not in known
            ]
        orders = (
            self._with_billed(self._base(order.pk, invoice.received_on, invoice.supplier_id), own)
            for order in named
        )
        if invoice.kind != Kind.CREDIT:
            return tuple(orders)
        # A credit bills nothing: an order that is all received and billed takes it.
        return tuple(
            replace(order, status=OrderStatus.ISSUED)
            if order.status is OrderStatus.CLOSED
            else order
            for order in orders
        )

    def _base(self, order_id: int, received_on: date, supplier_id: int) -> OrderTerms:
        key = order_id, received_on, supplier_id
        terms = self._terms.get(key)
        if terms is None:
            order = self.feed.locked.orders[order_id]
            terms = self._terms[key] = self.feed.order_terms(order, received_on, supplier_id)
        return terms

    def _with_billed(self, order: OrderTerms, own_credits: Sums) -> OrderTerms:
        lines = []
        for line in order.lines:
            key = order.number, line.line
            quantity, amount = self._sums.get(key, (ZERO, ZERO))
            less_quantity, less_amount = own_credits.get(key, (ZERO, ZERO))
            if quantity or amount or less_quantity or less_amount:
                line = replace(
                    line,
                    billed_quantity=quantity - less_quantity,
                    billed_amount=amount - less_amount,
                )
            lines.append(line)
        charges = self._charges.get(str(order.number), {})
        return replace(order, lines=tuple(lines), billed_charges=dict(charges))

    def creditable(self, invoice: SupplierInvoice) -> tuple[Creditable, ...]:
        """What the credited invoice billed per order line, less its earlier credits."""
        if invoice.credits_id is None:
            return ()
        credited = self._credited.get(invoice.credits_id, {})
        found = []
        for key, (quantity, amount) in self._billed_by.get(invoice.credits_id, {}).items():
            less_quantity, less_amount = credited.get(key, (ZERO, ZERO))
            found.append(Creditable(*key, quantity - less_quantity, amount - less_amount))
        return tuple(found)

    def left_on(self, row: BilledRow) -> Decimal:
        """The quantity of another invoice's line that was not credited."""
        credited = self._credited.get(row.invoice_id, {})
        return row.quantity - credited.get(self._key(row.order_line_id), (ZERO, ZERO))[0]

    def has_credit_waiting(self, invoice: SupplierInvoice) -> bool:
        """Whether a credit for this still held invoice has become payable."""
        return invoice.pk in self._waiting

    def remember(self, invoice: SupplierInvoice, outcome: MatchOutcome) -> None:
        """Keeps how an invoice of the batch was linked, for its credits and for duplicates."""
        self._billed_by[invoice.pk] = dict(billed_by_line(outcome))
        for match in outcome.lines:
            line = self.feed.order_line.get((match.order or "", match.line or ""))
            if line is not None:
                self.rows[line.pk].append(
                    BilledRow(
                        invoice_id=invoice.pk,
                        order_line_id=line.pk,
                        number=invoice.number,
                        kind=invoice.kind,
                        status=invoice.status,
                        credits_id=invoice.credits_id,
                        credits_status=None,
                        invoiced_on=invoice.invoiced_on,
                        quantity=match.quantity or ZERO,
                        unit_price=match.unit_price or ZERO,
                        amount=match.net_amount,
                    )
                )

    def bill(self, invoice: SupplierInvoice, outcome: MatchOutcome) -> None:
        """Adds an invoice that has become payable; a credit gives back."""
        self._billed.add(invoice.pk)
        for key, change in billed_by_line(outcome).items():
            if invoice.kind == Kind.CREDIT:
                credited = self._status_of(invoice.credits_id)
                self._give_back(key, change, invoice.credits_id, credited)
            else:
                _add(self._sums, key, change)
        for key, change in self._waiting.pop(invoice.pk, {}).items():
            _add(self._sums, key, change, -1)

    def _status_of(self, invoice_id: int | None) -> str | None:
        rows = (row for rows in self.rows.values() for row in rows)
        return next((row.status for row in rows if row.invoice_id == invoice_id), None)

    def share_charges(
        self,
        invoice: SupplierInvoice,
        terms: InvoiceTerms,
        orders: Sequence[OrderTerms],
        outcome: MatchOutcome,
        *,
        is_payable: bool,
    ) -> dict[str, dict[str, str]]:
        """The invoice's charges per order id, as its match result keeps them; billed if payable."""
        touched = {match.order for match in outcome.lines if match.line is not None}
        linked = [order for order in orders if order.number in touched] or list(orders[:1])
        if not terms.charges or not linked:
            return {}
        kept = {}
        for number, codes in share_charges(terms, linked).items():
            order = self.feed.numbers[str(number).upper()]
            kept[str(order.pk)] = {code: str(amount) for code, amount in codes.items() if amount}
            if is_payable:
                self._add_charges(str(number), codes, -1 if terms.is_credit else 1)
        return kept


def read_earlier(feed: Feed) -> Earlier:
    """What others billed on the orders of this batch; its charges where the batch has some."""
    rows = _rows(list(feed.order_line_by_id), {invoice.pk for invoice in feed.invoices})
    if not any(invoice.charges for invoice in feed.invoices):
        return Earlier(rows, ())
    payable = {row.invoice_id for row in rows if row.is_billed}
    results = MatchResult.objects.filter(invoice_id__in=payable)
    return Earlier(rows, list(results.values_list("charges", "invoice__kind")))


def _rows(order_line_ids: Sequence[int], batch: Iterable[int]) -> list[BilledRow]:
    """All lines of other invoices on these order lines, void ones left out: one statement."""
    if not order_line_ids:
        return []
    values = {
        "organization": current_organization_id(),
        "order_lines": list(order_line_ids),
        "batch": list(batch),
    }
    return [
        BilledRow(*words, *(figure or ZERO for figure in (quantity, price, amount)))
        for *words, quantity, price, amount in prepared(BILLED, values)
    ]


def _add(sums: Sums, key: LineKey, change: QuantityAndAmount, sign: int = 1) -> None:
    quantity, amount = sums.get(key, (ZERO, ZERO))
    sums[key] = quantity + sign * change[0], amount + sign * change[1]
