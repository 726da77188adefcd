"""What follows for receipt settlement: days that pass, goods that go back, the mail with the document,
and what waits for somebody."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from matching.addresses import mail_address_of
from matching.models import SettlementTerms, SupplierInvoice
from matching.settlement_documents import document_name, pdf_name, settlement_pdf
from matching.settlement_due import due_lines
from matching.settling_receipts import debit_returned_goods, settle_receipts
from procure.daily import every_day
from procure.events import reacts_to
from procure.figures import reading_as
from procure.models import BusinessEvent, Organization
from procure.tenancy import OrganizationRequest, current_organization_id
from procure.work import WaitingWork, tells_work
from purchasing.models import PurchaseOrderLine


def _latest_terms(supplier_ids: set[int]) -> list[SettlementTerms]:
    """The terms of each supplier that has or had some: one statement."""
    rows = SettlementTerms.objects.filter(supplier__in=supplier_ids).order_by("supplier_id", "-pk")
    return list(rows.distinct("supplier_id"))


@every_day
def settle_aged_receipts() -> None:
    """Receipts that have aged are settled without anybody asking."""
    due = due_lines()
    free = {one.supplier_id for one in due if one.is_free}
    gone = {one.supplier_id for one in due if one.went_back}
    for terms in _latest_terms(free | gone):
        if terms.supplier_id in gone:
            debit_returned_goods(terms, actor=None)
        if terms.supplier_id in free:
            settle_receipts(terms, actor=None)


@reacts_to("goods_receipt.returned", "goods_receipt.reversed")
def debit_what_went_back(events: Sequence[BusinessEvent]) -> None:
    """Goods that we billed for the supplier and that are not here any more are debited at once."""
    line_ids = {line_id for event in events for line_id in event.payload["line_ids"]}
    supplier_ids = set(
        PurchaseOrderLine.objects.filter(pk__in=line_ids).values_list(
            "order__supplier_id", flat=True
        )
    )
    for terms in _latest_terms(supplier_ids):
        debit_returned_goods(terms, actor=None)


@reacts_to("receipt_settlement.made")
def mail_settlements(events: Sequence[BusinessEvent]) -> None:
    """Sends the documents to the supplier; without an address they are printed.

    It may be sent twice; its Message-ID comes from the event.
    """
    organization = Organization.objects.get(pk=current_organization_id())
    wanted = {pk for event in events for pk in event.payload["invoice_ids"]}
    invoices = SupplierInvoice.objects.select_related("supplier", "credits").in_bulk(wanted)
    for event in events:
        made = [invoices[pk] for pk in event.payload["invoice_ids"]]
        email = mail_address_of(made[0].supplier)
        if email:
            _mail(event, made, email, organization)


def _mail(
    event: BusinessEvent, made: list[SupplierInvoice], email: str, organization: Organization
) -> None:
    documents = [(one, settlement_pdf(one)) for one in made]
    with reading_as(organization.locale), timezone.override(organization.time_zone):
        body = render_to_string(
            "matching/settlement_mail.txt",
            {
                "documents": [(one, document_name(one)) for one in made],
                "supplier": made[0].supplier,
                "organization": organization,
                "is_attached": all(document is not None for _, document in documents),
            },
        )
    names = ", ".join(f"{document_name(one)} {one}" for one in made)
    mail = EmailMessage(
        subject=f"{names} ({organization.name})"[:200],
        body=body,
        to=[email],
        headers={"Message-ID": f"<event-{event.pk}@{organization.slug}.procure>"},
    )
    for one, document in documents:
        if document is not None:
            mail.attach(pdf_name(one), document, "application/pdf")
    mail.send()


@tells_work
def settlements_blocked(request: OrganizationRequest) -> list[WaitingWork]:
    """Received goods that the night does not settle until somebody puts something right: one
    statement where no supplier is settled by receipt, else those of `due_lines`."""
    in_force = SettlementTerms.objects.filter(ended_at__isnull=True)
    if not request.membership.may("payments.write") or not in_force.exists():
        return []
    blocked = [one for one in due_lines() if one.blocked]
    if not blocked:
        return []
    reasons = list(dict.fromkeys(one.blocked for one in blocked))
    others = len(reasons) - 1
    more = f" And {others} other reason{'s' if others > 1 else ''}." if others else ""
    return [
        WaitingWork(
            title="Receipt settlement is blocked",
            count=len(blocked),
            detail=f"{blocked[0].line.order.supplier}: {reasons[0]}{more}",
            address=reverse("matching:settlement_list", args=[request.organization.slug]),
            icon="hand",
            tone="warn",
            urgency=35,
        )
    ]
