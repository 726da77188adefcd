"""Money asked back from a supplier: the document that asks, its end, and what credit notes bring.

expect_credit(invoice, claim=Claim(…))        with a decision that claims, or goods that went back
remind_of_credit(credit, actor=…)             sends the document again
drop_expected_credit(credit, reason=…, actor=…)
receive_credits(credit_note_ids)              a credit note closes what was asked for by itself
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from matching.comparison import ComparedLine, compare_documents, disputed_by_position
from matching.expected_credits import CreditReceived, ExpectedCredit
from matching.holds import STOPS_PAYMENT, Cause
from matching.ledger import PAYABLE
from matching.models import Hold, MatchResult, SupplierInvoice
from matching.queries import lines_of
from matching.rematching import lock_orders_of, match_invoices
from matching.telling import tell_matched
from procure.documents import lock, next_number, require_status
from procure.errors import BusinessRuleError
from procure.events import record, record_all
from procure.figures import money
from procure.models import User
from procure.money import ZERO, plain_decimal
from purchasing.models import GoodsReceipt

Kind = ExpectedCredit.Kind
Status = ExpectedCredit.Status
CREDIT_DAYS = 14  # by then a supplier has answered; later it is overdue


@dataclass(frozen=True, slots=True)
class Claim:
    """What is asked back: money in the invoice's currency, with the lines that prove it."""

    kind: str
    amount: Decimal
    reason: str
    lines: Sequence[dict[str, str]] = field(default_factory=list)
    asked_by: User | None = None
    receipt: GoodsReceipt | None = None


def expect_credit(invoice: SupplierInvoice, claim: Claim) -> ExpectedCredit:
    """Writes down that a credit is asked for; the mail that asks follows from the event."""
    series = "credit_request" if claim.kind == Kind.REQUESTED else "debit_note"
    today = timezone.localdate()
    credit: ExpectedCredit = ExpectedCredit.objects.create(
        number=next_number(series, ExpectedCredit),
        kind=claim.kind,
        invoice=invoice,
        receipt=claim.receipt,
        amount=claim.amount,
        reason=claim.reason[:300],
        lines=list(claim.lines),
        asked_on=today,
        due_on=today + timedelta(days=CREDIT_DAYS),
        asked_by=claim.asked_by,
    )
    record(
        "credit.asked",
        invoice,
        actor=claim.asked_by,
        summary=f"{credit.document_name} {credit}: {money(credit.amount, invoice.currency)} "
        f"asked back from {invoice.supplier}.",
        expected_credit_id=credit.pk,
    )
    return credit


def claimed_lines(invoice: SupplierInvoice) -> list[dict[str, str]]:
    """The differing lines as the document shows them, while their holds are open: four statements.

    What the lines leave of the amount in dispute is the tax on them.
    """
    result = MatchResult.objects.get(invoice=invoice)
    holds = list(invoice.holds.filter(status=Hold.Status.OPEN).order_by("pk"))
    comparison = compare_documents(
        invoice, lines_of(invoice), holds, result.checks, disputed_by_position(result)
    )
    rows = [_evidence(row) for row in comparison.lines if row.over > 0]
    rest = (result.disputed_amount or ZERO) - sum((Decimal(row["amount"]) for row in rows), ZERO)
    if rest > 0:
        name = "Tax on it" if invoice.tax_amount else "The invoice as a whole"
        rows.append({"name": name, "amount": plain_decimal(rest)})
    return rows


def _evidence(row: ComparedLine) -> dict[str, str]:
    figures = {
        "ordered": row.ordered, "ordered_price": row.ordered_price, "received": row.received,
        "billed": row.invoiced, "billed_price": row.price, "amount": row.over,
    }  # fmt: skip
    words = {
        "name": row.name,
        "description": row.description,
        "unit": row.unit,
        "words": ", ".join(row.words),
    }
    numbers = {key: plain_decimal(value) for key, value in figures.items() if value is not None}
    return {**words, **numbers}


