"""Taking in what suppliers bill: an invoice or credit note is kept as written and matched at once.

capture_invoice(supplier=…, number=…, lines=[CapturedLine(…)], …, actor=…)
capture_invoices([CapturedInvoice(…)], actor=…)       many, as imports need it
void_invoice(invoice, reason=…, actor=…)
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import chain

from django.db import IntegrityError, transaction
from django.utils import timezone

from matching.captured import CapturedInvoice, CapturedLine, require_sound
from matching.feeding import LockedOrders, lock_orders, names_of
from matching.holds import Cause
from matching.invoice_numbers import normalised_number, plain_number
from matching.models import Hold, SupplierInvoice, SupplierInvoiceLine
from matching.order_words import orders_in_words
from matching.payables import is_on_its_way
from matching.rematching import (
    Matched,
    lock_orders_of,
    mark_invoice_stale,
    match_captured,
    match_invoices,
)
from matching.results import Check
from matching.telling import tell_captured, tell_matched
from procure.documents import lock, require_status
from procure.errors import BusinessRuleError
from procure.events import record
from procure.figures import long_date
from procure.models import User
from procure.money import ZERO, plain_decimal, round_money, round_price, round_quantity
from suppliers.merged_records import require_not_merged
from suppliers.models import Supplier

Kind = SupplierInvoice.Kind
Status = SupplierInvoice.Status
Origin = SupplierInvoice.Origin

__all__ = [
    "CapturedInvoice",
    "CapturedLine",
    "capture_invoice",
    "capture_invoices",
    "void_invoice",
]


def capture_invoice(
    *,
    supplier: Supplier,
    number: str,
    invoiced_on: date,
    currency: str,
    lines: Sequence[CapturedLine],
    kind: str = Kind.INVOICE,
    received_on: date | None = None,
    due_on: date | None = None,
    charges: Mapping[str, Decimal] | None = None,
    taxes: Mapping[str, Decimal] | None = None,
    charge_tax_rates: Mapping[str, Decimal] | None = None,
    tax_amount: Decimal = ZERO,
    discount_amount: Decimal = ZERO,
    total_amount: Decimal | None = None,
    order_reference: str = "",
    despatch_reference: str = "",
    note: str = "",
    credits_number: str = "",
    discount_until: date | None = None,
    early_discount_percent: Decimal | None = None,
    origin: str = Origin.ENTERED,
    actor: User | None,
) -> SupplierInvoice:
    """Takes in one invoice and matches it in the same transaction.

    Refused: the supplier's number again in any spelling of case and punctuation, a number without
    letter or digit, no line, negative figures, tax that is not the sum of its rates, a credit that
    names no known invoice of the supplier.
    """
    captured = CapturedInvoice(
        supplier=supplier,
        number=number,
        invoiced_on=invoiced_on,
        currency=currency,
        lines=lines,
        kind=kind,
        received_on=received_on,
        due_on=due_on,
        charges=charges or {},
        taxes=taxes or {},
        charge_tax_rates=charge_tax_rates or {},
        tax_amount=tax_amount,
        discount_amount=discount_amount,
        total_amount=total_amount,
        order_reference=order_reference,
        despatch_reference=despatch_reference,
        note=note,
        credits_number=credits_number,
        discount_until=discount_until,
        early_discount_percent=early_discount_percent,
    )
    (invoice,) = capture_invoices([captured], origin=origin, actor=actor)
    return invoice


def capture_invoices(
    captured: Sequence[CapturedInvoice], *, origin: str = Origin.IMPORTED, actor: User | None
) -> list[SupplierInvoice]:
    """Takes in many invoices, all or none, and matches them in arrival order.

    The number of statements does not depend on how many there are. Refused as one is.
    """
    for each in captured:
        require_not_merged(each.supplier)
        require_sound(each)
    try:
        return _capture_all(captured, origin, actor)
    except IntegrityError as error:
        if "matching_supplierinvoice_number" not in str(error):
            raise
        raise _taken(captured) from error


@transaction.atomic
def _capture_all(
    captured: Sequence[CapturedInvoice], origin: str, actor: User | None
) -> list[SupplierInvoice]:
    """Locks the orders, inserts, matches; the unique number decides between two clients."""
    invoices = [_new_invoice(each, origin, actor) for each in captured]
    lines = [_new_lines(invoice, each) for invoice, each in zip(invoices, captured, strict=True)]
    linked = _find_credited(invoices)
    names = (names_of(invoice, its) for invoice, its in zip(invoices, lines, strict=True))
    locked = lock_orders(frozenset(chain.from_iterable(names)), linked)
    terms = _terms_by_number(locked)
    for invoice, each, its in zip(invoices, captured, lines, strict=True):
        invoice.due_on = each.due_on or _due_by_terms(invoice, its, terms)
    SupplierInvoice.objects.bulk_create(invoices)
    by_invoice = {invoice.pk: its for invoice, its in zip(invoices, lines, strict=True)}
    undated = {
        invoice.pk for invoice, each in zip(invoices, captured, strict=True) if not each.due_on
    }
    matched = _found_in_words(match_captured(invoices, by_invoice, locked), undated)
    tell_captured(matched, actor)
    _release_credited(matched, actor)
    by_pk = {each.invoice.pk: each.invoice for each in matched}
    return [by_pk[invoice.pk] for invoice in invoices]


def _new_invoice(captured: CapturedInvoice, origin: str, actor: User | None) -> SupplierInvoice:
    total = captured.total_amount
    return SupplierInvoice(
        supplier=captured.supplier,
        number=captured.number.strip(),
        normalised_number=normalised_number(captured.number)[:80],
        kind=captured.kind,
        credits_number=captured.credits_number.strip(),
        order_reference=captured.order_reference.strip(),
        despatch_reference=captured.despatch_reference.strip()[:200],
        incoterm=captured.incoterm,
        billed_account=captured.billed_account,
        note=captured.note.strip(),
        invoiced_on=captured.invoiced_on,
        received_on=captured.received_on or captured.invoiced_on,
        discount_until=captured.discount_until,
        early_discount_percent=captured.early_discount_percent,
        currency=captured.currency,
        charges={code: plain_decimal(amount) for code, amount in captured.charges.items()},
        taxes={rate: plain_decimal(tax) for rate, tax in captured.taxes.items()},
        charge_tax_rates={
            code: plain_decimal(rate) for code, rate in captured.charge_tax_rates.items()
        },
        tax_amount=captured.tax_amount,
        discount_amount=captured.discount_amount,
        prepaid_amount=captured.prepaid_amount,
        total_amount=_sum_of_parts(captured) if total is None else total,
        origin=origin,
        captured_by=actor,
    )


def _terms_by_number(locked: LockedOrders) -> dict[tuple[int | None, str], int | None]:
    """The payment terms of each order, in days, by its supplier and number."""
    return {
        (order.supplier_id, str(order.number).upper()): order.payment_terms_days
        for order in locked.orders.values()
    }


def _due_by_terms(
    invoice: SupplierInvoice,
    lines: Sequence[SupplierInvoiceLine],
    terms: Mapping[tuple[int | None, str], int | None],
) -> date:
    """When an invoice that does not say so is due: by its orders, where they say the same, else
    by its supplier."""
    return _due_after(
        invoice,
        (terms.get((invoice.supplier_id, name.upper())) for name in names_of(invoice, lines)),
    )


def _due_after(invoice: SupplierInvoice, terms: Iterable[int | None]) -> date:
    """So many days after its date as its orders say in common, else as its supplier says."""
    said = set(terms) - {None}
    days = said.pop() if len(said) == 1 else None
    return invoice.invoiced_on + timedelta(
        days=invoice.supplier.payment_terms_days if days is None else days
    )


def _new_lines(invoice: SupplierInvoice, captured: CapturedInvoice) -> list[SupplierInvoiceLine]:
    return [
        SupplierInvoiceLine(
            invoice=invoice,
            position=position,
            order_number=line.order_number.strip(),
            order_line_no=line.order_line_no.strip(),
            sku_code=line.sku_code.strip(),
            supplier_sku=line.supplier_sku.strip(),
            gtin=line.gtin.strip(),
            description=line.description.strip(),
            quantity=round_quantity(line.quantity),
            unit=line.unit.strip(),
            unit_price=round_price(line.unit_price),
            discount=line.discount,
            amount=_line_amount(line, captured.currency),
            tax_rate=line.tax_rate,
            charge_code=line.charge_code.strip().lower(),
        )
        for position, line in enumerate(captured.lines, 1)
    ]


def _line_amount(line: CapturedLine, currency: str) -> Decimal:
    if line.amount is not None:
        return line.amount
    return round_money(line.quantity * line.unit_price, currency) - line.discount


def _sum_of_parts(captured: CapturedInvoice) -> Decimal:
    lines = sum((_line_amount(line, captured.currency) for line in captured.lines), ZERO)
    charges = sum(captured.charges.values(), ZERO)
    deducted = captured.discount_amount + captured.prepaid_amount
    return lines + charges + captured.tax_amount - deducted


def _find_credited(invoices: Sequence[SupplierInvoice]) -> set[int]:
    """Names the credited invoice of each credit note; returns the orders that those bill."""
    credit_notes = [invoice for invoice in invoices if invoice.kind == Kind.CREDIT]
    if not credit_notes:
        return set()
    known = {
        (row.supplier_id, row.number_key): row
        for row in SupplierInvoice.objects.filter(
            kind=Kind.INVOICE,
            supplier_id__in={invoice.supplier_id for invoice in credit_notes},
            number_key__in={plain_number(invoice.credits_number) for invoice in credit_notes},
        ).exclude(status=Status.VOID)
    }
    for invoice in credit_notes:
        credited = known.get((invoice.supplier_id, plain_number(invoice.credits_number)))
        if credited is None:
            raise BusinessRuleError(
                "unknown_credited",
                f"There is no invoice {invoice.credits_number} of {invoice.supplier} to credit.",
                "credits_number",
            )
        invoice.credits = credited
    return set(
        SupplierInvoiceLine.objects.filter(
            invoice__in=[invoice.credits_id for invoice in credit_notes], order_line__isnull=False
        ).values_list("order_line__order_id", flat=True)
    )


def _found_in_words(matched: list[Matched], undated: Collection[int]) -> list[Matched]:
    """Matches again those that name no known order, where their text leads to one; what does not
    say when it is due follows that order's terms."""
    lost = [
        each for each in matched if any(hold.check_code == Check.NO_PO for hold in each.holds.open)
    ]
    if not lost:
        return matched
    lines = {each.invoice.pk: each.lines for each in lost}
    found = orders_in_words([each.invoice for each in lost], lines)
    for each in lost:
        words = found.get(each.invoice.pk, [])
        each.invoice.found_reference = ", ".join(one.number for one in words)[:300]
        if each.invoice.pk in undated:
            each.invoice.due_on = _due_after(each.invoice, (one.terms_days for one in words))
    named = [each.invoice for each in lost if each.invoice.found_reference]
    if not named:
        return matched
    SupplierInvoice.objects.bulk_update(named, ["found_reference", "due_on"])
    reasons = {
        f"{one.number}, found by {one.because}" for several in found.values() for one in several
    }
    again = match_invoices([invoice.pk for invoice in named], Cause.because(reasons))
    by_invoice = {each.invoice.pk: each for each in again}
    return [by_invoice.get(each.invoice.pk, each) for each in matched]


