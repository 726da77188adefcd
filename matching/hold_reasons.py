"""Why an invoice is held, as its supplier may read it: a code of OPStatusReason and a sentence."""

from __future__ import annotations

from matching.einvoices.response import REASON, Clarification
from matching.models import Hold, SupplierInvoice
from matching.results import Check
from procure.figures import money, quantity, unit_price

CODES = {
    Check.DUPLICATE_SUSPECT: "OTH",
    Check.HEADER_BALANCE: "FIN",
    Check.NO_PO: "REF",
    Check.PO_SUPPLIER: "REF",
    Check.PO_STATUS: "REF",
    Check.CURRENCY: "FIN",
    Check.LINE_UNMATCHED: "ITM",
    Check.UOM_UNKNOWN: "ITM",
    Check.PRICE: "PRI",
    Check.CONTRACT_PRICE: "PRI",
    Check.LINE_AMOUNT: "PRI",
    Check.CHARGE: "PRI",
    Check.HEADER_CAP: "PRI",
    Check.QTY_ORDERED: "QTY",
    Check.QTY_RECEIVED: "QTY",
    Check.AWAITING_RECEIPT: "DEL",
    Check.QUALITY: "QUA",
    Check.TAX: "LEG",
}


def asked_about(hold: Hold) -> bool:
    """Whether the supplier is told of it; what concerns only us is in no list of reasons."""
    return Check(hold.check_code) in CODES


def reason_for(invoice: SupplierInvoice, hold: Hold) -> Clarification:
    """The reason of one hold; its line may be read with the invoice line and the SKU at hand."""
    line = hold.invoice_line
    of_line = "" if line is None else f"Line {line.position}"
    if hold.order_line is not None:
        of_line = f"{of_line}, {hold.order_line.sku.code}".removeprefix(", ")
    sentence = _sentence(invoice, hold)
    words = f"{of_line}: {sentence}" if of_line else sentence
    return Clarification(REASON, CODES[Check(hold.check_code)], words)


def _sentence(invoice: SupplierInvoice, hold: Hold) -> str:
    check, expected, actual = Check(hold.check_code), hold.expected, hold.actual
    if check in _COMPARED:
        show, words = _COMPARED[check]
        return words.format(expected=show(expected), actual=show(actual))
    if check in _IN_MONEY:
        figures = {"expected": money(expected, invoice.currency), "actual": money(actual, invoice.currency)}  # fmt: skip
        return _IN_MONEY[check].format(code=hold.code, **figures)
    sentences = {
        Check.DUPLICATE_SUSPECT: f"This seems to repeat your invoice {expected}.",
        Check.NO_PO: f"There is no order {actual}." if actual else "No order of ours is named.",
        Check.PO_SUPPLIER: "The order that is named was not placed with you.",
        Check.PO_STATUS: f"Our order {hold.order or ''} is {actual} and cannot be billed.",
        Check.CURRENCY: f"Our order is in {expected}, the invoice in {actual}.",
        Check.LINE_UNMATCHED: "It is on no line of our order.",
        Check.UOM_UNKNOWN: f"It is billed in {actual} and ordered in {expected}.",
    }
    return sentences[check]


_COMPARED = {
    Check.PRICE: (unit_price, "billed at {actual}, ordered at {expected}."),
    Check.CONTRACT_PRICE: (unit_price, "billed at {actual}, agreed at {expected}."),
    Check.QTY_ORDERED: (quantity, "{actual} billed in all, {expected} ordered."),
    Check.QTY_RECEIVED: (quantity, "{actual} billed in all, {expected} received."),
    Check.AWAITING_RECEIPT: (quantity, "{actual} billed in all, {expected} received so far."),
    Check.QUALITY: (quantity, "{actual} billed in all, {expected} accepted."),
}
_IN_MONEY = {
    Check.HEADER_BALANCE: "The total is {actual}, but its parts add up to {expected}.",
    Check.HEADER_CAP: "Small differences add up to {actual}.",
    Check.LINE_AMOUNT: "{actual} billed in all, {expected} ordered.",
    Check.CHARGE: "{actual} of {code} billed, {expected} agreed.",
    Check.TAX: "Tax at {code} %: {actual} billed, {expected} expected.",
}
