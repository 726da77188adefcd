"""The versions of a price agreement: what was changed in it, from which day on, and why."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from procure.fields import OrganizationForeignKey
from procure.models import User
from procure.tenancy import OrganizationOwned


class AgreementAmendment(OrganizationOwned):
    """One change of an agreement: it made `version`, which holds from `effective_on` on.

    Version 1 is the agreement as it was made and has no row here. `made_by` is nobody for what
    an import brought.
    """

    agreement = OrganizationForeignKey(
        "suppliers.PriceAgreement", models.CASCADE, related_name="amendments"
    )
    version = models.PositiveIntegerField()
    effective_on = models.DateField()
    summary = models.CharField(max_length=300)
    reason = models.TextField(blank=True)
    made_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    made_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["agreement", "version"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "agreement", "version"],
                name="suppliers_agreementamendment_version",
            ),
            models.CheckConstraint(
                condition=models.Q(version__gte=2), name="suppliers_agreementamendment_later"
            ),
        ]

    def __str__(self) -> str:
        return f"version {self.version}"
