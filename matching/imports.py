"""Supplier invoices and credit notes as a table: a row per billed line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from matching.capture import CapturedInvoice, CapturedLine, capture_invoices
from matching.captured import require_sound
from matching.invoice_numbers import plain_number
from matching.models import SupplierInvoice, SupplierInvoiceLine
from procure.columns import (
    choice,
    code,
    code_key,
    currency,
    day,
    decimal,
    quantity,
    unit,
    unit_price,
)
from procure.errors import BusinessRuleError
from procure.imports import CREATED, UNCHANGED, Batch, Row, import_kind
from procure.money import ZERO, allocate, minor_unit, plain_decimal, round_money
from procure.units import canonical_unit
from purchasing.order_imports import binds_order_lines
from suppliers.models import Supplier
from suppliers.references import known_suppliers

Kind = SupplierInvoice.Kind
InvoiceKey = tuple[int, str]
FREIGHT = "freight"

# Given on an invoice's first row, and the same or blank on the others.
_HEAD = (
    *("invoice_number", "invoice_date", "kind", "credits", "received_date"),
    *("tax_amount", "freight_amount", "currency", "due_date", "total", "prepaid_amount"),
)
# What `require_sound` names, as columns of the file.
_COLUMNS = {
    "number": "invoice_number",
    "due_on": "due_date",
    "credits_number": "credits",
    "charges": "freight_amount",
    "total_amount": "total",
}


def money(name: str) -> Any:
    """An amount that is not negative; a credit note's amounts are positive too."""
    return decimal(name, places=4, least=ZERO)


def invoice_key(row: Row) -> Hashable:
    """Rows of one invoice: its supplier and its number, whatever the spelling."""
    return code_key(row["supplier_code"] or ""), plain_number(row["invoice_number"] or "")


@binds_order_lines
def billed_lines(order_line_ids: Collection[int]) -> set[int]:
    """Those of the order lines on which an invoice stands."""
    billed = SupplierInvoiceLine.objects.filter(order_line_id__in=order_line_ids).exclude(
        invoice__status=SupplierInvoice.Status.VOID
    )
    return {line_id for line_id in billed.values_list("order_line_id", flat=True) if line_id}


@import_kind(
    "invoices",
    code("invoice_number", 80, required=True),
    code("supplier_code", 60, required=True),
    day("invoice_date", required=True),
    code("po_number", 120),
    code("line_no", 40),
    code("sku", 80),
    code("supplier_sku", 80),
    quantity("quantity", required=True),
    unit_price("unit_price", required=True),
    money("line_amount"),
    money("discount"),
    decimal("tax_rate", places=4, digits=7, least=ZERO),
    unit("unit"),
    choice("kind", Kind.values),
    code("credits", 80),
    day("received_date"),
    money("tax_amount"),
    money("freight_amount"),
    currency("currency"),
    day("due_date"),
    money("total"),
    decimal("prepaid_amount", places=4),  # below zero where the total was rounded up
    key=lambda row: row.line,
    document=invoice_key,
    order=lambda row: row["kind"] == Kind.CREDIT,
)
def import_invoices(batch: Batch) -> None:
    """Invoices by supplier and number, captured as written and matched at once.

    What differs from order and receipt is imported and held. Refused: a number that is here with
    other content or in another spelling, and a credit note whose invoice is unknown. Credit notes
    come after the invoices, whatever their place in the file.
    """
    suppliers = known_suppliers(batch)
    _refuse_mixed_heads(batch)
    drafts = [_draft(rows, suppliers) for rows in batch.whole_documents()]
    stored = _stored_invoices(drafts)
    for draft in drafts:
        _settle_stored(batch, draft, stored)
    _refuse_unsound(batch, drafts)
    _refuse_unknown_credits(batch, drafts)
    open_drafts = [draft for draft in drafts if not draft.is_settled]
    for kind in (Kind.INVOICE, Kind.CREDIT):
        captured = [draft.captured for draft in open_drafts if draft.captured.kind == kind]
        if captured:
            capture_invoices(captured, actor=batch.actor)
    for draft in open_drafts:
        batch.settle(draft.rows, CREATED)


