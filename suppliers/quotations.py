"""Requests for quotation: what we ask for, whom we ask, and what they offer.

Suppliers reach these tables through a mailed link. Whatever belongs to one supplier carries its
`supplier` and a second policy, so that a page opened for one supplier holds no other's rows.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from procure.fields import (
    AmountField,
    OrganizationForeignKey,
    PercentField,
    QuantityField,
    UnitPriceField,
)
from procure.models import Location, User
from procure.tenancy import Addressed, IsolatedBySupplier, OrganizationOwned

CASCADE = models.CASCADE


def _person() -> models.ForeignKey[User | None, User | None]:
    return models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )


def _link_seed() -> str:
    """256 random bits."""
    return secrets.token_hex(32)


class QuotationRequest(Addressed):
    """What we ask several suppliers to quote until a deadline, compared in one currency.

    Sealed: nobody of ours sees a price before the deadline. Drafts have no number. `changed_at` is
    when a sent one was last changed: quotes from before have to be confirmed.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        SENT = "sent", "Sent"
        CLOSED = "closed", "Closed"
        AWARDED = "awarded", "Awarded"
        CANCELLED = "cancelled", "Cancelled"

    ANSWERABLE = (Status.SENT,)
    DECIDABLE = (Status.SENT, Status.CLOSED)

    number = models.CharField(max_length=60, blank=True, editable=False)
    category = OrganizationForeignKey("suppliers.Category", related_name="quotation_requests")
    title = models.CharField(max_length=200)
    ship_to = OrganizationForeignKey(Location, null=True, blank=True, related_name="+")
    needed_on = models.DateField(null=True, blank=True)
    deadline = models.DateTimeField()
    currency = models.CharField(max_length=3)
    is_sealed = models.BooleanField(default=False)
    note = models.TextField(blank=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = _person()
    sent_at = models.DateTimeField(null=True, editable=False)
    sent_by = _person()
    closed_at = models.DateTimeField(null=True, editable=False)
    closed_by = _person()
    awarded_at = models.DateTimeField(null=True, editable=False)
    awarded_by = _person()
    award_reason = models.TextField(blank=True)
    decision = OrganizationForeignKey(
        "suppliers.SourcingDecision", null=True, editable=False, related_name="quotation_requests"
    )
    cancelled_at = models.DateTimeField(null=True, editable=False)
    cancelled_by = _person()
    cancel_reason = models.TextField(blank=True)
    changed_at = models.DateTimeField(null=True, editable=False)
    change_note = models.TextField(blank=True, editable=False)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = "request for quotation"
        verbose_name_plural = "requests for quotation"
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "number"],
                condition=~Q(number=""),
                name="suppliers_quotationrequest_number",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "cancelled"])
                | Q(sent_at__isnull=False, sent_by__isnull=False) & ~Q(number=""),
                name="suppliers_quotationrequest_sent",
            ),
            models.CheckConstraint(
                condition=~Q(status="closed") | Q(closed_at__isnull=False, closed_by__isnull=False),
                name="suppliers_quotationrequest_closed",
            ),
            models.CheckConstraint(
                condition=Q(awarded_at__isnull=True, awarded_by__isnull=True) & ~Q(status="awarded")
                | Q(awarded_at__isnull=False, awarded_by__isnull=False, status="awarded")
                & ~Q(award_reason=""),
                name="suppliers_quotationrequest_awarded",
            ),
            models.CheckConstraint(
                condition=Q(cancelled_at__isnull=True, cancelled_by__isnull=True)
                & ~Q(status="cancelled")
                | Q(cancelled_at__isnull=False, cancelled_by__isnull=False, status="cancelled")
                & ~Q(cancel_reason=""),
                name="suppliers_quotationrequest_cancelled",
            ),
        ]

    def __str__(self) -> str:
        return self.number or self.title

    def is_past_deadline(self, at: datetime | None = None) -> bool:
        """Whether a quote that comes now is late."""
        return (at or timezone.now()) > self.deadline

    @property
    def keeps_prices_sealed(self) -> bool:
        """Whether prices are nobody's of ours to see yet; calling it off opens nothing."""
        return self.is_sealed and not self.is_past_deadline()


