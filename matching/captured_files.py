"""A file that came as an invoice, from its arrival to the invoice it became."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from matching.mailboxes import TakenMessage
from procure.fields import OrganizationForeignKey
from procure.models import User
from procure.tenancy import Addressed
from suppliers.models import Supplier


class CapturedFile(Addressed):
    """One sent file with its result. The file itself is kept as an attachment of this row.

    `document` is what was read, as the supplier wrote it; `remarks` is what looks wrong with it.
    `sentence` says why a person is needed or why it was refused.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting"
        READING = "reading", "Being read"
        CAPTURED = "captured", "Captured"
        NEEDS_PERSON = "needs_person", "Needs a person"
        REFUSED = "refused", "Refused"

    UNREAD = (Status.WAITING, Status.READING)

    file_name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    is_kept = models.BooleanField(default=True, help_text="Whether the file itself is stored.")
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.WAITING)
    format = models.CharField(max_length=80, blank=True)
    sentence = models.CharField(max_length=500, blank=True)
    remarks = models.JSONField(default=list, blank=True)
    is_sound = models.BooleanField(
        default=False, help_text="Whether it can be captured as read, once its supplier is known."
    )
    document = models.JSONField(null=True, blank=True)
    supplier = OrganizationForeignKey(Supplier, null=True, blank=True, related_name="+")
    invoice = OrganizationForeignKey(
        "matching.SupplierInvoice", null=True, blank=True, related_name="captured_files"
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    uploaded_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    message = OrganizationForeignKey(TakenMessage, null=True, blank=True, related_name="files")
    uploaded_at = models.DateTimeField(default=timezone.now, editable=False)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = "file"
        constraints = [
            models.CheckConstraint(
                condition=Q(status="captured", invoice__isnull=False)
                | (~Q(status="captured") & Q(invoice__isnull=True)),
                name="matching_capturedfile_captured",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["needs_person", "refused"]) | ~Q(sentence=""),
                name="matching_capturedfile_said",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["waiting", "reading"], finished_at__isnull=True)
                | (~Q(status__in=["waiting", "reading"]) & Q(finished_at__isnull=False)),
                name="matching_capturedfile_finished",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "status", "id"]),
            models.Index(fields=["organization", "sha256"]),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def may_be_entered(self) -> bool:
        """Whether a person may enter it by hand, its paper beside the form."""
        return self.status == self.Status.NEEDS_PERSON or (
            self.status == self.Status.REFUSED and self.is_kept
        )
