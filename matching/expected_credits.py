"""Money that a supplier owes us back, from the day we ask until a credit note brings it."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.db.models import Q, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from procure.fields import AmountField, OrganizationForeignKey
from procure.models import User
from procure.tenancy import Addressed, OrganizationOwned
from purchasing.models import GoodsReceipt


class ExpectedCredit(Addressed):
    """A credit that we asked for, with the document that asks: a debit note or a credit request.

    `amount` is in the invoice's currency. Requested: the invoice stays held until it comes. Paid
    short: it was never paid, so the credit note takes nothing off later payments. Returned: the
    goods went back after they were paid. `lines` is the evidence as it stands on the document.
    """

    class Kind(models.TextChoices):
        REQUESTED = "requested", "Credit requested"
        SHORT_PAID = "short_paid", "Paid short"
        RETURNED = "returned", "Goods went back"

    class Status(models.TextChoices):
        OPEN = "open", "Expected"
        RECEIVED = "received", "Received"
        DROPPED = "dropped", "Given up"

    number = models.CharField(max_length=40)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    invoice = OrganizationForeignKey("matching.SupplierInvoice", related_name="expected_credits")
    receipt = OrganizationForeignKey(GoodsReceipt, null=True, blank=True, related_name="+")
    amount = AmountField()
    reason = models.CharField(max_length=300)
    lines = models.JSONField(default=list)
    asked_on = models.DateField(default=timezone.localdate)
    due_on = models.DateField()
    asked_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    reminded_on = models.DateField(null=True, blank=True)
    overdue_told_on = models.DateField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    close_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["due_on", "id"]
        verbose_name = "expected credit"
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "number"], name="matching_expectedcredit_number"
            ),
            models.UniqueConstraint(
                fields=["organization", "receipt", "invoice"],
                condition=Q(receipt__isnull=False),
                name="matching_expectedcredit_once_per_return",
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0) & ~Q(reason=""), name="matching_expectedcredit_said"
            ),
            models.CheckConstraint(
                condition=Q(status="open", closed_at__isnull=True)
                | Q(status="received", closed_at__isnull=False)
                | (
                    Q(status="dropped", closed_at__isnull=False, closed_by__isnull=False)
                    & ~Q(close_reason="")
                ),
                name="matching_expectedcredit_closed",
            ),
        ]
        indexes = [models.Index(fields=["organization", "status", "due_on"])]

    def __str__(self) -> str:
        return self.number

    @property
    def document_name(self) -> str:
        """What the document is called that asks for it."""
        return "Credit request" if self.kind == self.Kind.REQUESTED else "Debit note"

    @property
    def is_overdue(self) -> bool:
        return self.status == self.Status.OPEN and self.due_on < timezone.localdate()

    @property
    def days_open(self) -> int:
        """Its age in days: until today, or until it was closed."""
        until = timezone.localdate() if self.closed_at is None else self.closed_at.date()
        return max((until - self.asked_on).days, 0)


class CreditReceived(OrganizationOwned):
    """What one credit note brought of an expected credit; a note may serve several."""

    expected = OrganizationForeignKey(ExpectedCredit, models.CASCADE, related_name="received")
    credit_note = OrganizationForeignKey("matching.SupplierInvoice", related_name="serves")
    amount = AmountField()
    received_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "expected", "credit_note"],
                name="matching_creditreceived_once",
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0), name="matching_creditreceived_amount"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.credit_note}"


def with_received(rows: models.QuerySet[ExpectedCredit]) -> models.QuerySet[ExpectedCredit]:
    """The same credits with `received_amount`: what credit notes brought of each."""
    found: models.QuerySet[ExpectedCredit] = rows.annotate(
        received_amount=Coalesce(Sum("received__amount"), Decimal(0))
    )
    return found
