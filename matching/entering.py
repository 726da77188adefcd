"""What the invoice entry form starts with: an order's open lines, or what was read from a file."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Case, F, Sum, Value, When
from django.http import Http404

from matching.as_captured import charge_code, line_from, note_of
from matching.captured_files import CapturedFile
from matching.einvoices.document import Einvoice, WrittenLine
from matching.forms import BLANK_LINES, CHARGES, InvoiceForm, InvoiceLineFormSet
from matching.ledger import PAYABLE
from matching.models import SupplierInvoice, SupplierInvoiceLine
from procure.documents import find
from procure.money import ZERO, round_money
from purchasing.models import PurchaseOrder, PurchaseOrderLine
from suppliers.models import Supplier

MOST_SUGGESTED = 50
MOST_ROWS = 500


@dataclass(frozen=True, slots=True)
class OpenLine:
    """An order line with what is still to be billed."""

    line: PurchaseOrderLine
    open_quantity: Decimal


def order_to_bill(number: str) -> PurchaseOrder | None:
    """The order of this number, in whatever case it is typed."""
    text = number.strip()
    orders = PurchaseOrder.objects.filter(number__in={text, text.upper()})
    order: PurchaseOrder | None = orders.select_related("supplier").first()
    return order


def file_to_enter(public_id: str) -> CapturedFile | None:
    """The file that a person enters by hand, as long as that is to be done; else 404."""
    if not public_id:
        return None
    try:
        file = find(CapturedFile, uuid.UUID(public_id))
    except ValueError as error:
        raise Http404 from error
    if not file.may_be_entered:
        raise Http404
    return file


def orders_to_suggest() -> Sequence[str]:
    """The latest issued orders' numbers: one statement."""
    return list(
        PurchaseOrder.objects.filter(status=PurchaseOrder.Status.ISSUED)
        .order_by("-pk")
        .values_list("number", flat=True)[:MOST_SUGGESTED]
    )


def open_lines(order: PurchaseOrder) -> list[OpenLine]:
    """Each line with ordered less cancelled less billed, never below zero: two statements."""
    lines = list(
        PurchaseOrderLine.objects.filter(order=order).select_related("sku").order_by("line_no")
    )
    sign = Case(When(invoice__kind=SupplierInvoice.Kind.CREDIT, then=Value(-1)), default=Value(1))
    sums = dict(
        SupplierInvoiceLine.objects.filter(
            order_line__order=order,
            invoice__status__in=[*PAYABLE, SupplierInvoice.Status.OPEN],
            charge_code="",
        )
        .order_by()
        .values_list("order_line_id")
        .annotate(billed=Sum(F("matched_quantity") * sign))
    )
    return [
        OpenLine(
            line,
            max(
                line.ordered_quantity - line.cancelled_quantity - (sums.get(line.pk) or ZERO), ZERO
            ),
        )
        for line in lines
    ]


def forms_for_document(
    document: Einvoice, supplier: Supplier | None, currency: str
) -> tuple[InvoiceForm, Any]:
    """Unbound forms, filled with what could be read; a person checks every figure."""
    code = charge_code(document.charges[0]) if document.charges else ""
    head = InvoiceForm(
        initial={
            "supplier": supplier and supplier.public_id,
            "kind": document.kind,
            "number": document.number,
            "credits_number": document.credits_number,
            "order_reference": document.order_reference,
            "despatch_reference": ", ".join(document.despatch_references)[:200],
            "note": note_of(document),
            "currency": document.currency or currency,
            "invoiced_on": document.issued_on,
            "due_on": document.due_on,
            "charge_code": (code if code in dict(CHARGES) else "freight") if code else "",
            "charge_amount": sum((one.amount for one in document.charges), ZERO) or None,
            "discount_amount": sum((one.amount for one in document.allowances), ZERO) or None,
            "tax_amount": document.tax_total,
            "prepaid_amount": document.prepaid or None,
            "total_amount": document.payable,
        }
    )
    rows = [_written_row(line) for line in document.lines[:MOST_ROWS]]
    return head, InvoiceLineFormSet(initial=rows + [{} for _ in range(BLANK_LINES)], prefix="lines")


def _written_row(line: WrittenLine) -> dict[str, Any]:
    taken = line_from(line) if line.base_quantity > 0 else None
    return {
        "order_number": line.order_number,
        "order_line_no": line.order_line,
        "sku_code": line.sku,
        "description": line.description,
        "unit": line.unit,
        "quantity": line.quantity,
        "unit_price": taken.unit_price if taken else line.price,
        "amount": line.amount,
    }


def forms_for(order: PurchaseOrder | None, currency: str) -> tuple[InvoiceForm, Any]:
    """Unbound forms, filled from the order where there is one."""
    if order is None or order.supplier is None:
        blank: list[dict[str, Any]] = [{} for _ in range(BLANK_LINES + 1)]
        return InvoiceForm(initial={"currency": currency}), InvoiceLineFormSet(
            initial=blank, prefix="lines"
        )
    lines = open_lines(order)
    rows: list[dict[str, Any]] = [
        {
            "order_number": order.number,
            "order_line_no": open_line.line.line_no,
            "sku_code": open_line.line.sku.code,
            "description": open_line.line.description,
            "unit": open_line.line.unit,
            "quantity": open_line.open_quantity or None,
            "unit_price": open_line.line.unit_price,
        }
        for open_line in lines
    ]
    total = sum(
        (round_money(each.open_quantity * each.line.unit_price, order.currency) for each in lines),
        ZERO,
    )
    head = InvoiceForm(
        initial={
            "supplier": order.supplier.public_id,
            "currency": order.currency,
            "order_reference": order.number,
            "total_amount": total,
        }
    )
    return head, InvoiceLineFormSet(initial=rows + [{} for _ in range(BLANK_LINES)], prefix="lines")
