"""The demo's requests for quotation: one open with questions, one to decide, one awarded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.utils import timezone

from matching.demo.company import Company
from suppliers.awarding import AwardChoice, award_quotation
from suppliers.models import QuotationInvitation, QuotationRequest
from suppliers.offering import (
    Offer,
    OfferedLine,
    ask_question,
    decline_invitation,
    open_invitation,
    submit_quotation,
)
from suppliers.quoting import (
    RequestDetails,
    RequestedLine,
    answer_question,
    draft_quotation_request,
    send_quotation_request,
)
from suppliers.request_changes import change_quotation_request, remind_invited

D = Decimal


def make_quotations(company: Company) -> None:
    """Boxes are open, film is past its deadline with three quotes, chocolate is awarded."""
    _open_boxes(_Asking(company))
    _film_to_decide(_Asking(company))
    _chocolate_awarded(_Asking(company))


class _Asking:
    """Shorthands for what the steps below repeat."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.lead = company.people["sourcing"]

    def ask(
        self, category: str, title: str, suppliers: Sequence[str], lines: int, sealed: bool = False
    ) -> QuotationRequest:
        """A sent request for the first SKUs of a category, for a quarter's usual quantities."""
        today = self.company.today
        request = draft_quotation_request(
            details=RequestDetails(
                category=self.company.categories[category],
                title=title,
                deadline=timezone.now() + timedelta(days=6),
                needed_on=today + timedelta(days=30),
                ship_to=self.company.places[0],
                is_sealed=sealed,
                note="Prices for one year, delivered in four parts. Please name your lead time.",
            ),
            lines=[
                RequestedLine(sku=sku, quantity=D(self.company.quantities[sku.pk] * 3))
                for sku in self.company.skus[category][:lines]
            ],
            suppliers=[self.company.suppliers[code] for code in suppliers],
            actor=self.lead,
        )
        return send_quotation_request(request, actor=self.lead)

    def opened(self, request: QuotationRequest, code: str) -> QuotationInvitation:
        """The invitation of a supplier that has opened its link."""
        invitation = request.invitations.select_related("request", "supplier").get(
            supplier=self.company.suppliers[code]
        )
        return open_invitation(invitation, actor=None)

    def quote(
        self,
        request: QuotationRequest,
        code: str,
        factor: str,
        lead_time: int,
        freight: str = "0",
        left_out: Sequence[int] = (),
    ) -> None:
        """An offer at a factor of the supplier's usual prices, cheaper from twice the quantity on."""
        offered = []
        for line in request.lines.select_related("sku"):
            if line.line_no in left_out:
                continue
            price = self.company.price(code, line.sku, D(factor))
            step = (line.quantity * 2, (price * D("0.95")).quantize(D("0.0001")))
            offered.append(
                OfferedLine(line=line, unit_price=price, breaks=(step,), lead_time_days=lead_time)
            )
        offer = Offer(
            valid_to=self.company.today + timedelta(days=365),
            freight_amount=D(freight),
            incoterm="DAP",
            payment_terms_days=30,
            lines=offered,
        )
        submit_quotation(self.opened(request, code), offer=offer, actor=None)

    def moved(self, request: QuotationRequest, days: int, deadline: datetime) -> QuotationRequest:
        """As if the request and its quotes were so many days older."""
        back = timedelta(days=days)
        sent_at = request.sent_at or timezone.now()
        QuotationRequest.objects.filter(pk=request.pk).update(
            created_at=request.created_at - back, sent_at=sent_at - back, deadline=deadline
        )
        request.refresh_from_db()
        return request


def _open_boxes(asking: _Asking) -> None:
    request = asking.ask(
        "PACK-BOX", "Corrugate, next year", ["NORTHLINE", "ASHGROVE", "DELTACOR", "KESTREL"], 4
    )
    asking.quote(request, "ASHGROVE", "0.98", 12, "180")
    asked = ask_question(
        asking.opened(request, "KESTREL"), text="Do you need the boxes printed?", actor=None
    )
    answer_question(
        asked,
        answer="Plain kraft. Print follows in a separate request.",
        goes_to_all=True,
        actor=asking.lead,
    )
    ask_question(
        asking.opened(request, "NORTHLINE"),
        text="May we deliver the dividers on pallets of our own?",
        actor=None,
    )
    decline_invitation(
        asking.opened(request, "DELTACOR"), reason="No capacity before March.", actor=None
    )
    _more_of_the_first(asking, request)


def _more_of_the_first(asking: _Asking, request: QuotationRequest) -> None:
    """After the first quote came, twice as much of the first SKU is wanted; the others are reminded."""
    lines = [
        RequestedLine(
            sku=line.sku, quantity=line.quantity * (2 if line.line_no == 1 else 1), note=line.note
        )
        for line in request.lines.select_related("sku")
    ]
    details = RequestDetails(
        category=request.category,
        title=request.title,
        deadline=request.deadline,
        needed_on=request.needed_on,
        ship_to=request.ship_to,
        is_sealed=request.is_sealed,
        note=request.note,
    )
    change_quotation_request(request, details=details, lines=lines, actor=asking.lead)
    remind_invited(request, actor=asking.lead)


def _film_to_decide(asking: _Asking) -> None:
    request = asking.ask(
        "PACK-FILM", "Film, two years", ["SOLANO", "MERIDIAN", "NORTHLINE", "HALCYON"], 3
    )
    asking.quote(request, "SOLANO", "0.97", 26, "240")
    asking.quote(request, "MERIDIAN", "0.99", 18, "90", left_out=[3])
    asking.moved(request, 9, timezone.now() - timedelta(days=1))
    asking.quote(request, "NORTHLINE", "0.94", 35)


def _chocolate_awarded(asking: _Asking) -> None:
    request = asking.ask("ING-COCOA", "Dark chocolate", ["CACAOHAUS", "DARKMILL"], 1)
    asking.quote(request, "CACAOHAUS", "0.96", 20, "300")
    asking.quote(request, "DARKMILL", "0.97", 14, "120")
    request = asking.moved(request, 12, timezone.now() - timedelta(days=4))
    suppliers = asking.company.suppliers
    award_quotation(
        request,
        choices=[
            AwardChoice(line_no=1, supplier=suppliers["CACAOHAUS"], share_percent=D(70)),
            AwardChoice(line_no=1, supplier=suppliers["DARKMILL"], share_percent=D(30)),
        ],
        reason="Cacaohaus is lower landed; Darkmill keeps a second source warm and is faster.",
        review_on=asking.company.today + timedelta(days=180),
        actor=asking.lead,
    )
