"""The approved vendor list and qualifications as tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Model
from django.utils import timezone

from procure.columns import (
    SMALL_INTEGER,
    choice,
    code,
    code_key,
    day,
    decimal,
    text,
    whole,
)
from procure.errors import BusinessRuleError
from procure.imports import CREATED, UNCHANGED, UPDATED, Batch, Row, import_kind
from procure.models import Location
from procure.upserts import Wish, asked, blank_texts, differs, upsert, write_changes
from suppliers.checklists import Checklist, checklists
from suppliers.models import ApprovedVendor, Category, Qualification, Sku, Supplier
from suppliers.qualification import (
    NOTED,
    require_another_person,
    require_another_to_lift,
    require_step,
)
from suppliers.references import (
    known_categories,
    known_locations,
    known_skus,
    known_suppliers,
)
from suppliers.spans import Span, Spans, refuse_days_out_of_order, refuse_overlaps
from suppliers.vendor_approval import take_preferred_away
from suppliers.volume_shares import hold_shares, what_is_too_much

Thing = tuple[int, int | None, int | None, int | None]  # supplier, category, SKU, ship-to
FLAGS = ("may_be_suggested", "may_be_ordered", "needs_justification")
YES_OR_NO = ("yes", "no")


@import_kind(
    "approved_vendors",
    code("supplier_code", 60, required=True),
    code("category_code", 60),
    code("sku", 80),
    choice("standing", ApprovedVendor.Standing.values, required=True),
    whole("rank", most=SMALL_INTEGER),
    day("valid_from"),
    day("valid_to"),
    text("reason"),
    code("ship_to", 40),
    decimal("share_percent", places=4, digits=7, above=Decimal(0)),
    *(choice(flag, YES_OR_NO) for flag in FLAGS),
    key=lambda row: (
        code_key(row["supplier_code"]),
        code_key(row["category_code"] or ""),
        code_key(row["sku"] or ""),
        code_key(row["ship_to"] or ""),
        row["valid_from"],
    ),
    together=lambda row: code_key(row["supplier_code"]),
)
def import_approved_vendors(batch: Batch) -> None:
    """Entries of the list by supplier, category or SKU, ship-to, and first day.

    Without a first day the entry in force today is meant, else a new one begins today. Refused:
    both or neither of category and SKU, an entry for a supplier that is blocked, archived,
    suspended or disqualified there, two entries on the same day, and shares above 100 %.
    """
    hold_shares()
    suppliers = known_suppliers(batch)
    categories, skus, places = known_categories(batch), known_skus(batch), known_locations(batch)
    for row in batch.open_rows:
        if bool(row["category_code"]) == bool(row["sku"]):
            batch.refuse(row, "category_code", "Give either a category_code or a sku.")
    refuse_days_out_of_order(batch)
    things = {row.line: _thing(row, suppliers, categories, skus, places) for row in batch.open_rows}
    stored = _stored_entries(things.values())
    wishes = [_entry_wish(row, things[row.line], stored, batch) for row in batch.open_rows]
    _refuse_unfit(batch, wishes, things, suppliers, skus)
    refuse_overlaps(batch, _entry_spans(batch, wishes, things, stored))
    _refuse_shares(batch, wishes, things)
    upsert(batch, ApprovedVendor, [wish for wish in wishes if not wish.row.outcome])


def _thing(
    row: Row,
    suppliers: dict[str, Supplier],
    categories: dict[str, Category],
    skus: dict[str, Sku],
    places: dict[str, Location],
) -> Thing:
    category = categories.get(code_key(row["category_code"] or ""))
    sku = skus.get(code_key(row["sku"] or ""))
    place = places.get(code_key(row["ship_to"] or ""))
    return (
        suppliers[code_key(row["supplier_code"])].pk,
        category.pk if category else None,
        sku.pk if sku else None,
        place.pk if place else None,
    )


def _stored_entries(things: Iterable[Thing]) -> dict[Thing, dict[date, ApprovedVendor]]:
    found: dict[Thing, dict[date, ApprovedVendor]] = defaultdict(dict)
    entries = ApprovedVendor.objects.filter(supplier_id__in={thing[0] for thing in things})
    for entry in entries.select_for_update(no_key=True).order_by("pk"):
        thing = (entry.supplier_id, entry.category_id, entry.sku_id, entry.location_id)
        found[thing][entry.valid_from] = entry
    return found


def _entry_wish(
    row: Row,
    thing: Thing,
    stored: dict[Thing, dict[date, ApprovedVendor]],
    batch: Batch,
) -> Wish:
    today = timezone.localdate()
    if row["valid_from"]:
        known = stored[thing].get(row["valid_from"])
    else:
        known = next((one for one in stored[thing].values() if _in_force(one, today)), None)
    values = blank_texts(
        asked(
            row,
            kept=("rank", *FLAGS),
            standing="standing",
            rank="rank",
            share_percent="share_percent",
            **dict(zip(FLAGS, FLAGS, strict=True)),
            valid_to="valid_to",
            reason="reason",
        ),
        "reason",
    )
    values |= {flag: values[flag] == "yes" for flag in FLAGS if flag in values}
    decided = {"decided_by_id": batch.actor and batch.actor.pk, "decided_at": timezone.now()}
    if known is not None:
        return Wish(row, known, {**values, **decided} if differs(known, values) else values)
    key = dict(zip(("supplier_id", "category_id", "sku_id", "location_id"), thing, strict=True))
    return Wish(row, None, {**key, "valid_from": row["valid_from"] or today, **values, **decided})


def _in_force(entry: ApprovedVendor, today: date) -> bool:
    return entry.valid_from <= today and (entry.valid_to is None or entry.valid_to >= today)


def _refuse_unfit(
    batch: Batch,
    wishes: Iterable[Wish],
    things: dict[int, Thing],
    suppliers: dict[str, Supplier],
    skus: dict[str, Sku],
) -> None:
    """What `approve_vendor` refuses: a supplier that may not be ordered from."""
    by_id = {supplier.pk: supplier for supplier in suppliers.values()}
    sku_categories = {sku.pk: sku.category_id for sku in skus.values()}
    refusals = _refusing_qualifications(by_id)
    for row, stored, values in wishes:
        if stored is not None and not differs(stored, values):
            continue
        supplier_id, category_id, sku_id, _ = things[row.line]
        if by_id[supplier_id].status != Supplier.Status.ACTIVE:
            status = by_id[supplier_id].get_status_display().lower()
            batch.refuse(row, "supplier_code", f"The supplier is {status}.")
            continue
        place = category_id or sku_categories.get(sku_id or 0)
        if (supplier_id, place) in refusals:
            sentence = f"The supplier is {refusals[supplier_id, place]} there."
            batch.refuse(row, "supplier_code", sentence)


def _refuse_shares(batch: Batch, wishes: Iterable[Wish], things: dict[int, Thing]) -> None:
    """Refuses the rows of a scope whose shares, with those that stand, make more than 100 %."""
    by_scope: dict[tuple[int | None, ...], list[tuple[Row, ApprovedVendor]]] = defaultdict(list)
    for row, stored, values in wishes:
        if row.outcome or not (values.get("share_percent") or getattr(stored, "share_percent", 0)):
            continue
        days = {
            "valid_from": getattr(stored, "valid_from", None),
            "valid_to": getattr(stored, "valid_to", None),
        }
        share = {"share_percent": getattr(stored, "share_percent", None)}
        meant = ApprovedVendor(pk=getattr(stored, "pk", None), **{**days, **share, **values})
        by_scope[things[row.line][1:]].append((row, meant))
    for (category_id, sku_id, location_id), named in by_scope.items():
        others = ApprovedVendor.objects.filter(
            category=category_id, sku=sku_id, location=location_id, share_percent__isnull=False
        ).exclude(pk__in=[entry.pk for _, entry in named if entry.pk])
        problem = what_is_too_much([*(entry for _, entry in named), *others])
        for row, _ in named if problem else ():
            batch.refuse(row, "share_percent", problem)


def _refusing_qualifications(
    supplier_ids: Collection[int],
) -> dict[tuple[int, int | None], str]:
    """For which categories these suppliers are suspended or disqualified, by the nearest rule."""
    known = {
        (one.supplier_id, one.category_id): one
        for one in Qualification.objects.filter(supplier_id__in=supplier_ids)
    }
    if not any(one.status in Qualification.REFUSING for one in known.values()):
        return {}
    refusals: dict[tuple[int, int | None], str] = {}
    lineages = list(Category.objects.values_list("pk", "lineage"))
    for supplier_id in {key[0] for key in known}:
        for category_id, lineage in lineages:
            keys = ((supplier_id, one) for one in lineage or [category_id])
            nearest = next((known[key] for key in keys if key in known), None)
            if nearest is not None and nearest.status in Qualification.REFUSING:
                refusals[supplier_id, category_id] = nearest.get_status_display().lower()
    return refusals


def _entry_spans(
    batch: Batch,
    wishes: Iterable[Wish],
    things: dict[int, Thing],
    stored: dict[Thing, dict[date, ApprovedVendor]],
) -> Spans:
    spans: Spans = defaultdict(dict)
    named = set(things.values())
    for thing, entries in stored.items():
        if thing in named:
            for first, entry in entries.items():
                spans[thing][first] = Span(first, entry.valid_to, None)
    for row, known, values in wishes:
        if row.outcome:
            continue
        first = known.valid_from if isinstance(known, ApprovedVendor) else values["valid_from"]
        kept = known.valid_to if isinstance(known, ApprovedVendor) else None
        other = spans[things[row.line]].get(first)
        if other is not None and other.row is not None:
            batch.refuse(row, "valid_from", f"Line {other.row.line} means the same entry.")
            continue
        spans[things[row.line]][first] = Span(first, values.get("valid_to", kept), row)
    return spans


@import_kind(
    "qualifications",
    code("supplier_code", 60, required=True),
    code("category_code", 60),
    choice("status", Qualification.Status.values, required=True),
    day("valid_to"),
    text("note"),
    key=lambda row: (code_key(row["supplier_code"]), code_key(row["category_code"] or "")),
)
def import_qualifications(batch: Batch) -> None:
    """How far suppliers are vetted, by supplier and category.

    Without a category every category at the top of the tree is meant, and so all below them. A
    condition, suspension or disqualification without its note is a warning. What nobody judged
    yet is taken as a fact of the past; a new status of one that is known follows the same steps
    and the same checklist as a decision on the screen, and losing it takes "preferred" away.
    """
    suppliers, categories = known_suppliers(batch), known_categories(batch)
    tops = [one for one in categories.values() if one.parent_id is None]
    stored = {
        (one.supplier_id, one.category_id): one
        for one in Qualification.objects.filter(
            supplier__in={supplier.pk for supplier in suppliers.values()}
        )
        .select_related("category", "supplier")
        .select_for_update(no_key=True, of=("self",))
        .order_by("pk")
    }
    lists = checklists(stored.values(), timezone.localdate())
    before = {one.pk: one.status for one in stored.values()}
    new: dict[tuple[int, int], Qualification] = {}
    changed: dict[int, Model] = {}
    for row in batch.open_rows:
        supplier = suppliers[code_key(row["supplier_code"])]
        named = categories.get(code_key(row["category_code"] or ""))
        if named is None and not tops:
            batch.refuse(row, "category_code", "There is no category yet. Import those first.")
            continue
        if row["status"] in NOTED and not row["note"]:
            batch.warn(row, "note", "Without a note the next reader does not know why.")
        keys = [(supplier.pk, one.pk) for one in ([named] if named else tops)]
        if sentence := _objection(row, supplier, keys, stored, lists, batch):
            batch.refuse(row, "status", sentence)
            continue
        _qualify(batch, row, keys, stored, new, changed)
    write_changes(
        Qualification,
        list(changed.values()),
        ["status", "valid_to", "note", "decided_by", "decided_at"],
    )
    Qualification.objects.bulk_create(new.values())
    for one in stored.values():
        was = before.get(one.pk)
        if was in Qualification.USABLE and one.status not in Qualification.USABLE:
            take_preferred_away(one, decided_by=batch.actor)


def _objection(
    row: Row,
    supplier: Supplier,
    keys: Iterable[tuple[int, int]],
    stored: dict[tuple[int, int], Qualification],
    lists: dict[int, Checklist],
    batch: Batch,
) -> str:
    """Why the screen would refuse this status; empty when it would not."""
    wanted = row["status"]
    known = [one for key in keys if (one := stored.get(key)) is not None and one.pk is not None]
    changing = [one for one in known if one.status != wanted]
    if known and not changing:
        return ""
    try:
        for one in changing:
            require_step(one.status, wanted)
            if batch.actor is not None:
                require_another_to_lift(one, wanted, batch.actor)
        if wanted in Qualification.USABLE and batch.actor is not None:
            require_another_person(supplier, batch.actor)
    except BusinessRuleError as refusal:
        return refusal.message
    if wanted != Qualification.Status.QUALIFIED:
        return ""
    lacks = [text for one in changing if one.pk in lists for text in lists[one.pk].objections]
    return f"Not yet: {'; '.join(lacks)}." if lacks else ""


def _qualify(
    batch: Batch,
    row: Row,
    keys: Iterable[tuple[int, int]],
    stored: dict[tuple[int, int], Qualification],
    new: dict[tuple[int, int], Qualification],
    changed: dict[int, Any],
) -> None:
    """Sets what the row says on each of its categories, and settles the row."""
    values = blank_texts(asked(row, status="status", valid_to="valid_to", note="note"), "note")
    decided: dict[str, Any] = {"decided_by": batch.actor, "decided_at": timezone.now()}
    row.outcome = UNCHANGED
    for supplier_id, category_id in keys:
        known = stored.get((supplier_id, category_id))
        if known is None:
            row.outcome = CREATED
            made = Qualification(supplier_id=supplier_id, category_id=category_id, **values)
            made.decided_by = batch.actor
            stored[supplier_id, category_id] = new[supplier_id, category_id] = made
        elif differs(known, values):
            row.outcome = row.outcome if row.outcome == CREATED else UPDATED
            for name, value in {**values, **decided}.items():
                setattr(known, name, value)
            if known.pk is not None:
                changed[known.pk] = known
