"""Who caused that a line came late or short, where a person has looked into it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from procure.fields import OrganizationForeignKey
from procure.models import User
from procure.tenancy import OrganizationOwned
from purchasing.models import PurchaseOrderLine


class MissAttribution(OrganizationOwned):
    """A person's word on an order line's miss; without one, the documents' dates decide.

    It counts as long as the line is late or short, and changes no figure but whose miss it is.
    """

    class Cause(models.TextChoices):
        SUPPLIER = "supplier", "Supplier"
        CARRIER = "carrier", "Carrier"
        ORDERED_LATE = "ordered_late", "Us: ordered late"
        CHANGED = "changed", "Us: changed after confirmation"
        DOCK_CLOSED = "dock_closed", "Us: dock closed"

    order_line = OrganizationForeignKey(PurchaseOrderLine, models.CASCADE, related_name="+")
    cause = models.CharField(max_length=20, choices=Cause.choices)
    reason = models.CharField(max_length=300)
    said_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    said_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "order_line"], name="matching_missattribution_once"
            ),
            models.CheckConstraint(
                condition=~Q(reason=""), name="matching_missattribution_reasoned"
            ),
        ]

    def __str__(self) -> str:
        return str(self.Cause(self.cause).label)


_Cause = MissAttribution.Cause
# Who is meant, in the order of the screens: key, words, and the causes that are theirs.
PARTIES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("supplier", "the supplier", (_Cause.SUPPLIER,)),
    ("carrier", "the carrier", (_Cause.CARRIER,)),
    ("us", "us", (_Cause.ORDERED_LATE, _Cause.CHANGED, _Cause.DOCK_CLOSED)),
)
CAUSES_OF = {key: causes for key, _, causes in PARTIES}
PARTY_WORDS = {key: words for key, words, _ in PARTIES}
