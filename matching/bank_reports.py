"""What the bank says happened: invoices become paid, payments come back, each report counts once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from matching.models import InvoicePayment, PaymentBatch, PaymentBatchLine, SupplierInvoice
from matching.paying import lock_invoices
from procure.documents import lock_all
from procure.errors import BusinessRuleError
from procure.events import record_all
from procure.figures import long_date, money
from procure.models import User
from procure.money import ZERO

Kind = InvoicePayment.Kind
Status = SupplierInvoice.Status
BatchStatus = PaymentBatch.Status
LineStatus = PaymentBatchLine.Status
MOST_AHEAD = timedelta(days=7)  # a bank may announce a payment
LEAVING = (BatchStatus.RELEASED, *PaymentBatch.GONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class BankReport:
    """One line of what the bank says. `amount` is in the invoice's currency: what went, of a
    returned payment what came back; negative only for a credit note that was taken back."""

    invoice_id: int
    paid_on: date
    amount: Decimal
    kind: str = Kind.PAID
    reference: str = ""


@transaction.atomic
def record_payments(reports: Sequence[BankReport], *, actor: User | None) -> int:
    """Writes reports down, in their order; returns how many were new.

    An invoice that has nothing open afterwards is paid. A returned payment opens it again. Refused
    as a whole: an invoice that is held or void, more than is open, a return of what was not paid,
    the same report with another amount, and a payment whose batch is not released. The number of
    statements does not depend on how many there are.
    """
    statement = read_statement({report.invoice_id for report in reports})
    told = [report for report in reports if statement.take(report, actor)]
    statement.write()
    _tell(told, statement, actor)
    return len(told)


def read_statement(invoice_ids: Collection[int]) -> BankStatement:
    """The invoices with everything that a report changes, locked in the house's order."""
    invoices = lock_invoices(invoice_ids)
    lines = PaymentBatchLine.objects.filter(
        invoice__in=invoices, status__in=[LineStatus.PLANNED, LineStatus.PAID, LineStatus.RETURNED]
    )
    batch_ids = set(lines.values_list("batch_id", flat=True))
    batches = lock_all(PaymentBatch.objects.filter(pk__in=batch_ids)) if batch_ids else []
    credit_notes = SupplierInvoice.objects.filter(
        credits__in=invoices, status__in=[Status.APPROVED, Status.PAID]
    )
    return BankStatement(
        invoices,
        list(lines.order_by("pk")),
        {batch.pk: batch for batch in batches},
        list(InvoicePayment.objects.filter(invoice__in=invoices).order_by("pk")),
        list(credit_notes.order_by("pk")),
    )


