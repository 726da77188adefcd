"""Who we buy from, what, on which terms, why, and how they did."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Coalesce, Upper
from django.utils import timezone

from procure.fields import (
    OrganizationForeignKey,
    PercentField,
    QuantityField,
    UnitPriceField,
)
from procure.models import Location, User
from procure.tenancy import Addressed, OrganizationOwned
from suppliers.amendments import AgreementAmendment
from suppliers.bank_accounts import BankAccount
from suppliers.bills import BillOfMaterials
from suppliers.commitments import VolumeCommitment
from suppliers.decisions import DecisionCandidate, SourcingDecision
from suppliers.likeness_keys import domain_key, name_key, phone_key, tax_key
from suppliers.merges import MovedRows, SupplierMerge, SuppliersToldApart
from suppliers.provisional import AdmissionTask, ProvisionalAdmission
from suppliers.quotations import (
    Quotation,
    QuotationAward,
    QuotationBreak,
    QuotationClarification,
    QuotationInvitation,
    QuotationLine,
    QuotationQuestion,
    QuotationRequest,
    QuotationRequestLine,
)
from suppliers.results import PerformanceCell, Scorecard, SkuCost, StaleRollup
from suppliers.score_rules import ScoreRules
from suppliers.sku_units import UnitFactor
from suppliers.strategies import CategoryStrategy, SkuSubstitute, StrategyShare
from suppliers.supplier_records import RiskNote, SupplierAddress
from suppliers.supplier_reviews import SupplierReview
from suppliers.vetting import CriterionAnswer, ExpiryReminder, QualificationCriterion

__all__ = [
    "AdmissionTask",
    "AgreementAmendment",
    "ApprovedVendor",
    "BankAccount",
    "BillOfMaterials",
    "Category",
    "CategoryStrategy",
    "Contact",
    "CriterionAnswer",
    "DecisionCandidate",
    "ExpiryReminder",
    "MovedRows",
    "PerformanceCell",
    "PriceAgreement",
    "PriceBreak",
    "ProvisionalAdmission",
    "Qualification",
    "QualificationCriterion",
    "Quotation",
    "QuotationAward",
    "QuotationBreak",
    "QuotationClarification",
    "QuotationInvitation",
    "QuotationLine",
    "QuotationQuestion",
    "QuotationRequest",
    "QuotationRequestLine",
    "RiskNote",
    "ScoreRules",
    "Scorecard",
    "Sku",
    "SkuCost",
    "SkuSubstitute",
    "SourcingDecision",
    "StaleRollup",
    "StrategyShare",
    "Supplier",
    "SupplierAddress",
    "SupplierMerge",
    "SupplierReview",
    "SuppliersToldApart",
    "UnitFactor",
    "VolumeCommitment",
]

CASCADE = models.CASCADE


def validity(valid_from: str = "valid_from", valid_to: str = "valid_to") -> Func:
    """The days of an entry as a range with both ends included; an empty end is open."""
    return Func(F(valid_from), F(valid_to), Value("[]"), function="daterange")


def validity_in_order(name: str) -> models.CheckConstraint:
    """An entry does not end before it begins."""
    return models.CheckConstraint(
        condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")), name=name
    )


class Category(Addressed):
    """A group of SKUs that is bought by one strategy; `lineage` lists it and its ancestors' ids,
    nearest first, so that the nearest rule is found without walking the tree."""

    class MatchLevel(models.TextChoices):
        NONE = "none", "None"
        TWO_WAY = "two_way", "Two-way"
        THREE_WAY = "three_way", "Three-way"
        FOUR_WAY = "four_way", "Four-way"

    class OffListRule(models.TextChoices):
        OFF = "off", "Off"
        WARN = "warn", "Warn"
        JUSTIFY = "justify", "Ask for a reason"
        APPROVE = "approve", "Ask for a reason and an approver"
        BLOCK = "block", "Refuse"

    class Criticality(models.TextChoices):
        LOW = "low", "Low"
        MEDIUM = "medium", "Medium"
        HIGH = "high", "High"

    code = models.CharField(max_length=60)
    name = models.CharField(max_length=200)
    parent = OrganizationForeignKey("self", null=True, blank=True, related_name="children")
    lineage = ArrayField(models.BigIntegerField(), default=list, editable=False)
    owner = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    lead_time_days = models.PositiveSmallIntegerField(null=True, blank=True)
    criticality = models.CharField(
        max_length=10, choices=Criticality.choices, default=Criticality.MEDIUM
    )
    off_list_rule = models.CharField(
        max_length=10, choices=OffListRule.choices, default=OffListRule.APPROVE
    )
    match_level = models.CharField(
        max_length=10, choices=MatchLevel.choices, default=MatchLevel.THREE_WAY
    )

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "categories"
        constraints = [
            models.UniqueConstraint(fields=["organization", "code"], name="suppliers_category_code")
        ]

    def __str__(self) -> str:
        return self.name


class Sku(Addressed):
    """Something we buy, counted in `unit`; costs and prices are per unit, in the organization's
    currency."""

    code = models.CharField(max_length=80)
    code_key = models.GeneratedField(
        expression=Upper("code"),
        output_field=models.CharField(max_length=80),
        db_persist=True,
    )
    description = models.CharField(max_length=400)
    category = OrganizationForeignKey(Category, related_name="skus")
    unit = models.CharField(max_length=20, default="EA")
    pack_size = models.CharField(max_length=40, blank=True)
    standard_cost = UnitPriceField(null=True, blank=True)
    sale_price = UnitPriceField(null=True, blank=True)
    reorder_point = QuantityField(null=True, blank=True)
    gtin = models.CharField(max_length=14, blank=True)
    in_full_tolerance_percent = PercentField(default=Decimal(0))
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["code"]
        verbose_name = "SKU"
        constraints = [
            models.UniqueConstraint(fields=["organization", "code_key"], name="suppliers_sku_code"),
            models.CheckConstraint(
                condition=Q(standard_cost__isnull=True) | Q(standard_cost__gte=0),
                name="suppliers_sku_standard_cost",
            ),
            models.CheckConstraint(
                condition=Q(sale_price__isnull=True) | Q(sale_price__gte=0),
                name="suppliers_sku_sale_price",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class Supplier(Addressed):
    """A company we buy from. Blocked: no order, no payment. Archived: kept for its history.
    Merged: it was one supplier with another record, which has everything of it now."""

    class Status(models.TextChoices):
        ACTIVE = "active", "Active"
        BLOCKED = "blocked", "Blocked"
        ARCHIVED = "archived", "Archived"
        MERGED = "merged", "Merged"

    GONE = (Status.ARCHIVED, Status.MERGED)  # in no choice any more

    code = models.CharField(max_length=60)
    code_key = models.GeneratedField(
        expression=Upper("code"),
        output_field=models.CharField(max_length=60),
        db_persist=True,
    )
    name = models.CharField(max_length=200)
    name_key = name_key()
    legal_name = models.CharField(max_length=200, blank=True)
    tax_id = models.CharField(max_length=40, blank=True)
    tax_key = tax_key()
    country = models.CharField(max_length=80, blank=True)
    currency = models.CharField(max_length=3)
    payment_terms_days = models.PositiveSmallIntegerField(default=30)
    incoterm = models.CharField(max_length=10, blank=True)
    email = models.EmailField(blank=True, help_text="Where orders are sent.")
    email_domain = domain_key()
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.ACTIVE)
    early_late_days = models.PositiveSmallIntegerField(
        default=0,
        help_text="Days around the promised date within which goods may still come.",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "code_key"], name="suppliers_supplier_code"
            )
        ]
        indexes = [
            models.Index(fields=["organization", "name_key"]),
            models.Index(fields=["organization", "tax_key"]),
            models.Index(fields=["organization", "email_domain"]),
        ]

    def __str__(self) -> str:
        return self.name


class Contact(Addressed):
    """A person at a supplier.

    `phone_since` is when this number came on file; the database moves it on with every change of
    the number. Empty where a number was there before that was kept.
    """

    PHONE_SETTLES_DAYS = 30  # until a number may be called back about a change of bank details

    supplier = OrganizationForeignKey(Supplier, CASCADE, related_name="contacts")
    name = models.CharField(max_length=150)
    email = models.EmailField(blank=True)
    email_domain = domain_key()
    phone = models.CharField(max_length=40, blank=True)
    phone_since = models.DateTimeField(default=timezone.now, null=True, editable=False)
    phone_key = phone_key()
    position = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering = ["name"]
        indexes = [
            models.Index(fields=["organization", "email_domain"]),
            models.Index(fields=["organization", "phone_key"]),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def phone_settles_on(self) -> date | None:
        """The first day on which the number may be called back; None when that is long ago."""
        if not self.phone or self.phone_since is None:
            return None
        return timezone.localdate(self.phone_since) + timedelta(days=self.PHONE_SETTLES_DAYS)

    def has_settled_phone(self, on: date) -> bool:
        """Whether the number has been on file long enough to prove something."""
        return bool(self.phone) and (self.phone_settles_on or on) <= on


class Qualification(Addressed):
    """How far a supplier is vetted for a category, until when.

    `decided_by` is empty when the last day took it away by rule, or when it was imported.
    """

    class Status(models.TextChoices):
        PROSPECT = "prospect", "Prospect"
        IN_REVIEW = "in_review", "In review"
        QUALIFIED = "qualified", "Qualified"
        CONDITIONAL = "conditional", "Conditionally qualified"
        SUSPENDED = "suspended", "Suspended"
        DISQUALIFIED = "disqualified", "Disqualified"

    USABLE = (Status.QUALIFIED, Status.CONDITIONAL)
    REFUSING = (Status.SUSPENDED, Status.DISQUALIFIED)

    supplier = OrganizationForeignKey(Supplier, CASCADE, related_name="qualifications")
    category = OrganizationForeignKey(Category, related_name="qualifications")
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.PROSPECT)
    valid_to = models.DateField(null=True, blank=True)
    note = models.TextField(blank=True, help_text="What is missing, or what it rests on.")
    decided_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "supplier", "category"],
                name="suppliers_qualification_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_status_display()}"


class ApprovedVendor(Addressed):
    """An entry of the approved vendor list: who may supply a SKU or a category, how preferred.

    With a `location` it counts for orders shipped there only, before one without. `share_percent`
    is the share of volume that the supplier is meant to get. The three flags begin as the
    standing has them and may be set otherwise for this entry.
    """

    class Standing(models.TextChoices):
        PREFERRED = "preferred", "Preferred"
        APPROVED = "approved", "Approved"
        BACKUP = "backup", "Approved, backup"

    supplier = OrganizationForeignKey(Supplier, CASCADE, related_name="approvals")
    category = OrganizationForeignKey(
        Category, null=True, blank=True, related_name="approved_vendors"
    )
    sku = OrganizationForeignKey(Sku, null=True, blank=True, related_name="approved_vendors")
    location = OrganizationForeignKey(Location, null=True, blank=True, related_name="+")
    standing = models.CharField(max_length=10, choices=Standing.choices)
    rank = models.PositiveSmallIntegerField(default=1)
    share_percent = PercentField(null=True, blank=True)
    may_be_suggested = models.BooleanField(default=True)
    may_be_ordered = models.BooleanField(default=True)
    needs_justification = models.BooleanField(default=False)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    reason = models.TextField(blank=True)
    decision = OrganizationForeignKey(
        SourcingDecision, null=True, blank=True, related_name="entries"
    )
    decided_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "approved vendor entry"
        constraints = [
            models.CheckConstraint(
                condition=Q(category__isnull=True) ^ Q(sku__isnull=True),
                name="suppliers_approvedvendor_scope",
            ),
            validity_in_order("suppliers_approvedvendor_dates"),
            ExclusionConstraint(
                name="suppliers_approvedvendor_overlap",
                expressions=[
                    ("organization", RangeOperators.EQUAL),
                    ("supplier", RangeOperators.EQUAL),
                    (Coalesce("category", Value(0)), RangeOperators.EQUAL),
                    (Coalesce("sku", Value(0)), RangeOperators.EQUAL),
                    (Coalesce("location", Value(0)), RangeOperators.EQUAL),
                    (validity(), RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=Q(share_percent__isnull=True)
                | Q(share_percent__gt=0, share_percent__lte=100),
                name="suppliers_approvedvendor_share",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_standing_display()}"


class PriceAgreement(Addressed):
    """Prices agreed with a supplier for a time, in one currency.

    `incoterm` and `payment_terms_days` are left open where the supplier's own hold. `version`
    rises with every amendment.
    """

    number = models.CharField(max_length=60)
    supplier = OrganizationForeignKey(Supplier, related_name="agreements")
    currency = models.CharField(max_length=3)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    is_price_fixed = models.BooleanField(
        default=True, help_text="No price rises before the last day without a reason."
    )
    incoterm = models.CharField(max_length=10, blank=True)
    payment_terms_days = models.PositiveSmallIntegerField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)
    note = models.TextField(blank=True)
    decision = OrganizationForeignKey(
        SourcingDecision, null=True, blank=True, related_name="agreements"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-valid_from", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "number"],
                name="suppliers_priceagreement_number",
            ),
            validity_in_order("suppliers_priceagreement_dates"),
        ]

    def __str__(self) -> str:
        return self.number


class PriceBreak(OrganizationOwned):
    """The unit price of a SKU in an agreement from a minimum quantity on, for its days.

    Price and quantities are per `unit`; the row with minimum 0 is the base price. Nothing below
    `minimum_order_quantity` is sold, and only whole multiples of `order_multiple`.
    """

    agreement = OrganizationForeignKey(PriceAgreement, CASCADE, related_name="breaks")
    sku = OrganizationForeignKey(Sku, related_name="price_breaks")
    unit = models.CharField(max_length=20)
    supplier_sku = models.CharField(max_length=80, blank=True)
    minimum_quantity = QuantityField(default=Decimal(0))
    unit_price = UnitPriceField()
    lead_time_days = models.PositiveSmallIntegerField(null=True, blank=True)
    committed_quantity = QuantityField(null=True, blank=True)
    minimum_order_quantity = QuantityField(null=True, blank=True)
    order_multiple = QuantityField(null=True, blank=True)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["sku", "minimum_quantity", "valid_from"]
        constraints = [
            models.CheckConstraint(
                condition=Q(unit_price__gte=0) & Q(minimum_quantity__gte=0),
                name="suppliers_pricebreak_not_negative",
            ),
            models.CheckConstraint(
                condition=(Q(order_multiple__isnull=True) | Q(order_multiple__gt=0))
                & (Q(minimum_order_quantity__isnull=True) | Q(minimum_order_quantity__gt=0)),
                name="suppliers_pricebreak_lots",
            ),
            validity_in_order("suppliers_pricebreak_dates"),
            ExclusionConstraint(
                name="suppliers_pricebreak_overlap",
                expressions=[
                    ("organization", RangeOperators.EQUAL),
                    ("agreement", RangeOperators.EQUAL),
                    ("sku", RangeOperators.EQUAL),
                    ("minimum_quantity", RangeOperators.EQUAL),
                    (validity(), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.minimum_quantity} at {self.unit_price}"
