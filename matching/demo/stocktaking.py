"""What Fernhill counted last week, what its bars are made of, and a part that one supplier makes."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from django.db.models import Sum

from matching.demo.company import Company
from purchasing.models import GoodsReceiptLine, StockCount
from suppliers.models import ApprovedVendor, BillOfMaterials, Category, Sku, Supplier

COUNTED_DAYS_AGO = 4
USE_DAYS = 180
LEAST_DAYS, SPREAD_DAYS = 6, 70
# Product, its components with the quantity for one unit and the yield in percent.
BILLS: tuple[tuple[str, tuple[tuple[str, str, str], ...]], ...] = (
    ("BAR-OAT", (("OAT-RO-A", "0.024", "97"), ("HON-CLO", "0.009", "99"), ("FLM-BAR-OAT", "0.0004", "98"))),
    ("BAR-CHO", (("OAT-RO-A", "0.021", "97"), ("CHO-70", "0.012", "98"), ("FLM-BAR-CHO", "0.0004", "98"))),
    ("BAR-ALM", (("ALM-SL", "0.014", "96"), ("HON-CLO", "0.008", "99"), ("FLM-BAR-ALM", "0.0004", "98"))),
    ("BOX-12", (("BAR-OAT", "6", "100"), ("BAR-CHO", "6", "100"), ("CTN-KR-12", "1", "99"))),
    ("BOX-24", (("BAR-OAT", "12", "100"), ("BAR-ALM", "12", "100"), ("CTN-KR-24", "1", "99"))),
    ("GRAN-OAT", (("OAT-RO-ORG", "0.26", "97"), ("MAP-A", "0.03", "99"), ("POU-M-OAT", "1", "99"))),
)  # fmt: skip
CRITICAL, LISTED = "PACK-POUCH", ("HALCYON", "SOLANO")


def make_stock(company: Company) -> None:
    """Counts of what is used, for a week to eleven; bills of a few products; one single source."""
    _count(company)
    skus = {sku.code: sku for sku in Sku.objects.all()}
    BillOfMaterials.objects.bulk_create(
        BillOfMaterials(
            product=skus[product],
            component=skus[component],
            quantity=Decimal(quantity),
            yield_percent=Decimal(percent),
        )
        for product, components in BILLS
        for component, quantity, percent in components
    )
    _leave_one_source(company)


def _count(company: Company) -> None:
    since = company.today - timedelta(days=USE_DAYS)
    used = (
        GoodsReceiptLine.objects.filter(
            receipt__status="posted", receipt__kind="receipt", receipt__received_on__gt=since
        )
        .order_by()
        .values_list("order_line__sku")
        .annotate(came=Sum("received_quantity"))
        .order_by("order_line__sku")
    )
    counted_at = company.moment(company.today - timedelta(days=COUNTED_DAYS_AGO), 17)
    StockCount.objects.bulk_create(
        StockCount(
            sku_id=sku_id,
            location=company.places[number % 2],
            counted_quantity=round(came / USE_DAYS * (LEAST_DAYS + number * 37 % SPREAD_DAYS)),
            counted_at=counted_at,
        )
        for number, (sku_id, came) in enumerate(used)
    )


def _leave_one_source(company: Company) -> None:
    """A critical SKU whose tool only Meridian has: the others may not be ordered from for it."""
    Category.objects.filter(code=CRITICAL).update(criticality=Category.Criticality.HIGH)
    sku = company.skus[CRITICAL][0]
    suppliers = {one.code: one for one in Supplier.objects.filter(code__in=LISTED)}
    ApprovedVendor.objects.bulk_create(
        ApprovedVendor(
            supplier=supplier,
            sku=sku,
            standing=ApprovedVendor.Standing.BACKUP,
            may_be_ordered=False,
            may_be_suggested=False,
            valid_from=company.today,
            reason=f"The tool for {sku} stands at Meridian.",
        )
        for supplier in suppliers.values()
    )
