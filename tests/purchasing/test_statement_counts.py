"""The buying half of the cycle costs the same number of statements for 5 lines and for 50."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from purchasing.content import content_hash
from purchasing.ordering import OrderedLine, issue_purchase_order, submit_purchase_order
from tests.factories import PriceBreakFactory, SkuFactory
from tests.purchasing.buying import a_rule, approve, drafted, receive
from tests.world import World

MOST_STATEMENTS = 61  # an invoice has the rest of the cycle's 80


def statements_of_a_cycle(world: World, lines: int) -> dict[str, int]:
    skus = SkuFactory.create_batch(lines, category=world.boxes)
    for sku in skus:
        PriceBreakFactory(agreement=world.agreement, sku=sku, unit_price=Decimal("0.5"))
    counts = {}

    def counted(name: str, step: object) -> object:
        with CaptureQueriesContext(connection) as captured:
            done = step()  # type: ignore[operator]
        counts[name] = len(captured)
        return done

    order = counted(
        "draft", lambda: drafted(world, lines=[OrderedLine(sku, Decimal(10)) for sku in skus])
    )
    buyer = world.people["buyer"]
    order = counted("submit", lambda: submit_purchase_order(order, revision_shown=1, actor=buyer))
    shown = order
    approver = world.people["approver"]
    fingerprint = content_hash(shown, shown.lines.all())
    order = counted("approve", lambda: approve(shown, approver, content_hash_shown=fingerprint))
    order = counted("issue", lambda: issue_purchase_order(order, actor=buyer))
    counted("receive", lambda: receive(world, order, *((line, 10) for line in range(1, lines + 1))))
    return counts


@pytest.mark.django_db
def test_the_cycle_takes_the_same_statements_for_five_lines_and_fifty(inside: World) -> None:
    a_rule()
    five = statements_of_a_cycle(inside, 5)
    assert five == statements_of_a_cycle(inside, 50)
    assert sum(five.values()) <= MOST_STATEMENTS, five
