"""Coverage: qualified sources by the one list function, lead times of backups, days of cover."""

from __future__ import annotations

import time
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from procure.exports import ExportOptions, export
from purchasing.coverage import Asked, CoverageRow, coverage_rows, with_sources
from suppliers.approved_vendors import list_decisions
from suppliers.models import (
    ApprovedVendor,
    Category,
    PerformanceCell,
    Qualification,
    Sku,
    Supplier,
)
from tests.factories import (
    LONG_AGO,
    ApprovedVendorFactory,
    CategoryStrategyFactory,
    PriceAgreementFactory,
    PriceBreakFactory,
    QualificationFactory,
    SkuFactory,
    StockCountFactory,
    SupplierFactory,
)
from tests.purchasing.buying import issued, receive, today
from tests.world import World

pytestmark = pytest.mark.django_db


def covered(**asked: object) -> dict[str, CoverageRow]:
    """The rows by code, with their sources."""
    wanted = Asked(**asked)  # type: ignore[arg-type]
    rows = coverage_rows(wanted, today())
    with_sources(rows, today(), ship_to=wanted.ship_to)
    return {row.code: row for row in rows}


def a_backup(world: World, name: str = "ASH", standing: str = "backup") -> Supplier:
    supplier = SupplierFactory(code=name, name=name.title())
    QualificationFactory(supplier=supplier, category=world.packaging)
    ApprovedVendorFactory(supplier=supplier, category=world.boxes, standing=standing)
    return supplier


def test_sources_are_those_that_the_list_function_approves_and_that_are_vetted(
    inside: World,
) -> None:
    """Every way to be no source: not vetted, suspended nearer by, expired, ended, blocked."""
    world = inside
    CategoryStrategyFactory(category=world.packaging, minimum_sources=2)
    a_backup(world)
    unvetted = SupplierFactory(code="UNVETTED")
    ApprovedVendorFactory(supplier=unvetted, category=world.boxes)
    suspended = a_backup(world, "SUSPENDED")
    QualificationFactory(supplier=suspended, category=world.boxes, status="suspended")
    expired = a_backup(world, "EXPIRED")
    Qualification.objects.filter(supplier=expired).update(valid_to=today() - timedelta(days=1))
    ended = a_backup(world, "ENDED")
    ApprovedVendor.objects.filter(supplier=ended).update(valid_to=today() - timedelta(days=1))
    blocked = a_backup(world, "BLOCKED")
    Supplier.objects.filter(pk=blocked.pk).update(status="blocked")
    own = SupplierFactory(code="OWN")
    QualificationFactory(supplier=own, category=world.packaging)
    ApprovedVendorFactory(supplier=own, sku=world.divider, category=None, standing="approved")
    elsewhere = SupplierFactory(code="ELSEWHERE")
    QualificationFactory(supplier=elsewhere, category=world.packaging)
    ApprovedVendorFactory(supplier=elsewhere, category=world.boxes, location=world.reno)
    stopped = a_backup(world, "STOPPED")
    ApprovedVendorFactory(supplier=stopped, sku=world.shipper, category=None, may_be_ordered=False)
    ApprovedVendorFactory(supplier=stopped, category=world.packaging, may_be_ordered=False)
    rows = covered()
    shown = {
        code: [(one.supplier.code, one.decision.standing) for one in row.sources]
        for code, row in rows.items()
    }
    both = [("NORTH", "preferred"), ("ASH", "backup"), ("STOPPED", "backup")]
    assert shown == {
        "PACK": [("NORTH", "preferred")],
        "BOX": both,
        "CTN-12-KR": both[:2],
        "DIV-12-SB": [both[0], ("OWN", "approved"), *both[1:]],
    }
    # At Reno its own entry counts: one source more for boxes, and one that is stopped there.
    ApprovedVendorFactory(
        supplier=own, sku=world.divider, category=None, location=world.reno, may_be_ordered=False
    )
    reno = covered(ship_to=world.reno)
    assert {code: [one.supplier.code for one in row.sources] for code, row in reno.items()} == {
        "PACK": ["NORTH"],
        "BOX": ["NORTH", "ELSEWHERE", "ASH", "STOPPED"],
        "CTN-12-KR": ["NORTH", "ELSEWHERE", "ASH"],
        "DIV-12-SB": ["NORTH", "ELSEWHERE", "ASH", "STOPPED"],
    }
    suppliers = list(Supplier.objects.values_list("pk", flat=True))
    for sku in Sku.objects.all():
        answers = list_decisions([(one, sku.pk) for one in suppliers], today())
        wanted = {one for (one, _), a in answers.items() if a.is_approved and a.is_qualified}
        assert set(rows[sku.code].source_ids) == wanted


