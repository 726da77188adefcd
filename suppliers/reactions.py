"""What this app tells the frame: suppliers and SKUs found by words, and terms that run out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from urllib.parse import urljoin

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from procure.events import reacts_to
from procure.figures import long_date, reading_as
from procure.models import BusinessEvent, Membership, Organization, User
from procure.permissions import may
from procure.tenancy import OrganizationRequest, current_organization_id
from procure.work import FoundItem, WaitingWork, answers_search, tells_work
from suppliers import bank_mail as bank_mail
from suppliers import ending as ending
from suppliers import expiring as expiring
from suppliers import first_steps as first_steps
from suppliers import quotation_mail as quotation_mail
from suppliers.addresses import address
from suppliers.decided import REVIEW_SOON_DAYS, due_for_review
from suppliers.filters import ENDS_SOON_DAYS
from suppliers.finding import find_skus, find_suppliers
from suppliers.models import PriceAgreement, Qualification, SourcingDecision
from suppliers.reviews import open_reviews
from suppliers.strategy import reviews_until

MOST_FOUND = 5
MOST_NAMED = 3


@answers_search
def found_suppliers(request: OrganizationRequest, text: str) -> list[FoundItem]:
    """Suppliers by code or name: two statements."""
    return [
        FoundItem(
            "Supplier",
            supplier.name,
            f"{supplier.code}, {supplier.get_status_display().lower()}",
            address(request, "supplier_detail", supplier),
            "store",
        )
        for supplier in find_suppliers(text, MOST_FOUND)
    ]


@answers_search
def found_skus(request: OrganizationRequest, text: str) -> list[FoundItem]:
    """SKUs by code, description or a supplier's code: two statements."""
    return [
        FoundItem("SKU", sku.code, sku.description, address(request, "sku_detail", sku), "barcode")
        for sku in find_skus(text, MOST_FOUND)
    ]


@tells_work
def reviews_due(request: OrganizationRequest) -> list[WaitingWork]:
    """Decisions and strategies that are to be looked at again, for those who can decide."""
    if not request.membership.may("sourcing.write"):
        return []
    today = timezone.localdate()
    due = reviews_until(today + timedelta(days=REVIEW_SOON_DAYS))
    return [
        WaitingWork(
            "Sourcing decisions to review",
            SourcingDecision.objects.filter(due_for_review(today)).count(),
            f"Due, or within {REVIEW_SOON_DAYS} days.",
            f"{address(request, 'decision_list')}?state=due",
            "gavel",
            "warn",
            58,
        ),
        WaitingWork(
            "Category strategies to review",
            len(due),
            ", ".join(one.category.name for one in due[:3]) or "None is due.",
            f"{address(request, 'category_list')}?review=due",
            "target",
            "warn",
            59,
        ),
    ]


@tells_work
def terms_running_out(request: OrganizationRequest) -> list[WaitingWork]:
    """Agreements and qualifications that end soon, for those who can renew them."""
    if not request.membership.may("sourcing.write"):
        return []
    today = timezone.localdate()
    soon = Q(valid_to__gte=today, valid_to__lte=today + timedelta(days=ENDS_SOON_DAYS))
    agreements = PriceAgreement.objects.filter(soon).count()
    ending = len({one.qualification.pk for one in expiring.expiries(today, ENDS_SOON_DAYS)})
    within = f"Within {ENDS_SOON_DAYS} days."
    return [
        WaitingWork(
            "Price agreements that end soon",
            agreements,
            within,
            f"{address(request, 'agreement_list')}?state=ending",
            "handshake",
            "warn",
            60,
        ),
        WaitingWork(
            "Qualifications and evidence that expire",
            ending,
            within,
            f"{address(request, 'qualification_list')}?state=expiring",
            "shield-alert",
            "warn",
            61,
        ),
    ]


@reacts_to("supplier.expiry_reminded")
def mail_expiry_reminders(events: Sequence[BusinessEvent]) -> None:
    """Tells the category's owner and whoever decided that something ends soon; with neither, the
    sourcing leads. It may run twice: the Message-ID comes from the event."""
    organization = Organization.objects.get(pk=current_organization_id())
    wanted = [event.payload["qualification_id"] for event in events]
    qualifications = Qualification.objects.select_related(
        "supplier", "category__owner", "decided_by"
    ).in_bulk(wanted)
    members = Membership.objects.filter(organization=organization, is_active=True)
    active = {one.user_id: one for one in members.select_related("user")}
    leads = [one.user for one in active.values() if may(one.roles, "sourcing.write")]
    for event in events:
        qualification = qualifications.get(event.payload["qualification_id"])
        if qualification is None:
            continue
        asked = (qualification.category.owner, qualification.decided_by)
        people = [one for one in asked if one is not None and one.pk in active] or leads
        if people:
            _mail_reminder(event, qualification, people, organization)


def _mail_reminder(
    event: BusinessEvent,
    qualification: Qualification,
    people: Sequence[User],
    organization: Organization,
) -> None:
    path = reverse(
        "suppliers:qualification_detail", args=[organization.slug, qualification.public_id]
    )
    with reading_as(organization.locale):
        last_day = long_date(date.fromisoformat(event.payload["last_day"]))
    supplier, what = qualification.supplier.name, event.payload["what"]
    EmailMessage(
        subject=f"{supplier}: {what} ends on {last_day}",
        body=(
            f"{what} of {supplier} ends on {last_day}.\n\n"
            "After that day the supplier is in review again and its approval has no effect.\n"
            f"Renew it here: {urljoin(settings.SITE_URL, path)}\n"
        ),
        to=sorted({one.email for one in people}),
        headers={"Message-ID": f"<event-{event.pk}@{organization.slug}.procure>"},
    ).send()


@tells_work
def reviews_waiting(request: OrganizationRequest) -> list[WaitingWork]:
    """Suppliers whose grade fell, by name, for those who decide on the list: one statement."""
    if not request.membership.may("sourcing.write"):
        return []
    waiting = list(open_reviews())
    named = [
        WaitingWork(
            f"{review.supplier.name} fell to {review.grade} in {review.scope}: review",
            1,
            f"Suggested: {review.suggestion_words}.",
            address(request, "review_detail", review),
            "clipboard-check",
            "warn",
            55,
        )
        for review in waiting[:MOST_NAMED]
    ]
    more = WaitingWork(
        "More supplier reviews",
        len(waiting) - len(named),
        "Suppliers whose grade fell.",
        address(request, "review_list"),
        "clipboard-check",
        "warn",
        56,
    )
    return [*named, more]
