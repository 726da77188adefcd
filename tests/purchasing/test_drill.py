"""The drill: what stops with a supplier, who takes over by the same ranking, and its drafts."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from procure.errors import BusinessRuleError
from procure.models import BusinessEvent
from purchasing.drilling import Drill, DrillLine, drill_of
from purchasing.models import PurchaseOrder
from purchasing.replacing import draft_replacements
from suppliers.models import ApprovedVendor, PerformanceCell
from tests.architecture.scenes.drilling import a_fallback
from tests.browser import SignIn, seen_in_both_themes_and_widths
from tests.factories import (
    ApprovedVendorFactory,
    BillOfMaterialsFactory,
    CategoryStrategyFactory,
    LocationFactory,
    QualificationFactory,
    SkuFactory,
    StockCountFactory,
    SupplierFactory,
)
from tests.purchasing.buying import issued, receive, today
from tests.world import World

pytestmark = pytest.mark.django_db


def ready(world: World) -> PurchaseOrder:
    """Northline owes 64 of 100 shippers and 40 dividers; Kestrel may supply shippers alone."""
    a_fallback(world)
    order = issued(world)
    receive(world, order, (1, 36))
    StockCountFactory(sku=world.shipper, location=world.reno, counted_quantity=50)
    PerformanceCell.objects.create(
        supplier=world.northline, sku=world.shipper, month=today().replace(day=1),
        currency="USD", spend=750, cost_quantity=1200, cost_amount=734,
    )  # fmt: skip
    return order


def drilled(world: World) -> Drill:
    return drill_of(world.northline, "USD", today())


def line_of(world: World) -> DrillLine:
    return next(line for line in drilled(world).lines if line.sku == world.shipper)


def test_a_drill_says_what_stops_when_and_who_takes_over(inside: World) -> None:
    ready(inside)
    bought_elsewhere = {"month": today().replace(day=1), "currency": "USD", "spend": 250}
    PerformanceCell.objects.create(supplier=inside.kestrel, sku=inside.shipper, **bought_elsewhere)
    gift = SkuFactory(code="GIFT", category=inside.boxes)
    BillOfMaterialsFactory(product=gift, component=inside.shipper)
    drill = drilled(inside)
    divider, shipper = drill.lines
    assert (divider.sku, divider.lost_quantity, divider.fallback) == (inside.divider, 40, None)
    assert drill.without_fallback == 1
    # 50 are here and 36 came in 180 days: the 64 on order are lost.
    assert (shipper.lost_quantity, shipper.open_quantity, shipper.daily) == (64, 0, Decimal("0.2"))
    out = today() + timedelta(days=250)
    assert (shipper.days, shipper.runs_out_on) == (250, out)
    assert shipper.fallback is not None
    assert (shipper.fallback.supplier, shipper.fallback.standing) == (inside.kestrel, "backup")
    assert (shipper.lead_days, shipper.lead_basis) == (9, "agreed, 0 lines so far")
    assert shipper.go_by == out - timedelta(days=9)
    # A month is 100 of 1,200; each costs 0.70 where it cost 0.612.
    assert shipper.cost_per_month == Decimal("8.8")
    assert round(shipper.cost_percent or 0, 2) == Decimal("14.38")
    assert (shipper.bought.spend, shipper.share_percent) == (750, 75)
    assert [(hit.product, hit.runs_out_on) for hit in drill.products] == [(gift, out)]
    (order,) = drill.replacements
    assert (order.supplier, order.lines, order.go_by) == (inside.kestrel, [shipper], shipper.go_by)


def test_the_fallbacks_own_lead_time_counts_once_it_was_measured_often_enough(
    inside: World,
) -> None:
    ready(inside)
    cell = PerformanceCell.objects.create(
        supplier=inside.kestrel, sku=inside.shipper, month=today().replace(day=1),
        currency="USD", lead_times={"10": 4},
    )  # fmt: skip
    assert (line_of(inside).lead_days, line_of(inside).lead_basis) == (9, "agreed, 4 lines so far")
    PerformanceCell.objects.filter(pk=cell.pk).update(lead_times={"10": 4, "21": 1})
    # The ninth of ten between 10 and 21 is 16.6, which is 17 whole days.
    assert (line_of(inside).lead_days, line_of(inside).lead_basis) == (17, "nine in ten of 5 lines")


def test_an_approved_fallback_goes_before_a_cheaper_one_off_the_list(inside: World) -> None:
    ready(inside)
    better = SupplierFactory(code="BETTER", name="Better")
    QualificationFactory(supplier=better, category=inside.packaging)
    ApprovedVendorFactory(supplier=better, category=inside.boxes, standing="approved")
    row = line_of(inside).fallback
    assert row is not None
    assert row.supplier == inside.kestrel, "its price is known"
    ApprovedVendor.objects.filter(supplier=inside.kestrel).delete()
    row = line_of(inside).fallback
    assert row is not None
    assert row.supplier == better, "approved, though without a price"
    ApprovedVendor.objects.filter(supplier=better).delete()
    line = line_of(inside)
    assert line.fallback is not None
    assert (line.fallback.supplier, line.fallback.is_approved) == (inside.kestrel, False)
    assert drilled(inside).replacements == []


def test_a_fallback_is_approved_for_where_the_goods_were_to_go(inside: World) -> None:
    ready(inside)
    dayton = LocationFactory(code="DAYTON", name="Dayton")
    entry = ApprovedVendor.objects.filter(supplier=inside.kestrel)
    entry.update(location=dayton)
    line = line_of(inside)
    assert line.ship_to == inside.reno
    assert line.fallback is not None
    assert (line.fallback.is_approved, line.has_draft) == (False, False), "approved elsewhere only"
    entry.update(location=inside.reno)
    (order,) = drilled(inside).replacements
    assert (order.supplier, order.ship_to) == (inside.kestrel, inside.reno)


def test_drafts_take_over_what_is_owed_and_nothing_is_sent(inside: World) -> None:
    ready(inside)
    (order,) = draft_replacements(inside.northline, actor=inside.people["buyer"])
    (line,) = order.lines.all()
    assert (order.supplier, order.status, order.number) == (inside.kestrel, "draft", None)
    assert (order.category, order.ship_to, order.cost_center) == (inside.boxes, inside.reno, "4100")
    assert order.needed_on == today() + timedelta(days=250)
    assert (line.sku, line.ordered_quantity, line.unit_price) == (
        inside.shipper, 64, Decimal("0.70"),
    )  # fmt: skip
    event = BusinessEvent.objects.get(kind="supplier.drilled")
    assert (event.subject_id, event.payload["order_ids"]) == (inside.northline.pk, [order.pk])
    assert event.summary.startswith(
        "If it stops today: 2 SKUs, 1 without a fallback, 0 products. CTN-12-KR runs out first"
    )


def test_drafts_are_refused_while_the_last_ones_wait_and_without_a_fallback(inside: World) -> None:
    buyer = inside.people["buyer"]
    ready(inside)
    (order,) = draft_replacements(inside.northline, actor=buyer)
    with pytest.raises(BusinessRuleError, match="1 draft of the last drill wait"):
        draft_replacements(inside.northline, actor=buyer)
    PurchaseOrder.objects.filter(pk=order.pk).delete()
    ApprovedVendor.objects.filter(supplier=inside.kestrel).update(needs_justification=True)
    before = (PurchaseOrder.objects.count(), BusinessEvent.objects.count())
    with pytest.raises(BusinessRuleError, match="No open order is lost"):
        draft_replacements(inside.northline, actor=buyer)
    assert (PurchaseOrder.objects.count(), BusinessEvent.objects.count()) == before


def statements(world: World) -> int:
    with world.inside(), CaptureQueriesContext(connection) as captured:
        drilled(world)
    return len(captured)


def test_a_drill_takes_as_many_statements_for_2_skus_as_for_50(world: World) -> None:
    with world.inside():
        ready(world)
    few = statements(world)
    with world.inside():
        for _ in range(48):
            sku = SkuFactory(category=world.boxes)
            PerformanceCell.objects.create(
                supplier=world.northline, sku=sku, month=today().replace(day=1),
                currency="USD", spend=5, cost_quantity=1,
            )  # fmt: skip
    assert statements(world) == few


@pytest.mark.django_db(transaction=True)
def test_a_buyer_drills_from_coverage_and_makes_the_drafts(world: World, sign_in: SignIn) -> None:
    with world.inside():
        ready(world)
        CategoryStrategyFactory(category=world.boxes, minimum_sources=2)
    page = sign_in(world.client("buyer"))
    page.goto(world.url("coverage/"))
    assert seen_in_both_themes_and_widths(page) == []
    page.get_by_role("link", name="What if it stops: Northline Packaging").first.click()
    assert page.get_by_role("heading", level=1).inner_text() == (
        "If Northline Packaging stops today"
    )
    assert seen_in_both_themes_and_widths(page) == []
    page.get_by_role("button", name="Make 1 draft order").click()
    page.get_by_text("1 draft made. Nothing was sent yet.").wait_for()
    page.get_by_role("main").get_by_text("Drafts of the last drill wait to be submitted").wait_for()
    assert page.get_by_role("button", name="Make 1 draft order").count() == 0
