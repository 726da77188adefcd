"""An invoice as it comes in, before it is stored, and what makes one impossible to take in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from django.utils import timezone

from matching.invoice_numbers import plain_number
from matching.models import SupplierInvoice
from procure.errors import BusinessRuleError
from procure.form_fields import require_sound_year
from procure.money import HUNDRED, ZERO
from suppliers.models import Supplier

Kind = SupplierInvoice.Kind
MOST_NUMBER = Decimal(10) ** 12


@dataclass(frozen=True, slots=True)
class CapturedLine:
    """One billed line as written. `amount` is net of `discount`; None means quantity x price less it.

    With a charge code it is a charge (freight, pallet), not goods. An empty unit is the order's.
    A line that takes goods back has quantity and amount below zero.
    """

    quantity: Decimal
    unit_price: Decimal
    amount: Decimal | None = None
    unit: str = ""
    order_number: str = ""
    order_line_no: str = ""
    sku_code: str = ""
    supplier_sku: str = ""
    gtin: str = ""
    description: str = ""
    discount: Decimal = ZERO
    tax_rate: Decimal | None = None
    charge_code: str = ""

    @property
    def takes_back(self) -> bool:
        """Whether the line gives money back for goods."""
        if self.amount is None or not (self.quantity.is_finite() and self.amount.is_finite()):
            return False
        return self.quantity < 0 and self.amount <= 0


@dataclass(frozen=True, slots=True)
class CapturedInvoice:
    """An invoice or credit note as written; all money in `currency`.

    `charges` map a code to an amount, `taxes` a rate to its tax with `tax_amount` their sum.
    `prepaid_amount` is what was paid before less what the total was rounded up by: the parts less it
    are the total. Without `received_on` it came on its own date, without `due_on` it is due by the terms
    of its orders, else of the supplier, without `total_amount` it asks for the sum of its parts.
    """

    supplier: Supplier
    number: str
    invoiced_on: date
    currency: str
    lines: Sequence[CapturedLine]
    kind: str = Kind.INVOICE
    received_on: date | None = None
    due_on: date | None = None
    charges: Mapping[str, Decimal] = field(default_factory=dict)
    taxes: Mapping[str, Decimal] = field(default_factory=dict)
    charge_tax_rates: Mapping[str, Decimal] = field(default_factory=dict)
    tax_amount: Decimal = ZERO
    discount_amount: Decimal = ZERO
    prepaid_amount: Decimal = ZERO
    total_amount: Decimal | None = None
    order_reference: str = ""
    despatch_reference: str = ""
    incoterm: str = ""
    billed_account: str = ""
    note: str = ""
    credits_number: str = ""
    discount_until: date | None = None
    early_discount_percent: Decimal | None = None


def require_sound(invoice: CapturedInvoice) -> None:
    """Refuses what no invoice can be; differences from the order are for the match to find."""
    if not plain_number(invoice.number):
        raise BusinessRuleError("number", "An invoice number needs a letter or a digit.", "number")
    if not invoice.lines:
        raise BusinessRuleError("no_lines", "Give at least one line.", "lines")
    if len(invoice.currency) != 3 or not invoice.currency.isupper():
        raise BusinessRuleError(
            "currency", "Give the currency as three letters, such as USD.", "currency"
        )
    _require_sound_days(invoice)
    if invoice.kind == Kind.CREDIT and not plain_number(invoice.credits_number):
        raise BusinessRuleError(
            "credits_number", "Name the invoice that this credit note credits.", "credits_number"
        )
    for name, value in _figures(invoice):
        if not value.is_finite() or not ZERO <= value < MOST_NUMBER:
            raise BusinessRuleError("figure", "Give a number that is not below zero.", name)
    _require_sound_shares(invoice)
    if invoice.taxes and sum(invoice.taxes.values(), ZERO) != invoice.tax_amount:
        raise BusinessRuleError(
            "taxes", "The tax is not the sum of the tax of its rates.", "tax_amount"
        )


def _require_sound_days(invoice: CapturedInvoice) -> None:
    for name in ("invoiced_on", "received_on", "due_on", "discount_until"):
        day = getattr(invoice, name)
        if day is not None:
            require_sound_year(day, name)
    if invoice.due_on is not None and invoice.due_on < invoice.invoiced_on:
        raise BusinessRuleError("due_on", "It is due before it was written.", "due_on")
    # A day more, for those to whom tomorrow has come already.
    tomorrow = timezone.localdate() + timedelta(days=1)
    if invoice.received_on and invoice.received_on > max(tomorrow, invoice.invoiced_on):
        raise BusinessRuleError("received_on", "That day has not come yet.", "received_on")


def _require_sound_shares(invoice: CapturedInvoice) -> None:
    """No tax takes more than all, no discount of a line more than the line."""
    rates = {f"line-{at}-tax_rate": line.tax_rate for at, line in enumerate(invoice.lines, 1)}
    rates |= {"charge_tax_rates": max(invoice.charge_tax_rates.values(), default=None)}
    for name, rate in rates.items():
        if rate is not None and rate > HUNDRED:
            raise BusinessRuleError("tax_rate", "A tax rate is at most 100 percent.", name)
    for at, line in enumerate(invoice.lines, 1):
        if line.amount is None and line.discount > line.quantity * line.unit_price:
            raise BusinessRuleError(
                "discount", "The discount is more than the line.", f"line-{at}-discount"
            )


def _figures(invoice: CapturedInvoice) -> Iterator[tuple[str, Decimal]]:
    for position, line in enumerate(invoice.lines, 1):
        sign = -1 if line.takes_back else 1
        yield f"line-{position}-quantity", line.quantity * sign
        yield f"line-{position}-unit_price", line.unit_price
        yield f"line-{position}-discount", line.discount
        if line.amount is not None:
            yield f"line-{position}-amount", line.amount * sign
        if line.tax_rate is not None:
            yield f"line-{position}-tax_rate", line.tax_rate
    for name in ("charges", "taxes", "charge_tax_rates"):
        for value in getattr(invoice, name).values():
            yield name, value
    yield "tax_amount", invoice.tax_amount
    yield "discount_amount", invoice.discount_amount
    if invoice.total_amount is not None:
        yield "total_amount", invoice.total_amount
