"""Law 4 played on invoices that are suspect or have stray lines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from matching import capture, order_ranking, resolution
from matching.captured import CapturedInvoice, CapturedLine
from matching.models import SupplierInvoice
from tests.matching.paying import DAY, a_dear_invoice, an_order, billed, invoice
from tests.world import World

WHY = "As agreed with Northline"


def for_strays(world: World) -> dict[str, Callable[[], object]]:
    lead, clerk = world.people["ap_lead"], world.people["ap_clerk"]
    kept, sent_back = a_suspect(world, "INV-101", "INV-1O1"), a_suspect(world, "INV-201", "INV-2O1")
    order = an_order(world, (world.shipper, 10, 1))
    stray = invoice(world, "STRAY", *[CapturedLine(Decimal(1), Decimal(7))] * 2)
    lost = invoice(world, "LOST", CapturedLine(Decimal(1), Decimal(1)))
    imported = CapturedInvoice(
        supplier=world.northline,
        number="MANY-1",
        invoiced_on=DAY,
        currency="USD",
        lines=[billed(1, 1, 1)],
    )
    return {
        "resolution.py:keep_invoice": lambda: resolution.keep_invoice(kept, reason=WHY, actor=lead),
        "resolution.py:return_to_supplier": lambda: resolution.return_to_supplier(
            sent_back, reason=WHY, actor=clerk
        ),
        "order_ranking.py:take_order": lambda: order_ranking.take_order(
            lost, order=order, actor=clerk
        ),
        "resolution.py:link_line": lambda: resolution.link_line(
            stray, position=1, order_line=order.lines.get(), actor=clerk
        ),
        "resolution.py:code_as_charge": lambda: resolution.code_as_charge(
            stray, position=2, charge_code="freight", actor=clerk
        ),
        "capture.py:capture_invoices": lambda: capture.capture_invoices([imported], actor=clerk),
    }


def a_suspect(world: World, number: str, alike: str) -> SupplierInvoice:
    """An invoice whose number looks like an earlier one's."""
    a_dear_invoice(world, number)
    repeated = billed(1, 1, 1, order=f"PO-{number}")
    return invoice(world, alike, repeated, invoiced_on=DAY + timedelta(days=40))
