"""Executing inside the frame: orders, approvals, receipts.

Progress (received, billed, credited) is never stored here; it is summed from documents.
"""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from procure.fields import (
    AmountField,
    OrganizationForeignKey,
    QuantityField,
    UnitPriceField,
)
from procure.models import Location, User
from procure.permissions import Role
from procure.tenancy import Addressed, OrganizationOwned
from purchasing.budgets import Budget
from purchasing.order_changes import OrderChange, OrderChangeLine
from purchasing.stock_counts import StockCount
from suppliers.models import (
    ApprovedVendor,
    Category,
    PriceBreak,
    ProvisionalAdmission,
    Sku,
    SourcingDecision,
    Supplier,
)

__all__ = [
    "Approval",
    "ApprovalRule",
    "Budget",
    "GoodsReceipt",
    "GoodsReceiptLine",
    "OrderChange",
    "OrderChangeLine",
    "PurchaseOrder",
    "PurchaseOrderLine",
    "StockCount",
]

CASCADE = models.CASCADE
PROTECT = models.PROTECT


class PurchaseOrder(Addressed):
    """What we ask a supplier for. Drafts have no number; the number comes with submitting.

    `revision` rises with every change of content, and an approval names the revision it saw.
    `issued_on` is the day it was sent and may be unknown for imported history.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        SUBMITTED = "submitted", "Waiting for approval"
        APPROVED = "approved", "Approved"
        ISSUED = "issued", "Issued"
        CLOSED = "closed", "Closed"
        CANCELLED = "cancelled", "Cancelled"

    class Origin(models.TextChoices):
        ENTERED = "entered", "Entered"
        IMPORTED = "imported", "Imported"

    class OffListReason(models.TextChoices):
        OUT_OF_STOCK = "out_of_stock", "Approved suppliers out of stock"
        NEEDED_SOONER = "needed_sooner", "Needed sooner"
        TRIAL = "trial", "Trial order"
        ONLY_SOURCE = "only_source", "Only source"
        LOWER_COST = "lower_cost", "Lower cost"

    number = models.CharField(max_length=60, null=True, blank=True)
    supplier = OrganizationForeignKey(Supplier, null=True, blank=True, related_name="orders")
    category = OrganizationForeignKey(Category, null=True, blank=True, related_name="+")
    ship_to = OrganizationForeignKey(Location, null=True, blank=True, related_name="+")
    ship_to_country = models.CharField(max_length=80, blank=True)
    needed_on = models.DateField(null=True, blank=True)
    cost_center = models.CharField(max_length=60, blank=True)
    currency = models.CharField(max_length=3)
    incoterm = models.CharField(max_length=10, blank=True)
    payment_terms_days = models.PositiveSmallIntegerField(null=True, blank=True)
    note = models.TextField(blank=True, help_text="Printed on the order.")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    origin = models.CharField(max_length=10, choices=Origin.choices, default=Origin.ENTERED)
    revision = models.PositiveIntegerField(default=1)
    off_list_reason = models.CharField(max_length=20, choices=OffListReason.choices, blank=True)
    off_list_explanation = models.TextField(blank=True)
    off_list_supplier = OrganizationForeignKey(
        Supplier,
        null=True,
        blank=True,
        related_name="+",
        help_text="The supplier that reason and explanation were given for.",
    )
    off_list_given_at = models.DateTimeField(
        null=True, blank=True, help_text="When the reason was given; it lapses some days later."
    )
    qualification_asked = models.BooleanField(default=False)
    sourcing_decision = OrganizationForeignKey(
        SourcingDecision,
        null=True,
        blank=True,
        related_name="orders",
        help_text="The decision in force that chose the supplier, when it was submitted.",
    )
    created_by = models.ForeignKey(User, PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    changed_at = models.DateTimeField(default=timezone.now)
    submitted_by = models.ForeignKey(User, PROTECT, null=True, blank=True, related_name="+")
    submitted_at = models.DateTimeField(null=True, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    issued_by = models.ForeignKey(User, PROTECT, null=True, blank=True, related_name="+")
    issued_at = models.DateTimeField(null=True, blank=True)
    issued_on = models.DateField(null=True, blank=True)
    closed_by = models.ForeignKey(User, PROTECT, null=True, blank=True, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)
    cancelled_by = models.ForeignKey(User, PROTECT, null=True, blank=True, related_name="+")
    cancelled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = "order"
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "number"],
                name="purchasing_purchaseorder_number",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "cancelled"])
                | (Q(number__isnull=False) & Q(supplier__isnull=False)),
                name="purchasing_purchaseorder_numbered",
            ),
            models.CheckConstraint(
                condition=Q(origin="imported")
                | Q(status__in=["draft", "cancelled"])
                | (Q(submitted_by__isnull=False) & Q(submitted_at__isnull=False)),
                name="purchasing_purchaseorder_submitted",
            ),
            models.CheckConstraint(
                condition=Q(origin="imported")
                | Q(status__in=["draft", "submitted", "cancelled"])
                | Q(approved_at__isnull=False),
                name="purchasing_purchaseorder_approved",
            ),
            models.CheckConstraint(
                condition=Q(origin="imported")
                | Q(status__in=["draft", "submitted", "approved", "cancelled"])
                | (
                    Q(issued_by__isnull=False)
                    & Q(issued_at__isnull=False)
                    & Q(issued_on__isnull=False)
                ),
                name="purchasing_purchaseorder_issued",
            ),
            models.CheckConstraint(
                condition=~Q(status="closed") | Q(closed_at__isnull=False),
                name="purchasing_purchaseorder_closed",
            ),
            models.CheckConstraint(
                condition=~Q(status="cancelled")
                | (Q(cancelled_at__isnull=False) & Q(cancelled_by__isnull=False)),
                name="purchasing_purchaseorder_cancelled",
            ),
            models.CheckConstraint(
                condition=Q(off_list_reason="") | ~Q(off_list_explanation=""),
                name="purchasing_purchaseorder_off_list",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "status", "id"]),
            models.Index(fields=["organization", "supplier", "issued_on"]),
            models.Index(fields=["organization", "cost_center"]),
        ]

    def __str__(self) -> str:
        return self.number or "Draft order"


class PurchaseOrderLine(OrganizationOwned):
    """One SKU of an order, in `unit`, at `unit_price` of the order's currency.

    `promised_on` is the first confirmation and never moves; `expected_on` is the latest word.
    `agreed_price` and `agreed_lead_time_days` are what the agreement said on the order's day.
    `list_standing` is the approved-list function's answer, asked again at each step.
    """

    class PriceSource(models.TextChoices):
        AGREEMENT = "agreement", "Agreement"
        QUOTE = "quote", "Quote"
        LAST_PAID = "last_paid", "Last paid"
        STANDARD = "standard", "Standard cost"
        ENTERED = "entered", "Entered"
        IMPORTED = "imported", "Imported"

    class ListStanding(models.TextChoices):
        PREFERRED = "preferred", "Preferred"
        APPROVED = "approved", "Approved"
        BACKUP = "backup", "Approved, backup"
        PROVISIONAL = "provisional", "Provisional"
        OFF_LIST = "off_list", "Off list"

    EXCEPTIONS = (ListStanding.PROVISIONAL, ListStanding.OFF_LIST)

    order = OrganizationForeignKey(PurchaseOrder, CASCADE, related_name="lines")
    line_no = models.PositiveIntegerField()
    sku = OrganizationForeignKey(Sku, related_name="order_lines")
    description = models.CharField(max_length=400)
    supplier_sku = models.CharField(max_length=80, blank=True)
    ordered_quantity = QuantityField()
    cancelled_quantity = QuantityField(default=Decimal(0))
    unit = models.CharField(max_length=20)
    unit_price = UnitPriceField()
    amount = AmountField(help_text="The line's own amount in the order's currency.")
    price_source = models.CharField(
        max_length=10, choices=PriceSource.choices, default=PriceSource.ENTERED
    )
    price_break = OrganizationForeignKey(PriceBreak, null=True, blank=True, related_name="+")
    quotation_line = OrganizationForeignKey(
        "suppliers.QuotationLine", null=True, blank=True, related_name="+"
    )
    agreed_price = UnitPriceField(null=True, blank=True)
    agreed_lead_time_days = models.PositiveSmallIntegerField(null=True, blank=True)
    price_reason = models.CharField(max_length=300, blank=True)
    requested_on = models.DateField(null=True, blank=True)
    promised_on = models.DateField(null=True, blank=True)
    expected_on = models.DateField(null=True, blank=True)
    match_level = models.CharField(
        max_length=10,
        choices=Category.MatchLevel.choices,
        blank=True,
        help_text="Empty: by the category.",
    )
    list_standing = models.CharField(max_length=12, choices=ListStanding.choices, blank=True)
    list_entry = OrganizationForeignKey(ApprovedVendor, null=True, blank=True, related_name="+")
    list_admission = OrganizationForeignKey(
        ProvisionalAdmission, null=True, blank=True, related_name="+"
    )
    source_id = models.BigIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["line_no"]
        verbose_name = "order line"
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "order", "line_no"],
                name="purchasing_purchaseorderline_line_no",
            ),
            models.CheckConstraint(
                condition=Q(ordered_quantity__gt=0),
                name="purchasing_purchaseorderline_quantity",
            ),
            models.CheckConstraint(
                condition=Q(cancelled_quantity__gte=0)
                & Q(cancelled_quantity__lte=F("ordered_quantity")),
                name="purchasing_purchaseorderline_cancelled",
            ),
            models.CheckConstraint(
                condition=Q(unit_price__gte=0),
                name="purchasing_purchaseorderline_price",
            ),
        ]
        indexes = [models.Index(fields=["organization", "promised_on"])]

    def __str__(self) -> str:
        return f"line {self.line_no}"


class ApprovalRule(Addressed):
    """Orders of at least `minimum_amount` (the organization's currency) need this role.

    With `by_category_owner` the category's owner is asked first, the role stands in.
    """

    name = models.CharField(max_length=120)
    minimum_amount = AmountField(default=Decimal(0))
    role = models.CharField(max_length=30, choices=Role.choices, default=Role.APPROVER)
    by_category_owner = models.BooleanField(default=False)
    off_list_only = models.BooleanField(default=False)
    step = models.PositiveSmallIntegerField(default=1)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["step", "minimum_amount"]
        constraints = [
            models.CheckConstraint(
                condition=Q(minimum_amount__gte=0),
                name="purchasing_approvalrule_amount",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Approval(OrganizationOwned):
    """One step of an order's approval, for the revision and content that was shown."""

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting"
        APPROVED = "approved", "Approved"
        REJECTED = "rejected", "Sent back"
        VOID = "void", "Void"

    order = OrganizationForeignKey(PurchaseOrder, CASCADE, related_name="approvals")
    revision = models.PositiveIntegerField()
    step = models.PositiveSmallIntegerField()
    rule_name = models.CharField(max_length=120)
    role = models.CharField(max_length=30, choices=Role.choices)
    approver = models.ForeignKey(User, PROTECT, null=True, blank=True, related_name="+")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.WAITING)
    content_hash = models.CharField(max_length=64, blank=True)
    requested_by = models.ForeignKey(User, PROTECT, related_name="+")
    decided_by = models.ForeignKey(User, PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    comment = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["order", "revision", "step"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "order", "revision", "step"],
                name="purchasing_approval_step",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["waiting", "void"])
                | (Q(decided_by__isnull=False) & Q(decided_at__isnull=False)),
                name="purchasing_approval_decided",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("requested_by")),
                name="purchasing_approval_four_eyes",
            ),
        ]
        indexes = [models.Index(fields=["organization", "status", "role"])]

    def __str__(self) -> str:
        return f"step {self.step}"


