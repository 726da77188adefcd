"""Which branches of the category tree are folded: kept in the address, so that it can be shared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.http import QueryDict

from suppliers.models import Category

FOLDS_ABOVE = 40  # categories; a smaller tree is shown whole
FOLDED = "folded"


@dataclass(frozen=True, slots=True)
class Branch:
    """A category that is shown: how deep it lies, and where its fold leads; "" for a leaf."""

    category: Category
    depth: int
    is_folded: bool = False
    below: int = 0
    fold_query: str = ""


def shown_branches(tree: Sequence[Category], query: QueryDict) -> Iterator[Branch]:
    """The tree without what lies below a folded category.

    `?folded=CODE` may stand several times; without it a large tree shows its top only.
    """
    below = _counts_below(tree)
    folded = _folded(tree, below, query)
    hidden = {one.pk for one in tree if one.code in folded}
    for category in tree:
        above = category.lineage[1:] if category.lineage else []
        if hidden.intersection(above):
            continue
        count = below.get(category.pk, 0)
        yield Branch(
            category,
            depth=min(len(above), 4),
            is_folded=category.code in folded,
            below=count,
            fold_query=_toggled(query, folded, category.code) if count else "",
        )


def _counts_below(tree: Sequence[Category]) -> dict[int, int]:
    counts: dict[int, int] = {}
    for category in tree:
        for above in (category.lineage or [])[1:]:
            counts[above] = counts.get(above, 0) + 1
    return counts


def _folded(tree: Sequence[Category], below: dict[int, int], query: QueryDict) -> set[str]:
    if FOLDED in query:
        return set(query.getlist(FOLDED)) - {""}
    if len(tree) <= FOLDS_ABOVE:
        return set()
    return {one.code for one in tree if below.get(one.pk)}


def _toggled(query: QueryDict, folded: set[str], code: str) -> str:
    """The address's query with this branch folded, or unfolded; none folded is said by `folded=`."""
    changed = query.copy()
    changed.setlist(FOLDED, sorted(folded ^ {code}) or [""])
    return changed.urlencode()
