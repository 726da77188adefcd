"""The approved vendor list: who may supply what, and the one function that decides it.

The order form, submit, approve, issue, the import and the reorder ask `list_decisions`; nothing
else in the house judges whether a supplier may be ordered from.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from procure.figures import long_date
from suppliers.agreements import Pair
from suppliers.list_facts import Entry, EntryKey, ListFacts, Scope, Vetting, list_facts
from suppliers.models import (
    ApprovedVendor,
    Category,
    ProvisionalAdmission,
    Qualification,
    Supplier,
)

PROVISIONAL = "provisional"
OFF_LIST = "off_list"
STANDINGS = (*ApprovedVendor.Standing.values, PROVISIONAL, OFF_LIST)
"""From best to worst."""

STANDING_WORDS = {
    **dict(ApprovedVendor.Standing.choices),
    PROVISIONAL: "Provisional",
    OFF_LIST: "Not approved",
}


@dataclass(frozen=True, slots=True)
class ListDecision:
    """The list's answer for a supplier and a SKU (or category) on a day, at a ship-to.

    `standing` is preferred, approved, backup, provisional or off_list; `rule` is what the SKU's category asks
    for off-list orders (off, warn, justify, approve, block); `missing` says in a sentence what
    approval lacks, empty when nothing does. `is_blocked` means no order at all, whatever the
    reason given: the supplier is blocked, archived or disqualified, its provisional admission is
    over, or the rule is to refuse. Provisional means that it may be ordered from with a reason
    while `admission_id` has something left, which purchasing asks of its orders.
    `may_be_suggested` and `needs_justification` are the entry's own flags: ordered from only when
    chosen, and only with a reason. An entry that may not be ordered from refuses every order.
    """

    standing: str
    entry_id: int | None
    rule: str
    missing: str
    is_blocked: bool
    warning: str = ""
    listed_since: date | None = None
    is_qualified: bool = False
    admission_id: int | None = None
    may_be_suggested: bool = False
    needs_justification: bool = False

    @property
    def is_approved(self) -> bool:
        return self.standing in ApprovedVendor.Standing.values

    @property
    def is_suggested(self) -> bool:
        """Whether the house proposes the supplier by itself."""
        return self.is_approved and self.may_be_suggested

    @property
    def standing_words(self) -> str:
        return str(STANDING_WORDS[self.standing])


@dataclass(frozen=True)
class _Admissions:
    """The open admissions of some suppliers, read only once somebody is not approved: the
    approved path asks nothing more."""

    supplier_ids: Collection[int]
    category_ids: Collection[int]

    @classmethod
    def about(cls, known: ListFacts) -> _Admissions:
        return cls(known.suppliers, known.places)

    @cached_property
    def by_pair(self) -> dict[Pair, ProvisionalAdmission]:
        found = ProvisionalAdmission.objects.filter(
            supplier_id__in=self.supplier_ids,
            category_id__in=self.category_ids,
            ended_at__isnull=True,
        ).select_related("category")
        return {(one.supplier_id, one.category_id): one for one in found}


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the list knows of some suppliers on a day."""

    suppliers: dict[int, str]
    entries: dict[EntryKey, Entry]
    ended: dict[EntryKey, date]
    qualifications: dict[Pair, Vetting]
    admissions: _Admissions
    ship_to: int | None
    on: date


def list_decisions(
    pairs: Collection[Pair],
    on: date,
    *,
    ship_to: int | None = None,
    ship_to_of_sku: Mapping[int, int] | None = None,
) -> dict[Pair, ListDecision]:
    """Decides for each (supplier_id, sku_id) on that day, in one statement for any number.

    `ship_to` is the id of the order's location; `ship_to_of_sku` says where each SKU goes when
    there is no one order yet. The SKU's own entry counts first, then the entry
    of the nearest category above it; at each, one for the ship-to before one without. A blocked
    or archived supplier, and one whose nearest qualification is not in force, is off the list
    even with an entry; what it lacks may be lent by a provisional
    admission, which takes a second statement. Every pair gets a decision; an unknown id is refused.
    """
    suppliers, skus = {pair[0] for pair in pairs}, {pair[1] for pair in pairs}
    ends = dict.fromkeys(skus, ship_to) | dict(ship_to_of_sku or {})
    known = list_facts(suppliers, on, skus=skus, ship_tos={end for end in ends.values() if end})
    anywhere, scopes = _on_the_day(known, on, _Admissions.about(known)), known.scopes
    facts = {end: replace(anywhere, ship_to=end) for end in set(ends.values())}
    with_own_entry = {(one.supplier_id, one.sku_id) for one in known.entries}
    decisions: dict[Pair, ListDecision] = {}
    by_category: dict[tuple[int, tuple[int, ...], int | None], ListDecision] = {}
    for supplier_id, sku_id in pairs:
        scope, end = scopes.get(sku_id), ends[sku_id]
        if scope is None or (supplier_id, sku_id) in with_own_entry:
            decisions[supplier_id, sku_id] = _decide(supplier_id, scope, facts[end])
            continue
        key = (supplier_id, scope.lineage, end)
        if key not in by_category:
            by_category[key] = _decide(supplier_id, scope, facts[end])
        decisions[supplier_id, sku_id] = by_category[key]
    return decisions


