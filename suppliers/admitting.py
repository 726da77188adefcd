"""Admitting a supplier provisionally, ticking off what is to do, and ending the admission."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from procure.constraints import refusing
from procure.documents import lock, require_status
from procure.errors import BusinessRuleError
from procure.events import record
from procure.figures import long_date, money
from procure.models import User
from suppliers.approved_vendors import lineage_of
from suppliers.merged_records import lock_supplier
from suppliers.models import Category, Qualification, Supplier
from suppliers.provisional import AdmissionTask, ProvisionalAdmission

LONGEST_DAYS = 180
MOST_TASKS = 20


@transaction.atomic
def admit_provisionally(
    supplier: Supplier,
    *,
    category: Category,
    maximum_spend: Decimal,
    maximum_orders: int,
    expires_on: date,
    tasks: Sequence[str],
    reason: str,
    actor: User,
) -> ProvisionalAdmission:
    """Lets a supplier that is not approved be ordered from in an emergency, within a limit.

    The spend is in the organization's currency. Refused: no reason, nothing to do, a last day in
    the past or more than 180 days away, a supplier that is blocked, suspended or disqualified,
    and a second admission beside one that is not over.
    """
    supplier = lock_supplier(supplier)
    require_status(supplier, Supplier.Status.ACTIVE)
    today = timezone.localdate()
    wanted = [text.strip() for text in tasks if text.strip()]
    _require_sense(maximum_spend, maximum_orders, (expires_on - today).days, wanted, reason)
    _require_not_refused(supplier, category)
    _end_what_is_over(supplier, category, today, actor)
    admission = ProvisionalAdmission(
        supplier=supplier,
        category=category,
        maximum_spend=maximum_spend,
        maximum_orders=maximum_orders,
        admitted_on=today,
        expires_on=expires_on,
        reason=reason.strip(),
        admitted_by=actor,
    )
    with refusing(_ALREADY):
        admission.save()
    AdmissionTask.objects.bulk_create(
        AdmissionTask(admission=admission, position=number, text=text[:200])
        for number, text in enumerate(wanted, start=1)
    )
    _record("supplier.admitted_provisionally", admission, _terms(admission), actor)
    return admission


@transaction.atomic
def tick_admission_task(task: AdmissionTask, *, is_done: bool, actor: User) -> AdmissionTask:
    """Ticks a task off, or opens it again; a task that stands so already stays as it is."""
    admission = lock(task.admission)
    task = lock(task)
    if (task.done_at is not None) == is_done:
        return task
    _require_open(admission)
    task.done_at, task.done_by = (timezone.now(), actor) if is_done else (None, None)
    task.save(update_fields=["done_at", "done_by"])
    words = f"{'Done' if is_done else 'Open again'}: {task.text}"
    _record("supplier.admission_task_ticked", admission, words, actor)
    return task


@transaction.atomic
def end_admission(
    admission: ProvisionalAdmission, *, reason: str, actor: User
) -> ProvisionalAdmission:
    """Ends an admission before or after its day; the list then answers as if there were none."""
    lock(admission.supplier)
    admission = lock(admission)
    _require_open(admission)
    if not reason.strip():
        raise BusinessRuleError("reason_missing", "Say why in a few words.", "reason")
    _end(admission, reason.strip(), actor)
    words = f"Provisional admission for {admission.category} ended: {reason.strip()}"
    _record("supplier.admission_ended", admission, words, actor)
    return admission


_ALREADY = {
    "suppliers_provisionaladmission_open": BusinessRuleError(
        "already_admitted",
        "It is admitted provisionally for this category already. End that admission first.",
        "category",
    )
}


def _require_sense(
    maximum_spend: Decimal, maximum_orders: int, days: int, tasks: Sequence[str], reason: str
) -> None:
    problems = (
        (maximum_spend <= 0, "maximum_spend", "Give the most that may be spent."),
        (maximum_orders < 1, "maximum_orders", "Allow at least one order."),
        (days < 0, "expires_on", "The last day is in the past. Choose a later one."),
        (
            days > LONGEST_DAYS,
            "expires_on",
            f"An emergency lasts {LONGEST_DAYS} days at most. Qualify the supplier instead.",
        ),
        (not tasks, "tasks", "Say what has to be done before it can be approved."),
        (len(tasks) > MOST_TASKS, "tasks", f"Name at most {MOST_TASKS} things to do."),
        (not reason.strip(), "reason", "Say why in a few words."),
    )
    for is_wrong, field, sentence in problems:
        if is_wrong:
            raise BusinessRuleError(f"{field}_wrong", sentence, field)


def _require_not_refused(supplier: Supplier, category: Category) -> None:
    lineage = lineage_of(category)
    known = {
        one.category_id: one
        for one in Qualification.objects.filter(supplier=supplier, category_id__in=lineage)
    }
    nearest = next((known[one] for one in lineage if one in known), None)
    if nearest is not None and nearest.status in Qualification.REFUSING:
        raise BusinessRuleError(
            "refused_there",
            f"{supplier.name} is {nearest.get_status_display().lower()} there. "
            "An emergency does not lift that.",
            "category",
        )


def _end_what_is_over(supplier: Supplier, category: Category, today: date, actor: User) -> None:
    """An admission whose last day has passed makes way for the next one."""
    found = ProvisionalAdmission.objects.filter(
        supplier=supplier, category=category, ended_at__isnull=True, expires_on__lt=today
    ).first()
    if found is not None:
        _end(lock(found), "A new admission takes its place.", actor)


def _end(admission: ProvisionalAdmission, reason: str, actor: User) -> None:
    admission.ended_at, admission.ended_by = timezone.now(), actor
    admission.end_reason = reason
    admission.save(update_fields=["ended_at", "ended_by", "end_reason"])


def _require_open(admission: ProvisionalAdmission) -> None:
    if admission.ended_at is not None:
        raise BusinessRuleError("already_ended", "This admission has ended.")


def _terms(admission: ProvisionalAdmission) -> str:
    orders = f"{admission.maximum_orders} order{'s' if admission.maximum_orders > 1 else ''}"
    currency = admission.organization.currency
    spend = f"{money(admission.maximum_spend, currency)} {currency}"
    return (
        f"Admitted provisionally for {admission.category} until "
        f"{long_date(admission.expires_on)}: at most {orders} and {spend}. {admission.reason}"
    )


def _record(kind: str, admission: ProvisionalAdmission, summary: str, actor: User) -> None:
    record(
        kind,
        admission.supplier,
        actor=actor,
        summary=summary,
        admission_id=admission.pk,
        category=admission.category.code,
    )
