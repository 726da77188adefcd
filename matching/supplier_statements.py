"""What a supplier says is open between us: its statement, line by line, as it was sent."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Upper
from django.utils import timezone

from procure.fields import AmountField, OrganizationForeignKey
from procure.figures import long_date
from procure.models import User
from procure.tenancy import Addressed, OrganizationOwned
from suppliers.models import Supplier

PROTECT = models.PROTECT


class SupplierStatement(Addressed):
    """One statement of a supplier as of a day, in one currency.

    What agrees with our books is never stored: it is compared anew each time it is looked at.
    """

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        CLOSED = "closed", "Reconciled"

    supplier = OrganizationForeignKey(Supplier, related_name="statements")
    stated_on = models.DateField()
    currency = models.CharField(max_length=3)
    file_name = models.CharField(max_length=200, blank=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    taken_by = models.ForeignKey(User, PROTECT, null=True, blank=True, related_name="+")
    taken_at = models.DateTimeField(default=timezone.now, editable=False)
    closed_by = models.ForeignKey(User, PROTECT, null=True, blank=True, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)
    close_note = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-stated_on", "-id"]
        verbose_name = "statement"
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "supplier", "stated_on", "currency"],
                name="matching_supplierstatement_once",
            ),
            models.CheckConstraint(
                condition=Q(status="open", closed_at__isnull=True, closed_by__isnull=True)
                | Q(status="closed", closed_at__isnull=False, closed_by__isnull=False),
                name="matching_supplierstatement_closed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.supplier}, {long_date(self.stated_on)}"


class SupplierStatementLine(OrganizationOwned):
    """One document as the supplier has it in its books.

    `amount` is what the document is over and never below zero; `open_amount` what the supplier
    still waits for, where it says so. Both in the statement's currency.
    """

    class Kind(models.TextChoices):
        INVOICE = "invoice", "Invoice"
        CREDIT = "credit", "Credit note"
        PAYMENT = "payment", "Payment"

    statement = OrganizationForeignKey(SupplierStatement, models.CASCADE, related_name="lines")
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.INVOICE)
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
    dated_on = models.DateField(null=True, blank=True)
    due_on = models.DateField(null=True, blank=True)
    amount = AmountField()
    open_amount = AmountField(null=True, blank=True)
    asked_on = models.DateField(null=True, blank=True, help_text="When the supplier was asked.")

    class Meta:
        ordering = ["position"]
        verbose_name = "statement line"
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "statement", "position"],
                name="matching_supplierstatementline_position",
            ),
            models.CheckConstraint(
                condition=Q(amount__gte=0) & ~Q(number=""),
                name="matching_supplierstatementline_said",
            ),
        ]

    def __str__(self) -> str:
        return self.number
