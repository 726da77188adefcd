"""Taking in a supplier's statement, asking about what differs, and being done with it.

take_statement(supplier, statement=StatementDetails(…), actor=…)
ask_about_statement(statement, positions=[…], message=…, actor=…)
close_statement(statement, note=…, actor=…)
remove_statement(statement, actor=…)
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from matching.addresses import mail_address_of
from matching.invoice_numbers import plain_number
from matching.statement_comparison import compare_statement
from matching.supplier_statements import SupplierStatement, SupplierStatementLine
from procure.documents import lock, require_status
from procure.errors import BusinessRuleError
from procure.events import record
from procure.figures import long_date
from procure.models import User
from suppliers.merged_records import require_not_merged
from suppliers.models import Supplier

Kind = SupplierStatementLine.Kind
Status = SupplierStatement.Status
LINE_FIELDS = ("kind", "number", "dated_on", "due_on", "amount", "open_amount")


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One document of a statement; amounts in its currency, not below zero."""

    number: str
    amount: Decimal
    kind: str = Kind.INVOICE
    dated_on: date | None = None
    due_on: date | None = None
    open_amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class StatementDetails:
    """A statement as it came: of which day, in which currency, with its documents."""

    stated_on: date
    currency: str
    lines: Sequence[StatementLine]
    file_name: str = ""


@transaction.atomic
def take_statement(
    supplier: Supplier, *, statement: StatementDetails, actor: User | None
) -> SupplierStatement:
    """Keeps a statement; it is compared with our books each time it is looked at.

    The same one again changes nothing. Refused: a day in the future, no document, a document
    twice, another statement of the same day.
    """
    require_not_merged(supplier)
    supplier = lock(supplier)
    _require_sound(statement)
    known: SupplierStatement | None = SupplierStatement.objects.filter(
        supplier=supplier, stated_on=statement.stated_on, currency=statement.currency
    ).first()
    if known is not None:
        if _lines_of(known) == list(statement.lines):
            return known
        raise BusinessRuleError(
            "known",
            f"{supplier} has another statement of this day here. Remove that one first.",
            "stated_on",
        )
    found: SupplierStatement = SupplierStatement.objects.create(
        supplier=supplier,
        stated_on=statement.stated_on,
        currency=statement.currency,
        file_name=statement.file_name[:200],
        taken_by=actor,
    )
    SupplierStatementLine.objects.bulk_create(
        SupplierStatementLine(
            statement=found,
            position=position,
            **{name: getattr(line, name) for name in LINE_FIELDS},
        )
        for position, line in enumerate(statement.lines, 1)
    )
    count = len(statement.lines)
    record(
        "supplier_statement.taken",
        found,
        actor=actor,
        summary=f"Statement of {supplier} with {count} {'document' if count == 1 else 'documents'}.",
        supplier_id=supplier.pk,
    )
    return found


@transaction.atomic
def ask_about_statement(
    statement: SupplierStatement, *, positions: Collection[int], message: str = "", actor: User
) -> SupplierStatement:
    """Asks the supplier about lines of its statement; the mail follows from the event.

    What is asked of each line is what the comparison finds at this moment. Refused: no line that
    needs an answer, a supplier without a mail address, a line that was asked about today, a
    statement that is done with.
    """
    statement = lock(statement)
    require_status(statement, Status.OPEN)
    if not mail_address_of(statement.supplier):
        words = f"{statement.supplier} has no mail address. Add one to it or to a contact."
        raise BusinessRuleError("no_address", words)
    today = timezone.localdate()
    asked = [
        one
        for one in compare_statement(statement).documents
        if one.line is not None and one.line.position in positions and one.question
    ]
    if not asked:
        raise BusinessRuleError("nothing", "Tick at least one line to ask about.")
    again = [one.line.number for one in asked if one.line and one.line.asked_on == today]
    if again:
        raise BusinessRuleError("today", f"{again[0]} was asked about today. Wait until tomorrow.")
    SupplierStatementLine.objects.filter(pk__in=[one.line.pk for one in asked if one.line]).update(
        asked_on=today
    )
    count = len(asked)
    record(
        "supplier_statement.asked",
        statement,
        actor=actor,
        summary=f"Asked {statement.supplier} about {count} {'line' if count == 1 else 'lines'}.",
        questions=[one.question for one in asked],
        message=message.strip()[:2000],
    )
    return statement


@transaction.atomic
def close_statement(
    statement: SupplierStatement, *, note: str = "", actor: User
) -> SupplierStatement:
    """Nobody works on it any more. Refused: a statement that is done with already."""
    statement = lock(statement)
    require_status(statement, Status.OPEN)
    statement.status, statement.closed_at = Status.CLOSED, timezone.now()
    statement.closed_by, statement.close_note = actor, note.strip()[:300]
    statement.save(update_fields=["status", "closed_at", "closed_by", "close_note"])
    record(
        "supplier_statement.closed",
        statement,
        actor=actor,
        summary=f"Reconciled. {statement.close_note}".strip(),
    )
    return statement


@transaction.atomic
def remove_statement(statement: SupplierStatement, *, actor: User) -> None:
    """Takes a statement away that was sent in wrongly. Refused: one that is done with."""
    statement = lock(statement)
    require_status(statement, Status.OPEN)
    supplier, day = statement.supplier, long_date(statement.stated_on)
    statement.delete()
    record(
        "supplier_statement.removed",
        supplier,
        actor=actor,
        summary=f"The statement of {day} was removed.",
    )


def _lines_of(statement: SupplierStatement) -> list[StatementLine]:
    return [
        StatementLine(**{name: getattr(line, name) for name in LINE_FIELDS})
        for line in statement.lines.all()
    ]


def _require_sound(statement: StatementDetails) -> None:
    if statement.stated_on > timezone.localdate():
        raise BusinessRuleError("future", "The day of the statement is in the future.", "stated_on")
    if not statement.lines:
        raise BusinessRuleError("no_lines", "The statement has no document in it.", "file")
    seen: set[tuple[str, str]] = set()
    for line in statement.lines:
        key = (line.kind, plain_number(line.number))
        if not key[1]:
            words = f"The number “{line.number}” has no letter and no digit."
            raise BusinessRuleError("number", words, "file")
        if key in seen and line.kind != Kind.PAYMENT:
            raise BusinessRuleError("twice", f"{line.number} stands in the file twice.", "file")
        seen.add(key)
