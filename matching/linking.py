"""Which order line an invoice line bills.

By order line number; else by the supplier's SKU, our SKU or GTIN; else by fit: an order line
with the same normalised price that is open for at least the billed quantity. What contradicts
itself (a number and a SKU of different lines) or is ambiguous (two fits) is not guessed. Lines
with a number take their place first, then those with a SKU, then fits, so that a line without
a number never takes the room of one that has it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from matching.normalising import NetLine, conversion
from matching.results import Check, LinkedBy
from matching.terms import (
    InvoiceLineTerms,
    InvoiceTerms,
    OrderLineTerms,
    OrderStatus,
    OrderTerms,
)
from procure.money import EXACT, ZERO, round_price, round_quantity

_SKU_KEYS = (LinkedBy.SUPPLIER_SKU, LinkedBy.SKU, LinkedBy.GTIN)


@dataclass(slots=True)
class Candidate:
    """An order line that can be billed, and what is still open on it while lines are linked."""

    index: int
    order: OrderTerms
    line: OrderLineTerms
    open_quantity: Decimal
    open_amount: Decimal
    is_credit: bool

    @property
    def is_open(self) -> bool:
        """Whether something can still be billed on it, or credited by a credit note."""
        return (self.open_amount if self.is_credit else self.open_quantity) > 0


@dataclass(frozen=True, slots=True)
class Link:
    """The decision for one invoice line; ``problem`` says why there is none.

    A line that names a known order keeps it even when no line of it fits.
    """

    line: NetLine
    order: OrderTerms | None = None
    candidate: Candidate | None = None
    by: LinkedBy | None = None
    problem: Check | None = None

    @property
    def text(self) -> str | None:
        """How the invoice calls what could not be linked."""
        written = self.line.written
        if self.problem is Check.NO_PO:
            return written.order
        return written.supplier_sku or written.sku or written.gtin or written.order_line


def link_lines(
    invoice: InvoiceTerms, lines: Iterable[NetLine], orders: tuple[OrderTerms, ...]
) -> list[Link]:
    """Link each line of the invoice, in the invoice's order of lines."""
    linker = _Linker(invoice, orders)
    links: dict[int, Link] = {}
    waiting = []
    for line in lines:
        link = linker.by_number(line)
        if link is None:
            waiting.append(line)
        else:
            links[line.position] = link
    for step in (linker.by_sku, linker.by_fit):
        still_waiting = []
        for line in waiting:
            link = step(line)
            if link is None:
                still_waiting.append(line)
            else:
                links[line.position] = link
        waiting = still_waiting
    for line in waiting:
        order = linker.named_order(line.written)
        links[line.position] = Link(line, order, problem=Check.LINE_UNMATCHED)
    return [links[position] for position in sorted(links)]


