"""Scan first, list second: what a barcode, or the typed text of one, stands for at the dock.

A label carries an order number, a delivery note, our SKU code, a GTIN or the supplier's own code;
each is compared as a whole, in any case of letters.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q

from purchasing.models import GoodsReceipt, PurchaseOrder, PurchaseOrderLine
from purchasing.queries import awaited_orders, still_open_lines

MOST_CHARACTERS = 80
MOST_FOUND = 25


@dataclass(frozen=True, slots=True)
class Scanned:
    """Where a scan leads: to one order, perhaps to a line of it, to a receipt that is posted
    already, or to several lines that are awaited."""

    order: PurchaseOrder | None = None
    line: PurchaseOrderLine | None = None
    receipt: GoodsReceipt | None = None
    lines: tuple[PurchaseOrderLine, ...] = ()


def read_scan(text: str, order: PurchaseOrder | None = None) -> Scanned:
    """What a text stands for; with `order` its own lines come first. Five statements at most."""
    text = text.strip()[:MOST_CHARACTERS]
    if not text or "\0" in text:
        return Scanned()
    if order is not None:
        line = order.lines.filter(_is_of_sku(text)).select_related("sku").first()
        if line is not None:
            return Scanned(order, line)
    found = awaited_orders().filter(number__iexact=text).first()
    if found is not None:
        return Scanned(found)
    receipt = (
        GoodsReceipt.objects.filter(Q(delivery_note__iexact=text) | Q(number__iexact=text))
        .filter(status=GoodsReceipt.Status.POSTED)
        .first()
    )
    if receipt is not None:
        return Scanned(receipt=receipt)
    return _of_lines(awaited_lines(text))


def awaited_lines(text: str) -> list[PurchaseOrderLine]:
    """The open lines of issued orders whose SKU carries this code, oldest order first."""
    lines = still_open_lines().filter(_is_of_sku(text), order__status=PurchaseOrder.Status.ISSUED)
    return list(
        lines.select_related("sku", "order__supplier").order_by("order_id", "line_no")[:MOST_FOUND]
    )


def _of_lines(lines: list[PurchaseOrderLine]) -> Scanned:
    if len({line.order_id for line in lines}) == 1:
        return Scanned(lines[0].order, lines[0])
    return Scanned(lines=tuple(lines))


def _is_of_sku(text: str) -> Q:
    """Our code, the GTIN with or without leading zeros, or the supplier's code on line or agreement."""
    gtins = {text, text.lstrip("0"), text.zfill(13), text.zfill(14)} - {""}
    return (
        Q(sku__code_key=text.upper())
        | Q(sku__gtin__in=gtins)
        | Q(supplier_sku__iexact=text)
        | Q(price_break__supplier_sku__iexact=text)
    )