class BankStatement:
    """The locked rows while reports are taken one after the other, and what is written at the end."""

    def __init__(
        self,
        invoices: dict[int, Any],
        lines: Sequence[PaymentBatchLine],
        batches: dict[int, PaymentBatch],
        payments: Sequence[InvoicePayment],
        credit_notes: Sequence[SupplierInvoice],
    ) -> None:
        self.invoices = invoices
        self.batches = batches
        self.live = {line.invoice_id: line for line in lines if line.status == LineStatus.PLANNED}
        self.lines = {line.pk: line for line in lines}
        self.payments: dict[int, list[InvoicePayment]] = defaultdict(list)
        for payment in payments:
            self.payments[payment.invoice_id].append(payment)
        self.credits: dict[int, list[SupplierInvoice]] = defaultdict(list)
        for credit in credit_notes:
            self.credits[credit.credits_id or 0].append(credit)
        self.new: list[InvoicePayment] = []
        self.statuses: dict[int, str] = {}
        self.changed_lines: dict[int, PaymentBatchLine] = {}

    def take(self, report: BankReport, actor: User | None) -> bool:
        """Takes one report; False when it is known already."""
        invoice = self.invoices[report.invoice_id]
        if self._is_known(report, invoice):
            return False
        if report.paid_on > timezone.localdate() + MOST_AHEAD:
            raise _refusal("future", f"{long_date(report.paid_on)} has not come yet.")
        if report.kind == Kind.PAID:
            payment = self._paid(report, invoice)
        else:
            payment = self._returned(report, invoice)
        payment.recorded_by = actor
        self.new.append(payment)
        self.payments[invoice.pk].append(payment)
        moved = payment.amount + payment.discount_amount
        invoice.open_amount -= moved
        invoice.settled += moved
        self._settle(invoice)
        return True

    def _is_known(self, report: BankReport, invoice: Any) -> bool:
        for known in self.payments[invoice.pk]:
            same = (known.kind, known.paid_on, known.reference)
            if same == (report.kind, report.paid_on, report.reference):
                if abs(known.amount) == abs(report.amount):
                    return True
                words = money(abs(known.amount), invoice.currency)
                raise _refusal("other_amount", f"This was reported before, with {words}.")
        return False

    def _paid(self, report: BankReport, invoice: Any) -> InvoicePayment:
        line = self.live.get(invoice.pk)
        self._require_open(report, invoice, line)
        discount = ZERO
        if line is not None:
            discount = line.discount_amount if report.amount == line.amount else ZERO
            self._change(line, LineStatus.PAID)
            del self.live[invoice.pk]
        return _payment(report, line, report.amount, discount)

    def _require_open(
        self, report: BankReport, invoice: Any, line: PaymentBatchLine | None
    ) -> None:
        number = invoice.number
        if invoice.status == Status.OPEN:
            raise _refusal("held", f"{number} is held and not payable. Resolve its holds first.")
        if invoice.status != Status.APPROVED:
            raise _refusal("status", f"{number} is {invoice.get_status_display().lower()} already.")
        most = invoice.open_amount
        if line is not None:
            batch = self.batches[line.batch_id]
            if batch.status not in LEAVING:
                raise _refusal("not_released", f"{number} is in {batch}, which is not released.")
            most = max(most, line.amount, key=abs)
        is_credit = invoice.kind == SupplierInvoice.Kind.CREDIT
        fits = report.amount and (report.amount < ZERO) == is_credit
        if not fits or abs(report.amount) > abs(most):
            words = f"{number} has {money(most, invoice.currency)} open, not more."
            raise _refusal("amount", words)

    def _returned(self, report: BankReport, invoice: Any) -> InvoicePayment:
        known = self.payments[invoice.pk]
        left = sum((one.amount for one in known), ZERO)
        if report.amount <= ZERO or report.amount > left:
            words = f"{money(left, invoice.currency)} of {invoice.number} was paid, not more."
            raise _refusal("not_paid", words)
        last = [one for one in known if one.kind == Kind.PAID][-1]
        line = self.lines.get(last.line_id or 0)
        if line is not None:
            self._change(line, LineStatus.RETURNED, f"Returned on {long_date(report.paid_on)}")
        discount = last.discount_amount if report.amount == last.amount else ZERO
        return _payment(report, line, -report.amount, -discount)

    def _change(self, line: PaymentBatchLine, status: str, reason: str = "") -> None:
        line.status, line.reason = status, reason
        self.changed_lines[line.pk] = line

    def _settle(self, invoice: Any) -> None:
        """Paid when nothing is open, else (again) to be paid; what is paid has used its credits."""
        is_credit = invoice.kind == SupplierInvoice.Kind.CREDIT
        is_settled = invoice.open_amount >= ZERO if is_credit else invoice.open_amount <= ZERO
        invoice.status = Status.PAID if is_settled else Status.APPROVED
        self.statuses[invoice.pk] = invoice.status
        room = invoice.total_amount - invoice.settled
        for credit in self.credits[invoice.pk] if is_settled else ():
            room -= credit.approved_amount or ZERO
            if room >= ZERO:  # else it came too late, and is taken back from the next payment
                self.statuses[credit.pk] = Status.PAID

    def write(self) -> None:
        """Everything that the reports changed, in a fixed number of statements."""
        InvoicePayment.objects.bulk_create(self.new)
        PaymentBatchLine.objects.bulk_update(self.changed_lines.values(), ["status", "reason"])
        for status in (Status.PAID, Status.APPROVED):
            ids = [pk for pk, now in self.statuses.items() if now == status]
            SupplierInvoice.objects.filter(pk__in=ids).update(status=status)
        _settle_batches(self.batches)


def _payment(
    report: BankReport, line: PaymentBatchLine | None, amount: Decimal, discount: Decimal
) -> InvoicePayment:
    return InvoicePayment(
        invoice_id=report.invoice_id,
        line=line,
        kind=report.kind,
        paid_on=report.paid_on,
        amount=amount,
        discount_amount=discount,
        reference=report.reference,
    )


def _settle_batches(batches: dict[int, PaymentBatch]) -> None:
    """A batch is paid when no payment of it is awaited any more."""
    states: dict[int, set[str]] = defaultdict(set)
    rows = PaymentBatchLine.objects.filter(batch__in=batches).values_list("batch_id", "status")
    for batch_id, status in rows:
        states[batch_id].add(status)
    changed = []
    for batch in batches.values():
        found = states[batch.pk]
        if LineStatus.PLANNED in found or batch.status not in LEAVING:
            continue
        is_returned = LineStatus.RETURNED in found
        now = BatchStatus.PART_RETURNED if is_returned else BatchStatus.PAID
        if now != batch.status:
            batch.status = now
            changed.append(batch)
    PaymentBatch.objects.bulk_update(changed, ["status"])


def _tell(reports: Sequence[BankReport], statement: BankStatement, actor: User | None) -> None:
    for kind, event, verb in (
        (Kind.PAID, "supplier_invoice.paid", "paid"),
        (Kind.RETURNED, "supplier_invoice.payment_returned", "came back"),
    ):
        told = [(one, statement.invoices[one.invoice_id]) for one in reports if one.kind == kind]
        record_all(
            event,
            [invoice for _, invoice in told],
            actor=actor,
            summaries=[
                f"{money(report.amount, invoice.currency)} {invoice.currency} {verb} on "
                f"{long_date(report.paid_on)} {report.reference}".strip()
                for report, invoice in told
            ],
            payloads=[{"amount": str(report.amount)} for report, _ in told],
        )


def _refusal(code: str, sentence: str) -> BusinessRuleError:
    return BusinessRuleError(code, sentence, "amount")
