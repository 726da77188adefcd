"""What the invoice entry form starts with: an order's open lines at the order's prices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Case, F, Sum, Value, When

from matching.forms import BLANK_LINES, InvoiceForm, InvoiceLineFormSet
from matching.ledger import PAYABLE
from matching.models import SupplierInvoice, SupplierInvoiceLine
from procure.money import ZERO, round_money
from purchasing.models import PurchaseOrder, PurchaseOrderLine

MOST_SUGGESTED = 50


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