@dataclass(slots=True)
class _Draft:
    """The rows of one invoice, and what they make."""

    rows: list[Row]
    captured: CapturedInvoice

    @property
    def key(self) -> InvoiceKey:
        return self.captured.supplier.pk, plain_number(self.captured.number)

    @property
    def is_settled(self) -> bool:
        return any(row.outcome for row in self.rows)


def _refuse_mixed_heads(batch: Batch) -> None:
    first: dict[Hashable, Row] = {}
    for row in batch.rows:
        head = first.setdefault(invoice_key(row), row)
        for column in _HEAD:
            if row[column] is not None and row[column] != head[column]:
                sentence = f"The invoice has another {column} on line {head.line}."
                batch.refuse(row, column, sentence)
                break


def _draft(rows: list[Row], suppliers: dict[str, Supplier]) -> _Draft:
    head = rows[0]
    supplier = suppliers[code_key(head["supplier_code"])]
    money_of = head["currency"] or supplier.currency
    lines = [_line(row, money_of) for row in rows]
    taxes, tax = _taxes(lines, head["tax_amount"], money_of)
    numbers = {line.order_number for line in lines}
    captured = CapturedInvoice(
        supplier=supplier,
        number=head["invoice_number"],
        invoiced_on=head["invoice_date"],
        currency=money_of,
        lines=lines,
        kind=head["kind"] or Kind.INVOICE,
        received_on=head["received_date"],
        due_on=head["due_date"],
        charges={FREIGHT: head["freight_amount"]} if head["freight_amount"] else {},
        taxes=taxes,
        tax_amount=tax,
        prepaid_amount=head["prepaid_amount"] or ZERO,
        total_amount=head["total"],
        order_reference=numbers.pop() if len(numbers) == 1 else "",
        credits_number=head["credits"] or "",
    )
    return _Draft(rows, captured)


def _line(row: Row, money_of: str) -> CapturedLine:
    discount = row["discount"] or ZERO
    amount = row["line_amount"]
    if amount is None:
        amount = round_money(row["quantity"] * row["unit_price"], money_of) - discount
    return CapturedLine(
        quantity=row["quantity"],
        unit_price=row["unit_price"],
        amount=amount,
        unit=row["unit"] or "",
        order_number=row["po_number"] or "",
        order_line_no=row["line_no"] or "",
        sku_code=row["sku"] or "",
        supplier_sku=row["supplier_sku"] or "",
        discount=discount,
        tax_rate=row["tax_rate"],
    )


def _taxes(
    lines: Iterable[CapturedLine], written: Decimal | None, money_of: str
) -> tuple[dict[str, Decimal], Decimal]:
    """The tax per rate and in all. A file has only the sum: it is spread over the rates in
    proportion to what each should be; without a sum, what should be is taken as written."""
    net: dict[Decimal, Decimal] = defaultdict(Decimal)
    for line in lines:
        if line.tax_rate is not None and line.amount is not None:
            net[line.tax_rate.normalize()] += line.amount
    due = {rate: round_money(base * rate / 100, money_of) for rate, base in sorted(net.items())}
    tax = sum(due.values(), ZERO) if written is None else written
    parts = allocate(tax, list(due.values()), minor_unit(money_of)) if due else []
    return {plain_decimal(rate): part for rate, part in zip(due, parts, strict=True)}, tax


def _stored_invoices(drafts: Sequence[_Draft]) -> dict[InvoiceKey, SupplierInvoice]:
    found = (
        SupplierInvoice.objects.filter(
            supplier__in={draft.captured.supplier.pk for draft in drafts},
            number_key__in={draft.key[1] for draft in drafts},
        )
        .exclude(status=SupplierInvoice.Status.VOID)
        .prefetch_related("lines")
    )
    return {(one.supplier_id, one.number_key): one for one in found}


