"""Which orders an invoice speaks of in other words: in free text, by a delivery note or a receipt.

It is asked only where the invoice names no order that we know. An order of another supplier is
never found, and a bare number counts as an order only where an order is spoken of.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Q

from matching.models import SupplierInvoice, SupplierInvoiceLine
from procure.documents import PREFIXES
from purchasing.models import GoodsReceipt, PurchaseOrder

MOST_WORDS = 60  # per invoice
ORDER, RECEIPT = PREFIXES["purchase_order"], PREFIXES["goods_receipt"]
NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{1,58}[A-Za-z0-9]")
SPOKEN_OF = {
    ORDER: re.compile(r"\b(?:P\.?O\.?|order)\b[\s#:.-]*(?:no\b|number\b)?[\s#:.-]*(\d{2,})", re.I),
    RECEIPT: re.compile(r"\b(?:GR|receipt)\b[\s#:.-]*(?:no\b|number\b)?[\s#:.-]*(\d{2,})", re.I),
}
GLUED = re.compile(rf"({ORDER}|{RECEIPT})[\s_-]*(\d{{2,}})", re.I)


@dataclass(frozen=True, slots=True)
class FoundOrder:
    """An order that an invoice's words lead to, how, and after how many days it is to be paid."""

    number: str
    because: str
    terms_days: int | None


def numbers_in(text: str) -> list[str]:
    """Everything in a text that could be the number of an order, a receipt or a delivery note."""
    found = [word for word in NUMBER.findall(text) if any(sign.isdigit() for sign in word)]
    for prefix, pattern in SPOKEN_OF.items():
        found += [f"{prefix}-{digits}" for digits in pattern.findall(text)]
    found += [f"{prefix.upper()}-{digits}" for prefix, digits in GLUED.findall(text)]
    return list(dict.fromkeys([*found, *(word.upper() for word in found)]))


def words_of(invoice: SupplierInvoice, lines: Iterable[SupplierInvoiceLine]) -> list[str]:
    """The candidate numbers of an invoice, those of its references first, at most sixty."""
    referred = f"{invoice.order_reference} {invoice.despatch_reference}"
    bare = [f"{ORDER}-{word}" for word in numbers_in(invoice.order_reference) if word.isdigit()]
    lines = list(lines)
    texts = [invoice.note, *(f"{line.order_number} {line.description}" for line in lines)]
    words = [*numbers_in(referred), *bare]
    for text in texts:
        words += numbers_in(text)
    return list(dict.fromkeys(words))[:MOST_WORDS]


def orders_in_words(
    invoices: Sequence[SupplierInvoice],
    lines: Mapping[int, Sequence[SupplierInvoiceLine]],
) -> dict[int, list[FoundOrder]]:
    """The orders of the invoice's own supplier that its words lead to: two statements at most."""
    words = {invoice.pk: words_of(invoice, lines.get(invoice.pk, ())) for invoice in invoices}
    wanted = sorted({word for several in words.values() for word in several})
    if not wanted:
        return {}
    suppliers = {invoice.supplier_id for invoice in invoices}
    by_word: dict[tuple[int, str], list[FoundOrder]] = defaultdict(list)
    for number, supplier_id, days in PurchaseOrder.objects.filter(
        number__in=wanted, supplier__in=suppliers
    ).values_list("number", "supplier_id", "payment_terms_days"):
        by_word[supplier_id, number].append(FoundOrder(number, "its text", days))
    for number, note, order_number, supplier_id, days in (
        GoodsReceipt.objects.filter(
            Q(number__in=wanted) | Q(delivery_note__in=wanted),
            order__supplier__in=suppliers,
            status=GoodsReceipt.Status.POSTED,
        )
        .exclude(order__number=None)
        .values_list(
            *("number", "delivery_note", "order__number", "order__supplier_id"),
            "order__payment_terms_days",
        )
        .order_by("pk")
    ):
        for word, what in ((number, "receipt"), (note, "delivery note")):
            if word in wanted:
                by_word[supplier_id, word].append(FoundOrder(order_number, f"{what} {word}", days))
    return {invoice.pk: found for invoice in invoices if (found := _first(invoice, words, by_word))}


def _first(
    invoice: SupplierInvoice,
    words: Mapping[int, Sequence[str]],
    by_word: Mapping[tuple[int, str], Sequence[FoundOrder]],
) -> list[FoundOrder]:
    """Each order once, by the first word that leads to it."""
    found: dict[str, FoundOrder] = {}
    for word in words[invoice.pk]:
        for one in by_word.get((invoice.supplier_id, word), ()):
            found.setdefault(one.number, one)
    return list(found.values())
