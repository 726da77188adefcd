"""What the screens of qualifications read: rows with their last day, next steps, history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import QuerySet
from django.db.models.functions import Least
from django.utils import timezone

from procure.models import BusinessEvent
from suppliers.checklists import Checklist, checklists
from suppliers.filters import ENDS_SOON_DAYS, Rows, TreeFilterSet, choice_filter, words_filter
from suppliers.finding import found_ids
from suppliers.models import ProvisionalAdmission, Qualification, Supplier
from suppliers.qualification import NEXT
from suppliers.vetting import EVIDENCE_ENDS

Status = Qualification.Status
EVENTS_SHOWN = 30
STEP_WORDS = {
    Status.PROSPECT: "Back to prospect",
    Status.IN_REVIEW: "Start review",
    Status.QUALIFIED: "Qualify",
    Status.CONDITIONAL: "Qualify with a condition",
    Status.SUSPENDED: "Suspend",
    Status.DISQUALIFIED: "Disqualify",
}


def qualification_rows() -> QuerySet[Qualification]:
    """Qualifications with `last_day`, their own or that of their evidence, whichever is first."""
    rows: QuerySet[Qualification] = (
        Qualification.objects.select_related(
            "supplier", "category", "category__owner", "decided_by"
        )
        .annotate(evidence_ends=EVIDENCE_ENDS)
        .annotate(last_day=Least("valid_to", "evidence_ends"))
    )
    return rows


class QualificationFilter(TreeFilterSet):
    """Qualifications by supplier, category, status and how long they hold."""

    q = words_filter("Supplier")
    status = choice_filter("Status", Status.choices)
    state = choice_filter(
        "Validity",
        [("expiring", f"Expires within {ENDS_SOON_DAYS} days"), ("expired", "Expired")],
        method="with_state",
    )

    class Meta:
        model = Qualification
        fields = ["q", "category", "status", "state"]

    def with_words(self, rows: Rows, name: str, value: str) -> Rows:
        return rows.filter(supplier_id__in=found_ids("supplier", value))

    def with_state(self, rows: Rows, name: str, value: str) -> Rows:
        today = timezone.localdate()
        usable = rows.filter(status__in=Qualification.USABLE)
        if value == "expired":
            return usable.filter(last_day__lt=today)
        last = today + timedelta(days=ENDS_SOON_DAYS)
        return usable.filter(last_day__gte=today, last_day__lte=last)


@dataclass(frozen=True, slots=True)
class NextStep:
    """A status that may follow, in the words of its button; what stands in its way, if anything."""

    status: str
    words: str
    objections: Sequence[str]
    is_main: bool


def next_steps(qualification: Qualification, checklist: Checklist) -> list[NextStep]:
    """What can be decided next: the way to being qualified first."""
    ways: list[str] = [one for one in STEP_WORDS if one in NEXT[qualification.status]]
    if qualification.status == Status.QUALIFIED:
        ways.insert(0, Status.QUALIFIED)
    order = [Status.QUALIFIED, Status.CONDITIONAL, Status.IN_REVIEW]
    ways.sort(key=lambda one: order.index(one) if one in order else len(order))  # type: ignore[arg-type]
    steps = []
    for number, status in enumerate(ways):
        objections = checklist.objections if status == Status.QUALIFIED else []
        words = STEP_WORDS[Status(status)]
        if status == qualification.status:
            words = "Renew"
        elif status == Status.IN_REVIEW and qualification.status != Status.PROSPECT:
            words = "Review again"
        steps.append(NextStep(status, words, objections, number == 0 and not objections))
    return steps


def qualification_events(qualification: Qualification) -> list[BusinessEvent]:
    """What was decided and answered about it, newest first."""
    events = BusinessEvent.objects.filter(
        subject_type="suppliers.supplier",
        subject_id=qualification.supplier_id,
        payload__qualification_id=qualification.pk,
    )
    return list(events.select_related("actor").order_by("-id")[:EVENTS_SHOWN])


def supplier_qualifications(supplier: Supplier, on: date) -> list[tuple[Qualification, Checklist]]:
    """The qualifications of a supplier by category, with their checklists: four statements."""
    rows = list(qualification_rows().filter(supplier=supplier).order_by("category__name"))
    lists = checklists(rows, on)
    return [(row, lists[row.pk]) for row in rows]


def supplier_admissions(supplier: Supplier) -> list[ProvisionalAdmission]:
    """The provisional admissions that have not ended, with their tasks: two statements."""
    return list(
        ProvisionalAdmission.objects.filter(ended_at__isnull=True, supplier=supplier)
        .select_related("category", "admitted_by")
        .prefetch_related("tasks__done_by")
    )
