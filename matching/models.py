"""What was agreed, what came, what was billed: invoices, tolerances, results and holds."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Cast, Coalesce, Upper
from django.utils import timezone

from matching.captured_files import CapturedFile
from matching.expected_credits import CreditReceived, ExpectedCredit
from matching.invoice_responses import InvoiceResponse
from matching.mailboxes import Mailbox, TakenMessage
from matching.misses import MissAttribution
from matching.payments import (
    InvoicePayment,
    PayingAccount,
    PaymentBatch,
    PaymentBatchLine,
    PaymentFile,
)
from matching.questions import DeclinedFix, DifferenceCause, HoldQuestion
from matching.rule_checks import RuleCheck
from matching.settlement_terms import ReceiptSettlement, SettlementTerms
from matching.supplier_statements import SupplierStatement, SupplierStatementLine
from matching.suspensions import ToleranceSuspension
from matching.trials import ToleranceTrial
from procure.fields import (
    AmountField,
    OrganizationForeignKey,
    PercentField,
    QuantityField,
    UnitPriceField,
)
from procure.models import User
from procure.permissions import Role
from procure.tenancy import Addressed, OrganizationOwned
from purchasing.models import PurchaseOrder, PurchaseOrderLine
from suppliers.models import Category, Sku, Supplier, validity

__all__ = [
    "CapturedFile", "CreditReceived", "DeclinedFix", "ExpectedCredit", "HoldQuestion",
    "InvoicePayment", "InvoiceResponse", "Mailbox", "MissAttribution", "PayingAccount",
    "PaymentBatch", "PaymentBatchLine", "PaymentFile", "ReceiptSettlement", "RuleCheck", "SettlementTerms",
    "SupplierStatement", "SupplierStatementLine", "TakenMessage", "ToleranceSuspension",
    "ToleranceTrial",
]  # fmt: skip

CASCADE = models.CASCADE
PROTECT = models.PROTECT


class SupplierInvoice(Addressed):
    """A bill or a credit note as the supplier wrote it, with what was decided about it.

    All money is in `currency`. `charges` and `taxes` map a code or a rate to an amount as decimal
    text. `total_amount` is what is left to pay: the parts less `prepaid_amount`, which is what was
    paid before less what the total was rounded up by. A voided invoice frees its number; anything else keeps it, whatever its spelling.
    """

    class Kind(models.TextChoices):
        INVOICE = "invoice", "Invoice"
        CREDIT = "credit", "Credit note"

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        APPROVED = "approved", "Approved for payment"
        PAID = "paid", "Paid"
        VOID = "void", "Void"

    class Origin(models.TextChoices):
        ENTERED = "entered", "Entered"
        IMPORTED = "imported", "Imported"
        ELECTRONIC = "electronic", "Electronic invoice"
        SETTLED = "settled", "Settled by receipt"

    number = models.CharField(max_length=80)
    number_key = models.GeneratedField(
        expression=Upper(
            Func(
                F("number"),
                Value("[^A-Za-z0-9]"),
                Value(""),
                Value("g"),
                function="regexp_replace",
            )
        ),
        output_field=models.CharField(max_length=80),
        db_persist=True,
    )
    normalised_number = models.CharField(
        max_length=80,
        blank=True,
        editable=False,
        help_text="One spelling for all of its spellings.",
    )
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.INVOICE)
    supplier = OrganizationForeignKey(Supplier, related_name="invoices")
    credits = OrganizationForeignKey("self", null=True, blank=True, related_name="credit_notes")
    credits_number = models.CharField(max_length=80, blank=True)
    order_reference = models.CharField(max_length=120, blank=True)
    despatch_reference = models.CharField(
        max_length=200, blank=True, help_text="Delivery notes or receipts that it names."
    )
    billed_account = models.CharField(
        max_length=200, blank=True, help_text="Bank accounts that it asks to be paid to."
    )
    note = models.TextField(blank=True, help_text="Free text of the invoice.")
    found_reference = models.CharField(
        max_length=300, blank=True, help_text="Orders found for it, beside what it names itself."
    )
    invoiced_on = models.DateField()
    received_on = models.DateField()
    due_on = models.DateField(null=True, blank=True)
    discount_until = models.DateField(null=True, blank=True)
    early_discount_percent = PercentField(null=True, blank=True)
    currency = models.CharField(max_length=3)
    charges = models.JSONField(default=dict, blank=True)
    taxes = models.JSONField(default=dict, blank=True)
    charge_tax_rates = models.JSONField(default=dict, blank=True)
    tax_amount = AmountField(default=Decimal(0))
    discount_amount = AmountField(default=Decimal(0))
    incoterm = models.CharField(max_length=3, blank=True)
    prepaid_amount = AmountField(default=Decimal(0))
    total_amount = AmountField()
    # Postgres compares amounts only behind the row's policy, so that no index on them is searched;
    # whole numbers it compares before.
    total_key = models.GeneratedField(
        expression=Cast(F("total_amount") * 10_000, models.BigIntegerField()),
        output_field=models.BigIntegerField(),
        db_persist=True,
        help_text="The total in ten-thousandths.",
    )
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    origin = models.CharField(max_length=10, choices=Origin.choices, default=Origin.ENTERED)
    captured_by = models.ForeignKey(User, PROTECT, null=True, blank=True, related_name="+")
    captured_at = models.DateTimeField(default=timezone.now, editable=False)
    is_touchless = models.BooleanField(default=True)
    matched_at = models.DateTimeField(null=True, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_amount = AmountField(null=True, blank=True)
    look_again_on = models.DateField(
        null=True, blank=True, help_text="Put aside in the queue until this day."
    )
    voided_by = models.ForeignKey(User, PROTECT, null=True, blank=True, related_name="+")
    voided_at = models.DateTimeField(null=True, blank=True)
    void_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-invoiced_on", "-id"]
        verbose_name = "invoice"
        constraints = [
            models.UniqueConstraint(
                "organization",
                "supplier",
                "number_key",
                condition=~Q(status="void"),
                name="matching_supplierinvoice_number",
            ),
            models.CheckConstraint(
                condition=~Q(number_key=""),
                name="matching_supplierinvoice_number_given",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["open", "void"]) | Q(approved_at__isnull=False),
                name="matching_supplierinvoice_approved",
            ),
            models.CheckConstraint(
                condition=~Q(status="void")
                | (Q(voided_at__isnull=False) & Q(voided_by__isnull=False) & ~Q(void_reason="")),
                name="matching_supplierinvoice_voided",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "status", "due_on"]),
            models.Index(fields=["organization", "supplier", "invoiced_on"]),
            models.Index(fields=["organization", "supplier", "normalised_number"]),
            models.Index(fields=["organization", "supplier", "total_key", "id"]),
        ]

    def __str__(self) -> str:
        return self.number


class SupplierInvoiceLine(OrganizationOwned):
    """One billed line as written, and beside it what the match made of it.

    `amount` is net of the line's own discount. `order_line`, `matched_quantity`, `matched_price`
    (in the order line's unit) and `matched_amount` (also net of its share of the header discount)
    are the engine's and are rewritten by each match; `linked_by_hand` keeps a person's link. A line
    with a charge code is a charge and is never linked.
    """

    invoice = OrganizationForeignKey(SupplierInvoice, CASCADE, related_name="lines")
    position = models.PositiveIntegerField()
    order_number = models.CharField(max_length=120, blank=True)
    order_line_no = models.CharField(max_length=40, blank=True)
    sku_code = models.CharField(max_length=80, blank=True)
    supplier_sku = models.CharField(max_length=80, blank=True)
    gtin = models.CharField(max_length=14, blank=True)
    description = models.CharField(max_length=400, blank=True)
    quantity = QuantityField()
    unit = models.CharField(max_length=20, blank=True)
    unit_price = UnitPriceField()
    discount = AmountField(default=Decimal(0))
    amount = AmountField()
    tax_rate = PercentField(null=True, blank=True)
    charge_code = models.CharField(max_length=40, blank=True)
    order_line = OrganizationForeignKey(
        PurchaseOrderLine, null=True, blank=True, related_name="invoice_lines"
    )
    linked_by_hand = models.BooleanField(default=False)
    matched_quantity = QuantityField(null=True, blank=True)
    matched_price = UnitPriceField(null=True, blank=True)
    matched_amount = AmountField(null=True, blank=True)

    class Meta:
        ordering = ["position"]
        verbose_name = "invoice line"
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "invoice", "position"],
                name="matching_supplierinvoiceline_position",
            ),
            models.CheckConstraint(
                condition=Q(position__gte=1),
                name="matching_supplierinvoiceline_from_one",
            ),
        ]

    def __str__(self) -> str:
        return f"line {self.position}"


class Tolerance(Addressed):
    """Version `version` of rule T-`number`: limits per check for a scope, from a day on.

    `limits` maps a check (price, contract_price, quantity_ordered, quantity_received,
    line_amount, charge, tax) to a limit object of the case-file format, and may hold
    `header_cap`, `leakage_cap` and `sample`. No SKU, category or supplier: the organization's own rule.
    """

    number = models.PositiveIntegerField()
    version = models.PositiveIntegerField(default=1)
    sku = OrganizationForeignKey(Sku, null=True, blank=True, related_name="+")
    category = OrganizationForeignKey(Category, null=True, blank=True, related_name="+")
    supplier = OrganizationForeignKey(Supplier, null=True, blank=True, related_name="+")
    limits = models.JSONField(default=dict)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    created_by = models.ForeignKey(User, PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["number", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "number", "version"],
                name="matching_tolerance_version",
            ),
            models.CheckConstraint(
                condition=Q(sku__isnull=True) | Q(category__isnull=True),
                name="matching_tolerance_scope",
            ),
            ExclusionConstraint(
                name="matching_tolerance_overlap",
                expressions=[
                    ("organization", RangeOperators.EQUAL),
                    (Coalesce("sku", Value(0)), RangeOperators.EQUAL),
                    (Coalesce("category", Value(0)), RangeOperators.EQUAL),
                    (Coalesce("supplier", Value(0)), RangeOperators.EQUAL),
                    (validity(), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"T-{self.number} v{self.version}"

    def is_valid_on(self, day: date) -> bool:
        """Whether this version applies to invoices received on that day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


class MatchResult(OrganizationOwned):
    """What the last match of an invoice found: every check with its figures and its rule.

    `lines` says per position how it was linked and how much of it is supported; `charges` maps an
    order's id to the charges that this invoice bills on it. Ordered, supported, disputed and
    what limits let pass are in the invoice's currency; supported and disputed add up to its total.
    """

    invoice = OrganizationForeignKey(SupplierInvoice, CASCADE, related_name="match_results")
    outcome = models.CharField(max_length=10, choices=[("matched", "Matched"), ("held", "Held")])
    checks = models.JSONField(default=list)
    lines = models.JSONField(default=list)
    charges = models.JSONField(default=dict)
    ordered_amount = AmountField(null=True)
    supported_amount = AmountField(null=True)
    disputed_amount = AmountField(null=True)
    accepted_amount = AmountField(default=Decimal(0))
    released_by = models.CharField(max_length=200, blank=True)
    matched_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "invoice"], name="matching_matchresult_once"
            )
        ]

    def __str__(self) -> str:
        return self.outcome


