"""What is to be paid: approved invoices with what is still open of each, and why one must wait.

Open is what was approved less credits and payments, read from the documents each time. A credit
first covers what was billed and never approved. A credit note whose invoice is paid is itself a
row, with a negative amount: it is taken back from what the supplier gets next.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import (
    Case,
    Count,
    DecimalField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Least
from django.utils import timezone

from matching.models import Hold, InvoicePayment, PaymentBatch, PaymentBatchLine, SupplierInvoice
from procure.figures import long_date
from procure.money import HUNDRED, ZERO, round_money
from suppliers.models import Supplier
from suppliers.payment_holds import PaymentHold, payments_held

Status = SupplierInvoice.Status
Kind = SupplierInvoice.Kind
AMOUNT: DecimalField[Any, Any] = DecimalField(max_digits=18, decimal_places=4)
NO_MONEY = Value(ZERO, output_field=AMOUNT)


def _sum_of(rows: QuerySet[Any], field: str, expression: Any) -> Coalesce:
    sums = rows.order_by().values(field).annotate(total=Sum(expression)).values("total")
    return Coalesce(Subquery(sums, output_field=AMOUNT), NO_MONEY)


def with_open_amount() -> QuerySet[SupplierInvoice]:
    """Every invoice with `credited`, `settled` and `open_amount`, in its currency."""
    credit_notes = SupplierInvoice.objects.filter(
        credits=OuterRef("pk"), kind=Kind.CREDIT, status__in=[Status.APPROVED, Status.PAID]
    )
    paid = InvoicePayment.objects.filter(invoice=OuterRef("pk"))
    rows: QuerySet[SupplierInvoice] = SupplierInvoice.objects.annotate(
        credited=_sum_of(credit_notes, "credits", F("approved_amount")),
        settled=_sum_of(paid, "invoice", F("amount") + F("discount_amount")),
    ).annotate(
        open_amount=Case(
            When(kind=Kind.CREDIT, then=-F("approved_amount") - F("settled")),
            default=Least(F("approved_amount"), F("total_amount") - F("credited")) - F("settled"),
            output_field=AMOUNT,
        )
    )
    return rows


def payable_invoices() -> QuerySet[SupplierInvoice]:
    """What is approved and not settled: invoices to pay, and credit notes to take back."""
    rows: QuerySet[SupplierInvoice] = with_open_amount().filter(
        Q(kind=Kind.INVOICE, open_amount__gt=0)
        | Q(kind=Kind.CREDIT, open_amount__lt=0, credits__status=Status.PAID),
        status=Status.APPROVED,
    )
    return rows


def payable_rows() -> QuerySet[SupplierInvoice]:
    """The same as the list shows it, what is due first on top, with the batch that has it."""
    live = PaymentBatchLine.objects.filter(
        invoice=OuterRef("pk"), status=PaymentBatchLine.Status.PLANNED
    )
    rows: QuerySet[SupplierInvoice] = (
        payable_invoices()
        .select_related("supplier")
        .annotate(
            batch_number=Subquery(live.values("batch__number")[:1]),
            batch_public_id=Subquery(live.values("batch__public_id")[:1]),
        )
        .order_by(F("due_on").asc(nulls_last=True), "pk")
    )
    return rows


def discount_on(invoice: SupplierInvoice, amount: Decimal, day: date) -> Decimal:
    """What may be kept of an amount when it is paid on that day, rounded to the minor unit."""
    percent, until = invoice.early_discount_percent, invoice.discount_until
    if not percent or until is None or until < day or amount <= ZERO:
        return ZERO
    return round_money(amount * Decimal(percent) / HUNDRED, invoice.currency)


@dataclass(frozen=True, slots=True)
class Payable:
    """One row of the list with what a person decides on."""

    invoice: Any
    open_amount: Decimal
    discount: Decimal
    waits: str

    @property
    def is_free(self) -> bool:
        """Whether it can go into a batch now."""
        return not self.waits and not self.invoice.batch_number


def as_payables(invoices: Iterable[Any], day: date | None = None) -> list[Payable]:
    """Rows of `payable_rows` with discount and what they wait for: one statement more."""
    rows, today = list(invoices), day or timezone.localdate()
    held = payments_held({row.supplier_id for row in rows}, today)
    return [
        Payable(
            row,
            row.open_amount,
            discount_on(row, row.open_amount, today),
            supplier_waits(row.supplier, held.get(row.supplier_id)),
        )
        for row in rows
    ]


def supplier_waits(supplier: Supplier, held: PaymentHold | None) -> str:
    """Why this supplier gets no money now, as a sentence, or nothing."""
    if supplier.status == Supplier.Status.BLOCKED:
        return f"{supplier} is blocked."
    if held is not None:
        return held.sentence
    return ""


def why_not_payable(
    invoices: Sequence[Any], held: dict[int, PaymentHold], held_ids: Collection[int]
) -> dict[int, str]:
    """Per invoice that must not be paid now, why; `invoices` carry their open amount and supplier."""
    found = {}
    for invoice in invoices:
        sentence = _own_reason(invoice, invoice.pk in held_ids) or supplier_waits(
            invoice.supplier, held.get(invoice.supplier_id)
        )
        if sentence:
            found[invoice.pk] = sentence
    return found


def _own_reason(invoice: Any, is_held: bool) -> str:
    if is_held or invoice.status == Status.OPEN:
        return f"{invoice.number} is held and not payable."
    if invoice.status != Status.APPROVED:
        return f"{invoice.number} is {invoice.get_status_display().lower()}."
    if invoice.kind == Kind.INVOICE and invoice.open_amount <= ZERO:
        return f"Nothing is open on {invoice.number}: it is paid or credited."
    if invoice.kind == Kind.CREDIT and invoice.open_amount >= ZERO:
        return f"{invoice.number} was taken back already."
    return ""


def with_open_hold(invoice_ids: Collection[int]) -> set[int]:
    """Those of the invoices on which a hold is open: one statement."""
    return set(
        Hold.objects.filter(invoice__in=invoice_ids, status=Hold.Status.OPEN).values_list(
            "invoice_id", flat=True
        )
    )


def is_on_its_way(invoice_ids: Collection[int]) -> set[int]:
    """Those whose payment has left and is not confirmed yet; they are not held or voided any more."""
    return set(
        PaymentBatchLine.objects.filter(
            invoice__in=invoice_ids,
            status=PaymentBatchLine.Status.PLANNED,
            batch__status=PaymentBatch.Status.EXPORTED,
        ).values_list("invoice_id", flat=True)
    )


@dataclass(frozen=True, slots=True)
class WeekTotal:
    """What falls due in one week (its Monday; None without a due date), per currency."""

    monday: date | None
    currency: str
    amount: Decimal
    invoices: int

    @property
    def key(self) -> str:
        return "" if self.monday is None else self.monday.isoformat()

    @property
    def words(self) -> str:
        """The week as people say it."""
        if self.monday is None:
            return "No due date"
        this = monday_of(timezone.localdate())
        known = {this: "This week", this + timedelta(days=7): "Next week"}
        return known.get(self.monday) or f"Week of {long_date(self.monday)}"

    @property
    def is_over(self) -> bool:
        return self.monday is not None and self.monday < monday_of(timezone.localdate())


def monday_of(day: date) -> date:
    """The first day of that day's week."""
    return day - timedelta(days=day.weekday())