@transaction.atomic
def remind_of_credit(credit: ExpectedCredit, *, actor: User) -> ExpectedCredit:
    """Sends the document to the supplier once more; at most once a day.

    Refused: a credit that came or was given up, one that was asked for or reminded of today.
    """
    credit = lock(credit)
    require_status(credit, Status.OPEN)
    today = timezone.localdate()
    if credit.reminded_on == today or credit.asked_on == today:
        raise BusinessRuleError("today", "The supplier was asked today. Wait until tomorrow.")
    credit.reminded_on = today
    credit.save(update_fields=["reminded_on"])
    record(
        "credit.reminded",
        credit.invoice,
        actor=actor,
        summary=f"Reminded {credit.invoice.supplier} of {credit}.",
        expected_credit_id=credit.pk,
    )
    return credit


@transaction.atomic
def drop_expected_credit(credit: ExpectedCredit, *, reason: str, actor: User) -> ExpectedCredit:
    """Gives up a credit: nobody waits for it any more, and the invoice stays as it is.

    Refused: no reason, a credit that came or was given up already.
    """
    if not reason.strip():
        raise BusinessRuleError("reason", "Say why nobody waits for it any more.", "reason")
    credit = lock(credit)
    require_status(credit, Status.OPEN)
    _close(credit, Status.DROPPED, reason.strip(), actor)
    credit.save(update_fields=["status", "closed_at", "closed_by", "close_reason"])
    record(
        "credit.dropped",
        credit.invoice,
        actor=actor,
        summary=f"{credit} given up: {reason.strip()}",
        expected_credit_id=credit.pk,
    )
    return credit


def _close(credit: ExpectedCredit, status: str, reason: str, by: User | None) -> None:
    credit.status, credit.closed_at = status, timezone.now()
    credit.closed_by, credit.close_reason = by, reason[:300]


# --- What credit notes bring ------------------------------------------------------------------


def receive_credits(credit_note_ids: Collection[int]) -> list[ExpectedCredit]:
    """Puts payable credit notes against what was asked for on their invoices, the oldest first.

    Returns the credits that are complete with it. What was paid short takes nothing off later
    payments; an invoice that was held for its credit is approved when all of it has come. The
    second run finds nothing left.
    """
    named = SupplierInvoice.objects.filter(pk__in=credit_note_ids, credits__isnull=False)
    invoice_ids = set(named.values_list("credits_id", flat=True))
    wanted = ExpectedCredit.objects.filter(invoice__in=invoice_ids, status=Status.OPEN)
    if not invoice_ids or not wanted.exists():
        return []
    lock_orders_of([*invoice_ids, *credit_note_ids])
    notes = list(
        named.filter(status__in=PAYABLE).select_for_update(no_key=True, of=("self",)).order_by("pk")
    )
    asked = list(
        wanted.select_related("invoice__supplier", "asked_by")
        .select_for_update(no_key=True, of=("self",))
        .order_by("pk")
    )
    parts = _parts(notes, asked)
    CreditReceived.objects.bulk_create(parts)
    complete = _complete(asked, parts)
    ExpectedCredit.objects.bulk_update(
        complete, ["status", "closed_at", "closed_by", "close_reason"]
    )
    SupplierInvoice.objects.bulk_update(_netted(parts), ["approved_amount"])
    _tell(parts)
    _release_requested(complete)
    return complete


def _sums(rows: Any, by: str) -> dict[int, Decimal]:
    return dict(rows.values_list(by).annotate(total=Sum("amount")).order_by())


def _parts(
    notes: Sequence[SupplierInvoice], asked: Sequence[ExpectedCredit]
) -> list[CreditReceived]:
    """What of each note goes to which expected credit."""
    used = _sums(CreditReceived.objects.filter(credit_note__in=notes), "credit_note_id")
    here = _sums(CreditReceived.objects.filter(expected__in=asked), "expected_id")
    open_amount = {credit.pk: credit.amount - here.get(credit.pk, ZERO) for credit in asked}
    parts = []
    for note in notes:
        left = note.total_amount - used.get(note.pk, ZERO)
        for credit in asked:
            part = min(left, open_amount[credit.pk])
            if credit.invoice_id == note.credits_id and part > 0:
                parts.append(CreditReceived(expected=credit, credit_note=note, amount=part))
                left -= part
                open_amount[credit.pk] -= part
    return parts