class GoodsReceipt(Addressed):
    """Goods that came for one order, or went back (a return). Posted once, reversed at most once.

    `received_on` is the day the goods came, `posted_at` when we wrote it down.
    """

    class Status(models.TextChoices):
        POSTED = "posted", "Posted"
        REVERSED = "reversed", "Reversed"

    class Kind(models.TextChoices):
        RECEIPT = "receipt", "Receipt"
        RETURN = "return", "Return"

    number = models.CharField(max_length=60)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.RECEIPT)
    order = OrganizationForeignKey(PurchaseOrder, related_name="receipts")
    delivery_note = models.CharField(max_length=80, blank=True)
    received_on = models.DateField()
    recorded_on = models.DateField(null=True, blank=True)
    note = models.TextField(blank=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.POSTED)
    posted_by = models.ForeignKey(User, PROTECT, null=True, blank=True, related_name="+")
    posted_at = models.DateTimeField(default=timezone.now)
    reversed_by = models.ForeignKey(User, PROTECT, null=True, blank=True, related_name="+")
    reversed_at = models.DateTimeField(null=True, blank=True)
    reversal_reason = models.CharField(max_length=300, blank=True)
    origin = models.CharField(
        max_length=10,
        choices=PurchaseOrder.Origin.choices,
        default=PurchaseOrder.Origin.ENTERED,
    )

    class Meta:
        ordering = ["-received_on", "-id"]
        verbose_name = "receipt"
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "number"], name="purchasing_goodsreceipt_number"
            ),
            models.CheckConstraint(
                condition=Q(status="posted", reversed_at__isnull=True, reversed_by__isnull=True)
                | (
                    Q(
                        status="reversed",
                        reversed_at__isnull=False,
                        reversed_by__isnull=False,
                    )
                    & ~Q(reversal_reason="")
                ),
                name="purchasing_goodsreceipt_reversed",
            ),
            models.CheckConstraint(
                condition=Q(origin="imported") | Q(posted_by__isnull=False),
                name="purchasing_goodsreceipt_posted",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "received_on"]),
            models.Index(fields=["organization", "delivery_note"]),
        ]

    def __str__(self) -> str:
        return self.number