def test_gaps_stand_first_and_filters_find_them(inside: World) -> None:
    world = inside
    Category.objects.filter(pk=world.boxes.pk).update(criticality="high")
    CategoryStrategyFactory(category=world.boxes, minimum_sources=2)
    other = SkuFactory(code="AAA", category=world.packaging)
    rows = coverage_rows(Asked(), today())
    assert [(row.kind, row.code, row.minimum, row.held, row.gap) for row in rows] == [
        ("category", "BOX", 2, 1, "below"),
        ("sku", "CTN-12-KR", 2, 1, "below"),
        ("sku", "DIV-12-SB", 2, 1, "below"),
        ("sku", "AAA", None, 1, "single"),
    ]
    assert list(covered(gap="single")) == [other.code]
    assert list(covered(kind="category")) == ["BOX"]
    assert list(covered(text="divider ins")) == ["DIV-12-SB"]
    assert "AAA" not in covered(critical=True)
    assert "AAA" not in covered(category=world.boxes)


def test_backups_show_agreed_and_actual_lead_times_and_the_last_order(inside: World) -> None:
    world = inside
    ash = a_backup(world)
    agreement = PriceAgreementFactory(number="ASH-1", supplier=ash)
    PriceBreakFactory(agreement=agreement, sku=world.shipper, lead_time_days=9)
    for month, times in ((today().replace(day=1), {"10": 3, "12": 1}), (LONG_AGO, {"90": 5})):
        PerformanceCell.objects.create(
            supplier=ash, sku=world.shipper, month=month, currency="USD", lead_times=times
        )
    order = issued(world)
    row = covered()["CTN-12-KR"]
    north, backup = row.sources
    assert (north.order_number, north.ordered_on) == (order.number, today())
    assert (backup.order_number, backup.agreed, backup.lead_time_n) == ("", (9, 9), 4)
    assert (row.agreed_range, row.actual_range, row.actual_n) == (
        (9, 9), (Decimal("11.4"), Decimal("11.4")), 4,
    )  # fmt: skip


def test_cover_is_stock_and_open_orders_over_average_use(inside: World) -> None:
    world = inside
    order = issued(world)
    receive(world, order, (1, 36))
    now = timezone.now()
    StockCountFactory(sku=world.shipper, location=world.reno, counted_quantity=900,
                      counted_at=now - timedelta(days=40))  # fmt: skip
    StockCountFactory(sku=world.shipper, location=world.reno, counted_quantity=5, counted_at=now)
    StockCountFactory(sku=world.shipper, counted_quantity=7, counted_at=now)
    row = covered()["CTN-12-KR"]
    # 36 came in 180 days; 12 are counted today and 64 are to come.
    assert (row.daily, row.on_hand, row.open_quantity) == (Decimal("0.2"), 12, 64)
    assert (row.days, row.whole_days) == (Decimal(380), 380)
    assert covered()["DIV-12-SB"].days is None


def test_an_old_count_is_brought_up_to_today(inside: World) -> None:
    world = inside
    receive(world, issued(world), (1, 36))
    StockCountFactory(sku=world.shipper, counted_quantity=10,
                      counted_at=timezone.now() - timedelta(days=30))  # fmt: skip
    # 10 counted, 36 came since, 30 days of 0.2 were used.
    assert covered()["CTN-12-KR"].on_hand == Decimal(40)


def statements(world: World) -> int:
    client = world.client("buyer")
    client.get(world.url("coverage/"))
    with CaptureQueriesContext(connection) as captured:
        assert client.get(world.url("coverage/")).status_code == 200
    return len(captured)


def test_the_screen_takes_as_many_statements_for_10_skus_as_for_100(world: World) -> None:
    with world.inside():
        CategoryStrategyFactory(category=world.boxes, minimum_sources=2)
        for _ in range(8):
            SkuFactory(category=world.boxes)
    few = statements(world)
    with world.inside():
        for number in range(90):
            SkuFactory(category=world.boxes)
            if number < 20:
                a_backup(world, f"B{number}")
    assert statements(world) == few


def test_five_thousand_skus_and_five_hundred_suppliers_are_fast(inside: World) -> None:
    world = inside
    Sku.objects.bulk_create(
        Sku(code=f"S{number}", description="Box", category=world.boxes) for number in range(5000)
    )
    many = Supplier.objects.bulk_create(
        Supplier(code=f"M{number}", name=f"Mill {number}", currency="USD") for number in range(500)
    )
    Qualification.objects.bulk_create(
        Qualification(supplier=one, category=world.packaging, status="qualified") for one in many
    )
    skus = list(Sku.objects.order_by("pk"))
    ApprovedVendor.objects.bulk_create(
        ApprovedVendor(supplier=one, sku=skus[number * 10], standing="backup", valid_from=LONG_AGO)
        for number, one in enumerate(many)
    )
    begun = time.monotonic()
    rows = coverage_rows(Asked(), today())
    with_sources(rows[:50], today())
    assert len(rows) == 5002
    assert sum(row.held for row in rows) == 5002 + 500
    assert time.monotonic() - begun < 2


def test_the_export_says_the_same(inside: World) -> None:
    CategoryStrategyFactory(category=inside.boxes, minimum_sources=2)
    a_backup(inside)
    first = export("coverage", ExportOptions(as_of=date(2026, 5, 4)), "csv").splitlines()[1]
    assert first == (
        "category,BOX,Boxes,Boxes,medium,2,2,,NORTH:preferred;ASH:backup,,,,,0,,2026-05-04"
    )