def _complete(
    asked: Iterable[ExpectedCredit], parts: Iterable[CreditReceived]
) -> list[ExpectedCredit]:
    """Closes those of which everything has come, in memory."""
    by = {part.expected_id: part.credit_note.number for part in parts}
    touched = [credit for credit in asked if credit.pk in by]
    here = _sums(CreditReceived.objects.filter(expected__in=touched), "expected_id")
    complete = [credit for credit in touched if here[credit.pk] >= credit.amount]
    for credit in complete:
        _close(credit, Status.RECEIVED, f"credit note {by[credit.pk]}", None)
    return complete


def _netted(parts: Iterable[CreditReceived]) -> list[SupplierInvoice]:
    """The notes whose money was never paid: only the rest is taken off what we owe."""
    notes: dict[int, SupplierInvoice] = {}
    for part in parts:
        if part.expected.kind == Kind.SHORT_PAID:
            note = notes.setdefault(part.credit_note_id, part.credit_note)
            note.approved_amount = (note.approved_amount or ZERO) - part.amount
    return list(notes.values())


def _tell(parts: Sequence[CreditReceived]) -> None:
    """One event per part, on the invoice whose money came back: one statement."""
    record_all(
        "credit.received",
        [part.expected.invoice for part in parts],
        actor=None,
        summaries=[
            f"Credit note {part.credit_note} brought "
            f"{money(part.amount, part.expected.invoice.currency)} of {part.expected}."
            for part in parts
        ],
        payloads=[{"expected_credit_id": part.expected_id} for part in parts],
    )


def _release_requested(complete: Iterable[ExpectedCredit]) -> None:
    """What was held until its credit came is approved in full: the credit nets the difference.

    What no person could accept stays held: a blocked supplier, bank details on their way, a sample.
    """
    waiting: dict[int, ExpectedCredit] = {
        credit.invoice_id: credit
        for credit in complete
        if credit.kind == Kind.REQUESTED and credit.asked_by_id is not None
    }
    for invoice_id, credit in waiting.items():
        held = Hold.objects.filter(invoice=invoice_id, status=Hold.Status.OPEN)
        held.exclude(check_code__in=STOPS_PAYMENT).update(
            status=Hold.Status.OVERRIDDEN,
            closed_at=credit.closed_at,
            closed_by=credit.asked_by,
            outcome="credited",
            reason=credit.reason,
            closed_because=credit.close_reason[:200],
        )
    causes: dict[str, list[int]] = defaultdict(list)
    for invoice_id, credit in waiting.items():
        causes[credit.close_reason].append(invoice_id)
    for words, ids in causes.items():
        cause = Cause(words[:200])
        tell_matched(match_invoices(ids, cause), cause, None)


def take_credits_back(credit_note_ids: Collection[int]) -> None:
    """A voided credit note brought nothing: what it served is expected again."""
    parts = CreditReceived.objects.filter(
        credit_note__in=credit_note_ids, credit_note__status=SupplierInvoice.Status.VOID
    )
    served = list(parts.values_list("expected_id", flat=True))
    parts.delete()
    again = list(
        ExpectedCredit.objects.filter(pk__in=served, status=Status.RECEIVED)
        .select_related("invoice")
        .select_for_update(no_key=True, of=("self",))
        .order_by("pk")
    )
    for credit in again:
        credit.status, credit.closed_at, credit.close_reason = Status.OPEN, None, ""
    ExpectedCredit.objects.bulk_update(again, ["status", "closed_at", "close_reason"])
    record_all(
        "credit.expected_again",
        [credit.invoice for credit in again],
        actor=None,
        summaries=[f"{credit} is expected again: its credit note was voided." for credit in again],
        payloads=[{"expected_credit_id": credit.pk} for credit in again],
    )
