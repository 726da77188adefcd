"""What became of the history: matched by the engine, old differences accepted, bills paid."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection

from matching.demo.company import Company
from matching.demo.history import FIRST_NUMBER, DemoOrder
from matching.models import Hold, SupplierInvoice
from matching.rematching import match_invoices
from procure.models import DocumentNumber
from procure.statistics import refresh_statistics
from procure.tenancy import current_organization_id

CHUNK = 400
SETTLED_DAYS = 16

# The dates on which it happened, instead of the moment the demo was made.
BACKDATE = (
    """UPDATE matching_supplierinvoice SET matched_at = captured_at + interval '1 minute',
       approved_at = CASE WHEN approved_at IS NULL THEN NULL
                          ELSE captured_at + interval '1 minute' END
       WHERE organization_id = %s""",
    """UPDATE matching_matchresult r SET matched_at = i.matched_at FROM matching_supplierinvoice i
       WHERE i.organization_id = r.organization_id AND i.id = r.invoice_id
       AND r.organization_id = %s""",
    """UPDATE matching_hold h SET opened_at = i.captured_at + interval '1 minute',
       closed_at = CASE WHEN h.closed_at IS NULL THEN NULL
                        ELSE i.captured_at + interval '2 days' END
       FROM matching_supplierinvoice i WHERE i.organization_id = h.organization_id
       AND i.id = h.invoice_id AND h.organization_id = %s""",
)

# Whole sums first: the tables are new, and a plan without statistics would look up each line.
CLOSE_FINISHED = """
    WITH billed AS MATERIALIZED (
        SELECT i.order_line_id, sum(i.matched_quantity) AS quantity
        FROM matching_supplierinvoiceline i JOIN matching_supplierinvoice v
            ON v.organization_id = i.organization_id AND v.id = i.invoice_id
        WHERE i.organization_id = %s AND v.status IN ('approved', 'paid')
        GROUP BY i.order_line_id
    ), unfinished AS MATERIALIZED (
        SELECT l.order_id FROM purchasing_purchaseorderline l
        LEFT JOIN billed b ON b.order_line_id = l.id
        WHERE l.organization_id = %s AND coalesce(b.quantity, 0) < l.ordered_quantity
    )
    UPDATE purchasing_purchaseorder SET status = 'closed', closed_by_id = issued_by_id,
        closed_at = issued_at + interval '60 days'
    WHERE organization_id = %s AND status = 'issued'
    AND issued_at < now() - interval '70 days'
    AND id NOT IN (SELECT order_id FROM unfinished)
"""


def settle_history(company: Company, orders: list[DemoOrder]) -> None:
    """Matches every invoice, accepts what is long past, pays what is due, closes what is done."""
    invoices = sorted(
        (invoice for order in orders for invoice, _lines in order.invoices),
        key=lambda invoice: (invoice.received_on, invoice.pk),
    )
    refresh_statistics()
    for start in range(0, len(invoices), CHUNK):
        match_invoices([invoice.pk for invoice in invoices[start : start + CHUNK]])
    refresh_statistics()
    _accept_old_differences(company)
    organization_id = current_organization_id()
    with connection.cursor() as cursor:
        for statement in BACKDATE:
            cursor.execute(statement, [organization_id])
    SupplierInvoice.objects.filter(status="approved", due_on__lt=company.today).update(
        status="paid"
    )
    with connection.cursor() as cursor:
        cursor.execute(CLOSE_FINISHED, [organization_id] * 3)
    receipts = sum(len(order.receipts) for order in orders)
    DocumentNumber.objects.bulk_create(
        [
            DocumentNumber(series="purchase_order", last_number=FIRST_NUMBER + len(orders)),
            DocumentNumber(series="goods_receipt", last_number=FIRST_NUMBER + receipts),
        ]
    )


def _accept_old_differences(company: Company) -> None:
    """The AP lead accepted what was open too long; the engine then approves those invoices."""
    before = company.today - timedelta(days=SETTLED_DAYS)
    old = Hold.objects.filter(status="open", invoice__received_on__lt=before)
    invoice_ids = list(old.values_list("invoice_id", flat=True).distinct())
    old.update(
        status="overridden",
        outcome="accept",
        reason="Checked with the supplier, small enough to pay.",
        closed_at=company.moment(company.today),
        closed_by=company.people["aplead"],
    )
    SupplierInvoice.objects.filter(pk__in=invoice_ids).update(is_touchless=False)
    for start in range(0, len(invoice_ids), CHUNK):
        match_invoices(invoice_ids[start : start + CHUNK])
