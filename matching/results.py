"""What the engine answers: one result per check, one link per invoice line, and the amounts.

MatchOutcome.outcome            "matched" or "held"
MatchOutcome.holds              the held checks, in the order of the screens
MatchOutcome.within_tolerance   the differences a limit let pass, with its rule
MatchOutcome.lines              per invoice line: link, normalised quantity and price, support
MatchOutcome.amounts            ordered, invoiced, supported, in dispute
MatchOutcome.accepted           the money that limits let pass
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from matching.limits import Status
from procure.money import EXACT, HUNDRED, ZERO, round_half_up


class Check(StrEnum):
    """The checks by the word that a hold of theirs carries."""

    DUPLICATE_SUSPECT = "DUPLICATE_SUSPECT"
    SUPPLIER_BLOCKED = "SUPPLIER_BLOCKED"
    BANK_CHANGED = "BANK_CHANGED"
    HEADER_BALANCE = "HEADER_BALANCE"
    NO_PO = "NO_PO"
    PO_SUPPLIER = "PO_SUPPLIER"
    PO_STATUS = "PO_STATUS"
    CURRENCY = "CURRENCY"
    LINE_UNMATCHED = "LINE_UNMATCHED"
    UOM_UNKNOWN = "UOM_UNKNOWN"
    PRICE = "PRICE"
    CONTRACT_PRICE = "CONTRACT_PRICE"
    QTY_ORDERED = "QTY_ORDERED"
    AWAITING_RECEIPT = "AWAITING_RECEIPT"
    QTY_RECEIVED = "QTY_RECEIVED"
    QUALITY = "QUALITY"
    LINE_AMOUNT = "LINE_AMOUNT"
    CHARGE = "CHARGE"
    TAX = "TAX"
    HEADER_CAP = "HEADER_CAP"
    SAMPLE = "SAMPLE"
    TERMS = "TERMS"
    UOM_FACTOR = "UOM_FACTOR"


# UOM_UNKNOWN comes with the link: only a linked line has a unit to be converted to.
CHECK_NUMBER = {
    Check.DUPLICATE_SUSPECT: 1,
    Check.SUPPLIER_BLOCKED: 2,
    Check.BANK_CHANGED: 2,
    Check.HEADER_BALANCE: 3,
    Check.NO_PO: 4,
    Check.PO_SUPPLIER: 4,
    Check.PO_STATUS: 4,
    Check.CURRENCY: 5,
    Check.LINE_UNMATCHED: 6,
    Check.UOM_UNKNOWN: 6,
    Check.UOM_FACTOR: 6,
    Check.PRICE: 7,
    Check.CONTRACT_PRICE: 8,
    Check.QTY_ORDERED: 9,
    Check.AWAITING_RECEIPT: 10,
    Check.QTY_RECEIVED: 10,
    Check.QUALITY: 11,
    Check.LINE_AMOUNT: 12,
    Check.CHARGE: 13,
    Check.TAX: 14,
    Check.HEADER_CAP: 15,
    Check.TERMS: 16,
    Check.SAMPLE: 17,
}


class LinkedBy(StrEnum):
    """What linked an invoice line to its order line, strongest first."""

    HAND = "hand"
    ORDER_LINE = "order_line"
    SUPPLIER_SKU = "supplier_sku"
    SKU = "sku"
    GTIN = "gtin"
    FIT = "fit"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check on one order line, code or header, with its figures in the final state.

    ``line`` is the order line's, ``invoice_line`` a position from 1; both are None at the header.
    ``expected`` and ``actual`` are numbers, or texts where words are compared. ``amount`` is, for
    prices, the money on the line, rounded to the minor unit; ``at_stake`` is what this invoice
    adds above the expected, in money: what a hold keeps back. ``rule`` names the tolerance rule and ``limit`` says the limit applied.
    """

    check: Check
    status: Status
    order: str | None = None
    line: str | None = None
    invoice_line: int | None = None
    code: str | None = None
    expected: Decimal | str | None = None
    actual: Decimal | str | None = None
    difference: Decimal | None = None
    amount: Decimal | None = None
    at_stake: Decimal = ZERO
    rule: str | None = None
    limit: str | None = None

    @property
    def percent(self) -> Decimal | None:
        """The difference in percent of what was expected, half up to four decimals."""
        if self.difference is None or not isinstance(self.expected, Decimal) or not self.expected:
            return None
        return round_half_up(EXACT.divide(self.difference * HUNDRED, self.expected), 4)

    def sort_key(self) -> tuple[int, int, str, str, str]:
        """Order of the output: check number, invoice line, code; then order and line."""
        return (
            CHECK_NUMBER[self.check],
            self.invoice_line or 0,
            self.code or "",
            self.order or "",
            self.line or "",
        )


@dataclass(frozen=True, slots=True)
class LineMatch:
    """What became of one invoice line; normalised values beside the written ones.

    ``quantity`` and ``unit_price`` are in the order line's unit, None where that is unknown.
    ``written_price`` differs from ``unit_price`` by unit conversion, price base quantity, or
    because the line's amount says otherwise (``price_from_amount``). ``net_amount`` is after the
    line's share of the header discount; ``supported`` + ``in_dispute`` add up to it.
    """

    position: int
    order: str | None
    line: str | None
    linked_by: LinkedBy | None
    quantity: Decimal | None
    unit_price: Decimal | None
    written_quantity: Decimal
    written_price: Decimal
    written_unit: str | None
    price_from_amount: bool
    net_amount: Decimal
    supported: Decimal
    in_dispute: Decimal


@dataclass(frozen=True, slots=True)
class MatchedAmounts:
    """The four totals of the queue screen; ``supported`` + ``in_dispute`` = ``invoiced``.

    ``ordered`` is the value of the linked order lines and the expected charges, net of tax;
    ``invoiced`` is what the invoice asks for, tax included.
    """

    ordered: Decimal
    invoiced: Decimal
    supported: Decimal
    in_dispute: Decimal


@dataclass(frozen=True, slots=True)
class MatchOutcome:
    """The whole answer for one invoice.

    ``accepted`` is the money that limits let pass on it: what the header cap looks at.
    """

    number: str
    results: tuple[CheckResult, ...]
    lines: tuple[LineMatch, ...]
    amounts: MatchedAmounts
    accepted: Decimal = ZERO

    @property
    def holds(self) -> tuple[CheckResult, ...]:
        """The checks that keep the invoice from being paid, sorted for reading."""
        return self._with(Status.HOLD)

    @property
    def within_tolerance(self) -> tuple[CheckResult, ...]:
        """The differences that a limit let pass, sorted for reading."""
        return self._with(Status.WITHIN_TOLERANCE)

    @property
    def outcome(self) -> str:
        """``matched`` when nothing holds the invoice, else ``held``."""
        return "held" if any(r.status is Status.HOLD for r in self.results) else "matched"

    def _with(self, status: Status) -> tuple[CheckResult, ...]:
        return tuple(
            sorted(
                (r for r in self.results if r.status is status),
                key=CheckResult.sort_key,
            )
        )