def _release_credited(matched: Sequence[Matched], actor: User | None) -> None:
    """A credit may be what a held invoice was waiting for."""
    helped = {
        each.invoice.credits_id: f"credit {each.invoice.number}"
        for each in matched
        if each.is_approved_now and each.invoice.credits_id is not None
    }
    if helped:
        cause = Cause.because(helped.values())
        tell_matched(match_invoices([pk for pk in helped if pk], cause), cause, actor)


def _taken(captured: Sequence[CapturedInvoice]) -> BusinessRuleError:
    """Says which number is in use already, and as what it was written."""
    known = {
        (row.supplier_id, row.number_key): row
        for row in SupplierInvoice.objects.filter(
            number_key__in={plain_number(each.number) for each in captured},
            supplier__in={each.supplier.pk for each in captured},
        ).exclude(status=Status.VOID)
    }
    for each in captured:
        row = known.get((each.supplier.pk, plain_number(each.number)))
        if row is not None:
            return BusinessRuleError(
                "duplicate_number",
                f"{each.supplier} has billed under this number already: invoice {row.number} of "
                f"{long_date(row.invoiced_on)}. Nothing was saved.",
                "number",
            )
    return BusinessRuleError(
        "duplicate_number", "The same number stands here twice. Nothing was saved.", "number"
    )