def week_totals(rows: Iterable[Any]) -> list[WeekTotal]:
    """Totals per due week and currency of (due date, currency, open amount), the earliest first."""
    sums: dict[tuple[date | None, str], tuple[Decimal, int]] = {}
    for due_on, currency, amount in rows:
        key = (None if due_on is None else monday_of(due_on)), currency
        total, count = sums.get(key, (ZERO, 0))
        sums[key] = total + amount, count + 1
    found = [
        WeekTotal(monday, currency, total, count)
        for (monday, currency), (total, count) in sums.items()
    ]
    return sorted(found, key=lambda one: (one.monday or date.max, one.currency))


def currency_totals(weeks: Iterable[WeekTotal]) -> list[tuple[str, Decimal, int]]:
    """The same per currency: its code, what is open, how many invoices."""
    sums: dict[str, tuple[Decimal, int]] = {}
    for week in weeks:
        total, count = sums.get(week.currency, (ZERO, 0))
        sums[week.currency] = total + week.amount, count + week.invoices
    return [(currency, total, count) for currency, (total, count) in sorted(sums.items())]


def free_of_batches() -> QuerySet[SupplierInvoice]:
    """Payable rows that no live payment has."""
    live = PaymentBatchLine.objects.filter(
        invoice=OuterRef("pk"), status=PaymentBatchLine.Status.PLANNED
    )
    rows: QuerySet[SupplierInvoice] = payable_rows().filter(~Exists(live))
    return rows


def batches_with_totals() -> QuerySet[PaymentBatch]:
    """Batches with what leaves or left, how many payments, and who made and released them."""
    counted = ~Q(lines__status=PaymentBatchLine.Status.TAKEN_OUT)
    rows: QuerySet[PaymentBatch] = (
        PaymentBatch.objects.select_related("made_by", "released_by")
        .annotate(
            total=Coalesce(Sum("lines__amount", filter=counted), NO_MONEY),
            payments=Count("lines", filter=counted),
        )
        .order_by("-pk")
    )
    return rows


def payable_figures() -> list[tuple[date | None, str, Decimal]]:
    """Due date, currency and open amount of everything that is to be paid: one statement."""
    figures: Any = payable_invoices().order_by()
    return list(figures.values_list("due_on", "currency", "open_amount"))