class QuotationRequestLine(OrganizationOwned):
    """How much of a SKU is asked for, in `unit`, with what the supplier should know."""

    request = OrganizationForeignKey(QuotationRequest, CASCADE, related_name="lines")
    line_no = models.PositiveSmallIntegerField()
    sku = OrganizationForeignKey("suppliers.Sku", related_name="+")
    quantity = QuantityField()
    unit = models.CharField(max_length=20)
    note = models.CharField(max_length=400, blank=True)

    class Meta:
        ordering = ["line_no"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "request", "line_no"],
                name="suppliers_quotationrequestline_no",
            ),
            models.UniqueConstraint(
                fields=["organization", "request", "sku"],
                name="suppliers_quotationrequestline_sku",
            ),
            models.CheckConstraint(
                condition=Q(quantity__gt=0), name="suppliers_quotationrequestline_quantity"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.line_no}"


class QuotationInvitation(Addressed):
    """A supplier asked to quote. Its link is made from `link_seed` and the server's key, and
    found by `token_hash`: what is stored here alone opens nothing."""

    request = OrganizationForeignKey(QuotationRequest, CASCADE, related_name="invitations")
    supplier = OrganizationForeignKey("suppliers.Supplier", related_name="+")
    email = models.EmailField()
    link_seed = models.CharField(max_length=64, default=_link_seed, editable=False)
    token_hash = models.CharField(max_length=64, blank=True, editable=False)
    invited_at = models.DateTimeField(default=timezone.now, editable=False)
    sent_at = models.DateTimeField(null=True, editable=False)
    opened_at = models.DateTimeField(null=True, editable=False)
    reminded_at = models.DateTimeField(null=True, editable=False)
    declined_at = models.DateTimeField(null=True, editable=False)
    decline_reason = models.TextField(blank=True)

    class Meta:
        ordering = ["supplier__name"]
        constraints = [
            IsolatedBySupplier(name="suppliers_quotationinvitation_by_supplier"),
            models.UniqueConstraint(
                fields=["organization", "request", "supplier"],
                name="suppliers_quotationinvitation_once",
            ),
            models.UniqueConstraint(
                fields=["organization", "token_hash"],
                condition=~Q(token_hash=""),
                name="suppliers_quotationinvitation_token",
            ),
            models.CheckConstraint(
                condition=Q(sent_at__isnull=True) | ~Q(token_hash=""),
                name="suppliers_quotationinvitation_sent",
            ),
        ]

    def __str__(self) -> str:
        return self.email


class Quotation(Addressed):
    """One version of a supplier's offer, in its currency; the highest version counts.

    Freight and tooling are money for the whole offer, on top of the unit prices. Prices hold to
    `valid_to`.
    """

    invitation = OrganizationForeignKey(QuotationInvitation, CASCADE, related_name="quotations")
    supplier = OrganizationForeignKey("suppliers.Supplier", related_name="+")
    version = models.PositiveSmallIntegerField()
    submitted_at = models.DateTimeField(default=timezone.now, editable=False)
    confirmed_at = models.DateTimeField(null=True, editable=False)
    is_late = models.BooleanField(default=False)
    currency = models.CharField(max_length=3)
    valid_to = models.DateField()
    freight_amount = AmountField(default=Decimal(0))
    tooling_amount = AmountField(default=Decimal(0))
    incoterm = models.CharField(max_length=10, blank=True)
    payment_terms_days = models.PositiveSmallIntegerField(null=True, blank=True)
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["invitation", "-version"]
        constraints = [
            IsolatedBySupplier(name="suppliers_quotation_by_supplier"),
            models.UniqueConstraint(
                fields=["organization", "invitation", "version"],
                name="suppliers_quotation_version",
            ),
            models.CheckConstraint(
                condition=Q(freight_amount__gte=0) & Q(tooling_amount__gte=0),
                name="suppliers_quotation_charges",
            ),
        ]

    def __str__(self) -> str:
        return f"Version {self.version}"

    def is_before_change(self, request: QuotationRequest) -> bool:
        """Whether the request changed after this was said, and the supplier has not confirmed it."""
        said_at: datetime = self.confirmed_at or self.submitted_at
        return request.changed_at is not None and said_at < request.changed_at


