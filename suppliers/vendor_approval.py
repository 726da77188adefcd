"""Changing the approved vendor list: who is approved for what, since when, and why no longer.

What the entries mean on a day is decided in `suppliers.approved_vendors` alone.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from procure.constraints import refusing
from procure.documents import lock, require_status
from procure.errors import BusinessRuleError
from procure.events import record
from procure.figures import long_date
from procure.models import Location, User
from suppliers.approved_vendors import lineage_of
from suppliers.decided import require_chosen
from suppliers.merged_records import lock_supplier, require_not_merged
from suppliers.models import (
    ApprovedVendor,
    Category,
    Qualification,
    Sku,
    SourcingDecision,
    Supplier,
)
from suppliers.validity import require_days_in_order
from suppliers.volume_shares import hold_shares, require_share_free

KEPT_TOGETHER = (
    *("standing", "rank", "share_percent"),
    *("may_be_suggested", "may_be_ordered", "needs_justification"),
)
"""What an entry says of its days: another word of these is another entry from today on."""


def usual_flags(standing: str) -> dict[str, bool]:
    """What a form says of an entry with this standing unless told otherwise: a backup is not
    suggested, it is ordered from when somebody chooses it."""
    return {
        "may_be_suggested": standing != ApprovedVendor.Standing.BACKUP,
        "may_be_ordered": True,
        "needs_justification": False,
    }


@transaction.atomic
def approve_vendor(
    supplier: Supplier,
    *,
    category: Category | None = None,
    sku: Sku | None = None,
    location: Location | None = None,
    standing: str,
    rank: int = 1,
    share_percent: Decimal | None = None,
    may_be_suggested: bool = True,
    may_be_ordered: bool = True,
    needs_justification: bool = False,
    valid_from: date,
    valid_to: date | None = None,
    reason: str = "",
    decision: SourcingDecision | None = None,
    actor: User,
) -> ApprovedVendor:
    """Puts a supplier on the list for a category (and all below it) or for one SKU.

    With a `location` it counts for orders shipped there. `decision` is the sourcing decision it
    rests on. Refused: a supplier that is blocked, archived, suspended or disqualified there, or
    that the decision did not choose, days in the wrong order, a second entry for the same days,
    and a share that makes more than 100 % with the others.
    """
    if share_percent is not None:
        hold_shares()
    supplier = lock_supplier(supplier)
    require_status(supplier, Supplier.Status.ACTIVE)
    if (category is None) == (sku is None):
        raise BusinessRuleError("scope", "Choose either a category or a SKU.", "category")
    require_days_in_order(valid_from, valid_to)
    _require_not_refused(supplier, sku.category if sku is not None else category)
    require_chosen(decision, supplier)
    entry = ApprovedVendor(
        supplier=supplier,
        category=category,
        sku=sku,
        location=location,
        standing=standing,
        rank=rank,
        share_percent=share_percent,
        may_be_suggested=may_be_suggested,
        may_be_ordered=may_be_ordered,
        needs_justification=needs_justification,
        valid_from=valid_from,
        valid_to=valid_to,
        reason=reason.strip(),
        decision=decision,
        decided_by=actor,
    )
    require_share_free(entry)
    with refusing(_overlaps(entry)):
        entry.save()
    _record_entry("supplier.approved", entry, actor, f"{_entry_words(entry)}.")
    return entry


@transaction.atomic
def change_vendor_approval(
    entry: ApprovedVendor,
    *,
    standing: str,
    rank: int,
    share_percent: Decimal | None = None,
    may_be_suggested: bool = True,
    may_be_ordered: bool = True,
    needs_justification: bool = False,
    valid_to: date | None,
    reason: str,
    actor: User,
) -> ApprovedVendor:
    """Changes an entry from today on.

    What stood until yesterday stays as it was: a new standing is a new entry, and the old one
    ends the day before. An entry that has not begun is changed in place. Refused: an entry that
    is over, and a share that makes more than 100 % with the others.
    """
    hold_shares()
    entry = lock(entry)
    require_not_merged(entry.supplier)
    today = timezone.localdate()
    _require_not_over(entry, today)
    require_days_in_order(max(today, entry.valid_from), valid_to)
    wanted = {
        "standing": standing, "rank": rank, "share_percent": share_percent,
        "may_be_suggested": may_be_suggested, "may_be_ordered": may_be_ordered,
        "needs_justification": needs_justification,
        "valid_to": valid_to, "reason": reason.strip(),
    }  # fmt: skip
    differing = {name for name, value in wanted.items() if getattr(entry, name) != value}
    if not differing:
        return entry
    changed = entry
    if entry.valid_from < today and differing & set(KEPT_TOGETHER):
        entry.valid_to = today - timedelta(days=1)
        entry.save(update_fields=["valid_to"])
        changed = _following(entry, today, valid_to=None)
    for name, value in wanted.items():
        setattr(changed, name, value)
    require_share_free(changed)
    changed.decided_by, changed.decided_at = actor, timezone.now()
    with refusing(_overlaps(changed)):
        changed.save()
    _record_entry("supplier.approval_changed", changed, actor, f"Now {_entry_words(changed)}.")
    return changed


@transaction.atomic
def end_vendor_approval(
    entry: ApprovedVendor, *, last_day: date, reason: str, actor: User
) -> ApprovedVendor:
    """Ends an entry with its last day, today or later; orders after it are off the list."""
    entry = lock(entry)
    today = timezone.localdate()
    _require_not_over(entry, today)
    if last_day < today - timedelta(days=1):
        raise BusinessRuleError(
            "in_the_past", "What was bought under this entry stays approved.", "last_day"
        )
    require_days_in_order(entry.valid_from, last_day, "last_day")
    if not reason.strip():
        raise BusinessRuleError("reason_missing", "Say why in a few words.", "reason")
    if entry.valid_to == last_day:
        return entry
    entry.valid_to = last_day
    entry.save(update_fields=["valid_to"])
    words = f"No longer on the list for {_scope_name(entry)} after {long_date(last_day)}: {reason.strip()}"
    _record_entry("supplier.approval_ended", entry, actor, words)
    return entry


def take_preferred_away(
    qualification: Qualification, *, decided_by: User | None
) -> list[ApprovedVendor]:
    """The rule for a lost qualification: what it made preferred is merely approved from today on,
    and ended when the supplier was disqualified. Only a person makes it preferred again.

    Entries of categories below with a qualification of their own stay. Part of the action that
    takes the qualification away, which tells it.
    """
    today = timezone.localdate()
    supplier = qualification.supplier
    vetted = set(
        Qualification.objects.filter(supplier=supplier).values_list("category_id", flat=True)
    )
    preferred = ApprovedVendor.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gte=today),
        supplier=supplier,
        standing=ApprovedVendor.Standing.PREFERRED,
    ).select_related("category", "sku__category")
    lost = []
    for entry in preferred.select_for_update(no_key=True, of=("self",)).order_by("pk"):
        place = entry.sku.category if entry.sku is not None else entry.category
        nearest = next((one for one in lineage_of(place) if one in vetted), None)
        if nearest == qualification.category_id:
            _lose_preferred(entry, qualification, today, decided_by)
            lost.append(entry)
    return lost


def _lose_preferred(
    entry: ApprovedVendor, qualification: Qualification, today: date, decided_by: User | None
) -> None:
    """What stood until yesterday stays; the rest goes on as approved, or ends."""
    status = qualification.get_status_display().lower()
    reason = f"Preferred until {long_date(today)}: {status} for {qualification.category}."
    last_day = entry.valid_to
    begun = entry.valid_from < today
    if begun:
        entry.valid_to = today - timedelta(days=1)
        entry.save(update_fields=["valid_to"])
        if qualification.status == Qualification.Status.DISQUALIFIED:
            return
    rest = _following(entry, today, valid_to=last_day) if begun else entry
    rest.standing, rest.reason = ApprovedVendor.Standing.APPROVED, reason
    rest.decided_by, rest.decided_at = decided_by, timezone.now()
    rest.save()


def _following(entry: ApprovedVendor, first_day: date, *, valid_to: date | None) -> ApprovedVendor:
    """The entry that goes on saying the same from a day on; not saved yet."""
    return ApprovedVendor(
        supplier=entry.supplier,
        category=entry.category,
        sku=entry.sku,
        location=entry.location,
        decision=entry.decision,
        valid_from=first_day,
        valid_to=valid_to,
        **{name: getattr(entry, name) for name in KEPT_TOGETHER},
    )


def _require_not_over(entry: ApprovedVendor, today: date) -> None:
    if entry.valid_to is not None and entry.valid_to < today:
        raise BusinessRuleError(
            "already_over", f"This entry ended on {long_date(entry.valid_to)}. Approve anew."
        )


def _require_not_refused(supplier: Supplier, category: Category | None) -> None:
    if category is None:
        return
    lineage = lineage_of(category)
    known = {
        one.category_id: one
        for one in Qualification.objects.filter(
            supplier=supplier, category_id__in=lineage
        ).select_related("category")
    }
    nearest = next((known[one] for one in lineage if one in known), None)
    if nearest is not None and nearest.status in Qualification.REFUSING:
        status = nearest.get_status_display().lower()
        raise BusinessRuleError(
            "not_qualified",
            f"{supplier.name} is {status} for {nearest.category.name}. Qualify it first.",
            "category",
        )


def _overlaps(entry: ApprovedVendor) -> dict[str, BusinessRuleError]:
    return {
        "suppliers_approvedvendor_overlap": BusinessRuleError(
            "already_listed",
            f"{entry.supplier.name} is already on the list for {_scope_name(entry)} "
            "on some of these days. Change or end that entry first.",
            "valid_from",
        )
    }


def _scope_name(entry: ApprovedVendor) -> str:
    place = f" to {entry.location}" if entry.location else ""
    return f"{entry.sku or entry.category}{place}"


def _entry_words(entry: ApprovedVendor) -> str:
    days = f"from {long_date(entry.valid_from)}"
    if entry.valid_to:
        days += f" to {long_date(entry.valid_to)}"
    return f"{entry.get_standing_display()} for {_scope_name(entry)} {days}"


def _record_entry(kind: str, entry: ApprovedVendor, actor: User, summary: str) -> None:
    record(
        kind,
        entry.supplier,
        actor=actor,
        summary=summary,
        entry_id=entry.pk,
        category=entry.category and entry.category.code,
        sku=entry.sku and entry.sku.code,
        standing=entry.standing,
        ship_to=entry.location and entry.location.code,
    )
