"""Law 4 played on the drill of a supplier that stops."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from purchasing import replacing
from suppliers.models import Supplier
from tests.factories import (
    ApprovedVendorFactory,
    PriceAgreementFactory,
    PriceBreakFactory,
    QualificationFactory,
)
from tests.purchasing.buying import issued
from tests.world import World


def a_fallback(world: World) -> Supplier:
    """Kestrel as the backup for shippers, at 0.70 within nine days."""
    kestrel = world.kestrel
    QualificationFactory(supplier=kestrel, category=world.packaging)
    ApprovedVendorFactory(supplier=kestrel, sku=world.shipper, category=None, standing="backup")
    agreement = PriceAgreementFactory(number="KP-1", supplier=kestrel)
    PriceBreakFactory(
        agreement=agreement, sku=world.shipper, unit_price=Decimal("0.70"), lead_time_days=9
    )
    return kestrel


def for_drilling(world: World) -> dict[str, Callable[[], object]]:
    a_fallback(world)
    issued(world)
    return {
        "replacing.py:draft_replacements": lambda: replacing.draft_replacements(
            world.northline, actor=world.people["buyer"]
        ),
    }
