"""What had happened in the company before a journey begins."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from procure.events import work_off
from purchasing.models import ApprovalRule
from tests.factories import PriceAgreementFactory, PriceBreakFactory, QualificationFactory
from tests.matching.paying import an_order, receive
from tests.world import World

PASSWORD = "a long enough sentence"


def past(world: World) -> None:
    """One order of Northline came in time last month; every order asks the approver; Kestrel
    offers the shipper for less, though nobody has approved it."""
    buyer = world.people["buyer"]
    buyer.set_password(PASSWORD)
    buyer.save(update_fields=["password"])
    came_on = timezone.localdate() - timedelta(days=30)
    with world.inside():
        ApprovalRule.objects.create(name="Every order", role="approver", minimum_amount=0)
        order = an_order(
            world,
            (world.shipper, 1000, "0.68"),
            number="PO-OLD",
            issued_on=came_on - timedelta(days=14),
            needed_on=came_on,
        )
        receive(world, order, (1, 1000), received_on=came_on)
        QualificationFactory(supplier=world.kestrel, category=world.packaging, status="prospect")
        offer = PriceAgreementFactory(number="KP-1", supplier=world.kestrel)
        PriceBreakFactory(
            agreement=offer, sku=world.shipper, unit_price=Decimal("0.575"), lead_time_days=6
        )
    work_off(world.organization.pk)