class QuotationLine(OrganizationOwned):
    """The offered price of one requested line, per the line's unit, from a minimum quantity on."""

    quotation = OrganizationForeignKey(Quotation, CASCADE, related_name="lines")
    supplier = OrganizationForeignKey("suppliers.Supplier", related_name="+")
    request_line = OrganizationForeignKey(QuotationRequestLine, related_name="offers")
    unit_price = UnitPriceField()
    minimum_quantity = QuantityField(default=Decimal(0))
    lead_time_days = models.PositiveSmallIntegerField(null=True, blank=True)
    note = models.CharField(max_length=400, blank=True)

    class Meta:
        ordering = ["request_line__line_no"]
        constraints = [
            IsolatedBySupplier(name="suppliers_quotationline_by_supplier"),
            models.UniqueConstraint(
                fields=["organization", "quotation", "request_line"],
                name="suppliers_quotationline_once",
            ),
            models.CheckConstraint(
                condition=Q(unit_price__gte=0) & Q(minimum_quantity__gte=0),
                name="suppliers_quotationline_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.unit_price}"


class QuotationBreak(OrganizationOwned):
    """A lower price of an offered line from a larger quantity on."""

    line = OrganizationForeignKey(QuotationLine, CASCADE, related_name="breaks")
    supplier = OrganizationForeignKey("suppliers.Supplier", related_name="+")
    minimum_quantity = QuantityField()
    unit_price = UnitPriceField()

    class Meta:
        ordering = ["minimum_quantity"]
        constraints = [
            IsolatedBySupplier(name="suppliers_quotationbreak_by_supplier"),
            models.UniqueConstraint(
                fields=["organization", "line", "minimum_quantity"],
                name="suppliers_quotationbreak_once",
            ),
            models.CheckConstraint(
                condition=Q(unit_price__gte=0) & Q(minimum_quantity__gt=0),
                name="suppliers_quotationbreak_sense",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.minimum_quantity} at {self.unit_price}"


class QuotationClarification(OrganizationOwned):
    """A question and its answer as all invited suppliers read it; it names nobody."""

    request = OrganizationForeignKey(QuotationRequest, CASCADE, related_name="clarifications")
    question = models.TextField()
    answer = models.TextField()
    answered_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["answered_at"]

    def __str__(self) -> str:
        return self.question[:60]


class QuotationQuestion(Addressed):
    """A supplier's question; `clarification` is its copy for all, when the answer went to all."""

    invitation = OrganizationForeignKey(QuotationInvitation, CASCADE, related_name="questions")
    supplier = OrganizationForeignKey("suppliers.Supplier", related_name="+")
    text = models.TextField()
    asked_at = models.DateTimeField(default=timezone.now, editable=False)
    answer = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True, editable=False)
    answered_by = _person()
    clarification = OrganizationForeignKey(QuotationClarification, null=True, related_name="+")

    class Meta:
        ordering = ["asked_at"]
        verbose_name = "question"
        constraints = [
            IsolatedBySupplier(name="suppliers_quotationquestion_by_supplier"),
            models.CheckConstraint(
                condition=Q(answer="", answered_at__isnull=True, answered_by__isnull=True)
                | ~Q(answer="") & Q(answered_at__isnull=False, answered_by__isnull=False),
                name="suppliers_quotationquestion_answered",
            ),
        ]

    def __str__(self) -> str:
        return self.text[:60]


class QuotationAward(OrganizationOwned):
    """Who got a requested line, for which share of it, and the agreement that came of it."""

    request = OrganizationForeignKey(QuotationRequest, related_name="awards")
    request_line = OrganizationForeignKey(QuotationRequestLine, related_name="awards")
    quotation = OrganizationForeignKey(Quotation, related_name="+")
    supplier = OrganizationForeignKey("suppliers.Supplier", related_name="+")
    share_percent = PercentField()
    agreement = OrganizationForeignKey("suppliers.PriceAgreement", related_name="+")

    class Meta:
        ordering = ["request_line__line_no", F("share_percent").desc()]
        constraints = [
            IsolatedBySupplier(name="suppliers_quotationaward_by_supplier"),
            models.UniqueConstraint(
                fields=["organization", "request_line", "supplier"],
                name="suppliers_quotationaward_once",
            ),
            models.CheckConstraint(
                condition=Q(share_percent__gt=0) & Q(share_percent__lte=100),
                name="suppliers_quotationaward_share",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.share_percent}\u00a0%"