@transaction.atomic
def void_invoice(invoice: SupplierInvoice, *, reason: str, actor: User) -> SupplierInvoice:
    """Takes an invoice out of everything; its number becomes free again.

    Refused: no reason, one that is paid or void already or whose payment has left, one that a
    credit note credits.
    """
    if not reason.strip():
        raise BusinessRuleError("reason", "Say why the invoice is voided.", "reason")
    lock_orders_of([invoice.pk])
    invoice = lock(invoice)
    require_status(invoice, Status.OPEN, Status.APPROVED)
    if is_on_its_way([invoice.pk]):
        raise BusinessRuleError("sent", "Its payment has left already. Ask for a credit note.")
    if invoice.credit_notes.exclude(status=Status.VOID).exists():
        raise BusinessRuleError("credited", "A credit note credits this invoice. Void that first.")
    return set_void(invoice, reason, actor)


def set_void(invoice: SupplierInvoice, reason: str, actor: User) -> SupplierInvoice:
    """Voids a locked invoice that may be voided; its orders are locked, too."""
    now = timezone.now()
    invoice.status, invoice.approved_at, invoice.approved_amount = Status.VOID, None, None
    invoice.voided_by, invoice.voided_at, invoice.void_reason = actor, now, reason.strip()[:300]
    invoice.is_touchless = False
    invoice.save(
        update_fields=[
            "status", "approved_at", "approved_amount", "voided_by", "voided_at", "void_reason",
            "is_touchless",
        ]
    )  # fmt: skip
    invoice.holds.filter(status=Hold.Status.OPEN).update(
        status=Hold.Status.CLEARED, closed_at=now, closed_because="the invoice was voided"
    )
    line_ids = mark_invoice_stale(invoice)
    record(
        "supplier_invoice.voided",
        invoice,
        actor=actor,
        summary=f"Voided: {reason.strip()}",
        supplier_id=invoice.supplier_id,
        line_ids=line_ids,
    )
    return invoice
