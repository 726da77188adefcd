"""The approved vendor list: who may supply what, and the one function that decides it.

The order form, submit, approve, issue, the import and the reorder ask `list_decisions`; nothing
else in the house judges whether a supplier may be ordered from.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from django.db.models import Q

from procure.figures import long_date
from suppliers.agreements import Pair
from suppliers.models import ApprovedVendor, Category, Qualification, Sku, Supplier

OFF_LIST = "off_list"
STANDINGS = (*ApprovedVendor.Standing.values, OFF_LIST)
"""From best to worst."""

STANDING_WORDS = {**dict(ApprovedVendor.Standing.choices), OFF_LIST: "Not approved"}


@dataclass(frozen=True, slots=True)
class ListDecision:
    """The list's answer for a supplier and a SKU (or category) on a day.

    `standing` is preferred, approved, backup or off_list; `rule` is what the SKU's category asks
    for off-list orders (off, warn, justify, approve, block); `missing` says in a sentence what
    approval lacks, empty when nothing does. `is_blocked` means no order at all, whatever the
    reason given: the supplier is blocked, archived or disqualified, or the rule is to refuse.
    """

    standing: str
    entry_id: int | None
    rule: str
    missing: str
    is_blocked: bool
    warning: str = ""

    @property
    def is_approved(self) -> bool:
        return self.standing != OFF_LIST

    @property
    def standing_words(self) -> str:
        return str(STANDING_WORDS[self.standing])


_EntryKey = tuple[int, int | None, int | None]  # supplier, SKU, category


class _Scope(NamedTuple):
    """What is asked for: a SKU with its category's lineage, or a category alone."""

    sku_id: int | None
    lineage: tuple[int, ...]
    rule: str
    name: str


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the list knows of some suppliers on a day."""

    suppliers: dict[int, Supplier]
    entries: dict[_EntryKey, ApprovedVendor]
    ended: dict[_EntryKey, date]
    qualifications: dict[Pair, Qualification]
    on: date


def list_decisions(pairs: Collection[Pair], on: date) -> dict[Pair, ListDecision]:
    """Decides for each (supplier_id, sku_id) on that day, in four statements for any number.

    The SKU's own entry counts first, then the entry of the nearest category above it. A blocked
    or archived supplier, and one whose nearest qualification is not in force, is off the list
    even with an entry. Every pair gets a decision; an unknown id is refused.
    """
    scopes = _sku_scopes({sku_id for _, sku_id in pairs})
    facts = _gather({supplier_id for supplier_id, _ in pairs}, scopes.values(), on)
    return {pair: _decide(pair[0], scopes.get(pair[1]), facts) for pair in pairs}


def category_decisions(
    supplier_ids: Collection[int], category: Category, on: date
) -> dict[int, ListDecision]:
    """The same for a category as a whole, as long as an order has no lines yet."""
    scope = _Scope(None, lineage_of(category), category.off_list_rule, category.name)
    facts = _gather(set(supplier_ids), [scope], on)
    return {supplier_id: _decide(supplier_id, scope, facts) for supplier_id in supplier_ids}


def worst(decisions: Iterable[ListDecision]) -> ListDecision:
    """The decision that governs an order of several lines: blocked before off-list before backup."""
    return max(decisions, key=lambda one: (one.is_blocked, STANDINGS.index(one.standing)))


def lineage_of(category: Category) -> tuple[int, ...]:
    """The category's id and its ancestors', nearest first."""
    return tuple(category.lineage) or (category.pk,)


def _sku_scopes(sku_ids: Collection[int]) -> dict[int, _Scope]:
    skus = Sku.objects.filter(pk__in=sku_ids).select_related("category")
    return {
        sku.pk: _Scope(
            sku.pk, lineage_of(sku.category), sku.category.off_list_rule, sku.category.name
        )
        for sku in skus
    }


def _gather(supplier_ids: Collection[int], scopes: Iterable[_Scope], on: date) -> _Facts:
    asked = list(scopes)
    category_ids = {category_id for scope in asked for category_id in scope.lineage}
    sku_ids = {scope.sku_id for scope in asked if scope.sku_id is not None}
    entries, ended = _entries(supplier_ids, sku_ids, category_ids, on)
    qualifications = Qualification.objects.filter(
        supplier_id__in=supplier_ids, category_id__in=category_ids
    ).select_related("category")
    return _Facts(
        suppliers={one.pk: one for one in Supplier.objects.filter(pk__in=supplier_ids)},
        entries=entries,
        ended=ended,
        qualifications={(one.supplier_id, one.category_id): one for one in qualifications},
        on=on,
    )


def _entries(
    supplier_ids: Collection[int],
    sku_ids: Collection[int],
    category_ids: Collection[int],
    on: date,
) -> tuple[dict[_EntryKey, ApprovedVendor], dict[_EntryKey, date]]:
    """The entries in force, and the last days of those that ended."""
    rows = ApprovedVendor.objects.filter(
        Q(category_id__in=category_ids) | Q(sku_id__in=sku_ids),
        supplier_id__in=supplier_ids,
        valid_from__lte=on,
    ).order_by("valid_from")
    in_force: dict[_EntryKey, ApprovedVendor] = {}
    ended: dict[_EntryKey, date] = {}
    for row in rows:
        key = (row.supplier_id, row.sku_id, row.category_id)
        if row.valid_to is not None and row.valid_to < on:
            ended[key] = row.valid_to
        else:
            in_force[key] = row
    return in_force, ended


def _decide(supplier_id: int, scope: _Scope | None, facts: _Facts) -> ListDecision:
    supplier = facts.suppliers.get(supplier_id)
    if supplier is None or scope is None:
        return ListDecision(OFF_LIST, None, "block", "Unknown supplier or SKU.", is_blocked=True)
    if supplier.status != Supplier.Status.ACTIVE:
        status = supplier.get_status_display().lower()
        return ListDecision(OFF_LIST, None, scope.rule, f"The supplier is {status}.", True)
    qualification = next(_nearest_qualification(supplier_id, scope, facts), None)
    missing = _what_the_qualification_lacks(qualification, facts.on)
    entry = next(_nearest_entry(supplier_id, scope, facts), None)
    if entry is None:
        missing = missing or _what_the_list_lacks(supplier_id, scope, facts)
    if missing or entry is None:
        disqualified = (
            qualification is not None and qualification.status == Qualification.Status.DISQUALIFIED
        )
        refused = disqualified or scope.rule == Category.OffListRule.BLOCK
        return ListDecision(OFF_LIST, None, scope.rule, missing, refused)
    warning = _condition(qualification)
    return ListDecision(entry.standing, entry.pk, scope.rule, "", False, warning)


def _entry_keys(supplier_id: int, scope: _Scope) -> list[_EntryKey]:
    """Where an entry may stand, nearest first."""
    keys: list[_EntryKey] = [(supplier_id, None, one) for one in scope.lineage]
    if scope.sku_id is not None:
        keys.insert(0, (supplier_id, scope.sku_id, None))
    return keys


def _nearest_entry(supplier_id: int, scope: _Scope, facts: _Facts) -> Iterator[ApprovedVendor]:
    keys = _entry_keys(supplier_id, scope)
    return (facts.entries[key] for key in keys if key in facts.entries)


def _what_the_list_lacks(supplier_id: int, scope: _Scope, facts: _Facts) -> str:
    keys = _entry_keys(supplier_id, scope)
    ends = [facts.ended[key] for key in keys if key in facts.ended]
    if ends:
        return f"The entry for {scope.name} ended on {long_date(max(ends))}."
    return f"Not on the approved vendor list for {scope.name}."


def _nearest_qualification(
    supplier_id: int, scope: _Scope, facts: _Facts
) -> Iterator[Qualification]:
    keys = ((supplier_id, category_id) for category_id in scope.lineage)
    return (facts.qualifications[key] for key in keys if key in facts.qualifications)


def _what_the_qualification_lacks(qualification: Qualification | None, on: date) -> str:
    """A sentence, or nothing when the supplier is qualified or was never put through it."""
    if qualification is None:
        return ""
    place = qualification.category.name
    if qualification.status not in Qualification.USABLE:
        status = qualification.get_status_display()
        note = f": {qualification.note.strip().rstrip('.')}" if qualification.note.strip() else ""
        return f"{status} for {place}{note}."
    if qualification.valid_to is not None and qualification.valid_to < on:
        return f"The qualification for {place} expired on {long_date(qualification.valid_to)}."
    return ""


def _condition(qualification: Qualification | None) -> str:
    if qualification is None or qualification.status != Qualification.Status.CONDITIONAL:
        return ""
    note = qualification.note.strip().rstrip(".")
    return f"Conditionally qualified: {note}." if note else "Conditionally qualified."
