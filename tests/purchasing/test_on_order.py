from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from purchasing.models import PurchaseOrderLine
from purchasing.on_order import OnOrder, on_order
from tests.matching.paying import an_order, receive
from tests.world import World


def test_on_order_is_what_issued_orders_still_bring(inside: World) -> None:
    today = timezone.localdate()
    assert on_order(inside.northline, today) == []
    first = an_order(inside, (inside.shipper, 100, 2), (inside.divider, 10, 1))
    an_order(inside, (inside.shipper, 50, 2), number="PO-2")
    an_order(inside, (inside.shipper, 9, 9), number="PO-3", status="draft", issued_on=None)
    receive(inside, first, (1, 40), (2, 10))
    lines = PurchaseOrderLine.objects.order_by("order__number", "line_no")
    lines.filter(order__number="PO-1").update(promised_on=today - timedelta(days=1))
    lines.filter(order__number="PO-2").update(promised_on=today, cancelled_quantity=20)
    assert on_order(inside.northline, today) == [OnOrder("USD", 2, Decimal(180), 1, today)]
    assert on_order(inside.kestrel, today) == []
