"""Deciding a review: the list is changed by a person's yes, never by a grade alone."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from procure.documents import lock, require_status
from procure.errors import BusinessRuleError
from procure.events import record
from procure.models import User
from suppliers.models import ApprovedVendor, SupplierReview
from suppliers.vendor_approval import change_vendor_approval, end_vendor_approval

Status, Suggestion = SupplierReview.Status, SupplierReview.Suggestion


def open_reviews() -> QuerySet[SupplierReview]:
    """Reviews that wait for a decision, the latest first: one statement."""
    return SupplierReview.objects.filter(status=Status.OPEN).select_related(
        "supplier", "category", "sku"
    )


@transaction.atomic
def accept_review(review: SupplierReview, *, reason: str, actor: User) -> SupplierReview:
    """Changes the approved vendor's entry as suggested, by the list's own action, from today on.

    Refused: a review that is decided, no reason, an entry that is no longer on the list.
    """
    review = lock(review)
    require_status(review, Status.OPEN)
    words = _required(reason)
    entry = _entry_of(review)
    why = f"Grade {review.grade} over 12 months: {words}"[:300]
    if review.suggested == Suggestion.OFF_LIST:
        yesterday = timezone.localdate() - timedelta(days=1)
        last_day = max(yesterday, entry.valid_from)
        end_vendor_approval(entry, last_day=last_day, reason=why, actor=actor)
    else:
        change_vendor_approval(
            entry,
            standing=review.suggested,
            rank=entry.rank,
            valid_to=entry.valid_to,
            reason=why,
            actor=actor,
        )
    return _decided(review, Status.ACCEPTED, words, actor)


@transaction.atomic
def dismiss_review(review: SupplierReview, *, reason: str, actor: User) -> SupplierReview:
    """Leaves the list as it is; no new review opens until the grade has recovered and fallen again.

    Refused: a review that is decided, no reason.
    """
    review = lock(review)
    require_status(review, Status.OPEN)
    return _decided(review, Status.DISMISSED, _required(reason), actor)


def _required(reason: str) -> str:
    if not reason.strip():
        raise BusinessRuleError("reason_missing", "Say why in a few words.", "reason")
    return reason.strip()


def _entry_of(review: SupplierReview) -> ApprovedVendor:
    today = timezone.localdate()
    entry: ApprovedVendor | None = (
        ApprovedVendor.objects.filter(
            Q(valid_to__isnull=True) | Q(valid_to__gte=today),
            supplier=review.supplier,
            category=review.category,
            sku=review.sku,
            valid_from__lte=today,
        )
        .order_by(F("location_id").asc(nulls_first=True), "pk")
        .first()
    )
    if entry is None:
        raise BusinessRuleError(
            "not_listed",
            f"{review.supplier.name} is no longer on the list for {review.scope}. "
            "Dismiss this review.",
        )
    return entry


def _decided(review: SupplierReview, status: str, reason: str, actor: User) -> SupplierReview:
    review.status, review.reason = status, reason
    review.decided_by, review.decided_at = actor, timezone.now()
    review.save(update_fields=["status", "reason", "decided_by", "decided_at"])
    record(
        f"supplier_review.{status}",
        review.supplier,
        actor=actor,
        summary=f"Review of grade {review.grade} in {review.scope} was {status}: {reason}",
        review_id=review.pk,
    )
    return review