class GoodsReceiptLine(OrganizationOwned):
    """What came of one order line: `received_quantity` is good and rejected together; on a return
    only `returned_quantity` is given. All in the order line's unit."""

    class RejectReason(models.TextChoices):
        DAMAGED = "damaged", "Damaged"
        WRONG_ITEM = "wrong_item", "Wrong item"
        QUALITY = "quality", "Below quality"
        EXPIRED = "expired", "Short-dated"
        OTHER = "other", "Other"

    receipt = OrganizationForeignKey(GoodsReceipt, CASCADE, related_name="lines")
    order_line = OrganizationForeignKey(PurchaseOrderLine, related_name="receipt_lines")
    received_quantity = QuantityField(default=Decimal(0))
    rejected_quantity = QuantityField(default=Decimal(0))
    returned_quantity = QuantityField(default=Decimal(0))
    rejects_known = models.BooleanField(
        default=True,
        help_text="Off for imported history that does not say what was rejected.",
    )
    reject_reason = models.CharField(max_length=200, blank=True)
    source_id = models.BigIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        verbose_name = "receipt line"
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "receipt", "order_line"],
                name="purchasing_goodsreceiptline_once",
            ),
            models.CheckConstraint(
                condition=Q(received_quantity__gte=0)
                & Q(returned_quantity__gte=0)
                & Q(rejected_quantity__gte=0)
                & Q(rejected_quantity__lte=F("received_quantity")),
                name="purchasing_goodsreceiptline_quantities",
            ),
            models.CheckConstraint(
                condition=Q(rejected_quantity=0) | ~Q(reject_reason=""),
                name="purchasing_goodsreceiptline_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.received_quantity}"

    @property
    def good_quantity(self) -> Decimal:
        received: Decimal = self.received_quantity
        return received - Decimal(self.rejected_quantity)

    @property
    def reason_words(self) -> str:
        """The reason as people say it; imported ones are kept as they came."""
        words = dict(self.RejectReason.choices)
        return str(words.get(self.reject_reason, self.reject_reason))
