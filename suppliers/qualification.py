"""How far a supplier is vetted, per category and until when: one way from status to status."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.db import transaction
from django.utils import timezone

from procure.documents import lock
from procure.errors import BusinessRuleError
from procure.events import record
from procure.figures import long_date
from procure.models import Membership, User
from procure.permissions import may
from suppliers.checklists import checklist_of
from suppliers.merged_records import lock_supplier
from suppliers.models import ApprovedVendor, Category, Qualification, Supplier
from suppliers.vendor_approval import take_preferred_away
from suppliers.vetting import EVIDENCE_ENDS

Status = Qualification.Status
NOTED = (Status.CONDITIONAL, Status.SUSPENDED, Status.DISQUALIFIED)
"""Decisions that mean nothing to the next reader without their reason."""

NEXT: dict[str, tuple[str, ...]] = {
    "": (
        Status.PROSPECT,
        Status.IN_REVIEW,
        Status.QUALIFIED,
        Status.CONDITIONAL,
        Status.DISQUALIFIED,
    ),
    Status.PROSPECT: (Status.IN_REVIEW, Status.DISQUALIFIED),
    Status.IN_REVIEW: (
        Status.QUALIFIED,
        Status.CONDITIONAL,
        Status.SUSPENDED,
        Status.DISQUALIFIED,
        Status.PROSPECT,
    ),
    Status.QUALIFIED: (
        Status.CONDITIONAL,
        Status.SUSPENDED,
        Status.DISQUALIFIED,
        Status.IN_REVIEW,
    ),
    Status.CONDITIONAL: (
        Status.QUALIFIED,
        Status.SUSPENDED,
        Status.DISQUALIFIED,
        Status.IN_REVIEW,
    ),
    Status.SUSPENDED: (
        Status.IN_REVIEW,
        Status.QUALIFIED,
        Status.CONDITIONAL,
        Status.DISQUALIFIED,
    ),
    Status.DISQUALIFIED: (Status.IN_REVIEW,),
}
"""Where a qualification may go from each status; "" is a category nobody judged yet. Any status
may be decided again, with another day or reason."""


@transaction.atomic
def qualify_supplier(
    supplier: Supplier,
    *,
    category: Category,
    status: str,
    valid_to: date | None,
    note: str,
    actor: User,
) -> Qualification:
    """Sets where a supplier stands for a category and everything below it.

    Losing the qualification takes any standing in the approved vendor list away by rule, and a
    preferred one for good. Refused: a step that does not follow, an end in the past, a condition
    without its end, a reason missing, qualifying against the checklist, qualifying a supplier
    that one added oneself, and lifting a suspension or disqualification that one decided oneself.
    Suspending waits for nobody: one person is enough to stop buying.
    """
    supplier = lock_supplier(supplier)
    found: Qualification | None = _stored(supplier, category)
    wanted = {"status": status, "valid_to": valid_to, "note": note.strip()}
    if found is not None and all(getattr(found, key) == wanted[key] for key in wanted):
        return found
    qualification = found or Qualification(supplier=supplier, category=category, status="")
    before = qualification.status
    _require_sense(status, valid_to, note)
    require_step(before, status)
    if status in Qualification.USABLE:
        require_another_person(supplier, actor)
    require_another_to_lift(qualification, status, actor)
    if status == Status.QUALIFIED:
        require_checklist(qualification)
    had_lapsed = found is not None and is_lapsed(found)
    for name, value in wanted.items():
        setattr(qualification, name, value)
    qualification.decided_by, qualification.decided_at = actor, timezone.now()
    qualification.save()
    lost: list[ApprovedVendor] = []
    if before in Qualification.USABLE and (had_lapsed or status not in Qualification.USABLE):
        lost = take_preferred_away(qualification, decided_by=actor)
    _tell("supplier.qualified", qualification, before, lost, actor)
    return qualification


@transaction.atomic
def let_qualification_fall(
    qualification: Qualification, *, actor: User | None = None
) -> Qualification:
    """Takes a qualification back into review once its last day, or that of its evidence, is over.

    The approved list does not wait for this; it makes the status say so. Nothing happens to one
    that holds. `actor` is nobody: the rule decides.
    """
    lock(qualification.supplier)
    lock(qualification)
    fresh = _stored(qualification.supplier, qualification.category)
    if fresh is None or not is_lapsed(fresh):
        return qualification
    before, last_day = fresh.status, last_day_of(fresh)
    assert last_day is not None
    of_evidence = fresh.valid_to is None or last_day < fresh.valid_to
    what = "A mandatory document" if of_evidence else "The qualification"
    fresh.status, fresh.note = Status.IN_REVIEW, f"{what} expired on {long_date(last_day)}."
    fresh.decided_by, fresh.decided_at = actor, timezone.now()
    fresh.save(update_fields=["status", "note", "decided_by", "decided_at"])
    lost = take_preferred_away(fresh, decided_by=actor)
    _tell("supplier.qualification_expired", fresh, before, lost, actor)
    return fresh


def last_day_of(qualification: Qualification) -> date | None:
    """The last day on which it holds: its own or that of its mandatory evidence, whichever is
    first. It comes annotated with `evidence_ends`."""
    ends = (qualification.valid_to, getattr(qualification, "evidence_ends", None))
    return min((day for day in ends if day is not None), default=None)


def is_lapsed(qualification: Qualification) -> bool:
    """Whether it still says qualified though its last day is over."""
    last_day = last_day_of(qualification)
    is_over = last_day is not None and last_day < timezone.localdate()
    return is_over and qualification.status in Qualification.USABLE


def require_step(before: str, status: str) -> None:
    """Refuses a status that does not follow the one before."""
    if status == before or status in NEXT[before]:
        return
    now = str(Status(before).label).lower() if before else "not judged yet"
    ways = " or ".join(str(Status(one).label).lower() for one in NEXT[before])
    raise BusinessRuleError(
        "wrong_step", f"The supplier is {now} here; it can become {ways}.", "status"
    )


def require_another_person(supplier: Supplier, actor: User) -> None:
    """Who added a supplier does not qualify it, while the organization has somebody else who can.

    A company with one sourcing lead goes on; an administrator may relax the rule in the settings,
    which the trail tells.
    """
    if supplier.created_by_id == actor.pk and _has_another(supplier, actor):
        raise BusinessRuleError(
            "own_supplier",
            f"You added {supplier.name}. Somebody else in sourcing has to qualify it.",
            "status",
        )


def require_another_to_lift(qualification: Qualification, status: str, actor: User) -> None:
    """Who suspended or disqualified a supplier does not lift it, nor does who added the supplier,
    while the organization has somebody else who can. `qualification` still has its old status."""
    refusing = Qualification.REFUSING
    if qualification.status not in refusing or status in refusing:
        return
    supplier = qualification.supplier
    if qualification.decided_by_id == actor.pk and _has_another(supplier, actor):
        done = str(qualification.get_status_display()).lower()
        raise BusinessRuleError(
            "own_suspension",
            f"You {done} {supplier.name} here. Somebody else in sourcing has to lift it.",
            "status",
        )
    require_another_person(supplier, actor)


def _has_another(supplier: Supplier, actor: User) -> bool:
    """Whether somebody else may decide, and the organization wants that."""
    if not supplier.organization.separate_supplier_approval:
        return False
    others = Membership.objects.filter(organization=supplier.organization, is_active=True)
    roles = others.exclude(user=actor).values_list("roles", flat=True)
    return any(may(held, "sourcing.write") for held in roles)


def require_checklist(qualification: Qualification) -> None:
    """Refuses while a mandatory criterion does not count, naming every one."""
    objections = checklist_of(qualification, timezone.localdate()).objections
    if objections:
        raise BusinessRuleError("checklist_open", f"Not yet: {'; '.join(objections)}.", "status")


def _stored(supplier: Supplier, category: Category) -> Qualification | None:
    found: Qualification | None = (
        Qualification.objects.filter(supplier=supplier, category=category)
        .annotate(evidence_ends=EVIDENCE_ENDS)
        .first()
    )
    return found


def _require_sense(status: str, valid_to: date | None, note: str) -> None:
    if status in Qualification.USABLE and valid_to is not None and valid_to < timezone.localdate():
        raise BusinessRuleError(
            "already_over", "The last day is in the past. Choose a later one.", "valid_to"
        )
    if status in NOTED and not note.strip():
        label = str(Status(status).label).lower()
        raise BusinessRuleError("reason_missing", f"Say why it is {label}.", "note")
    if status == Status.CONDITIONAL and valid_to is None:
        raise BusinessRuleError(
            "end_missing", "Say until when the condition has to be met.", "valid_to"
        )


def _tell(
    kind: str,
    qualification: Qualification,
    before: str,
    lost: Sequence[ApprovedVendor],
    actor: User | None,
) -> None:
    until = f" until {long_date(qualification.valid_to)}" if qualification.valid_to else ""
    note = f": {qualification.note}" if qualification.note else "."
    words = f"{qualification.get_status_display()} for {qualification.category.name}{until}{note}"
    if lost:
        scopes = ", ".join(str(entry.sku or entry.category) for entry in lost)
        words += f" No longer preferred for {scopes}."
    record(
        kind,
        qualification.supplier,
        actor=actor,
        summary=words,
        category=qualification.category.code,
        qualification_id=qualification.pk,
        before=before or None,
        status=qualification.status,
        valid_to=qualification.valid_to and qualification.valid_to.isoformat(),
        preferred_taken=[entry.pk for entry in lost],
    )
