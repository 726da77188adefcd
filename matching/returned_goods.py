"""Goods that go back after they were paid: the credit for them is expected by itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from decimal import Decimal

from django.db.models import Sum
from django.utils import timezone

from matching.claiming import Claim, expect_credit
from matching.expected_credits import ExpectedCredit
from matching.ledger import PAYABLE
from matching.models import SupplierInvoice, SupplierInvoiceLine
from procure.events import record_all
from procure.money import ZERO, plain_decimal, round_money
from purchasing.models import GoodsReceipt, GoodsReceiptLine
from purchasing.queries import line_quantities

Kind = SupplierInvoice.Kind


def expect_credits_for_returns(receipt_ids: Collection[int]) -> list[ExpectedCredit]:
    """Asks for what was paid of goods that are no longer here, once per return and invoice.

    Only paid invoices: the approval of an unpaid one is taken back by the match. What earlier
    returns asked for on the same order lines is not asked for again, and what we billed ourselves
    we debit ourselves.
    """
    known = ExpectedCredit.objects.filter(receipt__in=receipt_ids).values("receipt")
    returned = list(
        GoodsReceiptLine.objects.filter(
            receipt__in=receipt_ids,
            receipt__kind=GoodsReceipt.Kind.RETURN,
            receipt__status=GoodsReceipt.Status.POSTED,
            returned_quantity__gt=0,
        )
        .exclude(receipt__in=known)
        .select_related("receipt")
        .order_by("pk")
    )
    if not returned:
        return []
    line_ids = {line.order_line_id for line in returned}
    paid = _paid_lines(line_ids)
    excess = _paid_too_much(line_ids, paid)
    claims: dict[tuple[int, int], list[tuple[SupplierInvoiceLine, Decimal]]] = defaultdict(list)
    for line in returned:
        left = min(line.returned_quantity, excess[line.order_line_id])
        excess[line.order_line_id] -= left
        for billed in paid[line.order_line_id]:
            part = min(left, billed.matched_quantity or ZERO)
            if part > 0:
                claims[line.receipt_id, billed.invoice_id].append((billed, part))
                left -= part
    receipts = {line.receipt_id: line.receipt for line in returned}
    return [_claim(receipts[receipt_id], parts) for (receipt_id, _), parts in claims.items()]


def _paid_lines(line_ids: Collection[int]) -> dict[int, list[SupplierInvoiceLine]]:
    """What paid invoices billed of the order lines, the latest invoice first: one statement."""
    found: dict[int, list[SupplierInvoiceLine]] = defaultdict(list)
    for line in (
        SupplierInvoiceLine.objects.filter(
            order_line__in=line_ids,
            charge_code="",
            invoice__kind=Kind.INVOICE,
            invoice__status=SupplierInvoice.Status.PAID,
        )
        .exclude(invoice__origin=SupplierInvoice.Origin.SETTLED)
        .select_related("invoice__supplier", "order_line__sku")
        .order_by("-invoice_id", "position")
    ):
        found[line.order_line_id].append(line)
    return found


def _paid_too_much(
    line_ids: Collection[int], paid: dict[int, list[SupplierInvoiceLine]]
) -> dict[int, Decimal]:
    """Per order line: what is paid, less credits and what is asked for already, over what is here."""
    here = line_quantities(line_ids)
    credited = dict(
        SupplierInvoiceLine.objects.filter(
            order_line__in=line_ids, invoice__kind=Kind.CREDIT, invoice__status__in=PAYABLE
        )
        .exclude(invoice__credits__origin=SupplierInvoice.Origin.SETTLED)
        .values_list("order_line_id")
        .annotate(total=Sum("matched_quantity"))
        .order_by()
    )
    asked: dict[int, Decimal] = defaultdict(lambda: ZERO)
    open_returns = ExpectedCredit.objects.filter(
        kind=ExpectedCredit.Kind.RETURNED,
        status=ExpectedCredit.Status.OPEN,
        invoice__lines__order_line__in=line_ids,
    ).distinct()
    for credit in open_returns:
        for line in credit.lines:
            asked[int(line["order_line"])] += Decimal(line["billed"])
    excess = {}
    for line_id in line_ids:
        billed = sum((line.matched_quantity or ZERO for line in paid[line_id]), ZERO)
        net = billed - (credited.get(line_id) or ZERO) - asked[line_id]
        excess[line_id] = max(net - here[line_id].net_received, ZERO)
    return excess


def _claim(
    receipt: GoodsReceipt, parts: Sequence[tuple[SupplierInvoiceLine, Decimal]]
) -> ExpectedCredit:
    """One claim of a return on one invoice, with the tax that was paid on it."""
    invoice = parts[0][0].invoice
    rows, net = [], ZERO
    for line, quantity in parts:
        price = line.unit_price if line.matched_price is None else line.matched_price
        amount = round_money(quantity * price, invoice.currency)
        net += amount
        rows.append(
            {
                "order_line": str(line.order_line_id),
                "name": line.order_line.sku.code,
                "description": line.order_line.description,
                "unit": line.order_line.unit,
                "words": f"went back with {receipt.number}",
                "billed": plain_decimal(quantity),
                "billed_price": plain_decimal(price),
                "amount": plain_decimal(amount),
            }
        )
    before_tax = invoice.total_amount - invoice.tax_amount
    tax = ZERO
    if invoice.tax_amount and before_tax > 0:
        tax = round_money(invoice.tax_amount * net / before_tax, invoice.currency)
        rows.append(
            {"order_line": "0", "name": "Tax on it", "billed": "0", "amount": plain_decimal(tax)}
        )
    claim = Claim(
        kind=ExpectedCredit.Kind.RETURNED,
        amount=net + tax,
        reason=f"Goods went back with {receipt.number} after they were paid.",
        lines=rows,
        asked_by=receipt.posted_by,
        receipt=receipt,
    )
    return expect_credit(invoice, claim)


def drop_credits_of_reversed_returns(receipt_ids: Collection[int]) -> None:
    """A return that was reversed did not happen: nobody waits for its credit."""
    dropped = list(
        ExpectedCredit.objects.filter(
            receipt__in=receipt_ids,
            receipt__kind=GoodsReceipt.Kind.RETURN,
            receipt__status=GoodsReceipt.Status.REVERSED,
            receipt__reversed_by__isnull=False,
            status=ExpectedCredit.Status.OPEN,
        )
        .select_related("invoice", "receipt__reversed_by")
        .select_for_update(no_key=True, of=("self",))
        .order_by("pk")
    )
    for credit in dropped:
        assert credit.receipt is not None, "Only credits of a return are looked for."
        credit.status = ExpectedCredit.Status.DROPPED
        credit.closed_at, credit.closed_by = timezone.now(), credit.receipt.reversed_by
        credit.close_reason = f"The return {credit.receipt.number} was reversed."
    ExpectedCredit.objects.bulk_update(
        dropped, ["status", "closed_at", "closed_by", "close_reason"]
    )
    record_all(
        "credit.dropped",
        [credit.invoice for credit in dropped],
        actor=None,
        summaries=[f"{credit} is expected no longer: {credit.close_reason}" for credit in dropped],
        payloads=[{"expected_credit_id": credit.pk} for credit in dropped],
    )
