"""Changes of an order that the supplier already has: proposed, approved, in effect, never edited."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from procure.fields import AmountField, OrganizationForeignKey, QuantityField, UnitPriceField
from procure.models import User
from procure.tenancy import Addressed, OrganizationOwned
from suppliers.models import Sku

CASCADE = models.CASCADE
PROTECT = models.PROTECT


class OrderChange(Addressed):
    """What one person proposes to change in an issued order, and what became of it.

    It becomes the order's `revision` when it takes effect; a revision that was refused is not used
    again, so that its approvals stay its own. Values are in the order's currency, without what is
    cancelled, before and after the change.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting for approval"
        APPLIED = "applied", "In effect"
        REFUSED = "refused", "Refused"
        WITHDRAWN = "withdrawn", "Withdrawn"

    order = OrganizationForeignKey("purchasing.PurchaseOrder", CASCADE, related_name="changes")
    revision = models.PositiveIntegerField()
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.WAITING)
    reason = models.CharField(max_length=300)
    value_before = AmountField()
    value_after = AmountField()
    off_list_reason = models.CharField(max_length=20, blank=True)
    off_list_explanation = models.TextField(blank=True)
    proposed_by = models.ForeignKey(User, PROTECT, related_name="+")
    proposed_at = models.DateTimeField(default=timezone.now, editable=False)
    closed_by = models.ForeignKey(User, PROTECT, null=True, blank=True, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = "order change"
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "order", "revision"],
                name="purchasing_orderchange_revision",
            ),
            models.UniqueConstraint(
                fields=["organization", "order"],
                condition=Q(status="waiting"),
                name="purchasing_orderchange_one_waiting",
            ),
            models.CheckConstraint(
                condition=Q(status="waiting", closed_at__isnull=True, closed_by__isnull=True)
                | (~Q(status="waiting") & Q(closed_at__isnull=False, closed_by__isnull=False)),
                name="purchasing_orderchange_closed",
            ),
            models.CheckConstraint(
                condition=~Q(status="refused") | ~Q(closed_by=F("proposed_by")),
                name="purchasing_orderchange_four_eyes",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="purchasing_orderchange_reason"),
        ]

    def __str__(self) -> str:
        return f"revision {self.revision}"


class OrderChangeLine(OrganizationOwned):
    """One order line as it stands and as it is to be; an added line stood nowhere before.

    `quantity_after` is what is to be delivered in all, without what was cancelled before; with
    `cancels_rest` it is what was received when the change was proposed, and again what was received
    when it takes effect. Quantities in the line's unit, prices in the order's currency.
    """

    change = OrganizationForeignKey(OrderChange, CASCADE, related_name="lines")
    line_no = models.PositiveIntegerField()
    sku = OrganizationForeignKey(Sku, related_name="+")
    is_added = models.BooleanField(default=False)
    quantity_before = QuantityField(null=True, blank=True)
    quantity_after = QuantityField()
    unit_price_before = UnitPriceField(null=True, blank=True)
    unit_price_after = UnitPriceField()
    expected_before = models.DateField(null=True, blank=True)
    expected_after = models.DateField(null=True, blank=True)
    price_reason = models.CharField(max_length=300, blank=True)
    cancels_rest = models.BooleanField(default=False)

    class Meta:
        ordering = ["line_no"]
        verbose_name = "changed line"
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "change", "line_no"],
                name="purchasing_orderchangeline_line_no",
            ),
            models.CheckConstraint(
                condition=Q(quantity_after__gt=0) | Q(quantity_after=0, cancels_rest=True),
                name="purchasing_orderchangeline_quantity",
            ),
            models.CheckConstraint(
                condition=Q(unit_price_after__gte=0), name="purchasing_orderchangeline_price"
            ),
            models.CheckConstraint(
                condition=Q(
                    is_added=True,
                    cancels_rest=False,
                    quantity_before__isnull=True,
                    unit_price_before__isnull=True,
                )
                | Q(
                    is_added=False,
                    quantity_before__isnull=False,
                    unit_price_before__isnull=False,
                ),
                name="purchasing_orderchangeline_before",
            ),
        ]

    def __str__(self) -> str:
        return f"line {self.line_no}"

    @property
    def is_raised(self) -> bool:
        """Whether it commits to more than before: goods, or another price."""
        return (
            self.is_added
            or self.quantity_after > self.quantity_before
            or self.unit_price_after != self.unit_price_before
        )
