"""What matching tells the frame: the count of exceptions, work that waits, and found invoices."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse

from matching.captured_files import CapturedFile
from matching.mailboxes import Mailbox
from matching.models import SupplierInvoice
from matching.queries import exception_count
from matching.questions import HoldQuestion
from procure.figures import money, short_date
from procure.screens import register_counts
from procure.tenancy import OrganizationRequest
from procure.work import FoundItem, WaitingWork, answers_search, tells_work
from suppliers.finding import found_ids

MOST_FOUND = 10


def exceptions(request: HttpRequest) -> Mapping[str, int]:
    """The red count; a screen that has just read the queue has told it already."""
    known = getattr(request, "waiting_exceptions", None)
    if known is not None:
        return {"exceptions": known}
    return {"exceptions": exception_count(request.membership)}  # type: ignore[attr-defined]


register_counts(["exceptions"], exceptions)


@tells_work
def held_work(request: OrganizationRequest) -> list[WaitingWork]:
    """Held invoices of this member, on the home screen."""
    if not request.membership.may("holds.resolve"):
        return []
    return [
        WaitingWork(
            title="Match exceptions",
            count=exception_count(request.membership),
            detail="Invoices that differ from their order, receipt or agreement",
            address=reverse("matching:exception_queue", args=[request.organization.slug]),
            icon="scale",
            tone="bad",
            urgency=20,
        )
    ]


@tells_work
def files_left(request: OrganizationRequest) -> list[WaitingWork]:
    """Electronic invoices that the reader left to a person."""
    if not request.membership.may("invoices.write"):
        return []
    address = reverse("matching:file_list", args=[request.organization.slug])
    left = CapturedFile.Status.NEEDS_PERSON
    return [
        WaitingWork(
            title="Electronic invoices",
            count=CapturedFile.objects.filter(status=left).count(),
            detail="Files that could not be taken in without a person",
            address=f"{address}?view={left}",
            icon="inbox",
            tone="warn",
            urgency=25,
        )
    ]


@tells_work
def mailbox_trouble(request: OrganizationRequest) -> list[WaitingWork]:
    """A mailbox that cannot be read, for those who can put it right."""
    if not request.membership.may("rules.write"):
        return []
    trouble = Mailbox.objects.exclude(problem="").first()
    if trouble is None:
        return []
    return [
        WaitingWork(
            title="Mail-in does not work",
            count=1,
            detail=trouble.problem,
            address=reverse("matching:mailbox", args=[request.organization.slug]),
            icon="mail",
            tone="bad",
            urgency=15,
        )
    ]


@tells_work
def questions_for_me(request: OrganizationRequest) -> list[WaitingWork]:
    """Questions that colleagues asked this member about held invoices: one statement."""
    if not request.membership.may("holds.resolve"):
        return []
    waiting = HoldQuestion.objects.filter(
        person=request.user.pk, answered_at__isnull=True, invoice__status="open"
    )
    first = waiting.select_related("asked_by", "invoice").order_by("pk")[:1]
    return [
        WaitingWork(
            title=f"Answer {one.asked_by} about {one.invoice}",
            count=1,
            detail=one.question[:120],
            address=reverse(
                "matching:exception_detail", args=[request.organization.slug, one.invoice.public_id]
            ),
            icon="message-square-text",
            tone="warn",
            urgency=15,
        )
        for one in first
    ]


@answers_search
def found_invoices(request: OrganizationRequest, text: str) -> list[FoundItem]:
    """Invoices whose number, or whose supplier's name, has what was typed."""
    rows = (
        SupplierInvoice.objects.filter(
            Q(number__icontains=text[:60]) | Q(supplier__in=found_ids("supplier", text, MOST_FOUND))
        )
        .select_related("supplier")
        .order_by("-invoiced_on", "-pk")[:MOST_FOUND]
    )
    return [
        FoundItem(
            kind="Invoice",
            label=row.number,
            detail=f"{row.supplier}, {short_date(row.invoiced_on)}, "
            f"{money(row.total_amount, row.currency)} {row.currency}",
            address=reverse(
                "matching:invoice_detail", args=[request.organization.slug, row.public_id]
            ),
            icon="receipt-text",
        )
        for row in rows
    ]
