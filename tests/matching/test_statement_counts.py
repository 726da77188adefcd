"""Taking in and matching invoices costs the same number of statements for few lines and for many."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from matching.capture import CapturedInvoice, capture_invoices
from matching.holds import Cause
from matching.rematching import rematch_order_lines
from purchasing.models import PurchaseOrder
from tests.factories import SkuFactory
from tests.matching.paying import DAY, an_order, billed, invoice, receive
from tests.world import World

MOST_FOR_ONE = 17
MOST_FOR_HELD = 18
MOST_FOR_RELEASE = 22

pytestmark = pytest.mark.django_db


def received_order(world: World, lines: int, number: str) -> PurchaseOrder:
    skus = SkuFactory.create_batch(lines, category=world.boxes)
    order = an_order(world, *((sku, 10, 1) for sku in skus), number=number)
    receive(world, order, *((line, 10) for line in range(1, lines + 1)))
    return order


def statements(step: object) -> int:
    with CaptureQueriesContext(connection) as captured:
        step()  # type: ignore[operator]
    return len(captured)


def test_a_matched_invoice_costs_the_same_for_five_lines_and_fifty(inside: World) -> None:
    counts = []
    for lines in (5, 50):
        received_order(inside, lines, f"PO-{lines}")
        its = [billed(n, 10, 1, order=f"PO-{lines}") for n in range(1, lines + 1)]
        counts.append(statements(lambda its=its: invoice(inside, f"INV-{len(its)}", *its)))
    assert counts[0] == counts[1]
    assert counts[0] <= MOST_FOR_ONE


def test_a_held_invoice_and_its_release_cost_the_same_for_five_lines_and_fifty(
    inside: World,
) -> None:
    held, released = [], []
    for lines in (5, 50):
        order = an_order(
            inside,
            *((sku, 10, 1) for sku in SkuFactory.create_batch(lines, category=inside.boxes)),
            number=f"PO-{lines}",
        )
        its = [billed(n, 10, 1, order=f"PO-{lines}") for n in range(1, lines + 1)]
        held.append(statements(lambda its=its: invoice(inside, f"INV-{len(its)}", *its)))
        receive(inside, order, *((line, 10) for line in range(1, lines + 1)))
        ids = list(order.lines.values_list("pk", flat=True))
        released.append(statements(lambda ids=ids: rematch_order_lines(ids, Cause("receipt GR-1"))))
    assert held[0] == held[1]
    assert held[0] <= MOST_FOR_HELD
    assert released[0] == released[1]
    assert released[0] <= MOST_FOR_RELEASE


def test_ten_invoices_cost_the_same_as_two(inside: World) -> None:
    counts = []
    for several in (2, 10):
        batch = []
        for n in range(several):
            number = f"PO-{several}-{n}"
            received_order(inside, 2, number)
            batch.append(
                CapturedInvoice(
                    supplier=inside.northline,
                    number=f"INV-{several}-{n}",
                    invoiced_on=DAY,
                    currency="USD",
                    lines=[billed(1, 10, 1, order=number), billed(2, n, 2, order=number)],
                    charges={"freight": Decimal(n)},
                )
            )
        counts.append(statements(lambda batch=batch: capture_invoices(batch, actor=None)))
    assert counts[0] == counts[1]
