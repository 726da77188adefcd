"""What the screens and the floors above read about orders and receipts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Sum

from procure.money import ZERO
from purchasing.models import GoodsReceipt, GoodsReceiptLine


@dataclass(frozen=True, slots=True)
class LineQuantities:
    """What came of an order line, in its unit, over posted receipts only.

    `received` is good and rejected together, before returns. Returned goods are the rejected
    ones first, so `accepted` is the smaller of what was good and what is still here.
    """

    received: Decimal = ZERO
    rejected: Decimal = ZERO
    returned: Decimal = ZERO

    @property
    def net_received(self) -> Decimal:
        return self.received - self.returned

    @property
    def accepted(self) -> Decimal:
        return min(self.received - self.rejected, self.net_received)


def line_quantities(order_line_ids: Collection[int]) -> dict[int, LineQuantities]:
    """The quantities of each given line, zeros for those without a receipt: one statement."""
    sums = (
        GoodsReceiptLine.objects.filter(
            order_line_id__in=order_line_ids,
            receipt__status=GoodsReceipt.Status.POSTED,
        )
        .order_by()
        .values_list("order_line_id")
        .annotate(Sum("received_quantity"), Sum("rejected_quantity"), Sum("returned_quantity"))
    )
    found = {line_id: LineQuantities(*quantities) for line_id, *quantities in sums}
    return {line_id: found.get(line_id, LineQuantities()) for line_id in order_line_ids}
