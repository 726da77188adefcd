"""What a supplier was told about an electronic invoice, kept byte for byte as it was sent."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from procure.fields import OrganizationForeignKey
from procure.models import User
from procure.tenancy import Addressed


class InvoiceResponse(Addressed):
    """One status of one invoice, by the codes of UNCL 4343; `content` is the XML document.

    `clarifications` is why, and what is asked for, as it stands in the document. After a final one
    nothing more is told. `email` is where it was mailed; empty: made for another way.
    """

    class Status(models.TextChoices):
        RECEIVED = "AB", "Received"
        IN_PROCESS = "IP", "In process"
        QUERIED = "UQ", "Under query"
        CONDITIONAL = "CA", "Accepted in part"
        REJECTED = "RE", "Rejected"
        ACCEPTED = "AP", "Accepted"
        PAID = "PD", "Paid"

    number = models.CharField(max_length=40)
    invoice = OrganizationForeignKey("matching.SupplierInvoice", related_name="responses")
    status = models.CharField(max_length=2, choices=Status.choices)
    is_final = models.BooleanField(default=False)
    effective_on = models.DateField()
    clarifications = models.JSONField(default=list, blank=True)
    note = models.CharField(max_length=300, blank=True)
    content = models.BinaryField()
    email = models.EmailField(blank=True)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["id"]
        verbose_name = "invoice response"
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "number"], name="matching_invoiceresponse_number"
            ),
            models.UniqueConstraint(
                fields=["organization", "invoice"],
                condition=Q(is_final=True),
                name="matching_invoiceresponse_final_once",
            ),
            models.CheckConstraint(
                condition=~Q(status="RE") | Q(is_final=True),
                name="matching_invoiceresponse_rejected_is_final",
            ),
            models.CheckConstraint(
                condition=Q(is_final=False) | Q(status__in=["RE", "PD"]),
                name="matching_invoiceresponse_final",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def file_name(self) -> str:
        """IR-1001.xml."""
        return f"{self.number}.xml"
