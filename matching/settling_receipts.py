"""Receipt settlement: we bill ourselves for the supplier what came, and debit what went back.

settle_by_receipt(supplier, terms=TermsDetails(…), actor=…)
end_receipt_settlement(terms, reason=…, actor=…)
settle_receipts(terms, actor=…)          bills what is due
debit_returned_goods(terms, actor=…)     a debit note for what was settled and is not here any more

The documents are invoices and credit notes like others, and are matched like others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from matching.capture import CapturedInvoice, CapturedLine, capture_invoices
from matching.feeding import lock_orders
from matching.models import SupplierInvoice, SupplierInvoiceLine
from matching.settlement_due import DueLine, due_lines
from matching.settlement_terms import AGEING_DAYS, ReceiptSettlement, SettlementTerms
from procure.documents import lock, next_number
from procure.errors import BusinessRuleError
from procure.events import record
from procure.figures import money
from procure.models import User
from procure.money import HUNDRED, ZERO, plain_decimal, round_money
from suppliers.models import Supplier

Kind = SupplierInvoice.Kind
Status = SupplierInvoice.Status
SETTLED = SupplierInvoice.Origin.SETTLED
TaxCode = SettlementTerms.TaxCode
MOST_AGEING_DAYS = 90


@dataclass(frozen=True, slots=True)
class TermsDetails:
    """What was agreed with the supplier: its tax, from which receipts on, after how many days."""

    tax_code: str
    starts_on: date
    note: str
    tax_rate: Decimal = ZERO
    ageing_days: int = AGEING_DAYS


@transaction.atomic
def settle_by_receipt(supplier: Supplier, *, terms: TermsDetails, actor: User) -> SettlementTerms:
    """From now on the supplier sends no invoices: it is paid what came, at the order's price.

    Terms in force are replaced; the same ones again change nothing. Refused: no tax code, a rate
    that does not go with it, no word on where the agreement is kept, a supplier that is not active.
    """
    supplier = lock(supplier)
    _require_sound(supplier, terms)
    before: SettlementTerms | None = SettlementTerms.objects.filter(
        supplier=supplier, ended_at__isnull=True
    ).first()
    wanted = {
        "tax_code": terms.tax_code,
        "tax_rate": terms.tax_rate,
        "ageing_days": terms.ageing_days,
        "starts_on": terms.starts_on,
        "note": terms.note.strip()[:200],
    }
    if before is not None:
        if all(getattr(before, name) == value for name, value in wanted.items()):
            return before
        _end(before, "Replaced by other terms.", actor)
    found: SettlementTerms = SettlementTerms.objects.create(
        supplier=supplier, set_by=actor, **wanted
    )
    tax = found.get_tax_code_display().lower()
    record(
        "receipt_settlement.set",
        supplier,
        actor=actor,
        summary=f"Settled by receipt after {found.ageing_days} days, {tax}: {found.note}",
        terms_id=found.pk,
    )
    return found


@transaction.atomic
def end_receipt_settlement(terms: SettlementTerms, *, reason: str, actor: User) -> SettlementTerms:
    """The supplier sends invoices again; what was settled stays. Refused: no reason, ended already."""
    if not reason.strip():
        raise BusinessRuleError("reason", "Say why it ends.", "reason")
    terms = lock(terms)
    _require_in_force(terms)
    _end(terms, reason.strip()[:300], actor)
    record(
        "receipt_settlement.ended",
        terms.supplier,
        actor=actor,
        summary=f"No longer settled by receipt: {terms.end_reason}",
        terms_id=terms.pk,
    )
    return terms


@transaction.atomic
def settle_receipts(terms: SettlementTerms, *, actor: User | None) -> list[SupplierInvoice]:
    """Writes the supplier's invoices over everything that is due, one per currency.

    What is blocked or still ages is left out; the second call finds nothing. Refused: terms that
    have ended.
    """
    terms = lock(terms)
    _require_in_force(terms)
    _lock_orders_of(terms)
    by_currency: dict[str, list[DueLine]] = defaultdict(list)
    for one in due_lines([terms.supplier_id]):
        if one.is_free:
            by_currency[one.line.order.currency].append(one)
    bills = [_bill(terms, currency, due) for currency, due in sorted(by_currency.items())]
    return _capture(terms, bills, actor)


@transaction.atomic
def debit_returned_goods(terms: SettlementTerms, *, actor: User | None) -> list[SupplierInvoice]:
    """Writes a debit note on each of our invoices whose goods are not here any more.

    It may run twice: the second call finds nothing. Terms that have ended still debit.
    """
    terms = lock(terms)
    _lock_orders_of(terms)
    went_back = {
        one.line.pk: one.went_back for one in due_lines([terms.supplier_id]) if one.went_back
    }
    notes = _debit_notes(terms.supplier, went_back) if went_back else []
    return _capture(terms, notes, actor)


def _require_sound(supplier: Supplier, terms: TermsDetails) -> None:
    if supplier.status != Supplier.Status.ACTIVE:
        words = supplier.get_status_display().lower()
        raise BusinessRuleError("status", f"{supplier} is {words}.", "supplier")
    if terms.tax_code not in TaxCode.values:
        raise BusinessRuleError("tax_code", "Choose the tax code of its deliveries.", "tax_code")
    is_standard = terms.tax_code == TaxCode.STANDARD
    if is_standard and not ZERO < terms.tax_rate <= HUNDRED:
        raise BusinessRuleError("tax_rate", "Give the standard rate in percent.", "tax_rate")
    if not is_standard and terms.tax_rate:
        raise BusinessRuleError("tax_rate", "Only the standard rate has a percentage.", "tax_rate")
    if not 0 <= terms.ageing_days <= MOST_AGEING_DAYS:
        words = f"Give a number of days from 0 to {MOST_AGEING_DAYS}."
        raise BusinessRuleError("ageing_days", words, "ageing_days")
    if not terms.note.strip():
        raise BusinessRuleError("note", "Say where the agreement on it is kept.", "note")


def _require_in_force(terms: SettlementTerms) -> None:
    if terms.ended_at is not None:
        raise BusinessRuleError("ended", f"{terms.supplier} is not settled by receipt any more.")


def _end(terms: SettlementTerms, reason: str, actor: User) -> None:
    terms.ended_at, terms.ended_by, terms.end_reason = timezone.now(), actor, reason
    terms.save(update_fields=["ended_at", "ended_by", "end_reason"])


def _lock_orders_of(terms: SettlementTerms) -> None:
    """Nothing comes, goes back or is billed by others until what is due is written."""
    lock_orders((), {one.line.order_id for one in due_lines([terms.supplier_id])})


def _capture(
    terms: SettlementTerms, documents: Sequence[CapturedInvoice], actor: User | None
) -> list[SupplierInvoice]:
    """Takes the documents in like any invoice, and tells once what was made."""
    if not documents:
        return []
    invoices = capture_invoices(documents, origin=SETTLED, actor=actor)
    ReceiptSettlement.objects.bulk_create(
        ReceiptSettlement(terms=terms, invoice=invoice) for invoice in invoices
    )
    words = ", ".join(
        f"{one.number} over {money(one.total_amount, one.currency)} {one.currency}"
        for one in invoices
    )
    record(
        "receipt_settlement.made",
        terms.supplier,
        actor=actor,
        summary=f"Settled by receipt: {words}.",
        invoice_ids=[invoice.pk for invoice in invoices],
    )
    return invoices


# --- The documents ----------------------------------------------------------------------------


def _bill(terms: SettlementTerms, currency: str, due: Sequence[DueLine]) -> CapturedInvoice:
    lines = [_billed(one, currency, terms.tax_rate) for one in due]
    net = sum((line.amount or ZERO for line in lines), ZERO)
    receipts = sorted({number for one in due for number in one.receipts})
    orders = {str(one.line.order) for one in due}
    return _document(
        terms.supplier,
        currency,
        lines,
        {terms.tax_rate: round_money(net * terms.tax_rate / HUNDRED, currency)},
        order_reference=orders.pop() if len(orders) == 1 else "",
        despatch_reference=", ".join(receipts)[:200],
    )


def _billed(one: DueLine, currency: str, tax_rate: Decimal) -> CapturedLine:
    line = one.line
    return CapturedLine(
        quantity=one.due,
        unit_price=line.unit_price,
        amount=round_money(one.due * line.unit_price, currency),
        unit=line.unit,
        order_number=str(line.order),
        order_line_no=str(line.line_no),
        sku_code=line.sku.code,
        supplier_sku=line.supplier_sku,
        description=line.description,
        tax_rate=tax_rate,
    )


def _document(
    supplier: Supplier,
    currency: str,
    lines: Sequence[CapturedLine],
    taxes: dict[Decimal, Decimal],
    **given: Any,
) -> CapturedInvoice:
    """An invoice or credit note of today under the next number of our series."""
    return CapturedInvoice(
        supplier=supplier,
        number=next_number("self_bill", SupplierInvoice),
        invoiced_on=timezone.localdate(),
        currency=currency,
        lines=lines,
        taxes={plain_decimal(rate): tax for rate, tax in taxes.items()},
        tax_amount=sum(taxes.values(), ZERO),
        **given,
    )


@dataclass(slots=True)
class _Left:
    """What our earlier debit notes left of one line of an invoice of ours."""

    line: SupplierInvoiceLine
    quantity: Decimal
    amount: Decimal

    def take(self, wanted: Decimal) -> CapturedLine | None:
        """Debits up to so much of it; what takes the last of the goods takes all of the money."""
        part = min(wanted, self.quantity)
        if part <= ZERO:
            return None
        line, currency = self.line, self.line.invoice.currency
        is_all = part == self.quantity
        amount = self.amount if is_all else round_money(part * line.unit_price, currency)
        amount = min(amount, self.amount)
        self.quantity -= part
        self.amount -= amount
        return CapturedLine(
            quantity=part,
            unit_price=line.unit_price,
            amount=amount,
            unit=line.unit,
            order_number=line.order_number,
            order_line_no=line.order_line_no,
            sku_code=line.sku_code,
            supplier_sku=line.supplier_sku,
            description=line.description,
            tax_rate=line.tax_rate,
        )


def _debit_notes(supplier: Supplier, went_back: dict[int, Decimal]) -> list[CapturedInvoice]:
    """One per invoice of ours, the latest first; the money of an invoice is given back to the cent."""
    bills = SupplierInvoice.objects.filter(
        origin=SETTLED, kind=Kind.INVOICE, lines__order_line__in=went_back
    ).exclude(status=Status.VOID)
    left = _left_of(list(bills.distinct()))
    notes = []
    for bill, lines in sorted(left.items(), key=lambda pair: -pair[0].pk):
        debited: list[CapturedLine] = []
        for one in lines:
            wanted = went_back.get(one.line.order_line_id or 0, ZERO)
            taken = one.take(wanted)
            if taken is not None:
                went_back[one.line.order_line_id or 0] = wanted - taken.quantity
                debited.append(taken)
        if debited:
            is_all = all(not one.quantity for one in lines)
            notes.append(_debit_note(supplier, bill, debited, is_all=is_all))
    return notes


def _left_of(bills: Sequence[SupplierInvoice]) -> dict[SupplierInvoice, list[_Left]]:
    """The lines of these invoices with what is left of them: three statements."""
    left: dict[SupplierInvoice, list[_Left]] = defaultdict(list)
    by_line: dict[tuple[int, str, str], _Left] = {}
    for line in SupplierInvoiceLine.objects.filter(invoice__in=bills).select_related("invoice"):
        one = _Left(line, line.quantity, line.amount)
        left[line.invoice].append(one)
        by_line[line.invoice_id, line.order_number, line.order_line_no] = one
    notes = SupplierInvoiceLine.objects.filter(invoice__credits__in=bills).exclude(
        invoice__status=Status.VOID
    )
    for line in notes.select_related("invoice"):
        key = (line.invoice.credits_id or 0, line.order_number, line.order_line_no)
        if key in by_line:
            by_line[key].quantity -= line.quantity
            by_line[key].amount -= line.amount
    return left


def _debit_note(
    supplier: Supplier, bill: SupplierInvoice, lines: Sequence[CapturedLine], *, is_all: bool
) -> CapturedInvoice:
    net = sum((line.amount or ZERO for line in lines), ZERO)
    rate = lines[0].tax_rate or ZERO
    tax = round_money(net * rate / HUNDRED, bill.currency)
    earlier = bill.credit_notes.exclude(status=Status.VOID).values_list("tax_amount", flat=True)
    tax_left = bill.tax_amount - sum(earlier, ZERO)
    return _document(
        supplier,
        bill.currency,
        lines,
        {rate: tax_left if is_all else min(tax, tax_left)},
        kind=Kind.CREDIT,
        credits_number=bill.number,
        order_reference=bill.order_reference,
    )
