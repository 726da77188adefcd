"""The order as the supplier gets it: one page for print and PDF, kept once per issued revision."""

from __future__ import annotations

import re

from django.template.loader import render_to_string

from procure.attachments import CheckedFile, keep_file
from procure.figures import reading_as
from procure.models import Attachment
from procure.pdf import PdfUnavailableError, render_pdf
from purchasing.content import order_total
from purchasing.models import PurchaseOrder

SUBJECT = "purchasing.purchaseorder"


def order_page(order: PurchaseOrder, *, for_pdf: bool) -> str:
    """The order as HTML, in the organization's notation: two statements."""
    order = PurchaseOrder.objects.select_related(
        "organization", "supplier", "ship_to", "created_by"
    ).get(pk=order.pk)
    lines = list(order.lines.select_related("sku").order_by("line_no"))
    context = {
        "order": order,
        "organization": order.organization,
        "lines": lines,
        "total": order_total(lines),
        "for_pdf": for_pdf,
    }
    with reading_as(order.organization.locale):
        return render_to_string("purchasing/order_document.html", context)


def kept_order_pdf(order: PurchaseOrder) -> Attachment | None:
    """The PDF that was kept for the order's present revision, if it was."""
    kept: Attachment | None = Attachment.objects.filter(
        subject_type=SUBJECT, subject_id=order.pk, purpose=_purpose(order)
    ).first()
    return kept


def keep_order_pdf(order: PurchaseOrder) -> Attachment | None:
    """Renders the PDF of an issued revision once and keeps it; None when no PDF can be made."""
    kept = kept_order_pdf(order)
    if kept:
        return kept
    try:
        document = render_pdf(order_page(order, for_pdf=True))
    except PdfUnavailableError:
        return None
    file = CheckedFile(pdf_name(order), document, "application/pdf")
    return keep_file(order, file, purpose=_purpose(order), uploaded_by=None)


def pdf_name(order: PurchaseOrder) -> str:
    """PO-1042.pdf; an imported number may hold any sign."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", str(order)) + ".pdf"


def _purpose(order: PurchaseOrder) -> str:
    return f"order_pdf_r{order.revision}"
