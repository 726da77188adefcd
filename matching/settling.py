"""Which orders are received and billed in full: they close by themselves, and open again when a
receipt is reversed, goods go back, or an invoice is taken back.

Billed is what approved and paid invoices bill less their approved credits, as in the ledger.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from decimal import Decimal

from django.db import transaction
from django.db.models import Case, F, Q, Sum, Value, When

from matching.feeding import lock_orders
from matching.ledger import PAYABLE
from matching.models import SupplierInvoice, SupplierInvoiceLine
from procure.money import ZERO
from purchasing.change_content import awaited
from purchasing.closing import close_settled_order, reopen_purchase_order
from purchasing.models import OrderChange, PurchaseOrder, PurchaseOrderLine
from purchasing.queries import line_quantities

Status = SupplierInvoice.Status


@transaction.atomic
def settle_orders(order_ids: Collection[int], cause: str = "") -> None:
    """Closes what is settled and opens what the system closed and is settled no longer.

    Five statements for any number of orders, and the actions' own for those that change. Running it
    twice changes nothing the second time.
    """
    locked = lock_orders((), order_ids)
    if not locked.orders:
        return
    lines = locked.all_lines
    here = line_quantities([line.pk for line in lines])
    billed = billed_quantities([line.pk for line in lines])
    busy = _with_open_invoices(locked.orders) | set(
        OrderChange.objects.filter(
            order__in=locked.orders, status=OrderChange.Status.WAITING
        ).values_list("order_id", flat=True)
    )
    for order_id, order in locked.orders.items():
        due = [line for line in locked.lines.get(order_id, ()) if awaited(line) > ZERO]
        full = {line.pk for line in due if billed[line.pk] >= awaited(line)}
        is_here = all(here[line.pk].net_received >= awaited(line) for line in due)
        is_settled = bool(due) and is_here and len(full) == len(due)
        if order.status == PurchaseOrder.Status.ISSUED and is_settled and order_id not in busy:
            close_settled_order(order, billed_lines=full, actor=None)
        elif _was_closed_by_itself(order) and not is_settled:
            reopen_purchase_order(order, reason=_why(is_here, cause), actor=None)


def billed_quantities(order_line_ids: Collection[int]) -> dict[int, Decimal]:
    """What payable invoices bill of each line less payable credits, in its unit: one statement."""
    sign = Case(When(invoice__kind=SupplierInvoice.Kind.CREDIT, then=Value(-1)), default=Value(1))
    sums = (
        SupplierInvoiceLine.objects.filter(
            order_line_id__in=order_line_ids, charge_code="", invoice__status__in=PAYABLE
        )
        .order_by()
        .values_list("order_line_id")
        .annotate(billed=Sum(F("matched_quantity") * sign))
    )
    billed: dict[int, Decimal] = defaultdict(lambda: ZERO)
    billed.update({line_id: quantity or ZERO for line_id, quantity in sums})
    return billed


def orders_of_lines(order_line_ids: Iterable[int]) -> set[int]:
    """The orders that these lines stand on: one statement."""
    return set(
        PurchaseOrderLine.objects.filter(pk__in=set(order_line_ids)).values_list(
            "order_id", flat=True
        )
    )


def _with_open_invoices(order_ids: Collection[int]) -> set[int]:
    """Orders that an invoice is still held on: its resolution needs the order as it is."""
    return set(
        SupplierInvoiceLine.objects.filter(
            Q(order_line__order_id__in=list(order_ids)), invoice__status=Status.OPEN
        ).values_list("order_line__order_id", flat=True)
    )


def _was_closed_by_itself(order: PurchaseOrder) -> bool:
    return bool(order.status == PurchaseOrder.Status.CLOSED and order.closed_by_id is None)


def _why(is_here: bool, cause: str) -> str:
    words = "Not all is billed any more" if is_here else "Not all is here any more"
    return f"{words}, after {cause}." if cause else f"{words}."
