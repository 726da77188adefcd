"""What follows when a supplier's grade falls or recovers: reviews open, or lapse.

Called where scorecards are stored, in the worker's transaction and under the supplier's lock.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import F, Q
from django.utils import timezone

from procure.events import record_all
from suppliers.models import ApprovedVendor, Scorecard, SupplierReview
from suppliers.score_rules import REVIEW, scoring_of_version

_Status, _Suggestion = SupplierReview.Status, SupplierReview.Suggestion
ONE_STEP_DOWN = {
    ApprovedVendor.Standing.PREFERRED: _Suggestion.APPROVED,
    ApprovedVendor.Standing.APPROVED: _Suggestion.BACKUP,
    ApprovedVendor.Standing.BACKUP: _Suggestion.OFF_LIST,
}


def review_grades(cards: Sequence[Scorecard]) -> None:
    """Opens a review per list entry of each supplier whose grade asks for one, once until it has
    recovered. Suppliers without a grade are left as they are. The same cards again do nothing."""
    graded = [card for card in cards if card.grade]
    if not graded:
        return
    scoring = scoring_of_version(graded[0].rules_version)
    poor = {card.supplier_id: card for card in graded if scoring.follows(REVIEW, card.grade)}
    _end_reviews([card.supplier_id for card in graded if card.supplier_id not in poor])
    if poor:
        _open_reviews(poor)


def _end_reviews(supplier_ids: Sequence[int]) -> None:
    """A grade that has recovered ends what was decided, and lapses what was not."""
    standing = SupplierReview.objects.filter(supplier_id__in=supplier_ids, ended_at=None)
    now = timezone.now()
    standing.filter(status=_Status.OPEN).update(status=_Status.LAPSED, ended_at=now)
    standing.update(ended_at=now)


def _open_reviews(poor: dict[int, Scorecard]) -> None:
    today = timezone.localdate()
    entries = ApprovedVendor.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gte=today),
        supplier_id__in=poor,
        valid_from__lte=today,
    ).select_related("supplier", "category", "sku")
    # Entries for one ship-to stand beside the one for anywhere; a scope is reviewed once.
    by_scope: dict[tuple[int, int | None, int | None], ApprovedVendor] = {}
    for entry in entries.order_by(F("location_id").asc(nulls_first=True), "pk"):
        by_scope.setdefault((entry.supplier_id, entry.category_id, entry.sku_id), entry)
    known = set(
        SupplierReview.objects.filter(supplier_id__in=poor, ended_at=None).values_list(
            "supplier_id", "category_id", "sku_id"
        )
    )
    opened = [
        SupplierReview(
            supplier=entry.supplier,
            category=entry.category,
            sku=entry.sku,
            grade=poor[entry.supplier_id].grade,
            score=poor[entry.supplier_id].score,
            rules_version=poor[entry.supplier_id].rules_version,
            suggested=ONE_STEP_DOWN[ApprovedVendor.Standing(entry.standing)],
        )
        for scope, entry in by_scope.items()
        if scope not in known
    ]
    SupplierReview.objects.bulk_create(opened)
    if opened:
        record_all(
            "supplier_review.opened",
            [review.supplier for review in opened],
            actor=None,
            summaries=[
                f"Grade {one.grade} in {one.scope}: a review opened, suggesting "
                f"{one.suggestion_words}."
                for one in opened
            ],
            payloads=[{"review_id": one.pk} for one in opened],
        )
