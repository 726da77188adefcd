"""How an agreement's prices are used: the order lines it priced, and those moved away from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Count, F, Q

from purchasing.models import PurchaseOrder, PurchaseOrderLine
from suppliers.models import PriceAgreement

YEAR = timedelta(days=365)
MOST_SHOWN = 20


@dataclass(frozen=True, slots=True)
class PriceUse:
    """The lines that an agreement covered in a year, and the latest that were edited away."""

    lines: int
    edited: int
    latest: list[PurchaseOrderLine]

    @property
    def at_agreed_percent(self) -> Decimal | None:
        if not self.lines:
            return None
        return Decimal(self.lines - self.edited) / self.lines * 100


def price_use(agreement: PriceAgreement, on: date) -> PriceUse:
    """Issued and closed orders of the year until that day: two statements."""
    covered = PurchaseOrderLine.objects.filter(
        price_break__agreement=agreement,
        order__status__in=[PurchaseOrder.Status.ISSUED, PurchaseOrder.Status.CLOSED],
        order__issued_on__range=(on - YEAR, on),
    )
    away = ~Q(unit_price=F("agreed_price"))
    counted = covered.aggregate(lines=Count("pk"), edited=Count("pk", filter=away))
    latest = (
        covered.filter(away).select_related("order", "sku").order_by("-order__issued_on", "-pk")
    )
    return PriceUse(counted["lines"], counted["edited"], list(latest[:MOST_SHOWN]))
