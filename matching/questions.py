"""Questions about a held invoice, and what a person said would keep its cause from returning."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from procure.fields import OrganizationForeignKey
from procure.models import User
from procure.tenancy import OrganizationOwned
from suppliers.models import Supplier


class DifferenceCause(models.TextChoices):
    """Why an invoice differed, as the person says who closes its holds."""

    PRICE_LIST = "price_list", "Supplier's price list"
    UNIT = "unit", "Unit of measure"
    FREIGHT = "freight", "Freight or another charge"
    OUR_ORDER = "our_order", "Our order was wrong"
    NOT_POSTED = "not_posted", "Receipt not posted"
    SHORT_DELIVERY = "short_delivery", "Short or bad delivery"
    TAX = "tax", "Tax"
    OTHER = "other", "Something else"


class HoldQuestion(OrganizationOwned):
    """A question to a colleague about a held invoice; their answer returns it to who asked."""

    invoice = OrganizationForeignKey(
        "matching.SupplierInvoice", models.CASCADE, related_name="questions"
    )
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    person = models.ForeignKey(User, models.PROTECT, related_name="+")
    question = models.TextField()
    asked_at = models.DateTimeField(default=timezone.now)
    answer = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(answer="", answered_at__isnull=True, answered_by__isnull=True)
                | (~Q(answer="") & Q(answered_at__isnull=False, answered_by__isnull=False)),
                name="matching_holdquestion_answered",
            ),
            models.CheckConstraint(condition=~Q(question=""), name="matching_holdquestion_asked"),
        ]

    def __str__(self) -> str:
        return self.question[:60]


class DeclinedFix(OrganizationOwned):
    """A permanent fix that somebody did not want now; it is proposed again after three more."""

    supplier = OrganizationForeignKey(Supplier, models.CASCADE, related_name="+")
    cause = models.CharField(max_length=20, choices=DifferenceCause.choices)
    declined_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    declined_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "supplier", "cause"], name="matching_declinedfix_once"
            )
        ]

    def __str__(self) -> str:
        return str(DifferenceCause(self.cause).label)
