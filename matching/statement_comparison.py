"""A supplier's statement beside our books: what is missing on either side, what differs, what to do.

    found = compare_statement(statement)     found.documents, the ones that need somebody first

Documents are the same by number, however they are spelt. Everything is read anew each time, so that
an invoice that has come meanwhile is no longer missing. Seven statements, however many lines.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Q

from matching.captured_files import CapturedFile
from matching.expected_credits import ExpectedCredit, with_received
from matching.invoice_numbers import normalised_number, plain_number
from matching.models import Hold, InvoicePayment, SupplierInvoice
from matching.payables import with_open_amount
from matching.queries import in_words
from matching.supplier_statements import SupplierStatement, SupplierStatementLine
from procure.figures import long_date, money
from procure.money import ZERO

Kind = SupplierStatementLine.Kind
Status = SupplierInvoice.Status
Transfer = tuple[Any, str]  # its day and its reference; it may pay several invoices
PAYMENT_DAYS = timedelta(days=10)  # a bank transfer, and a weekend, on its way to their books


class State(models.TextChoices):
    """How a document stands on the two sides; in the order in which it needs somebody."""

    MISSING_HERE = "missing_here", "Not here"
    AMOUNT = "amount", "Amount differs"
    PAID = "paid", "Paid by us"
    FILE_WAITS = "file_waits", "File waits here"
    HELD = "held", "Held here"
    MISSING_THERE = "missing_there", "Not on the statement"
    CREDIT_EXPECTED = "credit_expected", "Credit not sent"
    AGREES = "agrees", "Agrees"


DIFFERS = (State.MISSING_HERE, State.AMOUNT, State.PAID, State.FILE_WAITS)
ORDER = {state: place for place, state in enumerate(State)}


@dataclass(frozen=True, slots=True)
class ComparedDocument:
    """One document on both sides; amounts signed, what takes money off is below zero.

    `difference` is what they wait for above what we have open of it; the differences of all
    documents add up to that of the statement. `words` says what is found, `question` what the
    supplier is asked, or nothing.
    """

    state: State
    kind: str
    number: str
    dated_on: Any
    theirs: Decimal | None
    ours: Decimal | None
    difference: Decimal | None = None
    words: str = ""
    question: str = ""
    line: SupplierStatementLine | None = None
    invoice: Any = None
    file: CapturedFile | None = None
    credit: Any = None


@dataclass(frozen=True, slots=True)
class StatementComparison:
    """All documents, and what the two sides say is open in all."""

    documents: Sequence[ComparedDocument]
    theirs: Decimal
    ours: Decimal

    @property
    def difference(self) -> Decimal:
        """What they wait for above what we have to pay."""
        return self.theirs - self.ours

    @property
    def counts(self) -> list[tuple[State, int]]:
        """How many documents are in each state that occurs, in its order."""
        found = dict.fromkeys(State, 0)
        for one in self.documents:
            found[one.state] += 1
        return [(state, count) for state, count in found.items() if count]


def compare_statement(statement: SupplierStatement) -> StatementComparison:
    """The statement beside our books as they are now."""
    lines = list(statement.lines.all())
    books = _Books(statement, lines)
    documents = [books.compared(line) for line in lines]
    seen = {one.invoice.pk for one in documents if one.invoice is not None}
    documents += books.not_stated(seen)
    documents += books.credits_not_sent()
    documents.sort(key=lambda one: ORDER[one.state])
    return StatementComparison(
        documents,
        theirs=sum((_open_there(line) for line in lines), ZERO),
        ours=sum((_open_here(one) for one in books.undone), ZERO),
    )


def _sign(kind: str) -> int:
    return 1 if kind == Kind.INVOICE else -1


def _open_there(line: SupplierStatementLine) -> Decimal:
    stated: Decimal = line.amount if line.open_amount is None else line.open_amount
    return stated * _sign(line.kind)


def _open_here(invoice: Any) -> Decimal:
    """What we owe on it, or it takes off: a held one counts whole, one that is not here or paid
    nothing, and neither does a credit that an approved invoice is already less by."""
    if invoice is None or invoice.status == Status.PAID:
        return ZERO
    if invoice.status == Status.OPEN:
        total: Decimal = invoice.total_amount
        return total * _sign(invoice.kind)
    if invoice.kind == Kind.CREDIT and invoice.credits.status == Status.APPROVED:
        return ZERO
    found: Decimal = invoice.open_amount
    return found


class _Books:
    """What we have of one supplier, read once."""

    def __init__(
        self, statement: SupplierStatement, lines: Sequence[SupplierStatementLine]
    ) -> None:
        self.statement = statement
        self.currency = statement.currency
        self.has_payments = any(line.kind == Kind.PAYMENT for line in lines)
        keys = {line.number_key for line in lines}
        normalised = {normalised_number(line.number)[:80] for line in lines}
        rows = (
            with_open_amount()
            .filter(supplier=statement.supplier_id)
            .exclude(status=Status.VOID)
            .filter(
                Q(number_key__in=keys)
                | Q(normalised_number__in=normalised)
                | Q(status__in=[Status.OPEN, Status.APPROVED], invoiced_on__lte=statement.stated_on)
            )
        )
        self.invoices = list(rows.select_related("credits").order_by("invoiced_on", "pk"))
        self.by_key = {one.number_key: one for one in reversed(self.invoices)}
        self.alike = {one.normalised_number: one for one in reversed(self.invoices)}
        self.holds = _holds_of(self.invoices)
        self.payments = list(
            InvoicePayment.objects.filter(invoice__supplier=statement.supplier_id)
            .filter(Q(invoice__in=self.invoices) | Q(paid_on__gte=_earliest(lines, statement)))
            .order_by("paid_on", "pk")
        )
        self.paid: dict[int, list[InvoicePayment]] = defaultdict(list)
        for payment in self.payments:
            self.paid[payment.invoice_id].append(payment)
        self.transfers = _transfers_of(lines, self.payments)
        missing = {line.number_key for line in lines} - self.by_key.keys()
        self.elsewhere = {
            one.number_key: one
            for one in SupplierInvoice.objects.filter(number_key__in=missing)
            .exclude(supplier=statement.supplier_id)
            .exclude(status=Status.VOID)
            .select_related("supplier")
        }
        self.files = {
            plain_number(str((file.document or {}).get("number", ""))): file
            for file in CapturedFile.objects.filter(
                supplier=statement.supplier_id, status=CapturedFile.Status.NEEDS_PERSON
            )
        }

    @property
    def undone(self) -> list[Any]:
        """What is not paid, of the statement's currency and until its day."""
        return [
            one
            for one in self.invoices
            if one.currency == self.currency
            and one.invoiced_on <= self.statement.stated_on
            and one.status in (Status.OPEN, Status.APPROVED)
            and (one.kind == Kind.CREDIT or _open_here(one))
        ]

    def compared(self, line: SupplierStatementLine) -> ComparedDocument:
        """One line of the statement beside what we have of it."""
        if line.kind == Kind.PAYMENT:
            return self._payment(line)
        invoice = self.by_key.get(line.number_key) or self.alike.get(
            normalised_number(line.number)[:80]
        )
        if invoice is None:
            return self._not_here(line)
        state, words, question = self._found(line, invoice)
        if invoice.number_key != line.number_key:
            words = f"Here as {invoice.number}. {words}".strip()
        return self._of(line, state, words, question, invoice=invoice)

    def not_stated(self, seen: set[int]) -> list[ComparedDocument]:
        """What is open here and does not stand on the statement."""
        return [
            ComparedDocument(
                state=State.MISSING_THERE,
                kind=one.kind,
                number=one.number,
                dated_on=one.invoiced_on,
                theirs=None,
                ours=_open_here(one) or one.total_amount * _sign(one.kind),
                difference=-_open_here(one),
                words="They do not ask for it."
                if one.kind == Kind.INVOICE
                else "They have not taken it off.",
                invoice=one,
            )
            for one in self.undone
            if one.pk not in seen
        ]

    def credits_not_sent(self) -> list[ComparedDocument]:
        """Credits that we asked for before the day of the statement and that have not come."""
        rows: models.QuerySet[Any] = with_received(
            ExpectedCredit.objects.filter(
                invoice__supplier=self.statement.supplier_id,
                invoice__currency=self.currency,
                status=ExpectedCredit.Status.OPEN,
                asked_on__lte=self.statement.stated_on,
            )
        )
        return [
            ComparedDocument(
                state=State.CREDIT_EXPECTED,
                kind=Kind.CREDIT,
                number=one.number,
                dated_on=one.asked_on,
                theirs=None,
                ours=-(one.amount - one.received_amount),
                words=f"Asked for because: {one.reason}",
                credit=one,
            )
            for one in rows.order_by("asked_on", "pk")
        ]

    def _of(
        self, line: SupplierStatementLine, state: State, words: str, question: str, **more: Any
    ) -> ComparedDocument:
        invoice = more.get("invoice")
        return ComparedDocument(
            state=state,
            kind=line.kind,
            number=line.number,
            dated_on=line.dated_on or (invoice.invoiced_on if invoice else None),
            theirs=line.amount * _sign(line.kind),
            ours=None if invoice is None else invoice.total_amount * _sign(invoice.kind),
            difference=_open_there(line) - _open_here(invoice) if state in DIFFERS else None,
            words=words,
            question=f"{self._named(line)}: {question}" if question else "",
            line=line,
            **more,
        )

    def _named(self, line: SupplierStatementLine) -> str:
        """Invoice 4711 of 4 May 2026 over 120.00 EUR."""
        day = f" of {long_date(line.dated_on)}" if line.dated_on else ""
        return (
            f"{line.get_kind_display()} {line.number}{day} over {self._money(line.amount)} "
            f"{self.currency}"
        )

    def _money(self, amount: Decimal) -> str:
        return money(amount, self.currency)

    def _payment(self, line: SupplierStatementLine) -> ComparedDocument:
        """A payment in their books: one of our transfers, or none that we know of."""
        if line.pk in self.transfers:
            paid_on, reference = self.transfers[line.pk]
            words = f"Paid on {long_date(paid_on)} {reference}".strip() + "."
            return _with_ours(self._of(line, State.AGREES, words, ""), -line.amount)
        question = "we do not know of this payment. Please tell us which invoices it was for."
        return self._of(line, State.MISSING_HERE, "We know of no such payment.", question)

    def _not_here(self, line: SupplierStatementLine) -> ComparedDocument:
        file = self.files.get(line.number_key)
        if file is not None:
            words = f"{file.file_name}: {file.sentence}"
            return self._of(line, State.FILE_WAITS, words, "", file=file)
        other = self.elsewhere.get(line.number_key)
        words = "We do not have it."
        if other is not None and other.total_amount == line.amount:
            words = f"We do not have it of them, but {other.supplier} billed {other.number}."
        question = "we do not have it. Please send us a copy."
        return self._of(line, State.MISSING_HERE, words, question)

    def _found(self, line: SupplierStatementLine, invoice: Any) -> tuple[State, str, str]:
        """How a document that both have stands, in words, and what to ask."""
        if (line.kind, self.currency) != (invoice.kind, invoice.currency):
            here = f"{invoice.get_kind_display().lower()} in {invoice.currency}"
            return State.AMOUNT, f"Here it is a {here}.", f"we have it as {here}. Please check it."
        if line.amount != invoice.total_amount:
            ours = f"{self._money(invoice.total_amount)} {self.currency}"
            question = f"the document that we have is over {ours}. Please explain the difference."
            return State.AMOUNT, "", question
        if invoice.status == Status.OPEN:
            return State.HELD, f"Held: {self.holds.get(invoice.pk, 'not matched yet')}.", ""
        return self._open_of(line, invoice)

    def _open_of(self, line: SupplierStatementLine, invoice: Any) -> tuple[State, str, str]:
        """Both have it with the same amount; what is open of it may differ.

        Credit notes on it may be taken off already, or stand beside it.
        """
        ours: Decimal = invoice.open_amount if invoice.status == Status.APPROVED else ZERO
        theirs = line.amount if line.open_amount is None else line.open_amount
        is_list = line.open_amount is None and self.has_payments
        if is_list or line.kind == Kind.CREDIT or theirs in (ours, ours + invoice.credited):
            return State.AGREES, "", ""
        if ours == ZERO or (line.open_amount is None and ours < theirs):
            paid = self._paid_in_words(invoice)
            return State.PAID, paid, f"{paid[:1].lower()}{paid[1:]} Please check your books."
        words = f"Open there {self._money(theirs)}, here {self._money(ours)}."
        question = (
            f"we have {self._money(ours)} {self.currency} open. Please explain the difference."
        )
        return State.AMOUNT, words, question

    def _paid_in_words(self, invoice: Any) -> str:
        paid = self.paid.get(invoice.pk)
        if not paid:
            return "We have settled it."
        last = paid[-1]
        total = self._money(sum((one.amount for one in paid), ZERO))
        reference = f", reference {last.reference}" if last.reference else ""
        return f"We paid {total} {self.currency} by {long_date(last.paid_on)}{reference}."