class Resolution(Addressed):
    """What a person decided about a held invoice; it takes effect when the time to undo is over.

    `amount` is what will be approved, `claimed_amount` what is asked back from the supplier, both
    in the invoice's currency. Overtaken: the cause was gone, or worse, before it took effect.
    """

    class Kind(models.TextChoices):
        ACCEPT = "accept", "Difference accepted"
        KEEP = "keep", "Kept, not a duplicate"
        PAY_SUPPORTED = "pay_supported", "Supported part approved, rest claimed"
        VOID = "void", "Invoice voided"
        REQUEST_CREDIT = "request_credit", "Credit requested"

    class Status(models.TextChoices):
        WAITING = "waiting", "Takes effect soon"
        APPLIED = "applied", "In effect"
        UNDONE = "undone", "Undone"
        OVERTAKEN = "overtaken", "Overtaken"

    invoice = OrganizationForeignKey(SupplierInvoice, CASCADE, related_name="resolutions")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.WAITING)
    reason = models.CharField(max_length=300)
    amount = AmountField(default=Decimal(0))
    claimed_amount = AmountField(default=Decimal(0))
    cause = models.CharField(max_length=20, choices=DifferenceCause.choices, blank=True)
    batch = models.UUIDField(null=True, blank=True, help_text="Decided together, undone together.")
    decided_by = models.ForeignKey(User, PROTECT, related_name="+")
    decided_at = models.DateTimeField(default=timezone.now)
    effective_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    others = 0  # how many were decided with it, where a screen has counted them

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                "organization",
                "invoice",
                condition=Q(status="waiting"),
                name="matching_resolution_waiting_once",
            ),
            models.CheckConstraint(
                condition=Q(status="waiting", closed_at__isnull=True)
                | (~Q(status="waiting") & Q(closed_at__isnull=False)),
                name="matching_resolution_closed",
            ),
            models.CheckConstraint(
                condition=~Q(reason="") & Q(amount__gte=0) & Q(claimed_amount__gte=0),
                name="matching_resolution_said",
            ),
        ]
        indexes = [models.Index(fields=["organization", "status", "effective_at"])]

    def __str__(self) -> str:
        return str(self.Kind(self.kind).label)


