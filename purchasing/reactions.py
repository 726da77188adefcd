"""What follows from purchasing's own events: the mails that carry an order to its supplier."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.core.mail import EmailMessage
from django.template.loader import render_to_string

from procure.attachments import read_file
from procure.events import reacts_to
from procure.figures import reading_as
from procure.models import BusinessEvent
from purchasing import commitment_reminders as commitment_reminders
from purchasing import exception_history as exception_history
from purchasing import exception_requests as exception_requests
from purchasing import telling as telling
from purchasing.change_content import in_words
from purchasing.models import OrderChange, PurchaseOrder
from purchasing.order_documents import keep_order_pdf


@reacts_to("purchase_order.issued")
def mail_issued_orders(events: Sequence[BusinessEvent]) -> None:
    """Sends each issued order to its supplier with its PDF; one without an address is printed."""
    for event, order in _orders_of(events):
        _mail(
            event,
            order,
            f"Purchase order {order.number} from {order.organization.name}",
            "purchasing/order_mail.txt",
        )


@reacts_to("purchase_order.revised")
def mail_revised_orders(events: Sequence[BusinessEvent]) -> None:
    """Sends each changed order to its supplier, with what changed and the new revision's PDF.

    An order that was changed again before this ran is sent once per change, as it stands now.
    """
    changes = OrderChange.objects.in_bulk([event.payload["change_id"] for event in events])
    for event, order in _orders_of(events):
        change = changes[event.payload["change_id"]]
        _mail(
            event,
            order,
            f"Changed purchase order {order.number}, revision {order.revision}, "
            f"from {order.organization.name}",
            "purchasing/change_mail.txt",
            changes=in_words(list(change.lines.select_related("sku"))),
            changed_by=change.proposed_by,
        )


def _orders_of(
    events: Sequence[BusinessEvent],
) -> Iterator[tuple[BusinessEvent, PurchaseOrder]]:
    orders = PurchaseOrder.objects.select_related(
        "supplier", "organization", "ship_to", "issued_by"
    ).in_bulk([event.subject_id for event in events])
    for event in events:
        yield event, orders[event.subject_id]


def _mail(
    event: BusinessEvent, order: PurchaseOrder, subject: str, template: str, **more: object
) -> None:
    """Keeps the PDF and mails it. It may run twice; the Message-ID comes from the event, so that
    the receiver sees one mail."""
    kept = keep_order_pdf(order)
    if order.supplier is None or not order.supplier.email:
        return
    with reading_as(order.organization.locale):
        body = render_to_string(template, {"order": order, "kept": kept, **more})
    mail = EmailMessage(
        subject=subject,
        body=body,
        to=[order.supplier.email],
        reply_to=[order.issued_by.email] if order.issued_by else None,
        headers={"Message-ID": f"<event-{event.pk}@{order.organization.slug}.procure>"},
    )
    if kept:
        mail.attach(kept.file_name, read_file(kept), kept.content_type)
    mail.send()