def _with_ours(found: ComparedDocument, ours: Decimal) -> ComparedDocument:
    return ComparedDocument(
        found.state, found.kind, found.number, found.dated_on, found.theirs, ours,
        words=found.words, line=found.line,
    )  # fmt: skip


def _transfers_of(
    lines: Iterable[SupplierStatementLine], payments: Iterable[InvoicePayment]
) -> dict[int, Transfer]:
    """Our transfer behind each payment on the statement, by line: the same amount, and its
    reference or about its day. Each transfer is found once, first where it is named, then where
    it is nearest."""
    sums: dict[Transfer, Decimal] = defaultdict(lambda: ZERO)
    for one in payments:
        sums[one.paid_on, one.reference] += one.amount
    by_amount: dict[Decimal, list[Transfer]] = defaultdict(list)
    for transfer, amount in sums.items():
        by_amount[amount].append(transfer)
    stated = [line for line in lines if line.kind == Kind.PAYMENT]
    pairs = [
        (not _is_named(line, one), _apart(line, one), line.pk, one)
        for line in stated
        for one in by_amount.get(line.amount, ())
    ]
    found: dict[int, Transfer] = {}
    used: set[Transfer] = set()
    for is_unnamed, apart, line_id, transfer in sorted(pairs):
        is_free = line_id not in found and transfer not in used
        if is_free and (apart <= PAYMENT_DAYS or not is_unnamed):
            found[line_id] = transfer
            used.add(transfer)
    return found


def _is_named(line: SupplierStatementLine, transfer: Transfer) -> bool:
    reference = plain_number(transfer[1])
    return bool(reference) and reference == line.number_key


def _apart(line: SupplierStatementLine, transfer: Transfer) -> timedelta:
    """How far the days are apart; a line without a day may be any transfer that others leave."""
    return PAYMENT_DAYS if line.dated_on is None else abs(line.dated_on - transfer[0])


def _earliest(lines: Iterable[SupplierStatementLine], statement: SupplierStatement) -> Any:
    days = [line.dated_on for line in lines if line.kind == Kind.PAYMENT and line.dated_on]
    return min([*days, statement.stated_on]) - PAYMENT_DAYS


def _holds_of(invoices: Iterable[SupplierInvoice]) -> dict[int, str]:
    """What holds each, in words: one statement."""
    checks: dict[int, set[str]] = defaultdict(set)
    held = [one.pk for one in invoices if one.status == Status.OPEN]
    for invoice_id, check in Hold.objects.filter(
        invoice__in=held, status=Hold.Status.OPEN
    ).values_list("invoice_id", "check_code"):
        checks[invoice_id].add(check)
    return {pk: in_words(sorted(found)) for pk, found in checks.items()}
