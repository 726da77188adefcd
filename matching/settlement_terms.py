"""Suppliers that send no invoices: they are paid what came, at the order's price (self-billing)."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.utils import timezone

from procure.fields import OrganizationForeignKey, PercentField
from procure.models import User
from procure.tenancy import Addressed, OrganizationOwned
from suppliers.models import Supplier

PROTECT = models.PROTECT
AGEING_DAYS = 2


class SettlementTerms(Addressed):
    """What was agreed with a supplier about billing ourselves; a change is another row.

    Goods received from `starts_on` on are settled `ageing_days` after they came and were written
    down, so that corrections land first. `tax_code` is of UNCL5305; only the standard rate has a
    `tax_rate` above zero.
    """

    class TaxCode(models.TextChoices):
        STANDARD = "S", "Standard rate"
        ZERO = "Z", "Zero rated"
        EXEMPT = "E", "Exempt from tax"
        REVERSE_CHARGE = "AE", "Reverse charge"
        INTRA_COMMUNITY = "K", "Intra-community supply"
        EXPORT = "G", "Export, tax free"
        OUT_OF_SCOPE = "O", "Outside the scope of tax"

    supplier = OrganizationForeignKey(Supplier, related_name="settlement_terms")
    tax_code = models.CharField(max_length=2, choices=TaxCode.choices)
    tax_rate = PercentField(default=Decimal(0))
    ageing_days = models.PositiveSmallIntegerField(default=AGEING_DAYS)
    starts_on = models.DateField()
    note = models.CharField(max_length=200, help_text="Where the agreement on it is kept.")
    set_by = models.ForeignKey(User, PROTECT, related_name="+")
    set_at = models.DateTimeField(default=timezone.now, editable=False)
    ended_by = models.ForeignKey(User, PROTECT, null=True, blank=True, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = "terms of receipt settlement"
        verbose_name_plural = "terms of receipt settlement"
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "supplier"],
                condition=Q(ended_at__isnull=True),
                name="matching_settlementterms_one_open",
            ),
            models.CheckConstraint(
                condition=Q(tax_code="S", tax_rate__gt=0, tax_rate__lte=100)
                | (~Q(tax_code="S") & ~Q(tax_code="") & Q(tax_rate=0)),
                name="matching_settlementterms_tax",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_by__isnull=True, end_reason="")
                | (Q(ended_at__isnull=False, ended_by__isnull=False) & ~Q(end_reason="")),
                name="matching_settlementterms_ended",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.supplier}"


class ReceiptSettlement(OrganizationOwned):
    """An invoice or debit note that we wrote for the supplier, under which terms."""

    terms = OrganizationForeignKey(SettlementTerms, related_name="settlements")
    invoice = OrganizationForeignKey("matching.SupplierInvoice", related_name="settlements")
    made_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "invoice"], name="matching_receiptsettlement_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.invoice}"
