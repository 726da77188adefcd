"""What suppliers owe back in the demo: one credit that came, one that is due, one overdue, a return."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from matching.capture import CapturedLine, capture_invoice
from matching.claiming import receive_credits
from matching.demo.waiting import Desk
from matching.expected_credits import ExpectedCredit
from matching.models import Resolution, SupplierInvoice
from matching.resolution import apply_due_resolutions, pay_supported, request_credit
from purchasing.models import PurchaseOrder
from purchasing.receiving import ReturnedLine, post_return

D = Decimal


def make_credits(desk: Desk) -> None:
    """Claims of every kind, by the same actions that people use."""
    came = _billed_dear(desk, "ORCHARD", "ING-NUT", "ALM-SL", "OV-4401")
    late = _billed_dear(desk, "MERIDIAN", "PACK-POUCH", "POU-M-CHO", "MP-20931")
    due = _billed_dear(desk, "DELTACOR", "PACK-BOX", "CTN-WH-24", "90117")
    clerk = desk.company.people["ap"]
    for invoice in (came, late):
        pay_supported(invoice, reason="The price of the order stands", actor=clerk)
    request_credit(due, reason="The price list of May has ended", actor=clerk)
    Resolution.objects.filter(invoice__in=[came, late, due]).update(effective_at=timezone.now())
    apply_due_resolutions()
    today = desk.company.today
    ExpectedCredit.objects.filter(invoice=late).update(
        asked_on=today - timedelta(days=26), due_on=today - timedelta(days=12)
    )
    _credit_note(desk, came)
    _return_of_paid_goods(desk)


def _billed_dear(
    desk: Desk, supplier: str, category: str, sku: str, number: str
) -> SupplierInvoice:
    """An invoice four percent above its order, entered by the AP lead."""
    order = desk.issued(supplier, category, [(sku, "1200")])
    desk.receive(order)
    desk.billed += 13 * (desk.billed % 2 == 0)
    desk.bill(order, desk.lines(order, price={1: "1.04"}), number=number, due_in=22)
    found: SupplierInvoice = SupplierInvoice.objects.get(number=number)
    return found


def _credit_note(desk: Desk, invoice: SupplierInvoice) -> None:
    claim = ExpectedCredit.objects.get(invoice=invoice)
    line = invoice.lines.get()
    note = capture_invoice(
        supplier=invoice.supplier,
        number=f"CN-{invoice.number}",
        kind=SupplierInvoice.Kind.CREDIT,
        credits_number=invoice.number,
        invoiced_on=desk.company.today,
        currency=invoice.currency,
        lines=[
            CapturedLine(
                quantity=D(0),
                unit_price=D(0),
                amount=claim.amount,
                order_number=line.order_number,
                order_line_no=line.order_line_no,
                description="Price difference",
            )
        ],
        actor=desk.company.people["ap"],
    )
    receive_credits([note.pk])


def _return_of_paid_goods(desk: Desk) -> None:
    """Goods that were paid and went back; the credit for them is then expected by itself."""
    order: PurchaseOrder = desk.issued("STRAPWELL", "PACK-TAPE", [("TAPE-48-CL", "240")], 40, -30)
    desk.receive(order, days_ago=28)
    desk.bill(order, desk.lines(order), number="SW-5512", days_ago=27, due_in=-2)
    SupplierInvoice.objects.filter(number="SW-5512").update(status="paid")
    post_return(
        order,
        lines=[ReturnedLine(1, D(36))],
        returned_on=desk.company.today - timedelta(days=1),
        reason="Rolls split at the core",
        actor=desk.company.people["receiver"],
    )
