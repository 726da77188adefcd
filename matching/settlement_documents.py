"""The self-billing invoice or debit note as the supplier gets it: one page for print and PDF."""

from __future__ import annotations

import re

from django.template.loader import render_to_string

from matching.models import ReceiptSettlement, SupplierInvoice
from procure.figures import reading_as
from procure.models import Organization
from procure.pdf import PdfUnavailableError, render_pdf
from procure.tenancy import current_organization_id


def settlement_page(invoice: SupplierInvoice, *, for_pdf: bool) -> str:
    """The document as HTML, in the organization's notation: three statements."""
    settlement = ReceiptSettlement.objects.select_related(
        "terms", "invoice__supplier", "invoice__credits"
    ).get(invoice=invoice)
    context = {
        "invoice": settlement.invoice,
        "terms": settlement.terms,
        "lines": list(settlement.invoice.lines.all()),
        "net": settlement.invoice.total_amount - settlement.invoice.tax_amount,
        "title": document_name(settlement.invoice),
        "organization": Organization.objects.get(pk=current_organization_id()),
        "for_pdf": for_pdf,
    }
    with reading_as(context["organization"].locale):
        return render_to_string("matching/settlement_document.html", context)


def document_name(invoice: SupplierInvoice) -> str:
    """What the document is called."""
    is_bill = invoice.kind == SupplierInvoice.Kind.INVOICE
    return "Self-billing invoice" if is_bill else "Debit note"


def settlement_pdf(invoice: SupplierInvoice) -> bytes | None:
    """The document as a PDF; None where none can be made."""
    try:
        return render_pdf(settlement_page(invoice, for_pdf=True))
    except PdfUnavailableError:
        return None


def pdf_name(invoice: SupplierInvoice) -> str:
    """SB-1001.pdf."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", str(invoice)) + ".pdf"