def _settle_stored(batch: Batch, draft: _Draft, stored: dict[InvoiceKey, SupplierInvoice]) -> None:
    known = stored.get(draft.key)
    if known is None:
        return
    if _content(draft.captured, known) == _stored_content(known):
        batch.settle(draft.rows, UNCHANGED)
        return
    sentence = (
        f"The supplier has billed under this number already: {known.number} "
        f"of {known.invoiced_on.isoformat()}, with other content."
    )
    for row in draft.rows:
        batch.refuse(row, "invoice_number", sentence)


def _content(captured: CapturedInvoice, known: SupplierInvoice) -> tuple[Any, ...]:
    """What a file says an invoice is; what it leaves open is as it is stored."""
    freight = captured.charges.get(FREIGHT, ZERO)
    net = sum((line.amount or ZERO for line in captured.lines), ZERO)
    total = captured.total_amount
    if total is None:
        total = net + freight + captured.tax_amount - captured.prepaid_amount
    lines = sorted(
        (
            *(line.order_number, line.order_line_no, line.sku_code, line.supplier_sku),
            *(line.quantity, line.unit_price, line.amount or ZERO, line.discount),
            *(-1 if line.tax_rate is None else line.tax_rate, line.unit),
        )
        for line in captured.lines
    )
    return (
        *(captured.number, captured.kind, captured.credits_number, captured.invoiced_on),
        *(captured.received_on or captured.invoiced_on, captured.due_on or known.due_on),
        *(captured.currency, captured.tax_amount, freight, captured.prepaid_amount, total, lines),
    )


def _stored_content(known: SupplierInvoice) -> tuple[Any, ...]:
    lines = sorted(
        (
            *(line.order_number, line.order_line_no, line.sku_code, line.supplier_sku),
            *(line.quantity, line.unit_price, line.amount, line.discount),
            *(-1 if line.tax_rate is None else line.tax_rate, canonical_unit(line.unit)),
        )
        for line in known.lines.all()
    )
    return (
        *(known.number, known.kind, known.credits_number, known.invoiced_on),
        *(known.received_on, known.due_on, known.currency, known.tax_amount),
        *(
            Decimal(known.charges.get(FREIGHT, "0")),
            known.prepaid_amount,
            known.total_amount,
            lines,
        ),
    )


def _refuse_unsound(batch: Batch, drafts: Iterable[_Draft]) -> None:
    for draft in drafts:
        if draft.is_settled:
            continue
        try:
            require_sound(draft.captured)
        except BusinessRuleError as error:
            column = _COLUMNS.get(error.field or "", error.field or "")
            for row in draft.rows:
                batch.refuse(row, column, error.message)


def _refuse_unknown_credits(batch: Batch, drafts: Sequence[_Draft]) -> None:
    """A credit note credits an invoice that is here, or stands in the file."""
    wanted = {
        (draft.captured.supplier.pk, plain_number(draft.captured.credits_number))
        for draft in drafts
        if draft.captured.kind == Kind.CREDIT and not draft.is_settled
    }
    if not wanted:
        return
    here = set(
        SupplierInvoice.objects.filter(
            kind=Kind.INVOICE,
            supplier__in={supplier_id for supplier_id, _ in wanted},
            number_key__in={number for _, number in wanted},
        )
        .exclude(status=SupplierInvoice.Status.VOID)
        .values_list("supplier_id", "number_key")
    )
    coming = {
        draft.key
        for draft in drafts
        if draft.captured.kind == Kind.INVOICE and not draft.is_settled
    }
    for draft in drafts:
        credited = plain_number(draft.captured.credits_number)
        key = (draft.captured.supplier.pk, credited)
        if draft.captured.kind == Kind.CREDIT and not draft.is_settled and key not in here | coming:
            for row in draft.rows:
                batch.refuse(row, "credits", "There is no such invoice of the supplier to credit.")
