"""The order as the supplier gets it: one page for print and PDF, kept once per issued revision."""

from __future__ import annotations

import hashlib
import re
import uuid

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.template.loader import render_to_string

from procure.figures import reading_as
from procure.models import Attachment
from procure.pdf import PdfUnavailableError, render_pdf
from procure.tenancy import current_organization_id
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
    key = f"{current_organization_id()}/orders/{uuid.uuid4()}.pdf"
    attachment: Attachment = Attachment.objects.create(
        subject_type=SUBJECT,
        subject_id=order.pk,
        purpose=_purpose(order),
        file_name=pdf_name(order),
        content_type="application/pdf",
        sha256=hashlib.sha256(document).hexdigest(),
        size=len(document),
        storage_key=default_storage.save(key, ContentFile(document)),
    )
    return attachment


def read_attachment(attachment: Attachment) -> bytes:
    """The stored file; a file that is not what was kept is refused."""
    with default_storage.open(attachment.storage_key) as stored:
        content: bytes = stored.read()
    if hashlib.sha256(content).hexdigest() != attachment.sha256:
        raise ValueError(f"{attachment.file_name} is not the file that was kept.")
    return content


def pdf_name(order: PurchaseOrder) -> str:
    """PO-1042.pdf; an imported number may hold any sign."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", str(order)) + ".pdf"


def _purpose(order: PurchaseOrder) -> str:
    return f"order_pdf_r{order.revision}"
