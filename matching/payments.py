"""How invoices are paid: batches that two people see, the files that left, what the bank answered.

An invoice stands in one live payment at a time. What is still to be paid is never stored: it is
what was approved less credits and payments, see `matching.payables`.
"""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from procure.fields import AmountField, OrganizationForeignKey
from procure.models import User
from procure.tenancy import Addressed, OrganizationOwned
from suppliers.models import BankAccount, Supplier

CASCADE = models.CASCADE
PROTECT = models.PROTECT


class PayingAccount(Addressed):
    """A bank account of ours that payments leave from, entered by one person, confirmed by another.

    Known by its IBAN, or by its number with the routing number of its bank. The newest confirmed account of a currency is in use. Nothing is edited: a change is another row.
    """

    class Status(models.TextChoices):
        PROPOSED = "proposed", "Waiting for second person"
        CONFIRMED = "confirmed", "Confirmed"
        REJECTED = "rejected", "Rejected"

    holder = models.CharField(max_length=70)
    iban = models.CharField(max_length=34, blank=True)
    account_number = models.CharField(max_length=34, blank=True)
    routing_number = models.CharField(max_length=20, blank=True)
    bic = models.CharField(max_length=11, blank=True)
    bank_name = models.CharField(max_length=200, blank=True)
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.PROPOSED)
    proposed_by = models.ForeignKey(User, PROTECT, related_name="+")
    proposed_at = models.DateTimeField(default=timezone.now, editable=False)
    decided_by = models.ForeignKey(User, PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = "account of ours"
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "currency"],
                condition=Q(status="proposed"),
                name="matching_payingaccount_open",
            ),
            models.CheckConstraint(
                condition=Q(status="proposed", decided_by__isnull=True, decided_at__isnull=True)
                | (~Q(status="proposed") & Q(decided_by__isnull=False, decided_at__isnull=False)),
                name="matching_payingaccount_decided",
            ),
            models.CheckConstraint(
                condition=~Q(status="confirmed") | ~Q(decided_by=F("proposed_by")),
                name="matching_payingaccount_second_person",
            ),
            models.CheckConstraint(
                condition=(~Q(iban="") & Q(account_number="", routing_number=""))
                | (Q(iban="") & ~Q(account_number="") & ~Q(routing_number="")),
                name="matching_payingaccount_number",
            ),
        ]

    def __str__(self) -> str:
        return self.masked

    @property
    def masked(self) -> str:
        """What everybody may see of the number: its country, if it says one, and last digits."""
        if self.iban:
            return f"{self.iban[:2]} •••• {self.iban[-4:]}"
        return f"•••• {self.account_number[-4:]}"


