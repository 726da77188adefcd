"""Deciding whom to buy from, and keeping why: the only writer of the decision log but imports.

The figures of every candidate are read at the moment of the decision, so that nobody types them
and nobody can say later that they were others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from procure.documents import lock, next_number
from procure.errors import BusinessRuleError
from procure.events import record
from procure.figures import long_date
from procure.models import User
from procure.money import ZERO, plain_decimal
from suppliers.candidates import FiguresOfTheDay
from suppliers.models import (
    Category,
    DecisionCandidate,
    Sku,
    SourcingDecision,
    Supplier,
)

WHOLE = Decimal(100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A supplier that is weighed, and what is chosen of it.

    `unit_price` and `landed_price` are given where they were offered, per the SKU's unit in the
    supplier's currency; without them the agreed or last paid price and the last landed cost count.
    """

    supplier: Supplier
    is_chosen: bool = False
    share_percent: Decimal | None = None
    note: str = ""
    unit_price: Decimal | None = None
    landed_price: Decimal | None = None

    @property
    def offered(self) -> dict[str, Decimal]:
        """The prices that were offered."""
        prices = {"unit_price": self.unit_price, "landed_price": self.landed_price}
        return {name: price for name, price in prices.items() if price is not None}


@transaction.atomic
def decide_sourcing(
    *,
    category: Category,
    sku: Sku | None,
    title: str,
    candidates: Sequence[Candidate],
    reason: str,
    review_on: date | None,
    supersedes: SourcingDecision | None,
    origin: str = SourcingDecision.Origin.ENTERED,
    ship_to: int | None = None,
    actor: User,
) -> SourcingDecision:
    """Writes down whom to buy a category or one of its SKUs from, with today's figures.

    The decision it `supersedes` is in force no longer; with a `ship_to` the candidates stand
    there as the list says for that location. Refused: no title or reason, nobody chosen,
    somebody chosen who may not be ordered from, a supplier named twice, shares that do not add up
    to 100, a review in the past, and taking the place of a decision about something else.
    """
    supersedes = lock(supersedes) if supersedes is not None else None
    _require_sense(title, reason, review_on)
    require_scope(category, sku, supersedes)
    _require_choice(candidates)
    decision: SourcingDecision = SourcingDecision.objects.create(
        number=next_number("sourcing_decision", SourcingDecision),
        category=category,
        sku=sku,
        title=title.strip(),
        reason=reason.strip(),
        origin=origin,
        decided_by=actor,
        decided_on=timezone.localdate(),
        review_on=review_on,
    )
    _add_candidates(decision, candidates, ship_to)
    if supersedes is not None:
        supersedes.superseded_by = decision
        supersedes.save(update_fields=["superseded_by"])
    record(
        "sourcing.decided",
        decision,
        actor=actor,
        summary=_in_words(decision, candidates),
        chosen=[one.supplier.code for one in candidates if one.is_chosen],
        supersedes=supersedes and supersedes.number,
    )
    return decision


def _require_sense(title: str, reason: str, review_on: date | None) -> None:
    if not title.strip():
        raise BusinessRuleError("title_missing", "Say in a few words what is decided.", "title")
    if not reason.strip():
        raise BusinessRuleError("reason_missing", "Say why: the next reader asks.", "reason")
    if review_on is not None and review_on < timezone.localdate():
        raise BusinessRuleError(
            "in_the_past", f"{long_date(review_on)} has passed. Choose a later day.", "review_on"
        )


def require_scope(category: Category, sku: Sku | None, supersedes: SourcingDecision | None) -> None:
    """Refuses a SKU of another category, and taking the place of what decides otherwise."""
    if sku is not None and category.pk not in (sku.category.lineage or [sku.category_id]):
        raise BusinessRuleError("scope", f"{sku.code} is not part of {category.name}.", "sku")
    if supersedes is None:
        return
    if (supersedes.category_id, supersedes.sku_id) != (category.pk, sku and sku.pk):
        raise BusinessRuleError(
            "other_scope",
            f"{supersedes.number} decides about {supersedes.scope}; it stays as it is.",
            "supersedes",
        )
    if not supersedes.is_in_force:
        raise BusinessRuleError(
            "superseded", f"{supersedes.number} was superseded before.", "supersedes"
        )


def _require_choice(candidates: Sequence[Candidate]) -> None:
    require_choice_kept(candidates)
    for one in (one for one in candidates if one.is_chosen):
        if one.supplier.status != Supplier.Status.ACTIVE:
            status = one.supplier.get_status_display().lower()
            raise BusinessRuleError(
                "wrong_status",
                f"{one.supplier.name} is {status} and cannot be chosen.",
                "candidates",
            )


def require_choice_kept(candidates: Sequence[Candidate]) -> None:
    """What holds for every decision of the log, also one of years ago: somebody is chosen, nobody
    is named twice, and the shares make the whole."""
    if len({one.supplier.pk for one in candidates}) < len(candidates):
        raise BusinessRuleError("named_twice", "A supplier is named twice.", "candidates")
    if not any(one.is_chosen for one in candidates):
        raise BusinessRuleError("nobody_chosen", "Choose at least one supplier.", "candidates")
    _require_whole_shares(candidates)


def _require_whole_shares(candidates: Sequence[Candidate]) -> None:
    """Either no share is given, or one for everybody chosen, and they make the whole."""
    shares = [one.share_percent for one in candidates if one.is_chosen]
    given = [share for share in shares if share is not None]
    if any(one.share_percent is not None for one in candidates if not one.is_chosen):
        raise BusinessRuleError(
            "share_not_chosen", "Only a chosen supplier has a share.", "candidates"
        )
    if not given:
        return
    if len(given) < len(shares) or any(share <= 0 for share in given) or sum(given, ZERO) != WHOLE:
        total = plain_decimal(sum(given, ZERO))
        raise BusinessRuleError(
            "shares_not_whole",
            f"The shares of the chosen suppliers make {total}%; they have to make 100%.",
            "candidates",
        )


def _add_candidates(
    decision: SourcingDecision, candidates: Sequence[Candidate], ship_to: int | None
) -> None:
    suppliers = [one.supplier for one in candidates]
    figures = FiguresOfTheDay.read(
        suppliers, decision.category, decision.sku, decision.decided_on, ship_to=ship_to
    )
    DecisionCandidate.objects.bulk_create(
        DecisionCandidate(
            decision=decision,
            supplier=one.supplier,
            is_chosen=one.is_chosen,
            share_percent=one.share_percent,
            note=one.note.strip(),
            **{**figures.of(one.supplier), **one.offered},
        )
        for one in candidates
    )


def _in_words(decision: SourcingDecision, candidates: Sequence[Candidate]) -> str:
    names = [
        one.supplier.name
        if one.share_percent is None
        else f"{one.supplier.name} {plain_decimal(one.share_percent)}%"
        for one in candidates
        if one.is_chosen
    ]
    return f"{decision.scope}: {', '.join(names)} chosen of {len(candidates)}."[:500]
