"""What is kept of merging two supplier records that are one, and of telling two apart."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from procure.fields import OrganizationForeignKey
from procure.models import User
from procure.tenancy import Addressed, OrganizationOwned


def _person() -> models.ForeignKey[User, User]:
    return models.ForeignKey(User, models.PROTECT, related_name="+")


class SupplierMerge(Addressed):
    """One record went into another, until it is undone.

    `former` is what the merge wrote over, to be written back: the status of both records, and by
    id the status and note of each qualification that became stricter; beside it the newest row then
    behind each reference, which tells what came since. `payments_from` is the day
    from which the remaining record may be paid again, where the two had different bank details.
    """

    merged = OrganizationForeignKey("suppliers.Supplier", related_name="+")
    remaining = OrganizationForeignKey("suppliers.Supplier", related_name="+")
    reason = models.TextField()
    former = models.JSONField(default=dict)
    payments_from = models.DateField(null=True, blank=True)
    merged_at = models.DateTimeField(default=timezone.now)
    merged_by = _person()
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    undo_reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "merged"],
                condition=Q(undone_at__isnull=True),
                name="suppliers_suppliermerge_once",
            ),
            models.CheckConstraint(
                condition=~Q(merged=F("remaining")), name="suppliers_suppliermerge_two"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="suppliers_suppliermerge_reason"),
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True, undone_by__isnull=True, undo_reason="")
                | (Q(undone_at__isnull=False, undone_by__isnull=False) & ~Q(undo_reason="")),
                name="suppliers_suppliermerge_undone",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.merged} into {self.remaining}"


class MovedRows(OrganizationOwned):
    """The rows that a merge moved along one reference, such as purchasing.PurchaseOrder.supplier:
    exactly these go back when it is undone."""

    merge = OrganizationForeignKey(SupplierMerge, models.CASCADE, related_name="moved")
    reference = models.CharField(max_length=100)
    row_ids = ArrayField(models.BigIntegerField())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "merge", "reference"], name="suppliers_movedrows_once"
            )
        ]

    def __str__(self) -> str:
        return f"{len(self.row_ids)} of {self.reference}"


class SuppliersToldApart(OrganizationOwned):
    """Somebody looked at two records that seemed to be one, and they are not. `first` is the older
    record."""

    first = OrganizationForeignKey("suppliers.Supplier", models.CASCADE, related_name="+")
    second = OrganizationForeignKey("suppliers.Supplier", models.CASCADE, related_name="+")
    told_by = _person()
    told_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "first", "second"],
                name="suppliers_supplierstoldapart_once",
            ),
            models.CheckConstraint(
                condition=Q(first__lt=F("second")), name="suppliers_supplierstoldapart_order"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first} is not {self.second}"