class _Linker:
    """The order lines by every key, built once per invoice and key."""

    def __init__(self, invoice: InvoiceTerms, orders: tuple[OrderTerms, ...]) -> None:
        self.currency = invoice.currency
        self.has_orders = bool(orders)
        self.orders = {order.number: order for order in orders if order.number is not None}
        creditable = {(c.order, c.line): c for c in invoice.creditable}
        self.candidates: list[Candidate] = []
        for order in orders:
            for line in order.lines:
                quantity, amount = line.billable_quantity - line.billed_quantity, ZERO
                if invoice.is_credit:
                    billed = creditable.get((order.number, line.line))
                    quantity, amount = (billed.quantity, billed.amount) if billed else (ZERO, ZERO)
                self.candidates.append(
                    Candidate(
                        len(self.candidates),
                        order,
                        line,
                        quantity,
                        amount,
                        invoice.is_credit,
                    )
                )
        self.indexes: dict[str, dict[str, list[Candidate]]] = {}
        self.prices: dict[tuple[object, ...], dict[Decimal, list[Candidate]]] | None = None

    def named_order(self, line: InvoiceLineTerms) -> OrderTerms | None:
        return None if line.order is None else self.orders.get(line.order)

    def by_number(self, line: NetLine) -> Link | None:
        """Link by order line number, or refuse an unknown order or a contradiction."""
        written = line.written
        if not self.has_orders or (written.order is not None and written.order not in self.orders):
            return Link(line, problem=Check.NO_PO)
        if written.order_line is None:
            return None
        found = self._among(self._index("line").get(written.order_line, ()), written)
        if not found:
            return None
        if written.linked_by_hand:
            return self._take(line, found[0], LinkedBy.HAND)
        agreeing = [c for c in found if not _contradicts(written, c.line)]
        if not agreeing:
            order = self.named_order(written)
            return Link(line, order or found[0].order, problem=Check.LINE_UNMATCHED)
        return self._take(line, _first_open(agreeing), LinkedBy.ORDER_LINE)

    def by_sku(self, line: NetLine) -> Link | None:
        """Link by the first key that both sides have and agree on."""
        for key in _SKU_KEYS:
            text = getattr(line.written, key.value)
            if text:
                found = self._among(self._index(key.value).get(text, ()), line.written)
                if found:
                    return self._take(line, _first_open(found), key)
        return None

    def by_fit(self, line: NetLine) -> Link | None:
        """Link to the one order line with this price that is open for the quantity."""
        fits = []
        for candidate, quantity in self._same_price(line):
            if (
                quantity <= candidate.open_quantity
                and candidate.order.currency == self.currency
                and not _contradicts(line.written, candidate.line)
                and not _other_gtin(line.written, candidate.line)
            ):
                fits.append(candidate)
                if len(fits) > 1:
                    return None
        return self._take(line, fits[0], LinkedBy.FIT) if fits else None

    def _same_price(self, line: NetLine) -> Iterable[tuple[Candidate, Decimal]]:
        if self.prices is None:
            self.prices = {}
            for candidate in self.candidates:
                unit = (candidate.line.unit, candidate.line.unit_factors)
                by_price = self.prices.setdefault(unit, {})
                by_price.setdefault(round_price(candidate.line.unit_price), []).append(candidate)
        for by_price in self.prices.values():
            example = next(iter(by_price.values()))[0]
            ratio = conversion(line.written, example.line)
            if ratio is not None:
                numerator, denominator = ratio
                price = round_price(EXACT.divide(line.price * denominator, numerator))
                quantity = EXACT.divide(line.written.quantity * numerator, denominator)
                for candidate in self._among(by_price.get(price, ()), line.written):
                    yield candidate, round_quantity(quantity)

    def _among(self, found: Iterable[Candidate], line: InvoiceLineTerms) -> list[Candidate]:
        """Keep the candidates of the order the line names, all of them when it names none."""
        if line.order is None:
            return list(found)
        return [candidate for candidate in found if candidate.order.number == line.order]

    def _index(self, key: str) -> dict[str, list[Candidate]]:
        index = self.indexes.get(key)
        if index is None:
            index = self.indexes[key] = {}
            for candidate in self.candidates:
                text = getattr(candidate.line, key)
                if text:
                    index.setdefault(text, []).append(candidate)
        return index

    def _take(self, line: NetLine, candidate: Candidate, by: LinkedBy) -> Link:
        ratio = conversion(line.written, candidate.line)
        if ratio is not None:
            quantity = EXACT.divide(line.written.quantity * ratio[0], ratio[1])
            candidate.open_quantity -= round_quantity(quantity)
        candidate.open_amount -= line.net_amount
        return Link(line, candidate.order, candidate, by)


def _first_open(found: list[Candidate]) -> Candidate:
    """Choose the first line still open for billing, on an issued order before any other."""
    if len(found) == 1:
        return found[0]
    still_open = [c for c in found if c.is_open]
    for candidate in still_open:
        if candidate.order.status is OrderStatus.ISSUED:
            return candidate
    return (still_open or found)[0]


def _contradicts(line: InvoiceLineTerms, order_line: OrderLineTerms) -> bool:
    """Say whether a SKU given on both sides differs."""
    return bool(
        (line.sku and order_line.sku and line.sku != order_line.sku)
        or (
            line.supplier_sku
            and order_line.supplier_sku
            and line.supplier_sku != order_line.supplier_sku
        )
    )


def _other_gtin(line: InvoiceLineTerms, order_line: OrderLineTerms) -> bool:
    return bool(line.gtin and order_line.gtin and line.gtin != order_line.gtin)
