"""What a case is made of, and the hand that makes it: orders, deliveries, bills with their labels.

A label is what must hold the bill when all has happened, by how it was written: the maker never
asks the engine. Everything is drawn from one seed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from matching.captured import CapturedInvoice, CapturedLine
from matching.invoice_numbers import normalised_number
from procure.money import round_money
from suppliers.models import Sku, Supplier

D = Decimal
FIRST_DAY = date(2026, 3, 2)
NOTHING, ALL = D(0), D(1)
CLEAN: frozenset[str] = frozenset()


@dataclass(slots=True)
class PlannedLine:
    """A line to be ordered."""

    sku: Sku
    quantity: Decimal
    price: Decimal
    supplier_sku: str = ""
    cancelled: Decimal = NOTHING


@dataclass(slots=True)
class PlannedOrder:
    """An order to be issued; lines count from one."""

    number: str
    supplier: Supplier
    lines: list[PlannedLine]
    issued_on: date
    currency: str = "USD"
    status: str = "issued"

    def line(self, line_no: int) -> PlannedLine:
        return self.lines[line_no - 1]

    def all(self, share: Decimal = ALL) -> dict[int, Decimal]:
        """So much of every line, in whole pieces."""
        return {
            line_no: (line.quantity * share).quantize(D(1))
            for line_no, line in enumerate(self.lines, 1)
        }


@dataclass(slots=True)
class Delivery:
    """Goods that come: good and rejected pieces by line."""

    order: PlannedOrder
    good: Mapping[int, Decimal]
    rejected: Mapping[int, Decimal] = field(default_factory=dict)
    note: str = ""


@dataclass(slots=True)
class GoingBack:
    """Goods that go back to the supplier."""

    order: PlannedOrder
    pieces: Mapping[int, Decimal]


@dataclass(slots=True)
class Closing:
    """An order that somebody closes."""

    order: PlannedOrder


@dataclass(slots=True)
class Bill:
    """An invoice or credit note to be captured, and the checks that must hold it in the end."""

    captured: CapturedInvoice
    label: frozenset[str] = CLEAN


Step = Delivery | GoingBack | Closing | Bill


@dataclass(slots=True)
class Case:
    """One kind of story; its rounds happen one after the other, the steps of a round in turn."""

    kind: str
    orders: list[PlannedOrder]
    rounds: list[list[Step]]

    @property
    def bills(self) -> list[Bill]:
        return [step for steps in self.rounds for step in steps if isinstance(step, Bill)]


@dataclass(slots=True)
class Stock:
    """The suppliers and SKUs that cases draw from."""

    suppliers: Sequence[Supplier]
    blocked: Supplier
    counted: Sequence[Sku]
    weighed: Sequence[Sku]
    cased: Sequence[Sku]  # one CS holds twelve
    agreed: Sequence[Sku]  # 10.00 from every supplier by agreement


class Maker:
    """Draws figures and writes documents; every number is used once."""

    def __init__(self, stock: Stock, seed: int) -> None:
        self.stock = stock
        self.rng = Random(seed)
        self.seed = seed
        self._orders = 0
        self._numbers: set[str] = set()

    def supplier(self) -> Supplier:
        return self.rng.choice(self.stock.suppliers)

    def day(self) -> date:
        return FIRST_DAY + timedelta(days=self.rng.randrange(60))

    def price(self) -> Decimal:
        return D(self.rng.randrange(50, 9_000)) / 100

    def order(self, lines: int = 0, supplier: Supplier | None = None, **changes: Any) -> PlannedOrder:  # fmt: skip
        """One to five lines of different SKUs, each 20 to 400 pieces."""
        count = lines or self.rng.randint(1, 5)
        skus = changes.pop("skus", None) or self.rng.sample(list(self.stock.counted), count)
        self._orders += 1
        number = f"L{self.seed}-{self._orders:05}"
        planned = [
            PlannedLine(sku, D(self.rng.randrange(20, 400)), self.price(), f"{number}/{sku.code}")
            for sku in skus
        ]
        return PlannedOrder(number, supplier or self.supplier(), planned, self.day(), **changes)

    def number(self) -> str:
        """As suppliers write them, never twice."""
        while True:
            figure = self.rng.randrange(10_000, 9_999_999)
            number = self.rng.choice(("INV-{}", "{}", "RE{}", "2026/{}", "A {}")).format(figure)
            if (key := normalised_number(number)) not in self._numbers:
                self._numbers.add(key)
                return number

    def numbers(self, count: int) -> list[str]:
        """Numbers that follow one another: one keystroke apart."""
        start = self.rng.randrange(1, 7)
        stem = self.number()
        return [f"{stem}{start + place}" for place in range(count)]

    def line(
        self, order: PlannedOrder, line_no: int, quantity: Decimal, by: str = "line", **changes: Any
    ) -> CapturedLine:
        """A line that bills so much of an order line, named by its number or one of its SKUs."""
        planned = order.line(line_no)
        names = {
            "line": {"order_line_no": str(line_no)},
            "sku": {"sku_code": planned.sku.code},
            "supplier_sku": {"supplier_sku": planned.supplier_sku},
            "gtin": {"gtin": planned.sku.gtin},
        }[by]
        price = changes.pop("price", planned.price)
        return CapturedLine(
            quantity=quantity, unit_price=price, order_number=order.number,
            description=planned.sku.description, **{**names, **changes},
        )  # fmt: skip

    def bill(
        self,
        order: PlannedOrder,
        pieces: Mapping[int, Decimal],
        label: frozenset[str] = CLEAN,
        *,
        lines: Sequence[CapturedLine] | None = None,
        **changes: Any,
    ) -> Bill:
        """An invoice for so much of an order; half of them with a tax of 19 % on everything."""
        written = list(lines if lines is not None else self.lines(order, pieces))
        given: dict[str, Any] = {
            "supplier": order.supplier,
            "number": changes.pop("number", None) or self.number(),
            "invoiced_on": order.issued_on + timedelta(days=self.rng.randrange(10, 20)),
            "currency": order.currency,
            "lines": written,
        }
        if changes.pop("is_taxed", self.rng.random() < 0.5):
            given |= taxed(written, changes)
        return Bill(CapturedInvoice(**{**given, **changes}), label)

    def lines(self, order: PlannedOrder, pieces: Mapping[int, Decimal]) -> list[CapturedLine]:
        """In an order of the supplier's own, each named in one way."""
        by = self.rng.choice(("line", "line", "sku", "supplier_sku", "gtin"))
        written = [self.line(order, line_no, many, by) for line_no, many in pieces.items()]
        self.rng.shuffle(written)
        return written

    def copied(self, of: Bill, label: frozenset[str], **changes: Any) -> Bill:
        """The same bill once more, but for what is said."""
        captured = of.captured
        given: dict[str, Any] = {
            name: getattr(captured, name) for name in CapturedInvoice.__slots__
        }
        given["number"] = self.number()
        return Bill(CapturedInvoice(**{**given, **changes}), label)


def net_of(line: CapturedLine, currency: str = "USD") -> Decimal:
    """What a line comes to."""
    if line.amount is not None:
        return line.amount
    return round_money(line.quantity * line.unit_price, currency) - line.discount


def taxed(lines: list[CapturedLine], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The lines with their rate, and the tax; charges bear it, too."""
    base = sum((net_of(line) for line in lines), D(0))
    charges = changes.get("charges", {})
    tax = round_money((base + sum(charges.values(), D(0))) * D("0.19"), "USD")
    rated = [_with_rate(line) for line in lines]
    rates = {code: D(19) for code in charges}
    return {"lines": rated, "taxes": {"19": tax}, "tax_amount": tax, "charge_tax_rates": rates}


def _with_rate(line: CapturedLine) -> CapturedLine:
    given = {name: getattr(line, name) for name in CapturedLine.__slots__}
    return CapturedLine(**{**given, "tax_rate": D(19)})
