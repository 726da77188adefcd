"""Checking captured files against the rules of EN 16931: after the match, and never in its way.

ask_for_check(file, reading)                   the file waits for its check
check_waiting_rules(organization_id)           a worker's task: several files in one process apart
end_check(check, report=…, why_not=…, actor=…) keeps which rules it breaks, or why nobody knows

Checks are claimed in one transaction, made outside of any, and each ended in another. A worker that
dies in between leaves them claimed; they are claimed again later, three times at most.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from importlib.util import find_spec
from time import monotonic

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from matching.captured_files import CapturedFile
from matching.einvoices.apart import check_rules_apart
from matching.einvoices.document import Reading, to_json
from matching.einvoices.rule_report import RuleReport
from matching.rule_checks import RuleCheck
from procure.attachments import files_of, read_file
from procure.documents import lock, require_status
from procure.errors import BusinessRuleError
from procure.events import record
from procure.models import User
from procure.tenancy import tenant_atomic

MOST_AT_ONCE = 10  # files in one process: a sheet of rules is compiled once for them
SWEEP_SECONDS = 20.0
GIVEN_UP_AFTER = timedelta(seconds=60)  # more than the files of one process can take
MOST_ATTEMPTS = 3
NOT_INSTALLED = "This installation has no rule checker."
TOO_MUCH = "The check takes more memory or time than it may, or the rules cannot be applied."
Status = RuleCheck.Status


def ask_for_check(file: CapturedFile, reading: Reading | None) -> None:
    """Lets a file that was just read wait for its check, where it names rules that we have."""
    if reading is not None and reading.rule_set:
        RuleCheck.objects.create(file=file, rule_set=reading.rule_set)


def is_due() -> bool:
    """Whether files wait and nobody is at it: two processes at once would hold up the matching."""
    waiting = RuleCheck.objects.filter(status=Status.WAITING)
    if not waiting.exists():
        return False
    return not waiting.filter(started_at__gte=timezone.now() - GIVEN_UP_AFTER).exists()


def check_waiting_rules(organization_id: int) -> None:
    """Checks what waits, for so long that the organization's other work is not held up."""
    until = monotonic() + SWEEP_SECONDS
    while monotonic() < until:
        with tenant_atomic(organization_id):
            claimed = _claim()
        if not claimed:
            return
        _check(organization_id, claimed)


def _claim() -> list[RuleCheck]:
    """The oldest checks that wait, or whose worker is gone; nobody else takes them meanwhile."""
    lost = Q(started_at__isnull=True) | Q(started_at__lt=timezone.now() - GIVEN_UP_AFTER)
    claimed = list(
        RuleCheck.objects.filter(lost, status=Status.WAITING)
        .select_for_update(skip_locked=True, no_key=True, of=("self",))
        .select_related("file")
        .order_by("pk")[:MOST_AT_ONCE]
    )
    for check in claimed:
        check.started_at = timezone.now()
        check.attempts += 1
    RuleCheck.objects.bulk_update(claimed, ["started_at", "attempts"])
    return claimed


def _check(organization_id: int, claimed: list[RuleCheck]) -> None:
    """Ends what the process came to; the file it stopped at is to blame only when it was the first."""
    if find_spec("saxonche") is None:
        _end(organization_id, [(check, None) for check in claimed], NOT_INSTALLED)
        return
    given_up = [check for check in claimed if check.attempts > MOST_ATTEMPTS]
    _end(organization_id, [(check, None) for check in given_up], TOO_MUCH)
    checks = [check for check in claimed if check not in given_up]
    if checks:
        contents = [_content_of(organization_id, check) for check in checks]
        reports = check_rules_apart(contents) or [None]
        _end(organization_id, list(zip(checks, reports, strict=False)), TOO_MUCH)
        _put_back(organization_id, checks[len(reports) :])


def _content_of(organization_id: int, check: RuleCheck) -> bytes:
    """The file; nothing, to which no rule can be applied, when it is not what was kept any more."""
    try:
        with tenant_atomic(organization_id):
            return read_file(files_of(check.file)[0])
    except BusinessRuleError:
        return b""


def _end(
    organization_id: int, ended: list[tuple[RuleCheck, RuleReport | None]], why_not: str
) -> None:
    for check, report in ended:
        with suppress(BusinessRuleError), tenant_atomic(organization_id):  # somebody else ended it
            end_check(check, report=report, why_not=why_not, actor=None)


def _put_back(organization_id: int, checks: list[RuleCheck]) -> None:
    """These were not come to: the next process begins with them."""
    with tenant_atomic(organization_id):
        RuleCheck.objects.filter(pk__in=[one.pk for one in checks], status=Status.WAITING).update(
            started_at=None, attempts=F("attempts") - 1
        )


@transaction.atomic
def end_check(
    check: RuleCheck, *, report: RuleReport | None, why_not: str = "", actor: User | None
) -> RuleCheck:
    """Keeps which rules the file breaks, or why it was not checked. Refused: an ended check."""
    check = lock(check)
    require_status(check, Status.WAITING)
    check.finished_at = timezone.now()
    if report is None:
        check.status, check.sentence = Status.UNCHECKED, why_not
        summary = f"Not checked against {check.rule_set}: {why_not}"
    else:
        check.status, check.broken = Status.CHECKED, to_json(report)["broken"]
        summary = f"Checked against {check.rule_set}: {_counted(len(report.broken))} broken."
    check.save(update_fields=["status", "sentence", "broken", "finished_at"])
    record("captured_file.checked", check.file, actor=actor, summary=summary)
    return check


def _counted(count: int) -> str:
    return "one rule" if count == 1 else f"{count or 'no'} rules"
