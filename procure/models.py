"""The ground: organizations, people, the event trail, document numbers, places and files."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from procure.fields import AmountField, OrganizationForeignKey, PercentField
from procure.permissions import Role, may
from procure.tenancy import Addressed, OrganizationOwned


class Organization(models.Model):
    """A company that buys; everything else belongs to one.

    The delivery window, the over-receipt limit and the digits of numbers are its own; a percent
    of 5 means that 105 of 100 may be received.
    """

    class DueDate(models.TextChoices):
        PROMISED = "promised", "Promised date"
        REQUESTED = "requested", "Requested date"

    class OverReceipt(models.TextChoices):
        NONE = "none", "No limit"
        WARN = "warn", "Warn"
        REFUSE = "refuse", "Refuse"

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=200)
    currency = models.CharField(max_length=3, default="USD")
    locale = models.CharField(max_length=20, default="en_US")
    time_zone = models.CharField(max_length=60, default="UTC")
    due_date_basis = models.CharField(
        max_length=10, choices=DueDate.choices, default=DueDate.PROMISED
    )
    early_days = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Empty: any.")
    late_days = models.PositiveSmallIntegerField(default=0)
    skip_weekends = models.BooleanField(
        default=False, help_text="Saturdays and Sundays do not count as days early or late."
    )
    over_receipt = models.CharField(
        max_length=10, choices=OverReceipt.choices, default=OverReceipt.REFUSE
    )
    over_receipt_percent = PercentField(default=Decimal(5))
    bank_waiting_days = models.PositiveSmallIntegerField(
        default=5, help_text="Days that a supplier's new bank details wait before they are used."
    )
    exception_lapse_days = models.PositiveSmallIntegerField(
        default=14, help_text="An exception from the approved list lapses after so many days."
    )
    second_factor_required = models.BooleanField(default=False)
    separate_supplier_approval = models.BooleanField(
        default=True,
        help_text="Who added a supplier does not qualify it, while somebody else can.",
    )
    rollups_as_of = models.DateField(
        null=True,
        blank=True,
        help_text="The day up to which due dates are counted as passed.",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(over_receipt_percent__gte=0),
                name="procure_organization_over_receipt",
            )
        ]

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    """Makes people by their e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A person, signed in by e-mail address; what they may do is in their memberships."""

    class Theme(models.TextChoices):
        SYSTEM = "system", "As the device"
        LIGHT = "light", "Light"
        DARK = "dark", "Dark"

    email = models.EmailField(unique=True)
    full_name = models.CharField(max_length=150)
    locale = models.CharField(max_length=20, blank=True)
    theme = models.CharField(max_length=10, choices=Theme.choices, default=Theme.SYSTEM)
    letter_keys = models.BooleanField(default=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["full_name"]

    def __str__(self) -> str:
        return self.full_name or self.email

    @property
    def initials(self) -> str:
        words = self.full_name.split() or [self.email]
        return "".join(word[0] for word in (words[0], *words[1:][-1:])).upper()


class Membership(models.Model):
    """A person in an organization, with roles and the difference they may accept alone."""

    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="memberships"
    )
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    roles = ArrayField(models.CharField(max_length=30, choices=Role.choices))
    lead = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    acceptance_limit = AmountField(
        default=Decimal(0),
        help_text="Difference this person may accept, in the organization's currency.",
    )
    is_active = models.BooleanField(default=True)
    joined_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "user"], name="procure_membership_once"
            ),
            models.UniqueConstraint(
                fields=["organization", "public_id"],
                name="procure_membership_public_id",
            ),
            models.CheckConstraint(
                condition=Q(acceptance_limit__gte=0), name="procure_membership_limit"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.organization}"

    def may(self, permission: str) -> bool:
        return may(self.roles, permission)

    @property
    def role_names(self) -> str:
        return ", ".join(str(Role(role).label) for role in self.roles)

    @classmethod
    def find(cls, user: Any, organization_slug: str) -> Membership | None:
        """The active membership behind an address, or None for a stranger."""
        return (
            cls.objects.select_related("organization")
            .filter(organization__slug=organization_slug, user=user, is_active=True)
            .first()
        )


class Invitation(Addressed):
    """An open seat: whoever holds the mailed, signed link may join with these roles, once."""

    email = models.EmailField()
    roles = ArrayField(models.CharField(max_length=30, choices=Role.choices))
    invited_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.email


class BusinessEvent(OrganizationOwned):
    """One thing that happened, written in its own transaction and never changed.

    It is the audit trail and, through PendingEvent, the outbox. `subject` names the row by model
    label and id, `label` as people call it.
    """

    kind = models.CharField(max_length=80)
    subject_type = models.CharField(max_length=80)
    subject_id = models.BigIntegerField()
    label = models.CharField(max_length=200, blank=True)
    summary = models.CharField(max_length=500, blank=True)
    payload = models.JSONField(default=dict, blank=True)
    actor = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["organization", "subject_type", "subject_id", "id"]),
            models.Index(fields=["organization", "at"]),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.label}"


class PendingEvent(OrganizationOwned):
    """An event that one reaction has still to work off; deleted when it has."""

    event = OrganizationForeignKey(BusinessEvent, related_name="+")
    reaction = models.CharField(max_length=120)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["organization", "due_at", "id"])]

    def __str__(self) -> str:
        return f"{self.reaction} for event {self.event_id}"


class DocumentNumber(OrganizationOwned):
    """The last number given in a series; taken late in a transaction, so that none is lost."""

    series = models.CharField(max_length=20)
    last_number = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "series"], name="procure_documentnumber_series"
            )
        ]

    def __str__(self) -> str:
        return f"{self.series} {self.last_number}"


class Location(Addressed):
    """A place that goods are shipped to."""

    code = models.CharField(max_length=40)
    name = models.CharField(max_length=200)
    address = models.TextField(blank=True)
    country = models.CharField(max_length=80, blank=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "code"], name="procure_location_code")
        ]

    def __str__(self) -> str:
        return self.name


class ExchangeRate(OrganizationOwned):
    """One unit of `currency` is `rate` units of `per_currency` from that day on; reports only."""

    currency = models.CharField(max_length=3)
    per_currency = models.CharField(max_length=3)
    rate = models.DecimalField(max_digits=20, decimal_places=10)
    valid_from = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "currency", "per_currency", "valid_from"],
                name="procure_exchangerate_day",
            ),
            models.CheckConstraint(condition=Q(rate__gt=0), name="procure_exchangerate_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.currency} {self.rate} {self.per_currency}"


class IdempotencyKey(OrganizationOwned):
    """A form that was sent: the same key and content get the same answer, once."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    key = models.UUIDField()
    request_hash = models.CharField(max_length=64)
    location = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "user", "key"],
                name="procure_idempotencykey_once",
            )
        ]

    def __str__(self) -> str:
        return str(self.key)


class Attachment(Addressed):
    """A stored file, found by its content hash, belonging to one subject row."""

    subject_type = models.CharField(max_length=80)
    subject_id = models.BigIntegerField()
    purpose = models.CharField(max_length=40)
    file_name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    storage_key = models.CharField(max_length=200)
    uploaded_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        indexes = [
            models.Index(fields=["organization", "subject_type", "subject_id"]),
            models.Index(fields=["organization", "sha256"]),
        ]

    def __str__(self) -> str:
        return self.file_name


class ImportRun(Addressed):
    """One import, with what it did and the rows it refused."""

    kind = models.CharField(max_length=40)
    file_name = models.CharField(max_length=200)
    result = models.JSONField(default=dict)
    is_dry_run = models.BooleanField(default=False)
    started_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.file_name}"
