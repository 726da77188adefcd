"""An electronic invoice as the capture takes it in: normalised, beside what the supplier wrote.

Prices become prices of one unit, charges get our codes, allowances on the whole become its discount,
or, where rates of tax differ, the discount of the lines of their rate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from matching.captured import CapturedInvoice, CapturedLine
from matching.einvoices.document import Charge, Einvoice, WrittenLine
from matching.printed_accounts import as_billed
from procure.money import ZERO, allocate, minor_unit, plain_decimal, round_half_up, round_price
from suppliers.models import Supplier

AMOUNT_PLACES = 4
MOST_NOTE = 2_000
OTHER = "other"
_CODES = {"FC": "freight", "DL": "freight", "FI": "freight", "ABL": "pallet"}  # UNTDID 7161
_WORDS = (
    ("freight", ("freight", "fracht", "versand", "shipping", "transport", "delivery", "porto")),
    ("pallet", ("pallet", "palette")),
    ("fuel", ("fuel", "diesel")),
    ("duty", ("duty", "customs", "zoll")),
    ("tooling", ("tooling", "werkzeug")),
    ("deposit", ("deposit", "pfand")),
)


def captured_from(
    document: Einvoice, *, supplier: Supplier, received_on: date, credits_number: str = ""
) -> CapturedInvoice:
    """The invoice to take in; the document is sound, as its reading found."""
    assert document.issued_on is not None
    lines, discount = _with_allowances(document)
    charges, rates = _charges(document.charges)
    taxes = _taxes(document, lines, charges, rates)
    due_on = document.due_on
    return CapturedInvoice(
        supplier=supplier,
        number=document.number,
        invoiced_on=document.issued_on,
        currency=document.currency,
        lines=lines,
        kind=document.kind,
        received_on=max(received_on, document.issued_on),
        due_on=due_on if due_on and due_on >= document.issued_on else None,
        charges=charges,
        taxes=taxes,
        charge_tax_rates=rates if taxes else {},
        tax_amount=sum(taxes.values(), ZERO) if taxes else _tax(document),
        discount_amount=discount,
        prepaid_amount=document.prepaid - document.rounding,
        total_amount=document.payable,
        order_reference=document.order_reference,
        despatch_reference=", ".join(document.despatch_references),
        incoterm=document.incoterm,
        billed_account=as_billed(document.bank_accounts),
        note=note_of(document),
        credits_number=document.credits_number or credits_number,
    )


def note_of(document: Einvoice) -> str:
    """Its free text: the buyer's reference, then its notes."""
    return "\n".join(filter(None, (document.buyer_reference, *document.notes)))[:MOST_NOTE]


def _tax(document: Einvoice) -> Decimal:
    if document.taxes:
        return sum((one.tax for one in document.taxes), ZERO)
    return document.tax_total or ZERO


def line_from(line: WrittenLine) -> CapturedLine:
    """One line per one unit; a price below zero becomes a quantity below zero."""
    quantity, amount = line.quantity or ZERO, line.amount or ZERO
    if amount < 0 < quantity:
        quantity = -quantity
    if line.price is not None:
        price = abs(line.price) / line.base_quantity
    else:
        price = abs(amount / quantity) if quantity else ZERO
    return CapturedLine(
        quantity=quantity,
        unit_price=round_price(price),
        amount=round_half_up(amount, AMOUNT_PLACES),
        unit=line.unit,
        order_number=line.order_number,
        order_line_no=line.order_line,
        sku_code=line.sku,
        supplier_sku=line.supplier_sku,
        gtin=line.gtin,
        description=line.description,
        discount=max(line.allowance - line.charge, ZERO),
        tax_rate=line.tax_rate,
    )


def _with_allowances(document: Einvoice) -> tuple[list[CapturedLine], Decimal]:
    """The lines, and the discount on the whole that is left to be spread over all of them."""
    lines = [line_from(line) for line in document.lines]
    if len({line.tax_rate for line in lines}) < 2:
        return lines, sum((one.amount for one in document.allowances), ZERO)
    discount = ZERO
    for allowance in document.allowances:
        of_rate = [at for at, line in enumerate(lines) if line.tax_rate == allowance.tax_rate]
        weights = [max(lines[at].amount or ZERO, ZERO) for at in of_rate]
        if sum(weights) < allowance.amount:
            discount += allowance.amount
            continue
        parts = allocate(allowance.amount, weights, minor_unit(document.currency))
        for at, part in zip(of_rate, parts, strict=True):
            lines[at] = _less(lines[at], part)
    return lines, discount


def _less(line: CapturedLine, part: Decimal) -> CapturedLine:
    return replace(line, amount=(line.amount or ZERO) - part, discount=line.discount + part)


def charge_code(charge: Charge) -> str:
    """Our code for a charge, by the code it gives or the words of its reason."""
    if charge.code in _CODES:
        return _CODES[charge.code]
    reason = charge.reason.lower()
    return next((code for code, words in _WORDS if any(word in reason for word in words)), OTHER)


def _charges(charges: Sequence[Charge]) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
    """Amounts and tax rates by code; one code under two rates becomes two codes."""
    amounts: dict[str, Decimal] = {}
    rates: dict[str, Decimal] = {}
    for charge in charges:
        code = charge_code(charge)
        if code in amounts and rates.get(code) != charge.tax_rate:
            code = f"{code} at {plain_decimal(charge.tax_rate or ZERO)} %"
        amounts[code] = amounts.get(code, ZERO) + charge.amount
        if charge.tax_rate is not None:
            rates[code] = charge.tax_rate
    return amounts, rates


def _taxes(
    document: Einvoice,
    lines: Sequence[CapturedLine],
    charges: dict[str, Decimal],
    rates: dict[str, Decimal],
) -> dict[str, Decimal]:
    """The tax by rate where every line and charge says its rate; else it is checked as a whole."""
    if any(line.tax_rate is None for line in lines) or set(charges) - set(rates):
        return {}
    taxes: dict[str, Decimal] = {}
    for one in document.taxes:
        rate = plain_decimal(one.rate)
        taxes[rate] = taxes.get(rate, ZERO) + one.tax
    return taxes
