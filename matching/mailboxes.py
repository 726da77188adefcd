"""The mailbox to which suppliers send invoices, and the messages that were taken out of it."""

from __future__ import annotations

from email.utils import parseaddr

from django.db import models
from django.db.models import Q
from django.utils import timezone

from procure.tenancy import OrganizationOwned


class Mailbox(OrganizationOwned):
    """Where the organization's electronic invoices arrive; one per organization.

    `asked_at` is when a person last wanted the connection tried, `polled_at` when it last was.
    `problem` says in a sentence why the last try failed; empty when it did not.
    """

    class Security(models.TextChoices):
        TLS = "tls", "TLS from the start (usually port 993)"
        STARTTLS = "starttls", "STARTTLS (usually port 143)"
        NONE = "none", "None, only for a server in the house"

    host = models.CharField(max_length=253)
    port = models.PositiveIntegerField(default=993)
    security = models.CharField(max_length=10, choices=Security.choices, default=Security.TLS)
    username = models.CharField(max_length=254)
    sealed_password = models.TextField()
    folder = models.CharField(max_length=200, default="INBOX")
    is_active = models.BooleanField(default=True)
    asked_at = models.DateTimeField(null=True, blank=True)
    polled_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=300, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "mailbox"
        constraints = [
            models.UniqueConstraint(fields=["organization"], name="matching_mailbox_one"),
            models.CheckConstraint(
                condition=Q(problem="", failing_since__isnull=True)
                | (~Q(problem="") & Q(failing_since__isnull=False)),
                name="matching_mailbox_failing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.username} at {self.host}"

    @property
    def is_tried(self) -> bool:
        """Whether nobody waits for the result of a try."""
        return self.asked_at is None or (
            self.polled_at is not None and self.polled_at >= self.asked_at
        )


class TakenMessage(OrganizationOwned):
    """One mail whose attachments were taken in; the same mail is never taken twice.

    `sha256` is over its files, so that it is the same however often and by which way it came.
    """

    message_id = models.CharField(max_length=500, blank=True)
    sha256 = models.CharField(max_length=64)
    sender = models.CharField(max_length=320)
    subject = models.CharField(max_length=300, blank=True)
    taken_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = "mail"
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "message_id", "sha256"], name="matching_takenmessage_once"
            ),
        ]

    def __str__(self) -> str:
        return self.subject or "mail without subject"

    @property
    def address(self) -> str:
        """The sender's address alone, where the sender is written with a name."""
        return parseaddr(self.sender)[1] or self.sender