def decisions_over_time(
    wanted: Collection[tuple[int, int, date]],
) -> dict[tuple[int, int, date], ListDecision]:
    """The same as `list_decisions` for (supplier_id, sku_id, day) of many days, as imported
    history asks it, which names no ship-to: four statements for any number of pairs and days."""
    if not wanted:
        return {}
    days = {on for _, _, on in wanted}
    known = list_facts({one[0] for one in wanted}, max(days), skus={one[1] for one in wanted})
    admissions = _Admissions.about(known)
    by_day = {on: _on_the_day(known, on, admissions) for on in days}
    return {one: _decide(one[0], known.scopes.get(one[1]), by_day[one[2]]) for one in wanted}


def category_decisions(
    supplier_ids: Collection[int], category: Category, on: date, *, ship_to: int | None = None
) -> dict[int, ListDecision]:
    """The same for a category as a whole, as long as an order has no lines yet."""
    pairs = [(one, category) for one in supplier_ids]
    found = several_category_decisions(pairs, on, ship_to=ship_to)
    return {supplier_id: decision for (supplier_id, _), decision in found.items()}


def several_category_decisions(
    pairs: Collection[tuple[int, Category]], on: date, *, ship_to: int | None = None
) -> dict[Pair, ListDecision]:
    """The same for many suppliers and categories, by (supplier_id, category_id), in one statement."""
    scopes = {one.pk: Scope(None, lineage_of(one), one.off_list_rule, one.name) for _, one in pairs}
    places = {place for scope in scopes.values() for place in scope.lineage}
    ends = () if ship_to is None else (ship_to,)
    known = list_facts({one for one, _ in pairs}, on, categories=places, ship_tos=ends)
    facts = _on_the_day(known, on, _Admissions.about(known), ship_to)
    return {
        (supplier_id, category.pk): _decide(supplier_id, scopes[category.pk], facts)
        for supplier_id, category in pairs
    }


def lacks_of_entries(entries: Collection[ApprovedVendor], on: date) -> dict[int, str]:
    """By entry id, the sentence that takes an entry's effect away on that day; "" when it holds.

    The entries come with their supplier, and category or SKU with its category.
    """
    scopes = {entry.pk: _scope_of(entry) for entry in entries}
    places = {category_id for scope in scopes.values() for category_id in scope.lineage}
    known = list_facts({entry.supplier_id for entry in entries}, on, categories=places)
    facts = _on_the_day(known, on, _Admissions.about(known))
    lacks: dict[int, str] = {}
    for entry in entries:
        qualification = next(
            _nearest_qualification(entry.supplier_id, scopes[entry.pk], facts), None
        )
        lacks[entry.pk] = _what_the_supplier_lacks(
            entry.supplier.status
        ) or _what_the_qualification_lacks(qualification, on)
    return lacks


def worst(decisions: Iterable[ListDecision]) -> ListDecision:
    """The decision that governs an order of several lines: blocked before off-list before backup;
    among equals the one that asks for a reason, or is not to be suggested."""
    return max(
        decisions,
        key=lambda one: (
            one.is_blocked,
            STANDINGS.index(one.standing),
            one.needs_justification,
            not one.may_be_suggested,
        ),
    )


def lineage_of(category: Category) -> tuple[int, ...]:
    """The category's id and its ancestors', nearest first."""
    return tuple(category.lineage) or (category.pk,)


def _scope_of(entry: ApprovedVendor) -> Scope:
    category = entry.sku.category if entry.sku is not None else entry.category
    assert category is not None
    return Scope(entry.sku_id, lineage_of(category), category.off_list_rule, category.name)


def _on_the_day(
    known: ListFacts, on: date, admissions: _Admissions, ship_to: int | None = None
) -> _Facts:
    """The entries in force, and the last days of those that ended."""
    in_force: dict[EntryKey, Entry] = {}
    ended: dict[EntryKey, date] = {}
    for entry in known.entries:
        if entry.valid_from > on:
            continue
        if entry.valid_to is not None and entry.valid_to < on:
            ended[entry.key] = entry.valid_to
        else:
            in_force[entry.key] = entry
    return _Facts(known.suppliers, in_force, ended, known.qualifications, admissions, ship_to, on)


