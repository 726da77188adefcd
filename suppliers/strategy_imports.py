"""Category strategies as a table: what is wanted of each category, and from whom."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils import timezone

from procure.columns import SMALL_INTEGER, code, code_key, email, names, text, whole
from procure.imports import UNCHANGED, UPDATED, Batch, Row, import_kind
from procure.money import ZERO
from procure.upserts import Wish, asked, blank_texts, upsert
from suppliers.forms import active_members
from suppliers.models import Category, CategoryStrategy, StrategyShare, Supplier
from suppliers.references import known_categories, suppliers_by_code
from suppliers.strategies import MOST_MONTHS, MOST_SOURCES

Shares = dict[int, Decimal | None]
WHOLE = Decimal(100)


@import_kind(
    "category_strategies",
    code("category_code", 60, required=True),
    text("objective"),
    whole("minimum_sources", most=MOST_SOURCES),
    whole("lead_time_days", most=SMALL_INTEGER),
    whole("review_months", most=MOST_MONTHS),
    email("owner"),
    names("preferred", 80),
    key=lambda row: code_key(row["category_code"]),
)
def import_category_strategies(batch: Batch) -> None:
    """Strategies by category; `preferred` is NORTH:65;ASH, a supplier with or without its share.

    A blank cell says nothing, so that the category above does. Refused: an unknown category,
    owner or supplier, a share that is no percentage, and shares of more than 100 together.
    """
    categories = known_categories(batch)
    owners = _owners(batch)
    shares = _shares(batch)
    stored = {
        one.category_id: one
        for one in CategoryStrategy.objects.select_for_update(no_key=True).order_by("pk")
    }
    wishes = [
        _wish(row, categories[code_key(row["category_code"])], stored, owners)
        for row in batch.open_rows
    ]
    upsert(batch, CategoryStrategy, wishes)
    if "preferred" in batch.columns:
        _prefer(wishes, categories, shares)


def _wish(
    row: Row,
    category: Category,
    stored: Mapping[int, CategoryStrategy],
    owners: Mapping[str, int],
) -> Wish:
    figures = ("minimum_sources", "lead_time_days", "review_months")
    values: dict[str, Any] = blank_texts(
        asked(row, objective="objective", **{name: name for name in figures}), "objective"
    )
    if "owner" in row:
        values["owner_id"] = owners[row["owner"].casefold()] if row["owner"] else None
    known = stored.get(category.pk)
    if known is None:
        values |= {"category_id": category.pk, "reviewed_on": timezone.localdate()}
    return Wish(row, known, values)


def _owners(batch: Batch) -> dict[str, int]:
    """The people that the open rows name, by their address; an unknown one is refused."""
    named = {row["owner"].casefold() for row in batch.open_rows if row["owner"]}
    found = dict(active_members().filter(email__in=named).values_list("email", "pk"))
    for row in batch.open_rows:
        if row["owner"] and row["owner"].casefold() not in found:
            batch.refuse(row, "owner", f"Nobody here has the address {row['owner']}.")
    return found


def _shares(batch: Batch) -> dict[int, Shares]:
    """What each open row says of preferred suppliers, by its line; what makes no sense is refused."""
    wanted = {row.line: _split(row["preferred"] or ()) for row in batch.open_rows}
    known = suppliers_by_code(word for pairs in wanted.values() for word, _share in pairs)
    found: dict[int, Shares] = {}
    for row in batch.open_rows:
        shares: Shares = {}
        for word, share in wanted[row.line]:
            problem = _problem(known.get(code_key(word)), word, share)
            if problem:
                batch.refuse(row, "preferred", problem)
                break
            shares[known[code_key(word)].pk] = Decimal(share) if share else None
        if sum((one for one in shares.values() if one is not None), ZERO) > WHOLE:
            batch.refuse(row, "preferred", "The target shares make more than 100%.")
        found[row.line] = shares
    return found


def _split(words: tuple[str, ...]) -> list[tuple[str, str]]:
    """NORTH:65 as code and share; the share may be missing."""
    pairs = []
    for word in words:
        before, _colon, share = word.rpartition(":")
        pairs.append((before.strip(), share.strip()) if before else (word, ""))
    return pairs


def _problem(supplier: Supplier | None, word: str, share: str) -> str:
    if supplier is None:
        return f"There is no supplier “{word}”."
    if not share:
        return ""
    try:
        value = Decimal(share)
    except InvalidOperation:
        value = ZERO
    is_share = value.is_finite() and ZERO < value <= WHOLE and value == round(value, 4)
    return "" if is_share else f"“{share}” is no share in percent."


def _prefer(
    wishes: list[Wish], categories: Mapping[str, Category], shares: Mapping[int, Shares]
) -> None:
    """Replaces the preferred suppliers of the rows that say others than are stored."""
    named = {categories[code_key(wish.row["category_code"])].pk: wish.row for wish in wishes}
    strategies = {
        one.pk: named[one.category_id]
        for one in CategoryStrategy.objects.filter(category_id__in=named)
    }
    before: dict[int, Shares] = {pk: {} for pk in strategies}
    for one in StrategyShare.objects.filter(strategy_id__in=strategies).order_by("pk"):
        before[one.strategy_id][one.supplier_id] = one.share_percent
    changed = {
        pk: shares[row.line] for pk, row in strategies.items() if before[pk] != shares[row.line]
    }
    StrategyShare.objects.filter(strategy_id__in=changed).delete()
    StrategyShare.objects.bulk_create(
        StrategyShare(strategy_id=pk, supplier_id=supplier_id, share_percent=share)
        for pk, wanted in changed.items()
        for supplier_id, share in wanted.items()
    )
    for pk in changed:
        if strategies[pk].outcome == UNCHANGED:
            strategies[pk].outcome = UPDATED
