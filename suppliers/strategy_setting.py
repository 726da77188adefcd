"""Setting a category's strategy, reviewing it, and approving what may stand in for a SKU."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from procure.constraints import refusing
from procure.documents import lock
from procure.errors import BusinessRuleError
from procure.events import record
from procure.models import User
from procure.money import ZERO, plain_decimal
from suppliers.details import Changes, apply_changes
from suppliers.models import Category, CategoryStrategy, Sku, SkuSubstitute, StrategyShare, Supplier

WHOLE = Decimal(100)
Shares = Mapping[Supplier, Decimal | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyDetails:
    """What a strategy says; empty means as the category above. Shares are percent of value."""

    objective: str = ""
    minimum_sources: int | None = None
    lead_time_days: int | None = None
    review_months: int | None = None
    owner: User | None = None
    shares: Shares = field(default_factory=dict)

    @property
    def columns(self) -> dict[str, Any]:
        names = ("minimum_sources", "lead_time_days", "review_months", "owner")
        return {"objective": self.objective.strip()} | {name: getattr(self, name) for name in names}


@transaction.atomic
def set_category_strategy(
    category: Category, *, details: StrategyDetails, actor: User
) -> CategoryStrategy:
    """Says how a category and everything below it is bought, from today on.

    It counts as reviewed today. Refused: target shares of more than 100% together.
    """
    category = lock(category)
    require_possible_shares(details.shares)
    found: CategoryStrategy | None = CategoryStrategy.objects.filter(category=category).first()
    strategy = found or CategoryStrategy(category=category)
    changes = apply_changes(strategy, details.columns)
    before = _shares_of(found)
    after = {one.code: share for one, share in details.shares.items()}
    if before != after:
        changes["shares"] = (_readable(before), _readable(after))
    if found is not None and not changes:
        return found
    strategy.reviewed_on = timezone.localdate()
    strategy.save()
    _replace_shares(strategy, details.shares)
    record(
        "category.strategy_set",
        category,
        actor=actor,
        summary=_in_words(changes),
        changes=changes,
    )
    return strategy


@transaction.atomic
def review_category_strategy(category: Category, *, note: str, actor: User) -> CategoryStrategy:
    """Notes that the strategy was looked at and stays; refused twice a day and without a strategy."""
    category = lock(category)
    strategy: CategoryStrategy | None = CategoryStrategy.objects.filter(category=category).first()
    if strategy is None:
        raise BusinessRuleError("no_strategy", f"{category.name} has no strategy of its own.")
    if strategy.reviewed_on == timezone.localdate():
        raise BusinessRuleError("reviewed", "It was looked at today already.")
    if not note.strip():
        raise BusinessRuleError("note_missing", "Say in a few words what the review found.", "note")
    strategy.reviewed_on = timezone.localdate()
    strategy.save(update_fields=["reviewed_on"])
    summary = f"Reviewed, and stays: {note.strip()}"[:500]
    record("category.strategy_reviewed", category, actor=actor, summary=summary)
    return strategy


@transaction.atomic
def approve_substitute(sku: Sku, *, substitute: Sku, note: str, actor: User) -> SkuSubstitute:
    """Lets a SKU stand in for another. Refused: itself, another unit, and once approved."""
    sku = lock(sku)
    if substitute.pk == sku.pk:
        raise BusinessRuleError("itself", "A SKU does not stand in for itself.", "substitute")
    if substitute.unit != sku.unit:
        raise BusinessRuleError(
            "other_unit",
            f"{substitute.code} is counted in {substitute.unit}, {sku.code} in {sku.unit}.",
            "substitute",
        )
    made = SkuSubstitute(sku=sku, substitute=substitute, note=note.strip(), approved_by=actor)
    taken = BusinessRuleError(
        "already_approved", f"{substitute.code} stands in for {sku.code} already.", "substitute"
    )
    with refusing({"suppliers_skusubstitute_once": taken}):
        made.save()
    record(
        "sku.substitute_approved",
        sku,
        actor=actor,
        summary=f"{substitute.code} may stand in for it.",
    )
    return made


@transaction.atomic
def withdraw_substitute(substitute: SkuSubstitute, *, actor: User) -> None:
    """Takes back that one SKU may stand in for another."""
    substitute = lock(substitute)
    sku, code = substitute.sku, substitute.substitute.code
    substitute.delete()
    record(
        "sku.substitute_withdrawn", sku, actor=actor, summary=f"{code} stands in for it no longer."
    )


def require_possible_shares(shares: Shares) -> None:
    """Targets may leave some of the volume open, but not promise more than there is."""
    total = sum((share for share in shares.values() if share is not None), ZERO)
    if total > WHOLE:
        raise BusinessRuleError(
            "shares_too_large",
            f"The target shares make {plain_decimal(total)}%; there is no more than 100%.",
            "shares",
        )


def _shares_of(strategy: CategoryStrategy | None) -> dict[str, Decimal | None]:
    if strategy is None:
        return {}
    return dict(strategy.shares.values_list("supplier__code", "share_percent"))


def _replace_shares(strategy: CategoryStrategy, shares: Shares) -> None:
    strategy.shares.all().delete()
    StrategyShare.objects.bulk_create(
        StrategyShare(strategy=strategy, supplier=supplier, share_percent=share)
        for supplier, share in shares.items()
    )


def _readable(shares: Mapping[str, Decimal | None]) -> dict[str, str | None]:
    return {code: None if share is None else plain_decimal(share) for code, share in shares.items()}


def _in_words(changes: Changes) -> str:
    names = [name.replace("_", " ") for name in changes]
    return f"Strategy set: {', '.join(names)}." if names else "Strategy set."
