"""The terms that an order takes from the agreement behind its prices."""

from __future__ import annotations

from collections.abc import Sequence

from purchasing.models import PurchaseOrder, PurchaseOrderLine
from suppliers.models import PriceAgreement


def take_agreed_terms(order: PurchaseOrder, lines: Sequence[PurchaseOrderLine]) -> None:
    """Payment terms and incoterm follow the agreement that priced the order: one statement.

    The supplier's own stay where no agreement priced it, where it says nothing, and where two
    agreements disagree. The caller saves the order.
    """
    breaks = {line.price_break_id for line in lines if line.price_break_id is not None}
    if not breaks:
        return
    agreements = PriceAgreement.objects.filter(breaks__in=breaks).order_by().distinct()
    said = list(agreements.values_list("payment_terms_days", "incoterm"))
    days = {days for days, _ in said if days is not None}
    incoterms = {incoterm for _, incoterm in said if incoterm}
    if len(days) == 1:
        order.payment_terms_days = days.pop()
    if len(incoterms) == 1:
        order.incoterm = incoterms.pop()
