"""The checklist of a category, and a supplier's answers to it."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone

from procure.attachments import check_upload, files_of, keep_file
from procure.constraints import refusing
from procure.documents import lock
from procure.errors import BusinessRuleError
from procure.events import record
from procure.models import User
from suppliers.approved_vendors import lineage_of
from suppliers.merged_records import lock_supplier
from suppliers.models import Category, CriterionAnswer, Qualification, QualificationCriterion

Outcome = CriterionAnswer.Outcome


@dataclass(frozen=True, slots=True)
class CriterionDetails:
    """What is said about a criterion; `validity_months` None: its evidence does not age."""

    name: str
    needs_evidence: bool = False
    is_mandatory: bool = True
    validity_months: int | None = None


@transaction.atomic
def add_criterion(
    category: Category, *, details: CriterionDetails, actor: User
) -> QualificationCriterion:
    """Adds a point to a category's checklist. Who is qualified stays so until the next decision."""
    category = lock(category)
    criterion = QualificationCriterion(category=category)
    _take(criterion, details)
    with refusing(_taken(details)):
        criterion.save()
    _tell(criterion, f"New criterion: {_words(criterion)}", actor)
    return criterion


@transaction.atomic
def change_criterion(
    criterion: QualificationCriterion, *, details: CriterionDetails, actor: User
) -> QualificationCriterion:
    """Changes a point of the checklist for all decisions to come."""
    criterion = lock(criterion)
    _require_in_use(criterion)
    before = _words(criterion)
    _take(criterion, details)
    if _words(criterion) == before:
        return criterion
    with refusing(_taken(details)):
        criterion.save()
    _tell(criterion, f"{before} is now: {_words(criterion)}", actor)
    return criterion


@transaction.atomic
def retire_criterion(criterion: QualificationCriterion, *, actor: User) -> QualificationCriterion:
    """Takes a point off the checklist; what was answered to it is kept."""
    criterion = lock(criterion)
    _require_in_use(criterion)
    criterion.retired_at = timezone.now()
    criterion.save(update_fields=["retired_at"])
    _tell(criterion, f"No longer asked: {criterion.name}.", actor)
    return criterion


@transaction.atomic
def answer_criterion(
    qualification: Qualification,
    *,
    criterion: QualificationCriterion,
    outcome: str,
    reason: str = "",
    valid_to: date | None = None,
    upload: UploadedFile[bytes] | None = None,
    actor: User,
) -> CriterionAnswer:
    """Says how the supplier stands to a point of its checklist, with a document where one is asked.

    Without a last day the evidence lasts as long as the criterion says. Refused: a waiver without
    its reason, a last day in the past, a document missing, a point that is not asked here.
    """
    lock_supplier(qualification.supplier)
    qualification = lock(qualification)
    criterion = lock(criterion)
    _require_asked(criterion, qualification)
    if outcome == Outcome.MET and valid_to is None and criterion.validity_months:
        valid_to = months_later(timezone.localdate(), criterion.validity_months)
    _require_sense(outcome, reason, valid_to)
    known = CriterionAnswer.objects.filter(qualification=qualification, criterion=criterion)
    answer = known.first() or CriterionAnswer(qualification=qualification, criterion=criterion)
    given = {"outcome": outcome, "reason": reason.strip(), "valid_to": valid_to}
    if answer.pk and upload is None and all(getattr(answer, k) == v for k, v in given.items()):
        return answer
    for name, value in given.items():
        setattr(answer, name, value)
    answer.answered_by, answer.answered_at = actor, timezone.now()
    answer.save()
    _keep_evidence(answer, criterion, upload, actor)
    record(
        "supplier.criterion_answered",
        qualification.supplier,
        actor=actor,
        summary=f"{qualification.category}: {answer}{f' ({answer.reason})' if answer.reason else ''}",
        qualification_id=qualification.pk,
        criterion_id=criterion.pk,
        outcome=outcome,
    )
    return answer


def months_later(day: date, months: int) -> date:
    """The same day so many months later, or the last one of a shorter month."""
    years, month = divmod(day.month - 1 + months, 12)
    last = monthrange(day.year + years, month + 1)[1]
    return date(day.year + years, month + 1, min(day.day, last))


def _keep_evidence(
    answer: CriterionAnswer,
    criterion: QualificationCriterion,
    upload: UploadedFile[bytes] | None,
    actor: User,
) -> None:
    if upload is not None:
        keep_file(answer, check_upload(upload, field="upload"), uploaded_by=actor)
    elif answer.outcome == Outcome.MET and criterion.needs_evidence and not files_of(answer):
        raise BusinessRuleError(
            "evidence_missing", f"{criterion.name} asks for a document. Attach it.", "upload"
        )


def _require_asked(criterion: QualificationCriterion, qualification: Qualification) -> None:
    if criterion.category_id not in lineage_of(qualification.category) or criterion.retired_at:
        raise BusinessRuleError(
            "not_asked", f"{criterion.name} is not asked for {qualification.category}."
        )


def _require_sense(outcome: str, reason: str, valid_to: date | None) -> None:
    if outcome not in Outcome.values:
        raise BusinessRuleError("outcome", "Choose met, not met or waived.", "outcome")
    if outcome == Outcome.WAIVED and not reason.strip():
        raise BusinessRuleError("reason_missing", "Say why it is waived.", "reason")
    if outcome == Outcome.MET and valid_to is not None and valid_to < timezone.localdate():
        raise BusinessRuleError(
            "already_over", "The document has expired. Ask for a current one.", "valid_to"
        )


def _require_in_use(criterion: QualificationCriterion) -> None:
    if criterion.retired_at is not None:
        raise BusinessRuleError("retired", f"{criterion.name} is no longer asked.")


def _take(criterion: QualificationCriterion, details: CriterionDetails) -> None:
    criterion.name = details.name.strip()
    criterion.needs_evidence = details.needs_evidence
    criterion.is_mandatory = details.is_mandatory
    criterion.validity_months = details.validity_months
    if not criterion.name:
        raise BusinessRuleError("name_missing", "Name the criterion.", "name")


def _taken(details: CriterionDetails) -> dict[str, BusinessRuleError]:
    return {
        "suppliers_qualificationcriterion_name": BusinessRuleError(
            "name_taken", f"“{details.name.strip()}” is on this checklist already.", "name"
        )
    }


def _words(criterion: QualificationCriterion) -> str:
    parts = [
        criterion.name,
        "mandatory" if criterion.is_mandatory else "optional",
        *(["with a document"] if criterion.needs_evidence else []),
        *([f"for {criterion.validity_months} months"] if criterion.validity_months else []),
    ]
    return ", ".join(parts)


def _tell(criterion: QualificationCriterion, summary: str, actor: User) -> None:
    record("category.checklist_changed", criterion.category, actor=actor, summary=summary)