class Hold(Addressed):
    """A reason not to pay an invoice yet, with its owner and how it ended.

    Cleared: the cause is gone, `closed_because` says what removed it. Overridden: a person took
    it over with a reason and within their limit. It can be placed again; history stays.
    """

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        CLEARED = "cleared", "Cleared"
        OVERRIDDEN = "overridden", "Overridden"

    invoice = OrganizationForeignKey(SupplierInvoice, CASCADE, related_name="holds")
    invoice_line = OrganizationForeignKey(
        SupplierInvoiceLine, CASCADE, null=True, blank=True, related_name="holds"
    )
    order = OrganizationForeignKey(PurchaseOrder, null=True, blank=True, related_name="+")
    order_line = OrganizationForeignKey(
        PurchaseOrderLine, null=True, blank=True, related_name="holds"
    )
    check_code = models.CharField(max_length=30)
    code = models.CharField(max_length=40, blank=True, help_text="Charge code or tax rate.")
    expected = models.CharField(max_length=120, blank=True)
    actual = models.CharField(max_length=120, blank=True)
    difference = models.CharField(max_length=40, blank=True)
    percent = models.CharField(max_length=40, blank=True)
    rule = models.CharField(max_length=200, blank=True)
    amount_at_stake = AmountField(default=Decimal(0))
    owner_role = models.CharField(max_length=30, choices=Role.choices)
    assigned_to = models.ForeignKey(User, PROTECT, null=True, blank=True, related_name="+")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    outcome = models.CharField(max_length=40, blank=True)
    reason = models.TextField(blank=True)
    closed_because = models.CharField(max_length=200, blank=True)
    resolution = OrganizationForeignKey(Resolution, null=True, blank=True, related_name="holds")
    opened_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(User, PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["opened_at", "id"]
        constraints = [
            models.UniqueConstraint(
                F("organization"),
                F("invoice"),
                Coalesce("invoice_line", Value(0)),
                F("check_code"),
                F("code"),
                condition=Q(status="open"),
                name="matching_hold_open_once",
            ),
            models.CheckConstraint(
                condition=Q(status="open", closed_at__isnull=True)
                | (Q(status="cleared") & Q(closed_at__isnull=False))
                | (
                    Q(
                        status="overridden",
                        closed_at__isnull=False,
                        closed_by__isnull=False,
                    )
                    & ~Q(reason="")
                ),
                name="matching_hold_closed",
            ),
        ]
        indexes = [models.Index(fields=["organization", "status", "owner_role"])]

    def __str__(self) -> str:
        return self.check_code


class InvoiceNote(OrganizationOwned):
    """A sentence between AP, buyer and receiver about an invoice."""

    invoice = OrganizationForeignKey(SupplierInvoice, CASCADE, related_name="notes")
    author = models.ForeignKey(User, PROTECT, related_name="+")
    text = models.TextField()
    written_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.text[:60]
