"""What was decided: which decision is in force, and what it may stand behind."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from django.contrib.postgres.aggregates import StringAgg
from django.db.models import Case, Count, F, Q, QuerySet, When

from procure.errors import BusinessRuleError
from suppliers.models import (
    ApprovedVendor,
    Category,
    DecisionCandidate,
    PriceAgreement,
    SourcingDecision,
    Supplier,
)

REVIEW_SOON_DAYS = 30
Decisions = QuerySet[SourcingDecision]


def decision_rows() -> Decisions:
    """The log with everything its rows name; `chosen` are the names of the chosen suppliers."""
    names = StringAgg(
        "candidates__supplier__name",
        ", ",
        filter=Q(candidates__is_chosen=True),
        order_by="candidates__supplier__name",
    )
    rows: Decisions = SourcingDecision.objects.select_related(
        "category", "sku", "decided_by", "superseded_by"
    ).annotate(chosen=names, weighed=Count("candidates"))
    return rows


def due_for_review(on: date) -> Q:
    """Decisions in force whose review has come or comes within a month."""
    return Q(superseded_by__isnull=True, review_on__lte=on + timedelta(days=REVIEW_SOON_DAYS))


@dataclass(frozen=True, slots=True)
class RestingOn:
    """What points to a decision as its reason."""

    entries: list[ApprovedVendor]
    agreements: list[PriceAgreement]


def what_rests_on(decision: SourcingDecision) -> RestingOn:
    """List entries and agreements made on the decision, in two statements; orders are above."""
    entries = decision.entries.select_related("supplier", "category", "sku")
    agreements = decision.agreements.select_related("supplier")
    return RestingOn(list(entries.order_by("supplier__name", "pk")), list(agreements))


def decisions_in_force(on: date) -> Decisions:
    """Decisions made until that day that no other has taken the place of."""
    rows: Decisions = SourcingDecision.objects.filter(
        superseded_by__isnull=True, decided_on__lte=on
    )
    return rows


def decisions_behind(
    supplier: Supplier, category: Category, sku_ids: Collection[int], on: date
) -> Decisions:
    """The decisions in force that chose the supplier for an order of these SKUs, nearest first.

    One made for the order's only SKU counts first, then that of the nearest category above; of
    several the latest. A decision about a single SKU says nothing about an order of more.
    """
    lineage = category.lineage or [category.pk]
    only = next(iter(sku_ids)) if len(set(sku_ids)) == 1 else None
    distance = Case(*(When(category_id=one, then=place) for place, one in enumerate(lineage)))
    return (
        decisions_in_force(on)
        .filter(
            Q(sku__isnull=True, category_id__in=lineage) | Q(sku__isnull=False, sku_id=only),
            candidates__supplier=supplier,
            candidates__is_chosen=True,
        )
        .order_by(F("sku").asc(nulls_last=True), distance, "-decided_on", "-pk")
    )


def require_chosen(decision: SourcingDecision | None, supplier: Supplier) -> None:
    """Refuses to rest an entry or agreement on a decision that did not choose its supplier."""
    if decision is None:
        return
    chosen = DecisionCandidate.objects.filter(decision=decision, supplier=supplier, is_chosen=True)
    if not chosen.exists():
        raise BusinessRuleError(
            "not_chosen", f"{decision.number} did not choose {supplier.name}.", "decision"
        )
