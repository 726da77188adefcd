"""What follows from purchasing's own events: the mail that carries an issued order."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.template.loader import render_to_string

from procure.attachments import read_file
from procure.events import reacts_to
from procure.figures import reading_as
from procure.models import BusinessEvent
from purchasing import telling as telling
from purchasing.models import PurchaseOrder
from purchasing.order_documents import keep_order_pdf


@reacts_to("purchase_order.issued")
def mail_issued_orders(events: Sequence[BusinessEvent]) -> None:
    """Sends each issued order to its supplier with its PDF; one without an address is printed.

    It may run twice; the Message-ID comes from the event, so that the receiver sees one mail.
    """
    orders = PurchaseOrder.objects.select_related(
        "supplier", "organization", "ship_to", "issued_by"
    ).in_bulk([event.subject_id for event in events])
    for event in events:
        order = orders[event.subject_id]
        kept = keep_order_pdf(order)
        if order.supplier is None or not order.supplier.email:
            continue
        with reading_as(order.organization.locale):
            body = render_to_string("purchasing/order_mail.txt", {"order": order, "kept": kept})
        mail = EmailMessage(
            subject=f"Purchase order {order.number} from {order.organization.name}",
            body=body,
            to=[order.supplier.email],
            reply_to=[order.issued_by.email] if order.issued_by else None,
            headers={"Message-ID": f"<event-{event.pk}@{order.organization.slug}.procure>"},
        )
        if kept:
            mail.attach(kept.file_name, read_file(kept), kept.content_type)
        mail.send()
