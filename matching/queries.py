"""What the screens of invoices and exceptions read."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from django.contrib.postgres.aggregates import ArrayAgg
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    Case,
    Count,
    DateField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)  # fmt: skip
from django.db.models.functions import Least
from django.shortcuts import get_object_or_404
from django.utils import timezone

from matching.captured_files import CapturedFile
from matching.models import Hold, Resolution, SupplierInvoice, SupplierInvoiceLine, Tolerance
from matching.questions import HoldQuestion
from matching.results import CHECK_NUMBER, Check
from procure.models import Membership
from procure.money import ZERO
from procure.permissions import Role
from purchasing.models import OrderChange

MOST_IN_QUEUE = 300
SHOWN_IN_QUEUE = (
    "public_id", "number", "currency", "due_on", "discount_until", "look_again_on",
    "supplier__name",
)  # fmt: skip
DUE_SOON_DAYS = 2

CHECK_WORDS = {
    Check.DUPLICATE_SUSPECT: "Duplicate?",
    Check.HEADER_BALANCE: "Total",
    Check.NO_PO: "No order",
    Check.PO_SUPPLIER: "Other supplier",
    Check.PO_STATUS: "Order not open",
    Check.CURRENCY: "Currency",
    Check.LINE_UNMATCHED: "No order line",
    Check.UOM_UNKNOWN: "Unit",
    Check.PRICE: "Price",
    Check.CONTRACT_PRICE: "Agreed price",
    Check.QTY_ORDERED: "Over order",
    Check.AWAITING_RECEIPT: "Not received",
    Check.QTY_RECEIVED: "Quantity",
    Check.QUALITY: "Rejected goods",
    Check.LINE_AMOUNT: "Amount",
    Check.CHARGE: "Charge",
    Check.TAX: "Tax",
    Check.HEADER_CAP: "Total variance",
    Check.SUPPLIER_BLOCKED: "Supplier blocked",
    Check.BANK_CHANGED: "Bank details",
    Check.SAMPLE: "Sample",
}


def _words_of(checks: Collection[str]) -> list[str]:
    """Each check once, in the order of the checks: an unknown order comes before a price."""
    found = sorted(map(Check, checks), key=CHECK_NUMBER.__getitem__)
    return list(dict.fromkeys(CHECK_WORDS[check] for check in found))


@dataclass(slots=True)
class QueueItem:
    """A held invoice as the queue lists it."""

    invoice: SupplierInvoice
    at_stake: Decimal
    checks: Sequence[str] = ()  # of its open holds, the first one found first
    owners: Sequence[str] = ()
    held_since: datetime | None = None
    asked: str = ""  # the colleague whose answer is awaited
    is_asked_me: bool = False

    @property
    def kind_of_difference(self) -> str:
        """The checks in words: what settles most comes first, then how many more."""
        words = _words_of(self.checks)
        if len(words) == 2:
            return f"{words[0]} + {words[1].lower()}"
        return words[0] if len(words) == 1 else f"{words[0]} +\u00a0{len(words) - 1}\u00a0more"

    @property
    def days_held(self) -> int:
        """How long its oldest open hold has been open, in days."""
        return 0 if self.held_since is None else max((timezone.now() - self.held_since).days, 0)

    @property
    def expires_on(self) -> date | None:
        """What ends first: the discount while it lasts, else the day it is due."""
        invoice, today = self.invoice, timezone.localdate()
        if invoice.discount_until is not None and invoice.discount_until >= today:
            return invoice.discount_until
        return invoice.due_on

    @property
    def is_due_soon(self) -> bool:
        expires_on = self.expires_on
        return expires_on is not None and (expires_on - timezone.localdate()).days <= DUE_SOON_DAYS

    @property
    def is_put_aside(self) -> bool:
        aside = self.invoice.look_again_on
        return aside is not None and aside > timezone.localdate()


@dataclass(slots=True)
class HeldItem:
    """A held invoice as it is opened, with everything that holds it."""

    invoice: SupplierInvoice
    holds: list[Hold] = field(default_factory=list)
    decision: Resolution | None = None  # under way, for an invoice that has left the queue


def held_invoices(membership: Membership, *, only_mine: bool) -> QuerySet[SupplierInvoice]:
    """Open invoices with an open hold and no decision under way; mine by role or by name."""
    holds = Hold.objects.filter(invoice=OuterRef("pk"), status=Hold.Status.OPEN)
    if only_mine:
        holds = holds.filter(mine(membership))
    waiting = Resolution.objects.filter(invoice=OuterRef("pk"), status=Resolution.Status.WAITING)
    invoices: QuerySet[SupplierInvoice] = SupplierInvoice.objects.filter(
        Exists(holds), ~Exists(waiting), status=SupplierInvoice.Status.OPEN
    )
    return invoices


def mine(membership: Membership) -> Q:
    """Holds that a member's roles own, or that somebody asked them about.

    Accounts payable works on every hold; the others see their own.
    """
    if {Role.AP_CLERK, Role.AP_LEAD} & set(membership.roles):
        return Q()
    roles = [*membership.roles]
    own = Q(owner_role__in=roles) | Q(assigned_to=membership.user_id)
    if Role.BUYER in roles:
        own |= Q(check_code=Check.QTY_RECEIVED)
    return own


def exception_queue(
    membership: Membership, *, only_mine: bool, search: str = ""
) -> list[QueueItem]:
    """The queue, what expires first on top, what was put aside last: one statement.

    Its invoices carry what the queue shows; the one that is opened is read whole by `queued_item`.
    """
    today = timezone.localdate()
    rows = held_invoices(membership, only_mine=only_mine)
    if search:
        rows = rows.filter(Q(number__icontains=search) | Q(supplier__name__icontains=search))
    holds = Hold.objects.filter(invoice=OuterRef("pk"), status=Hold.Status.OPEN).order_by("pk")
    asked = HoldQuestion.objects.filter(invoice=OuterRef("pk"), answered_at__isnull=True)
    of_me = asked.filter(person=membership.user_id)
    by_me = asked.filter(asked_by=membership.user_id)
    rows = (
        rows.select_related("supplier")
        .only(*SHOWN_IN_QUEUE)
        .annotate(
            at_stake=F("match_results__disputed_amount"),
            checks=ArraySubquery(holds.values("check_code")),
            owners=ArraySubquery(holds.values("owner_role")),
            held_since=Subquery(holds.order_by("opened_at").values("opened_at")[:1]),
            asked=Subquery(asked.order_by("-pk").values("person__full_name")[:1]),
            is_asked_me=Exists(of_me),
            is_aside=Case(
                When(Q(look_again_on__gt=today) | Exists(by_me), then=Value(1)), default=Value(0)
            ),
            expires=Case(
                When(discount_until__gte=today, then=Least("discount_until", "due_on")),
                default=F("due_on"),
                output_field=DateField(),
            ),
        )
        .order_by("is_aside", F("expires").asc(nulls_last=True), "pk")[:MOST_IN_QUEUE]
    )
    return [
        QueueItem(
            row, row.at_stake or ZERO, row.checks, row.owners, row.held_since, row.asked or "",
            row.is_asked_me,
        )
        for row in rows
        if row.checks
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class OwnerAge:
    """What waits for one role: how many invoices, and since when the oldest is held."""

    role: str
    count: int
    oldest_days: int

    @property
    def words(self) -> str:
        return str(Role(self.role).label)


def ages_by_owner(queue: Iterable[QueueItem]) -> list[OwnerAge]:
    """The queue by whose it is, the longest waiting first; an invoice counts for each owner."""
    found: dict[str, list[int]] = {}
    for item in queue:
        for role in set(item.owners):
            found.setdefault(role, []).append(item.days_held)
    ages = [OwnerAge(role, len(days), max(days)) for role, days in found.items()]
    return sorted(ages, key=lambda age: (-age.oldest_days, age.role))


def equal_items(
    invoice: SupplierInvoice, checks: Collection[str], queue: Iterable[QueueItem]
) -> list[QueueItem]:
    """The others of the queue that the same supplier makes differ in the same way."""
    return [
        item
        for item in queue
        if item.invoice.pk != invoice.pk
        and item.invoice.supplier_id == invoice.supplier_id
        and item.invoice.currency == invoice.currency
        and set(item.checks) == set(checks)
        and not item.is_put_aside
    ]


def open_holds(invoice: SupplierInvoice) -> list[Hold]:
    """What holds the invoice, the first one found first: one statement."""
    holds = invoice.holds.filter(status=Hold.Status.OPEN)
    return list(holds.select_related("order", "order_line", "assigned_to").order_by("pk"))


def held_item(invoice: SupplierInvoice) -> HeldItem:
    """One invoice with what holds it and the decision under way on it: two statements."""
    waiting = invoice.resolutions.filter(status=Resolution.Status.WAITING)
    return HeldItem(invoice, open_holds(invoice), waiting.select_related("decided_by").first())


def queued_item(item: QueueItem) -> HeldItem | None:
    """What stands in the queue, read whole; no decision is under way there: one statement."""
    holds = list(
        Hold.objects.filter(invoice=item.invoice.pk, status=Hold.Status.OPEN)
        .select_related("order", "assigned_to", "invoice__supplier")
        .order_by("pk")
    )
    return HeldItem(holds[0].invoice, holds) if holds else None


def found_invoice(public_id: uuid.UUID) -> SupplierInvoice:
    """The invoice behind an address with its supplier and who voided it, or 404."""
    rows = SupplierInvoice.objects.select_related("supplier", "voided_by")
    invoice: SupplierInvoice = get_object_or_404(rows, public_id=public_id)
    return invoice


def file_read_for(invoice: SupplierInvoice) -> CapturedFile | None:
    """The electronic invoice that this one was read out of: one statement."""
    return invoice.captured_files.filter(document__isnull=False).order_by("pk").first()


def exception_count(membership: Membership) -> int:
    """How many held invoices wait for this member."""
    return held_invoices(membership, only_mine=True).count()


def invoice_rows() -> QuerySet[SupplierInvoice]:
    """Invoices with their supplier, the amount in dispute and the checks that hold them."""
    rows: QuerySet[SupplierInvoice] = (
        SupplierInvoice.objects.select_related("supplier")
        .annotate(
            disputed=F("match_results__disputed_amount"),
            held_by=ArrayAgg(
                "holds__check_code",
                filter=Q(holds__status=Hold.Status.OPEN),
                distinct=True,
                default=Value([]),
            ),
        )
        .order_by("-invoiced_on", "-pk")
    )
    return rows


def in_words(checks: Collection[str]) -> str:
    """Checks as a list shows them: Price, Quantity."""
    return ", ".join(_words_of(checks))


def lines_of(invoice: SupplierInvoice) -> list[SupplierInvoiceLine]:
    """The invoice's lines with what they are linked to, and whether that order is being changed:
    one statement."""
    waiting = OrderChange.objects.filter(
        order=OuterRef("order_line__order"), status=OrderChange.Status.WAITING
    )
    return list(
        SupplierInvoiceLine.objects.filter(invoice=invoice)
        .annotate(order_is_changing=Exists(waiting))
        .select_related(
            "order_line__sku",
            "order_line__order__issued_by",
            "order_line__order__submitted_by",
            "order_line__order__created_by",
            "order_line__order__organization",
        )
        .order_by("position")
    )


def invoices_of_order(order_id: int) -> Sequence[SupplierInvoiceLine]:
    """Every line that bills this order, by order line, void ones left out: one statement."""
    return list(
        SupplierInvoiceLine.objects.filter(order_line__order_id=order_id)
        .exclude(invoice__status=SupplierInvoice.Status.VOID)
        .select_related("invoice", "order_line__sku")
        .order_by("order_line__line_no", "invoice__invoiced_on", "invoice_id", "position")
    )


def status_counts() -> dict[str, int]:
    """How many invoices there are per saved view of the list: one statement."""
    held = Exists(Hold.objects.filter(invoice=OuterRef("pk"), status=Hold.Status.OPEN))
    rows = (
        SupplierInvoice.objects.order_by().annotate(is_held=held).values_list("status", "is_held")
    )
    counts = {"held": 0, "approved": 0, "paid": 0, "void": 0, "all": 0}
    for status, is_held, number in rows.annotate(number=Count("pk")):
        counts["all"] += number
        key = "held" if is_held else status
        counts[key] = counts.get(key, 0) + number
    return counts


def tolerance_rules() -> list[Tolerance]:
    """All versions of all rules with their scope, the latest version first: one statement."""
    return list(
        Tolerance.objects.select_related("sku", "category", "supplier", "created_by").order_by(
            "number", "-version"
        )
    )
