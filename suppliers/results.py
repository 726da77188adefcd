"""The stored results of the loop: what really happened, by supplier and by SKU.

These tables are read here and above; `suppliers.rollups` is their only writer, called by the
code in `matching` that computes them from documents. Nothing in them is ever added to: a cell is
replaced whole, and a scorecard or a SKU cost is the sum of its cells.
"""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.utils import timezone

from procure.fields import (
    AmountField,
    OrganizationForeignKey,
    PercentField,
    QuantityField,
    UnitPriceField,
)
from procure.tenancy import OrganizationOwned

CASCADE = models.CASCADE


class PerformanceCell(OrganizationOwned):
    """One supplier, one SKU (none: its invoices), one month, recomputed whole from documents.

    Delivery figures belong to the month in which the line was due, rejects and cost to the month
    of receipt, invoices to the month of the invoice. Histograms map whole days to line counts, so
    that medians and percentiles merge exactly. Money is in the order's currency. `received_quantity`
    counts only what was inspected, so that unknown rejects are never taken for none. Of prices,
    the last and the one before it of another order line are kept with day and source.
    """

    supplier = OrganizationForeignKey("suppliers.Supplier", CASCADE, related_name="+")
    sku = OrganizationForeignKey("suppliers.Sku", CASCADE, null=True, related_name="+")
    month = models.DateField(help_text="Its first day.")
    currency = models.CharField(max_length=3)
    lines_due = models.PositiveIntegerField(default=0)
    lines_on_time = models.PositiveIntegerField(default=0)
    lines_in_full = models.PositiveIntegerField(default=0)
    lines_on_time_in_full = models.PositiveIntegerField(default=0)
    ordered_quantity = QuantityField(default=0)
    first_received_quantity = QuantityField(default=0)
    late_days = models.JSONField(default=dict)
    lead_times = models.JSONField(default=dict)
    lines_with_agreed_lead_time = models.PositiveIntegerField(default=0)
    lines_within_lead_time = models.PositiveIntegerField(default=0)
    lines_with_agreement = models.PositiveIntegerField(default=0)
    lines_at_agreed_price = models.PositiveIntegerField(default=0)
    spend = AmountField(default=0)
    misses_by_us = models.PositiveIntegerField(default=0)
    misses_by_carrier = models.PositiveIntegerField(default=0)
    received_quantity = QuantityField(default=0)
    rejected_quantity = QuantityField(default=0)
    cost_lines = models.PositiveIntegerField(default=0)
    cost_quantity = QuantityField(default=0)
    cost_amount = AmountField(default=0)
    cost_landed = AmountField(default=0)
    min_price = UnitPriceField(null=True)
    max_price = UnitPriceField(null=True)
    last_price = UnitPriceField(null=True)
    last_on = models.DateField(null=True)
    last_source = models.BigIntegerField(null=True)
    previous_price = UnitPriceField(null=True)
    previous_on = models.DateField(null=True)
    previous_source = models.BigIntegerField(null=True)
    invoices = models.PositiveIntegerField(default=0)
    accurate_invoices = models.PositiveIntegerField(default=0)
    invoice_expected = AmountField(default=0)
    invoice_over = AmountField(default=0)
    invoice_under = AmountField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "supplier", "sku", "month", "currency"],
                name="suppliers_performancecell_once",
                nulls_distinct=False,
            )
        ]
        indexes = [models.Index(fields=["organization", "supplier", "month"])]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"


