"""Eighteen months of orders, receipts and invoices, written in bulk and matched by the engine.

Rows are what the actions would have written; the match, the holds, the scorecards and the costs
are not invented but computed from them by the product itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from django.db.models import Model
from django.utils import timezone

from matching.demo.company import Company
from matching.demo.small_differences import add_freight, billed_price, missing_weight
from matching.models import SupplierInvoice, SupplierInvoiceLine
from procure.models import BusinessEvent, User
from purchasing.models import (
    Approval,
    GoodsReceipt,
    GoodsReceiptLine,
    PurchaseOrder,
    PurchaseOrderLine,
)
from suppliers.models import PriceBreak, Sku

CENT = Decimal("0.01")
ORDERS_A_DAY = (2, 3, 4, 4, 5)
WEIGHTS = {"preferred": 70, "approved": 24, "backup": 5, "": 1}
FIRST_NUMBER = 1001


@dataclass(slots=True)
class DemoLine:
    """An order line with what happened to it."""

    row: PurchaseOrderLine
    arrives: date
    rejected: Decimal = Decimal(0)
    short: Decimal = Decimal(0)
    splits: list[tuple[date, Decimal]] = field(default_factory=list)


@dataclass(slots=True)
class DemoOrder:
    """An order with its lines, receipts and invoices, before they are stored."""

    row: PurchaseOrder
    supplier: str
    lines: list[DemoLine]
    receipts: list[tuple[GoodsReceipt, list[GoodsReceiptLine]]] = field(default_factory=list)
    invoices: list[tuple[SupplierInvoice, list[SupplierInvoiceLine]]] = field(default_factory=list)


def cents(value: Decimal) -> Decimal:
    """Money to the cent, half up."""
    return value.quantize(CENT, ROUND_HALF_UP)


def working_days(company: Company) -> Iterator[date]:
    """Every Monday to Friday of the history, oldest first."""
    for back in range(company.history_days, 0, -1):
        day = company.today - timedelta(days=back)
        if day.weekday() < 5:
            yield day


def make_history(company: Company) -> list[DemoOrder]:
    """Invents and stores orders, receipts and invoices; answers them, oldest first."""
    orders = [
        order
        for day in working_days(company)
        for _ in range(company.rng.choice(ORDERS_A_DAY))
        if (order := _order(company, day)) is not None
    ]
    for number, order in enumerate(orders, start=FIRST_NUMBER):
        order.row.number = f"PO-{number}"
    _store_orders(company, orders)
    number = FIRST_NUMBER
    for order in orders:
        number = _receive(company, order, number)
    _store_receipts(orders)
    for order in orders:
        _bill(company, order)
    _store_invoices(orders)
    _store_trail(company, orders)
    return orders


def _order(company: Company, day: date) -> DemoOrder | None:
    rng = company.rng
    code = rng.choices(list(company.skus), [len(skus) for skus in company.skus.values()])[0]
    standing = rng.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
    sources = company.sources(code, (standing,)) or company.sources(code, ("preferred",))
    supplier = rng.choice(sources)
    skus = rng.sample(
        company.skus[code], min(len(company.skus[code]), rng.choice((1, 2, 3, 3, 4, 6)))
    )
    lead_time = _lead_time(company, supplier, skus[0], code, day)
    buyer = company.people["buyer"]
    row = PurchaseOrder(
        supplier=company.suppliers[supplier],
        category=company.categories[code],
        ship_to=rng.choice(company.places),
        needed_on=day + timedelta(days=lead_time + rng.choice((0, 1, 3, 5))),
        cost_center={"P": "4100 Packaging", "I": "4000 Ingredients"}.get(code[0], "5200 Plant"),
        currency=company.suppliers[supplier].currency,
        incoterm=company.suppliers[supplier].incoterm,
        payment_terms_days=company.suppliers[supplier].payment_terms_days,
        status="issued",
        created_by=buyer,
        created_at=company.moment(day, 8),
        changed_at=company.moment(day, 8),
        submitted_by=buyer,
        submitted_at=company.moment(day, 9),
        approved_at=company.moment(day, 11),
        issued_by=buyer,
        issued_at=company.moment(day, 13),
        issued_on=day,
    )
    if not standing and supplier in company.sources(code, ("",)):
        row.off_list_reason = "needed_sooner"
        row.off_list_explanation = (
            "The approved suppliers could not deliver in the week we needed it."
        )
        row.off_list_supplier = company.suppliers[supplier]
    promised = day + timedelta(days=lead_time)
    lines = [
        _line(company, row, number, supplier, sku, day, promised)
        for number, sku in enumerate(skus, start=1)
    ]
    return DemoOrder(row, supplier, lines)


def _lead_time(company: Company, supplier: str, sku: Sku, code: str, day: date) -> int:
    tier = _tier(company, supplier, sku, day, Decimal(1))
    if tier is not None and tier.lead_time_days:
        return tier.lead_time_days
    return round(
        (company.categories[code].lead_time_days or 10) * company.habits[supplier].lead_factor
    )


def _tier(
    company: Company, supplier: str, sku: Sku, day: date, quantity: Decimal
) -> PriceBreak | None:
    """The agreement's row in force for that day and quantity."""
    rows = company.breaks.get((company.suppliers[supplier].pk, sku.pk), [])
    fitting = [
        row
        for row in rows
        if row.valid_from <= day
        and (row.valid_to is None or day <= row.valid_to)
        and row.minimum_quantity <= quantity
    ]
    return max(fitting, key=lambda row: row.minimum_quantity, default=None)


