"""What ends soon or has ended: reminders once each, then the status falls by rule."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from procure.daily import every_day
from procure.events import record_all
from procure.figures import long_date
from suppliers.models import (
    CriterionAnswer,
    ExpiryReminder,
    Qualification,
    QualificationCriterion,
    Supplier,
)
from suppliers.qualification import is_lapsed, let_qualification_fall
from suppliers.vetting import EVIDENCE_ENDS

REMIND_DAYS_BEFORE = (3, 14, 30)
"""Days before a last day on which is reminded; one who comes late is reminded of the nearest."""


@dataclass(frozen=True, slots=True)
class Expiry:
    """A last day that comes: of a qualification, or of the evidence for one criterion."""

    qualification: Qualification
    criterion: QualificationCriterion | None
    last_day: date

    @property
    def what(self) -> str:
        """As in "Insurance certificate for Packaging"."""
        name = self.criterion.name if self.criterion else "Qualification"
        return f"{name} for {self.qualification.category}"

    def stage(self, today: date) -> int:
        """The reminder that is due today."""
        left = (self.last_day - today).days
        return next(days for days in REMIND_DAYS_BEFORE if left <= days)


def expiries(today: date, within_days: int = REMIND_DAYS_BEFORE[-1]) -> list[Expiry]:
    """What ends within so many days, today included, soonest first: two statements."""
    last = today + timedelta(days=within_days)
    soon = Q(valid_to__gte=today, valid_to__lte=last)
    qualifications = _usable().filter(soon).select_related("category__owner", "decided_by")
    answers = CriterionAnswer.objects.filter(
        soon,
        outcome=CriterionAnswer.Outcome.MET,
        criterion__retired_at__isnull=True,
        qualification__in=_usable(),
    ).select_related(
        "criterion",
        "qualification__supplier",
        "qualification__category__owner",
        "qualification__decided_by",
    )
    found = [Expiry(one, None, one.valid_to) for one in qualifications if one.valid_to]
    found += [Expiry(one.qualification, one.criterion, one.valid_to) for one in answers]
    return sorted(found, key=lambda one: (one.last_day, one.qualification.pk))


@every_day
def remind_of_expiries() -> None:
    """Gives every reminder that is due and was not given; each is an event, whose mail follows."""
    today = timezone.localdate()
    due = expiries(today)
    if not due:
        return
    ids = {one.qualification.pk for one in due}
    locked = Qualification.objects.filter(pk__in=ids).select_for_update(no_key=True)
    list(locked.order_by("pk"))
    given = set(
        ExpiryReminder.objects.filter(qualification__in=ids).values_list(
            "qualification", "criterion", "last_day", "days_before"
        )
    )
    fresh = [one for one in due if _key(one, today) not in given]
    ExpiryReminder.objects.bulk_create(
        ExpiryReminder(
            qualification=one.qualification,
            criterion=one.criterion,
            last_day=one.last_day,
            days_before=one.stage(today),
        )
        for one in fresh
    )
    record_all(
        "supplier.expiry_reminded",
        [one.qualification.supplier for one in fresh],
        actor=None,
        summaries=[f"{one.what} ends on {long_date(one.last_day)}." for one in fresh],
        payloads=[_payload(one) for one in fresh],
    )


@every_day
def let_lapsed_qualifications_fall() -> None:
    """Each in turn, in the order of their suppliers' locks."""
    today = timezone.localdate()
    over = (
        _usable()
        .annotate(evidence_ends=EVIDENCE_ENDS)
        .filter(Q(valid_to__lt=today) | Q(evidence_ends__lt=today))
        .order_by("supplier_id", "pk")
    )
    for qualification in list(over):
        if is_lapsed(qualification):
            let_qualification_fall(qualification, actor=None)


def _usable() -> QuerySet[Qualification]:
    """Those that count; what stayed behind with a merged record neither ends nor changes anything
    until the two are made two again."""
    rows: QuerySet[Qualification] = Qualification.objects.filter(status__in=Qualification.USABLE)
    merged = Supplier.Status.MERGED
    return rows.exclude(supplier__status=merged).select_related("supplier", "category")


def _key(expiry: Expiry, today: date) -> tuple[int, int | None, date, int]:
    criterion_id = expiry.criterion.pk if expiry.criterion else None
    return expiry.qualification.pk, criterion_id, expiry.last_day, expiry.stage(today)


def _payload(expiry: Expiry) -> dict[str, object]:
    return {
        "qualification_id": expiry.qualification.pk,
        "what": expiry.what,
        "last_day": expiry.last_day.isoformat(),
    }
