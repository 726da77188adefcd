"""What the engine is given: the orders as they stand, and the invoice as it was written.

Built by the case files and by the database feed alike, so that both are judged by the same
code. All values are as documents say them, in the order line's unit and the order's currency
where nothing else is said; the engine normalises. Quantities are never negative: what is given
back is a credit.

`OrderTerms` / `OrderLineTerms`      what was agreed, received and billed so far
`InvoiceTerms` / `InvoiceLineTerms`  what is billed now, as written
`Creditable`                         what a credited invoice billed on one order line
`BankChange`                         bank details of the supplier that nobody has confirmed yet
`BilledAccount`                      the accounts printed on the invoice, beside those on file
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from matching.limits import MatchLevel, Policy
from procure.money import ZERO
from procure.units import EACH, NO_FACTORS, UnitFactors


class OrderStatus(StrEnum):
    """The stored status of an order; only an issued one can be billed."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    ISSUED = "issued"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class InvoiceKind(StrEnum):
    """Whether money is asked for or given back."""

    INVOICE = "invoice"
    CREDIT = "credit"


@dataclass(frozen=True, slots=True)
class OrderLineTerms:
    """One order line with everything that happened to it before this invoice.

    ``received`` is gross (good and rejected together), ``billed_*`` is net of credits and without
    this invoice. ``agreed_price`` is the agreement's price on the order date. ``due`` is the
    promised date; goods are awaited until ``due`` + ``early_late_days``, that day included.
    ``policy`` is the line's own tolerance rule where its scope gives one.
    """

    line: str
    quantity: Decimal = ZERO
    unit_price: Decimal = ZERO
    unit: str = EACH
    cancelled: Decimal = ZERO
    received: Decimal = ZERO
    rejected: Decimal = ZERO
    returned: Decimal = ZERO
    billed_quantity: Decimal = ZERO
    billed_amount: Decimal = ZERO
    agreed_price: Decimal | None = None
    sku: str | None = None
    supplier_sku: str | None = None
    gtin: str | None = None
    match_level: MatchLevel | None = None
    due: date | None = None
    early_late_days: int = 0
    policy: Policy | None = None
    unit_factors: UnitFactors = NO_FACTORS

    @property
    def billable_quantity(self) -> Decimal:
        """Ordered less cancelled."""
        return self.quantity - self.cancelled

    @property
    def received_net(self) -> Decimal:
        """Received less returned; rejected goods still count as received."""
        return self.received - self.returned

    @property
    def accepted(self) -> Decimal:
        """Received less rejected, where returned goods are the rejected ones first."""
        return min(self.received - self.rejected, self.received - self.returned)


@dataclass(frozen=True, slots=True)
class OrderTerms:
    """One order. ``charges`` are expected and ``billed_charges`` already billed, per charge code."""

    currency: str
    lines: tuple[OrderLineTerms, ...] = ()
    number: str | None = None
    supplier: str | None = None
    status: OrderStatus = OrderStatus.ISSUED
    charges: Mapping[str, Decimal] = field(default_factory=dict)
    billed_charges: Mapping[str, Decimal] = field(default_factory=dict)
    incoterm: str | None = None
    payment_terms_days: int | None = None


@dataclass(frozen=True, slots=True)
class InvoiceLineTerms:
    """One billed line as written. ``unit`` None means the order line's.

    ``amount`` is net of the line's ``discount``; None means quantity x price less discount.
    ``price_base_quantity`` is the quantity that ``unit_price`` is for. ``linked_by_hand``: a
    person linked it to ``order`` and ``order_line``, whatever SKU is printed on it.
    """

    quantity: Decimal
    unit_price: Decimal | None = None
    amount: Decimal | None = None
    unit: str | None = None
    order: str | None = None
    order_line: str | None = None
    supplier_sku: str | None = None
    sku: str | None = None
    gtin: str | None = None
    discount: Decimal = ZERO
    tax_rate: Decimal | None = None
    price_base_quantity: Decimal = Decimal(1)
    linked_by_hand: bool = False


@dataclass(frozen=True, slots=True)
class Creditable:
    """What the credited invoice billed on one order line, less its earlier credits."""

    order: str | None
    line: str
    quantity: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class BankChange:
    """The account that was paid last, and another that asks to take its place, in words."""

    on_file: str
    asked: str


@dataclass(frozen=True, slots=True)
class BilledAccount:
    """Whether an account that the invoice prints is the supplier's own; the one on file and what
    is asked for, in words."""

    is_own: bool
    on_file: str
    asked: str


@dataclass(frozen=True, slots=True)
class InvoiceTerms:
    """One invoice or credit note as written; money in ``currency``.

    ``total`` None: the invoice states none, so its balance is not checked. ``taxes`` is the tax
    billed per rate; None with rates on lines: ``tax`` is all there is. ``duplicate_of`` is the
    number of the earlier invoice it is suspected to repeat. ``creditable`` belongs to credits.
    ``supplier_status``, ``bank_change``, ``billed_account`` None: nobody asked, nothing to say.
    ``draw`` from 0 to under 1 is the invoice's lot in the random sample; None: it takes no part.
    """

    number: str
    currency: str
    lines: tuple[InvoiceLineTerms, ...] = ()
    kind: InvoiceKind = InvoiceKind.INVOICE
    credits: str | None = None
    supplier: str | None = None
    received_at: date | None = None
    invoiced_on: date | None = None
    due_on: date | None = None
    incoterm: str | None = None
    charges: Mapping[str, Decimal] = field(default_factory=dict)
    charge_tax_rate: Mapping[str, Decimal] = field(default_factory=dict)
    tax: Decimal = ZERO
    taxes: Mapping[Decimal, Decimal] | None = None
    discount: Decimal = ZERO
    total: Decimal | None = None
    duplicate_of: str | None = None
    supplier_status: str | None = None
    bank_change: BankChange | None = None
    billed_account: BilledAccount | None = None
    draw: Decimal | None = None
    creditable: tuple[Creditable, ...] = ()

    @property
    def is_credit(self) -> bool:
        """Whether it gives money back."""
        return self.kind is InvoiceKind.CREDIT