def _line(
    company: Company,
    order: PurchaseOrder,
    number: int,
    supplier: str,
    sku: Sku,
    day: date,
    promised: date,
) -> DemoLine:
    rng, habits = company.rng, company.habits[supplier]
    quantity = Decimal(max(1, round(company.quantities[sku.pk] * rng.uniform(0.4, 1.5))))
    tier = _tier(company, supplier, sku, day, quantity)
    if tier is not None:
        price, source = tier.unit_price, "agreement"
        if rng.random() < 0.015:
            price, source = (price * Decimal("1.03")).quantize(Decimal("0.0001")), "entered"
    else:
        drift = Decimal(str(round(rng.uniform(0.97, 1.04), 3)))
        price, source = company.price(supplier, sku, drift), "entered"
    standing = habits.standings.get(order.category.code if order.category else "", "") or "off_list"
    row = PurchaseOrderLine(
        order=order,
        line_no=number,
        sku=sku,
        description=sku.description,
        ordered_quantity=quantity,
        unit=sku.unit,
        unit_price=price,
        amount=cents(quantity * price),
        price_source=source,
        price_break=tier,
        agreed_price=tier.unit_price if tier else None,
        agreed_lead_time_days=tier.lead_time_days if tier else None,
        price_reason=""
        if source == "agreement" or tier is None
        else "Rush surcharge agreed by phone.",
        requested_on=order.needed_on,
        promised_on=promised,
        expected_on=promised,
        list_standing=standing,
    )
    return DemoLine(row, _arrival(company, supplier, promised))


def _arrival(company: Company, supplier: str, promised: date) -> date:
    rng, habits = company.rng, company.habits[supplier]
    # Northline and Solano slipped in the last quarter: something for the scorecard to show.
    slipping = supplier in {"NORTHLINE", "SOLANO"} and promised > company.today - timedelta(days=95)
    if rng.random() < habits.on_time + 0.03 - (0.16 if slipping else 0):
        return promised - timedelta(days=rng.choice((0, 0, 0, 1, 1, 2)))
    return promised + timedelta(days=1 + round(rng.expovariate(1 / habits.late_days)))


def _store_orders(company: Company, orders: list[DemoOrder]) -> None:
    PurchaseOrder.objects.bulk_create([order.row for order in orders], batch_size=1000)
    lines = [line.row for order in orders for line in order.lines]
    for line in lines:
        line.order_id = line.order.pk
    PurchaseOrderLine.objects.bulk_create(lines, batch_size=2000)
    Approval.objects.bulk_create(
        Approval(
            order=order.row,
            revision=1,
            step=1,
            rule_name="Orders from 2,500",
            role="approver",
            status="approved",
            requested_by=company.people["buyer"],
            decided_by=company.people["approver"],
            decided_at=order.row.approved_at,
        )
        for order in orders
        if sum(line.row.amount for line in order.lines) >= 2500
    )


def _receive(company: Company, order: DemoOrder, number: int) -> int:
    """Groups the lines that came on one day into a receipt; answers the next free number."""
    rng, habits = company.rng, company.habits[order.supplier]
    days: dict[date, list[tuple[DemoLine, Decimal]]] = {}
    for line in order.lines:
        quantity = line.row.ordered_quantity
        if quantity > 10 and rng.random() < 0.07:
            first = (quantity * Decimal("0.6")).quantize(Decimal(1))
            arrivals = [(line.arrives - timedelta(days=4), first), (line.arrives, quantity - first)]
        else:
            arrivals = [(line.arrives, quantity)]
        line.splits = [part for part in arrivals if part[0] < company.today]
        for day, part in line.splits:
            days.setdefault(day, []).append((line, part))
    for day, parts in sorted(days.items(), key=lambda item: item[0]):
        receipt = GoodsReceipt(
            number=f"GR-{number}",
            order=order.row,
            delivery_note=f"DN{rng.randrange(10000, 99999)}",
            received_on=day,
            recorded_on=day,
            posted_by=company.people["receiver"],
            posted_at=company.moment(day, 15),
        )
        number += 1
        rows = []
        for came, part in parts:
            rejected = Decimal(0)
            if rng.random() < habits.rejects:
                rejected = max(Decimal(1), (part * Decimal("0.03")).quantize(Decimal(1)))
                rejected = min(rejected, part)
                came.rejected += rejected
            row = GoodsReceiptLine(
                receipt=receipt,
                order_line=came.row,
                received_quantity=part,
                rejected_quantity=rejected,
                reject_reason=rng.choice(("damaged", "quality")) if rejected else "",
            )
            came.short = missing_weight(company, row)
            row.received_quantity -= came.short
            rows.append(row)
        order.receipts.append((receipt, rows))
    return number


