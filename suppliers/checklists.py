"""A supplier's checklist for a category: its criteria and those of every category above it, each
with the supplier's answer and evidence as they stand on a day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from procure.attachments import files_of_all
from procure.figures import long_date
from procure.models import Attachment
from suppliers.approved_vendors import lineage_of
from suppliers.models import Category, CriterionAnswer, Qualification, QualificationCriterion

Outcome = CriterionAnswer.Outcome


@dataclass(frozen=True, slots=True)
class CheckedCriterion:
    """One point of the checklist: open while it has no answer."""

    criterion: QualificationCriterion
    answer: CriterionAnswer | None
    files: Sequence[Attachment]
    on: date

    @property
    def is_expired(self) -> bool:
        last_day = self.answer.valid_to if self.answer else None
        return last_day is not None and last_day < self.on

    @property
    def lacks_evidence(self) -> bool:
        is_met = self.answer is not None and self.answer.outcome == Outcome.MET
        return is_met and self.criterion.needs_evidence and not self.files

    @property
    def is_fulfilled(self) -> bool:
        answered = self.answer is not None and self.answer.outcome != Outcome.NOT_MET
        return answered and not self.is_expired and not self.lacks_evidence

    @property
    def state(self) -> str:
        """open, met, not_met, waived or expired."""
        if self.answer is None:
            return "open"
        return "expired" if self.is_expired else self.answer.outcome

    @property
    def state_words(self) -> str:
        if self.answer is None:
            return "Open"
        return "Expired" if self.is_expired else str(self.answer.get_outcome_display())

    @property
    def objection(self) -> str:
        """Why it does not count, in a few words; empty when it does."""
        if self.is_fulfilled:
            return ""
        if self.answer is None:
            return f"{self.criterion.name} is not answered"
        if self.is_expired and self.answer.valid_to is not None:
            return f"{self.criterion.name} expired on {long_date(self.answer.valid_to)}"
        if self.lacks_evidence:
            return f"{self.criterion.name} has no document"
        return f"{self.criterion.name} is not met"


@dataclass(frozen=True, slots=True)
class Checklist:
    """All points for one qualification, those of the top category first."""

    rows: Sequence[CheckedCriterion]

    @property
    def fulfilled(self) -> int:
        return sum(row.is_fulfilled for row in self.rows)

    @property
    def objections(self) -> list[str]:
        """What keeps the supplier from being qualified: the mandatory points that do not count."""
        return [row.objection for row in self.rows if row.criterion.is_mandatory and row.objection]

    @property
    def next_end(self) -> CheckedCriterion | None:
        """The evidence that ends first among what counts today."""
        ending = [
            (row.answer.valid_to, place, row)
            for place, row in enumerate(self.rows)
            if row.is_fulfilled and row.answer and row.answer.valid_to
        ]
        return min(ending)[2] if ending else None


def checklists(qualifications: Collection[Qualification], on: date) -> dict[int, Checklist]:
    """The checklist of each qualification, by its id, in three statements for any number; they
    come with their category."""
    criteria = _criteria(one.category for one in qualifications)
    answers = list(
        CriterionAnswer.objects.filter(
            qualification__in=[one.pk for one in qualifications]
        ).select_related("answered_by")
    )
    files = files_of_all(answers)
    given = {(one.qualification_id, one.criterion_id): one for one in answers}
    found = {}
    for one in qualifications:
        rows = []
        for category_id in reversed(lineage_of(one.category)):
            for criterion in criteria.get(category_id, ()):
                answer = given.get((one.pk, criterion.pk))
                kept = files.get(answer.pk, []) if answer else []
                rows.append(CheckedCriterion(criterion, answer, kept, on))
        found[one.pk] = Checklist(rows)
    return found


def checklist_of(qualification: Qualification, on: date) -> Checklist:
    """The checklist of one qualification; of one that is not stored yet, with nothing answered."""
    if qualification.pk is not None:
        return checklists([qualification], on)[qualification.pk]
    return Checklist(
        [CheckedCriterion(one, None, (), on) for one in criteria_of(qualification.category)]
    )


def criteria_of(category: Category) -> list[QualificationCriterion]:
    """The criteria that count for a category, inherited ones first: one statement."""
    found = _criteria([category])
    return [one for pk in reversed(lineage_of(category)) for one in found.get(pk, ())]


def _criteria(categories: Iterable[Category]) -> dict[int, list[QualificationCriterion]]:
    wanted = {pk for category in categories for pk in lineage_of(category)}
    by_category: dict[int, list[QualificationCriterion]] = defaultdict(list)
    for one in (
        QualificationCriterion.objects.filter(category__in=wanted, retired_at__isnull=True)
        .select_related("category")
        .order_by("-is_mandatory", "name")
    ):
        by_category[one.category_id].append(one)
    return by_category