class PaymentBatch(Addressed):
    """Payments in one currency that leave together on `pay_on`, made by one person, released by
    another.

    `version` goes up with every change of content; what is released is the version that was shown.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        PROPOSED = "proposed", "Waiting for release"
        RELEASED = "released", "Released"
        EXPORTED = "exported", "Sent to the bank"
        PAID = "paid", "Paid"
        PART_RETURNED = "part_returned", "Paid, part returned"
        CANCELLED = "cancelled", "Cancelled"

    OPEN = (Status.DRAFT, Status.PROPOSED, Status.RELEASED)
    GONE = (Status.EXPORTED, Status.PAID, Status.PART_RETURNED)

    number = models.CharField(max_length=60)
    currency = models.CharField(max_length=3)
    pay_on = models.DateField()
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.DRAFT)
    version = models.PositiveIntegerField(default=1)
    made_by = models.ForeignKey(User, PROTECT, related_name="+")
    made_at = models.DateTimeField(default=timezone.now, editable=False)
    proposed_by = models.ForeignKey(User, PROTECT, null=True, blank=True, related_name="+")
    proposed_at = models.DateTimeField(null=True, blank=True)
    released_by = models.ForeignKey(User, PROTECT, null=True, blank=True, related_name="+")
    released_at = models.DateTimeField(null=True, blank=True)
    exported_at = models.DateTimeField(null=True, blank=True)
    cancelled_by = models.ForeignKey(User, PROTECT, null=True, blank=True, related_name="+")
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancel_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = "payment batch"
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "number"], name="matching_paymentbatch_number"
            ),
            models.CheckConstraint(
                condition=Q(released_by__isnull=True)
                | (~Q(released_by=F("made_by")) & ~Q(released_by=F("proposed_by"))),
                name="matching_paymentbatch_second_person",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "cancelled"])
                | Q(proposed_by__isnull=False, proposed_at__isnull=False),
                name="matching_paymentbatch_proposed",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "proposed", "cancelled"])
                | Q(released_by__isnull=False, released_at__isnull=False),
                name="matching_paymentbatch_released",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["exported"]) | Q(exported_at__isnull=False),
                name="matching_paymentbatch_exported",
            ),
            models.CheckConstraint(
                condition=Q(status="cancelled", cancelled_by__isnull=False)
                & Q(cancelled_at__isnull=False)
                & ~Q(cancel_reason="")
                | (~Q(status="cancelled") & Q(cancelled_by__isnull=True)),
                name="matching_paymentbatch_cancelled",
            ),
        ]
        indexes = [models.Index(fields=["organization", "status"])]

    def __str__(self) -> str:
        return self.number


class PaymentBatchLine(OrganizationOwned):
    """What one invoice gets in a batch: `amount` leaves, `discount_amount` is kept for paying early.

    Both in the batch's currency; of a credit note that is taken back the amount is negative. Live
    while planned. `bank_account` is where the supplier was paid on the day of the release.
    """

    class Status(models.TextChoices):
        PLANNED = "planned", "Planned"
        PAID = "paid", "Paid"
        RETURNED = "returned", "Returned by the bank"
        TAKEN_OUT = "taken_out", "Taken out"

    batch = OrganizationForeignKey(PaymentBatch, CASCADE, related_name="lines")
    invoice = OrganizationForeignKey("matching.SupplierInvoice", related_name="batch_lines")
    supplier = OrganizationForeignKey(Supplier, related_name="+")
    bank_account = OrganizationForeignKey(BankAccount, null=True, blank=True, related_name="+")
    amount = AmountField()
    discount_amount = AmountField(default=Decimal(0))
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.PLANNED)
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["id"]
        verbose_name = "payment"
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "invoice"],
                condition=Q(status="planned"),
                name="matching_paymentbatchline_live_once",
            ),
            models.CheckConstraint(
                condition=~Q(amount=0) & Q(discount_amount__gte=0),
                name="matching_paymentbatchline_amount",
            ),
            models.CheckConstraint(
                condition=~Q(status="taken_out") | ~Q(reason=""),
                name="matching_paymentbatchline_taken_out",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount}"


class PaymentFile(OrganizationOwned):
    """A file that left for a batch, kept byte for byte. One per batch and format."""

    class Format(models.TextChoices):
        CSV = "csv", "CSV"
        SEPA = "sepa", "SEPA credit transfer (pain.001)"
        QUICKBOOKS = "quickbooks", "QuickBooks bills (CSV)"
        XERO = "xero", "Xero bills (CSV)"

    batch = OrganizationForeignKey(PaymentBatch, CASCADE, related_name="files")
    file_format = models.CharField(max_length=20, choices=Format.choices)
    name = models.CharField(max_length=120)
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    made_by = models.ForeignKey(User, PROTECT, related_name="+")
    made_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "batch", "file_format"],
                name="matching_paymentfile_once",
            )
        ]

    def __str__(self) -> str:
        return self.name


class InvoicePayment(OrganizationOwned):
    """What the bank says about one invoice: money that went, or came back, in the invoice's currency.

    Signed: a returned payment is negative, and so is a credit note that was taken back.
    `discount_amount` was kept for paying early. The same report twice is one row.
    """

    class Kind(models.TextChoices):
        PAID = "paid", "Paid"
        RETURNED = "returned", "Returned"

    invoice = OrganizationForeignKey("matching.SupplierInvoice", related_name="payments")
    line = OrganizationForeignKey(PaymentBatchLine, null=True, blank=True, related_name="payments")
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.PAID)
    paid_on = models.DateField()
    amount = AmountField()
    discount_amount = AmountField(default=Decimal(0))
    reference = models.CharField(max_length=140, blank=True)
    recorded_by = models.ForeignKey(User, PROTECT, null=True, blank=True, related_name="+")
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["paid_on", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "invoice", "kind", "paid_on", "reference"],
                name="matching_invoicepayment_once",
            ),
            models.CheckConstraint(condition=~Q(amount=0), name="matching_invoicepayment_amount"),
        ]

    def __str__(self) -> str:
        return f"{self.amount}"