def _store_receipts(orders: list[DemoOrder]) -> None:
    receipts = [receipt for order in orders for receipt, _rows in order.receipts]
    GoodsReceipt.objects.bulk_create(receipts, batch_size=1000)
    rows = [row for order in orders for _receipt, rows in order.receipts for row in rows]
    for row in rows:
        row.receipt_id = row.receipt.pk
    GoodsReceiptLine.objects.bulk_create(rows, batch_size=2000)


def _bill(company: Company, order: DemoOrder) -> None:
    """One invoice per receipt, a few days later; some with the supplier's usual mistakes."""
    rng, habits = company.rng, company.habits[order.supplier]
    short = {line.row.line_no: line.short for line in order.lines}
    for receipt, rows in order.receipts:
        day = receipt.received_on + timedelta(days=rng.choice((1, 2, 3, 4)))
        if day >= company.today - timedelta(days=1):
            continue
        wrong = rng.random() < habits.wrong_bills
        invoice = SupplierInvoice(
            number=f"{order.supplier[:3]}-{receipt.number[3:]}",
            supplier=company.suppliers[order.supplier],
            order_reference=order.row.number or "",
            invoiced_on=day,
            received_on=day + timedelta(days=1),
            due_on=day + timedelta(days=company.habits[order.supplier].terms_days),
            currency=order.row.currency,
            total_amount=Decimal(0),
            captured_by=company.people["ap"],
            captured_at=company.moment(day + timedelta(days=1), 10),
        )
        lines = []
        for position, row in enumerate(rows, start=1):
            billed = row.received_quantity + short[row.order_line.line_no]
            quantity = billed - row.rejected_quantity
            if quantity <= 0:
                continue
            price = row.order_line.unit_price
            if not wrong and position == 1:
                price = billed_price(company, row)
            elif wrong and position == 1:
                price = (price * Decimal(str(rng.choice((1.02, 1.03, 1.05))))).quantize(
                    Decimal("0.0001")
                )
            lines.append(
                SupplierInvoiceLine(
                    invoice=invoice,
                    position=position,
                    order_number=order.row.number or "",
                    order_line_no=str(row.order_line.line_no),
                    sku_code=row.order_line.sku.code,
                    description=row.order_line.description,
                    quantity=quantity,
                    unit=row.order_line.unit,
                    unit_price=price,
                    amount=cents(quantity * price),
                )
            )
        if lines:
            invoice.total_amount = sum((line.amount for line in lines), Decimal(0))
            add_freight(company, invoice)
            order.invoices.append((invoice, lines))


def _store_invoices(orders: list[DemoOrder]) -> None:
    invoices = [invoice for order in orders for invoice, _lines in order.invoices]
    SupplierInvoice.objects.bulk_create(invoices, batch_size=1000)
    lines = [line for order in orders for _invoice, lines in order.invoices for line in lines]
    for line in lines:
        line.invoice_id = line.invoice.pk
    SupplierInvoiceLine.objects.bulk_create(lines, batch_size=2000)


def _store_trail(company: Company, orders: list[DemoOrder]) -> None:
    """The events the actions would have recorded, with their own times."""
    buyer, approver = company.people["buyer"], company.people["approver"]
    events: list[BusinessEvent] = []
    for order in orders:
        row, number = order.row, order.row.number
        steps = (
            ("submitted", buyer, row.submitted_at, f"{number} was submitted."),
            ("approved", approver, row.approved_at, f"{number} was approved."),
            ("issued", buyer, row.issued_at, f"{number} was sent to {row.supplier}."),
        )
        for kind, actor, at, summary in steps:
            events.append(_event(f"purchase_order.{kind}", row, number, actor, at, summary))
        for receipt, _rows in order.receipts:
            events.append(
                _event(
                    "goods_receipt.posted",
                    receipt,
                    receipt.number,
                    receipt.posted_by,
                    receipt.posted_at,
                    f"{receipt.number} was posted for {number}.",
                )
            )
        for invoice, _lines in order.invoices:
            events.append(
                _event(
                    "supplier_invoice.captured",
                    invoice,
                    invoice.number,
                    invoice.captured_by,
                    invoice.captured_at,
                    f"{invoice.number} of {row.supplier} was entered.",
                )
            )
    events.sort(key=lambda event: event.at)
    BusinessEvent.objects.bulk_create(events, batch_size=2000)


def _event(
    kind: str,
    subject: Model,
    label: str | None,
    actor: User | None,
    at: datetime | None,
    summary: str,
) -> BusinessEvent:
    return BusinessEvent(
        kind=kind,
        subject_type=subject._meta.label_lower,
        subject_id=subject.pk,
        label=label or "",
        summary=summary,
        actor=actor,
        at=at or timezone.now(),
    )
