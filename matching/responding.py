"""Telling the supplier of an electronic invoice what became of it, in the form of Peppol.

respond_to_invoice(invoice, status="UQ", note=…, by_mail=True, actor=…)
"""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from matching.addresses import mail_address_of
from matching.einvoices.document import Einvoice
from matching.einvoices.response import Correspondent, InvoiceAnswer, response_xml
from matching.invoice_answers import Answer, answers_for, as_stored, name_of, type_code_of
from matching.models import InvoiceResponse, SupplierInvoice
from procure.documents import lock, next_number
from procure.errors import BusinessRuleError
from procure.events import record
from procure.models import Organization, User
from procure.tenancy import current_organization_id

MOST_NOTE = 300


@transaction.atomic
def respond_to_invoice(
    invoice: SupplierInvoice, *, status: str, note: str = "", by_mail: bool = True, actor: User
) -> InvoiceResponse:
    """Makes the response and keeps it; the mail that carries it follows from the event.

    Refused: an invoice that did not come as an electronic one or names no addresses, a status that
    it has not reached or that is behind what was told, the same again, no mail address on file.
    """
    invoice = lock(invoice)
    answers = answers_for(invoice)
    answer = answers.of(status)
    if answers.document is None or answer is None:
        words = answers.why_not or "This cannot be told now. Look at the invoice again."
        raise BusinessRuleError("answer", words, "status")
    email = mail_address_of(invoice.supplier) if by_mail else ""
    if by_mail and not email:
        words = f"No mail address of {invoice.supplier} is on file. Make the file and send it."
        raise BusinessRuleError("no_email", words)
    response = InvoiceResponse(
        number=next_number("invoice_response", InvoiceResponse),
        invoice=invoice,
        status=answer.status,
        is_final=answer.is_final,
        effective_on=answer.effective_on,
        clarifications=as_stored(answer.clarifications),
        note=note.strip()[:MOST_NOTE],
        email=email,
        made_by=actor,
    )
    response.content = _content(response, invoice, answers.document, answer)
    response.save()
    record(
        "invoice_response.told",
        invoice,
        actor=actor,
        summary=_summary(response),
        invoice_response_id=response.pk,
        by_mail=bool(email),
    )
    return response


def _summary(response: InvoiceResponse) -> str:
    words = f"{response}: {response.get_status_display().lower()}"
    return f"{words}, told to {response.email}." if response.email else f"{words}, made as a file."


def _content(
    response: InvoiceResponse, invoice: SupplierInvoice, document: Einvoice, answer: Answer
) -> bytes:
    organization = Organization.objects.get(pk=current_organization_id())
    by = response.made_by
    return response_xml(
        InvoiceAnswer(
            number=response.number,
            issued_at=timezone.localtime(response.made_at),
            sender=Correspondent(organization.name, document.buyer.endpoint, str(by), by.email),
            receiver=Correspondent(
                name_of(document.seller, invoice.supplier.name), document.seller.endpoint
            ),
            status=answer.status,
            effective_on=answer.effective_on,
            invoice_number=document.number,
            invoiced_on=document.issued_on,
            type_code=type_code_of(document),
            clarifications=answer.clarifications,
            note=response.note,
            payment_reference=answer.payment_reference,
        )
    )
