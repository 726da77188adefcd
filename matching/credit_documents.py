"""The debit note or credit request as the supplier gets it: one page for print and PDF."""

from __future__ import annotations

import re

from django.template.loader import render_to_string

from matching.expected_credits import ExpectedCredit
from procure.figures import reading_as
from procure.models import Organization
from procure.pdf import PdfUnavailableError, render_pdf
from procure.tenancy import current_organization_id


def credit_page(credit: ExpectedCredit, *, for_pdf: bool) -> str:
    """The document as HTML, in the organization's notation: two statements."""
    credit = ExpectedCredit.objects.select_related("invoice__supplier", "asked_by").get(
        pk=credit.pk
    )
    organization = Organization.objects.get(pk=current_organization_id())
    context = {"credit": credit, "organization": organization, "for_pdf": for_pdf}
    with reading_as(organization.locale):
        return render_to_string("matching/credit_document.html", context)


def credit_pdf(credit: ExpectedCredit) -> bytes | None:
    """The document as a PDF; None where none can be made."""
    try:
        return render_pdf(credit_page(credit, for_pdf=True))
    except PdfUnavailableError:
        return None


def pdf_name(credit: ExpectedCredit) -> str:
    """DN-1001.pdf."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", str(credit)) + ".pdf"
