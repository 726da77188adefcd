"""Where a supplier is paid: bank details as versions, each confirmed by two people and a call.

Nothing here is ever edited, the database refuses it: a change is another version. What a change
that is on its way means for payments is said by `suppliers.payment_holds`.
"""

from __future__ import annotations

from datetime import date

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from procure.fields import OrganizationForeignKey
from procure.models import User
from procure.tenancy import Addressed


class BankAccount(Addressed):
    """One version of a supplier's bank details: an IBAN, or an account with its routing number.

    `country` is a code of two letters. The numbers and addresses on file are those that the
    supplier's contacts had when the change was proposed: one of these numbers is called back, and
    these people are told. In force from `usable_from`, until the next version is.
    """

    class Status(models.TextChoices):
        PROPOSED = "proposed", "Waiting for call-back"
        CALLED_BACK = "called_back", "Waiting for second person"
        CONFIRMED = "confirmed", "Confirmed"
        REJECTED = "rejected", "Rejected"

    OPEN = (Status.PROPOSED, Status.CALLED_BACK)

    supplier = OrganizationForeignKey("suppliers.Supplier", related_name="bank_accounts")
    version = models.PositiveIntegerField()
    holder = models.CharField(max_length=200)
    iban = models.CharField(max_length=34, blank=True)
    account_number = models.CharField(max_length=40, blank=True)
    routing_number = models.CharField(max_length=40, blank=True)
    bic = models.CharField(max_length=11, blank=True)
    bank_name = models.CharField(max_length=200, blank=True)
    country = models.CharField(max_length=2)
    currency = models.CharField(max_length=3)
    reason = models.TextField()
    phones_on_file = ArrayField(models.CharField(max_length=40))
    emails_on_file = ArrayField(models.EmailField())
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.PROPOSED)
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(default=timezone.now, editable=False)
    called_number = models.CharField(max_length=40, blank=True)
    spoke_with = models.CharField(max_length=150, blank=True)
    called_at = models.DateTimeField(null=True, blank=True)
    called_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    call_note = models.TextField(blank=True)
    confirmed_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    confirmed_at = models.DateTimeField(null=True, blank=True)
    usable_from = models.DateField(null=True, blank=True)
    rejected_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    rejected_at = models.DateTimeField(null=True, blank=True)
    rejection_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["supplier", "-version"]
        verbose_name = "change of bank details"
        indexes = [
            models.Index(fields=["organization", "iban"]),
            models.Index(fields=["organization", "account_number"]),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "supplier", "version"],
                name="suppliers_bankaccount_version",
            ),
            models.UniqueConstraint(
                fields=["organization", "supplier"],
                condition=Q(status__in=["proposed", "called_back"]),
                name="suppliers_bankaccount_open",
            ),
            models.CheckConstraint(
                condition=~Q(iban="") | ~Q(account_number=""),
                name="suppliers_bankaccount_number",
            ),
            models.CheckConstraint(
                condition=Q(called_at__isnull=True, called_by__isnull=True, called_number="")
                | (
                    Q(called_at__isnull=False, called_by__isnull=False)
                    & Q(phones_on_file__contains=[F("called_number")])
                    & ~Q(spoke_with="")
                    & ~Q(call_note="")
                ),
                name="suppliers_bankaccount_called",
            ),
            models.CheckConstraint(
                condition=Q(
                    confirmed_at__isnull=True, confirmed_by__isnull=True, usable_from__isnull=True
                )
                | (
                    Q(confirmed_at__isnull=False, confirmed_by__isnull=False)
                    & Q(usable_from__isnull=False, called_at__isnull=False)
                    & ~Q(confirmed_by=F("proposed_by"))
                ),
                name="suppliers_bankaccount_second_person",
            ),
            models.CheckConstraint(
                condition=Q(status="proposed", called_at__isnull=True, confirmed_at__isnull=True)
                | Q(status="called_back", called_at__isnull=False, confirmed_at__isnull=True)
                | Q(status="confirmed", confirmed_at__isnull=False)
                | Q(status="rejected"),
                name="suppliers_bankaccount_steps",
            ),
            models.CheckConstraint(
                condition=(
                    Q(rejected_at__isnull=True, rejected_by__isnull=True) & ~Q(status="rejected")
                )
                | (
                    Q(status="rejected", rejected_at__isnull=False, rejected_by__isnull=False)
                    & ~Q(rejection_reason="")
                ),
                name="suppliers_bankaccount_rejected",
            ),
        ]

    def __str__(self) -> str:
        return self.masked

    @property
    def number(self) -> str:
        """The IBAN, or the account number where the country has none."""
        return self.iban or self.account_number

    @property
    def masked(self) -> str:
        """What everybody may see of the number: its country and last digits."""
        return f"{self.iban[:2]} •••• {self.number[-4:]}".strip()

    @property
    def is_open(self) -> bool:
        return self.status in self.OPEN

    def is_in_force(self, on: date) -> bool:
        """Whether payments may go there, as long as no later version may."""
        return self.usable_from is not None and self.usable_from <= on and not self.rejected_at

    def is_waiting(self, on: date) -> bool:
        """Whether it is confirmed and its waiting period is not over."""
        return self.status == self.Status.CONFIRMED and not self.is_in_force(on)
