"""Finding SKUs for a line: as somebody types, and for rows pasted from a spreadsheet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.utils import timezone

from procure.errors import BusinessRuleError
from procure.figures import percent
from procure.money import ZERO
from purchasing.content import line_amount
from purchasing.drafts import OrderedLine, checked_price, checked_quantity
from purchasing.models import PurchaseOrder
from purchasing.typed import sku_of, skus_by_code, typed_decimal
from suppliers.finding import find_skus
from suppliers.models import Sku
from suppliers.pricing import LinePrice, PriceBook, WantedLine

MOST_SUGGESTED = 8
MOST_PASTED = 500

SOURCE_WORDS = {
    "agreement": "agreement",
    "quote": "quote",
    "last_paid": "last paid",
    "standard": "standard cost",
    "": "no price",
}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A SKU that fits what was typed, with all that the choice needs."""

    sku: Sku
    price: LinePrice
    supplier_name: str

    @property
    def source(self) -> str:
        return SOURCE_WORDS.get(self.price.source, self.price.source)

    @property
    def is_off_agreement(self) -> bool:
        return bool(self.supplier_name) and self.price.agreed_price is None

    @property
    def difference(self) -> str:
        paid, price = self.price.last_paid, self.price.unit_price
        if not self.supplier_name:
            return "choose a supplier to compare"
        if not paid or price is None:
            return "never bought from it"
        if price == paid:
            return "same as last"
        return f"{percent((price - paid) / paid * 100, signed=True)} vs last"

    @property
    def tone(self) -> str:
        paid, price = self.price.last_paid, self.price.unit_price
        if not paid or price is None or price == paid:
            return "muted"
        return "bad" if price > paid else "ok"


def sku_suggestions(text: str, order: PurchaseOrder | None) -> list[Suggestion]:
    """SKUs whose code, description or supplier's code has every word, nearest first, in at most
    eight statements."""
    supplier = order.supplier if order else None
    skus = find_skus(text, MOST_SUGGESTED)
    prices: Mapping[int, LinePrice] = {}
    if supplier and skus:
        wanted = [WantedLine(sku.pk, Decimal(1)) for sku in skus]
        prices = PriceBook.open([supplier], wanted, timezone.localdate()).prices(supplier)
    return [
        Suggestion(
            sku,
            prices.get(sku.pk)
            or LinePrice(sku.standard_cost, "standard" if sku.standard_cost else ""),
            supplier.name if supplier else "",
        )
        for sku in skus
    ]


@dataclass(frozen=True, slots=True)
class PastedRow:
    """A row of a spreadsheet: read as a line, or the reason why not."""

    number: int
    cells: tuple[str, ...]
    line: OrderedLine | None = None
    amount: Decimal | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class PastedRows:
    """What was pasted, before anything is added."""

    rows: list[PastedRow]

    @property
    def lines(self) -> list[OrderedLine]:
        return [row.line for row in self.rows if row.line]

    @property
    def problems(self) -> list[PastedRow]:
        return [row for row in self.rows if row.problem]

    @property
    def total(self) -> Decimal:
        return sum((row.amount for row in self.rows if row.amount), ZERO)


def pasted_rows(text: str, order: PurchaseOrder) -> PastedRows:
    """Reads SKU, quantity and perhaps a price per row; a head without numbers is passed over."""
    split = [
        tuple(cell.strip() for cell in row.split("\t" if "\t" in row else ";"))
        for row in text.splitlines()
        if row.strip()
    ]
    if len(split) > MOST_PASTED:
        raise BusinessRuleError("too_many", f"Paste {MOST_PASTED} rows at most.", "rows")
    skus = skus_by_code([cells[0] for cells in split], order.supplier_id)
    rows = [
        _read_row(number, cells, skus)
        for number, cells in enumerate(split, start=1)
        if not (number == 1 and _is_head(cells, skus))
    ]
    return PastedRows(_priced(rows, order))


def _is_head(cells: tuple[str, ...], skus: Mapping[str, Sku]) -> bool:
    return cells[0].upper() not in skus and not any(c.isdigit() for c in "".join(cells[1:]))


def _read_row(number: int, cells: tuple[str, ...], skus: Mapping[str, Sku]) -> PastedRow:
    try:
        sku = sku_of(skus, cells[0], "sku")
        if len(cells) < 2 or not cells[1]:
            return PastedRow(number, cells, problem="There is no quantity beside the SKU.")
        quantity = checked_quantity(typed_decimal(cells[1], "ordered_quantity"))
        price = cells[2] if len(cells) > 2 else ""
        entered = checked_price(typed_decimal(price, "unit_price")) if price else None
    except BusinessRuleError as error:
        return PastedRow(number, cells, problem=error.message)
    return PastedRow(number, cells, OrderedLine(sku, quantity, entered))


def _priced(rows: list[PastedRow], order: PurchaseOrder) -> list[PastedRow]:
    lines = [row.line for row in rows if row.line]
    prices: Mapping[int, LinePrice] = {}
    if order.supplier and lines:
        wanted = [WantedLine(line.sku.pk, line.quantity) for line in lines]
        book = PriceBook.open([order.supplier], wanted, timezone.localdate())
        prices = book.prices(order.supplier)
    return [_with_amount(row, prices, order.currency) for row in rows]


def _with_amount(row: PastedRow, prices: Mapping[int, LinePrice], currency: str) -> PastedRow:
    if row.line is None:
        return row
    known = prices.get(row.line.sku.pk)
    price = row.line.unit_price
    if price is None:
        price = known.unit_price if known else None
    if price is None:
        return row
    amount = line_amount(row.line.quantity, price, currency)
    return PastedRow(row.number, row.cells, row.line, amount)