class Scorecard(OrganizationOwned):
    """A supplier's figures over a period, ready to read; null where there is no document.

    A miss counts in every share, whoever caused it. Shares are percent, lead times and lateness days, `months` the last twelve on-time shares, and
    `before` the same measures over the period of equal length before. `spend` is null when its
    currencies cannot be brought together for want of a rate.
    """

    class Period(models.TextChoices):
        ALL = "all", "All time"
        YEAR = "365d", "12 months"
        QUARTER = "90d", "90 days"

    supplier = OrganizationForeignKey("suppliers.Supplier", CASCADE, related_name="scorecards")
    period = models.CharField(max_length=5, choices=Period.choices)
    lines_due = models.PositiveIntegerField(default=0)
    lines_on_time = models.PositiveIntegerField(default=0)
    on_time_percent = PercentField(null=True)
    in_full_percent = PercentField(null=True)
    otif_percent = PercentField(null=True)
    lines_missed = models.PositiveIntegerField(default=0, help_text="Late or short.")
    misses_by_us = models.PositiveIntegerField(default=0)
    misses_by_carrier = models.PositiveIntegerField(default=0)
    fill_rate_percent = PercentField(null=True)
    late_days_mean = models.DecimalField(max_digits=12, decimal_places=4, null=True)
    late_days_median = models.DecimalField(max_digits=12, decimal_places=1, null=True)
    lead_time_n = models.PositiveIntegerField(default=0)
    lead_time_mean = models.DecimalField(max_digits=12, decimal_places=4, null=True)
    lead_time_median = models.DecimalField(max_digits=12, decimal_places=1, null=True)
    lead_time_p90 = models.DecimalField(max_digits=12, decimal_places=1, null=True)
    lead_time_deviation = models.DecimalField(max_digits=12, decimal_places=4, null=True)
    lead_time_adherence_percent = PercentField(null=True)
    rejected_ppm = models.DecimalField(max_digits=14, decimal_places=4, null=True)
    invoices = models.PositiveIntegerField(default=0)
    invoice_accuracy_percent = PercentField(null=True)
    invoice_variance = models.DecimalField(max_digits=18, decimal_places=6, null=True)
    lines_with_agreement = models.PositiveIntegerField(default=0)
    price_to_agreement_percent = PercentField(null=True)
    spend = AmountField(null=True)
    currency = models.CharField(max_length=3)
    score = models.DecimalField(max_digits=7, decimal_places=4, null=True)
    grade = models.CharField(max_length=1, blank=True)
    rules_version = models.PositiveIntegerField(default=1, help_text="By which it was scored.")
    months = models.JSONField(default=list)
    before = models.JSONField(default=dict)
    as_of = models.DateField()
    computed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "supplier", "period"],
                name="suppliers_scorecard_once",
            )
        ]
        indexes = [models.Index(fields=["organization", "period", "score"])]

    def __str__(self) -> str:
        return f"{self.supplier_id} {self.period}"

    @property
    def misses_by_supplier(self) -> int:
        """The misses that neither we nor the carrier caused."""
        return self.lines_missed - self.misses_by_us - self.misses_by_carrier

    @property
    def otif_without_ours(self) -> Decimal | None:
        """On time and in full of the lines that we did not spoil ourselves, in percent."""
        counted = self.lines_due - self.misses_by_us
        return 100 * Decimal(self.lines_due - self.lines_missed) / counted if counted else None


class SkuCost(OrganizationOwned):
    """What a SKU cost us, by supplier and (without one) over all; prices are per unit.

    `lines` are received lines, `received_quantity` and `amount` what they add up to; the previous
    price is that of the order line before the last one.
    """

    sku = OrganizationForeignKey("suppliers.Sku", CASCADE, related_name="costs")
    supplier = OrganizationForeignKey(
        "suppliers.Supplier", CASCADE, null=True, related_name="sku_costs"
    )
    currency = models.CharField(max_length=3)
    lines = models.PositiveIntegerField(default=0)
    suppliers = models.PositiveIntegerField(default=0)
    received_quantity = QuantityField(default=0)
    amount = AmountField(default=0)
    agreed_price = UnitPriceField(null=True)
    last_price = UnitPriceField(null=True)
    previous_price = UnitPriceField(null=True)
    last_on = models.DateField(null=True)
    average_price = UnitPriceField(null=True)
    average_price_365d = UnitPriceField(null=True)
    average_price_90d = UnitPriceField(null=True)
    min_price = UnitPriceField(null=True)
    max_price = UnitPriceField(null=True)
    landed_price = UnitPriceField(null=True)
    ppv = AmountField(null=True, help_text="(actual - standard) x quantity; positive is worse.")
    as_of = models.DateField()
    computed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "sku", "supplier", "currency"],
                name="suppliers_skucost_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(condition=Q(lines__gte=0), name="suppliers_skucost_lines"),
        ]

    def __str__(self) -> str:
        return f"{self.sku_id} {self.currency}"

    @property
    def price_rise(self) -> Decimal | None:
        """The last price against the one before it, in percent; None without one above zero."""
        if self.last_price is None or not self.previous_price:
            return None
        rise: Decimal = 100 * (self.last_price - self.previous_price) / self.previous_price
        return rise


class StaleRollup(OrganizationOwned):
    """A marker that a cell no longer agrees with its documents; insert-only, deleted by the
    worker that recomputed the cell. `month` None means every month of the key."""

    supplier = OrganizationForeignKey("suppliers.Supplier", CASCADE, related_name="+")
    sku = OrganizationForeignKey("suppliers.Sku", CASCADE, null=True, related_name="+")
    month = models.DateField(null=True)
    marked_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["organization", "supplier", "sku", "month"])]

    def __str__(self) -> str:
        return f"{self.supplier_id} {self.sku_id} {self.month}"