def _decide(supplier_id: int, scope: Scope | None, facts: _Facts) -> ListDecision:
    status = facts.suppliers.get(supplier_id)
    if status is None or scope is None:
        return ListDecision(OFF_LIST, None, "block", "Unknown supplier or SKU.", is_blocked=True)
    if lack := _what_the_supplier_lacks(status):
        return ListDecision(OFF_LIST, None, scope.rule, lack, True)
    qualification = next(_nearest_qualification(supplier_id, scope, facts), None)
    missing = _what_the_qualification_lacks(qualification, facts.on)
    entry = next(_nearest_entry(supplier_id, scope, facts), None)
    if entry is None:
        missing = missing or _what_the_list_lacks(supplier_id, scope, facts)
    if missing or entry is None:
        return _not_approved(supplier_id, scope, facts, qualification, missing)
    if not entry.may_be_ordered:
        refusal = f"Its entry for {scope.name} says that it may not be ordered from."
        return ListDecision(OFF_LIST, None, scope.rule, refusal, True)
    warning = _condition(qualification)
    return ListDecision(
        entry.standing,
        entry.pk,
        scope.rule,
        "",
        False,
        warning,
        listed_since=entry.valid_from,
        is_qualified=qualification is not None,
        may_be_suggested=entry.may_be_suggested,
        needs_justification=entry.needs_justification,
    )


def _not_approved(
    supplier_id: int,
    scope: Scope,
    facts: _Facts,
    qualification: Vetting | None,
    missing: str,
) -> ListDecision:
    """Off the list, unless an admission for an emergency stands in. One that is over refuses; a
    suspension or disqualification is lifted by none."""
    status = qualification.status if qualification is not None else ""
    disqualified = status == Qualification.Status.DISQUALIFIED
    refused = disqualified or scope.rule == Category.OffListRule.BLOCK
    admission = next(_nearest_admission(supplier_id, scope, facts), None)
    if admission is None or status in Qualification.REFUSING:
        return ListDecision(OFF_LIST, None, scope.rule, missing, refused)
    place, last_day = admission.category.name, long_date(admission.expires_on)
    if admission.is_over(facts.on):
        ended = f"The provisional admission for {place} ended on {last_day}."
        return ListDecision(OFF_LIST, None, scope.rule, ended, True, admission_id=admission.pk)
    words = f"Admitted provisionally for {place} until {last_day}."
    return ListDecision(
        PROVISIONAL, None, scope.rule, missing, False, words, admission_id=admission.pk
    )


def _nearest_admission(
    supplier_id: int, scope: Scope, facts: _Facts
) -> Iterator[ProvisionalAdmission]:
    """Admissions that had begun on the day, nearest first."""
    keys = ((supplier_id, category_id) for category_id in scope.lineage)
    found = (facts.admissions.by_pair[key] for key in keys if key in facts.admissions.by_pair)
    return (one for one in found if one.admitted_on <= facts.on)


def _entry_keys(supplier_id: int, scope: Scope, ship_to: int | None) -> list[EntryKey]:
    """Where an entry may stand, nearest first; at each place the ship-to's own before any."""
    places: list[tuple[int | None, int | None]] = [(None, one) for one in scope.lineage]
    if scope.sku_id is not None:
        places.insert(0, (scope.sku_id, None))
    ends = (None,) if ship_to is None else (ship_to, None)
    return [
        (supplier_id, sku_id, category_id, end) for sku_id, category_id in places for end in ends
    ]


def _nearest_entry(supplier_id: int, scope: Scope, facts: _Facts) -> Iterator[Entry]:
    keys = _entry_keys(supplier_id, scope, facts.ship_to)
    return (facts.entries[key] for key in keys if key in facts.entries)


def _what_the_list_lacks(supplier_id: int, scope: Scope, facts: _Facts) -> str:
    keys = _entry_keys(supplier_id, scope, facts.ship_to)
    ends = [facts.ended[key] for key in keys if key in facts.ended]
    if ends:
        return f"The entry for {scope.name} ended on {long_date(max(ends))}."
    return f"Not on the approved vendor list for {scope.name}."


def _nearest_qualification(supplier_id: int, scope: Scope, facts: _Facts) -> Iterator[Vetting]:
    keys = ((supplier_id, category_id) for category_id in scope.lineage)
    return (facts.qualifications[key] for key in keys if key in facts.qualifications)


def _what_the_supplier_lacks(status: str) -> str:
    if status == Supplier.Status.ACTIVE:
        return ""
    return f"The supplier is {str(Supplier.Status(status).label).lower()}."


def _what_the_qualification_lacks(qualification: Vetting | None, on: date) -> str:
    """A sentence, or nothing when the supplier is qualified or was never put through it."""
    if qualification is None:
        return ""
    place = qualification.place
    if qualification.status not in Qualification.USABLE:
        status = Qualification.Status(qualification.status).label
        note = f": {qualification.note.strip().rstrip('.')}" if qualification.note.strip() else ""
        return f"{status} for {place}{note}."
    if qualification.valid_to is not None and qualification.valid_to < on:
        return f"The qualification for {place} expired on {long_date(qualification.valid_to)}."
    if qualification.evidence_ends is not None and qualification.evidence_ends < on:
        ended = long_date(qualification.evidence_ends)
        return f"A mandatory document for {place} expired on {ended}."
    return ""


def _condition(qualification: Vetting | None) -> str:
    if qualification is None or qualification.status != Qualification.Status.CONDITIONAL:
        return ""
    note = qualification.note.strip().rstrip(".")
    return f"Conditionally qualified: {note}." if note else "Conditionally qualified."
