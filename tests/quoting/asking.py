"""Requests for quotation as their tests need them: drafted, sent, quoted."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from suppliers import offering, quoting
from suppliers.models import Quotation, QuotationInvitation, QuotationRequest, Supplier
from suppliers.offering import Offer, OfferedLine
from suppliers.quote_links import quotation_token
from suppliers.quoting import RequestDetails, RequestedLine
from suppliers.request_changes import change_quotation_request
from tests.world import World


def drafted_request(world: World, **details: Any) -> QuotationRequest:
    """2,000 shippers and 500 dividers, asked of Northline and Kestrel, quoted within a week."""
    return quoting.draft_quotation_request(
        details=RequestDetails(
            **{
                "category": world.boxes,
                "title": "Boxes 2027",
                "deadline": timezone.now() + timedelta(days=7),
                "needed_on": timezone.localdate() + timedelta(days=30),
                **details,
            }
        ),
        lines=[
            RequestedLine(sku=world.shipper, quantity=Decimal(2000)),
            RequestedLine(sku=world.divider, quantity=Decimal(500)),
        ],
        suppliers=[world.northline, world.kestrel],
        actor=world.people["sourcing_lead"],
    )


def sent_request(world: World, **details: Any) -> QuotationRequest:
    return quoting.send_quotation_request(
        drafted_request(world, **details), actor=world.people["sourcing_lead"]
    )


def invitation_of(request: QuotationRequest, supplier: Supplier) -> QuotationInvitation:
    return request.invitations.select_related("request", "supplier").get(supplier=supplier)


def quoted(
    request: QuotationRequest,
    supplier: Supplier,
    *prices: str | None,
    lead_time: int | None = 14,
    breaks: tuple[tuple[Decimal, Decimal], ...] = (),
    **head: Any,
) -> Quotation:
    """The supplier's offer: a price per line, None for a line it leaves out."""
    lines = [
        OfferedLine(line=line, unit_price=Decimal(price), lead_time_days=lead_time, breaks=breaks)
        for line, price in zip(request.lines.all(), prices, strict=False)
        if price is not None
    ]
    until = timezone.localdate() + timedelta(days=365)
    offer = Offer(lines=lines, **{"valid_to": until, **head})
    return offering.submit_quotation(invitation_of(request, supplier), offer=offer, actor=None)


def changed_request(world: World, request: QuotationRequest, **details: Any) -> QuotationRequest:
    """3,000 shippers instead of 2,000; the dividers stay."""
    return change_quotation_request(
        request,
        details=RequestDetails(
            **{
                "category": request.category,
                "title": request.title,
                "deadline": request.deadline,
                "needed_on": request.needed_on,
                "ship_to": request.ship_to,
                "is_sealed": request.is_sealed,
                "note": request.note,
                **details,
            }
        ),
        lines=[
            RequestedLine(sku=world.shipper, quantity=Decimal(3000)),
            RequestedLine(sku=world.divider, quantity=Decimal(500)),
        ],
        actor=world.people["sourcing_lead"],
    )


def deadline_passes(request: QuotationRequest) -> None:
    QuotationRequest.objects.filter(pk=request.pk).update(
        deadline=timezone.now() - timedelta(minutes=1)
    )
    request.refresh_from_db()


def link_of(world: World, invitation: QuotationInvitation) -> str:
    return f"/quotes/{world.organization.slug}/open/{quotation_token(invitation)}/"
