"""The three panes of a held invoice, read in a fixed number of statements."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils import timezone

from matching.choices import (
    Choice,
    Colleague,
    choices_for,
    colleague_for,
    suggested_day,
)
from matching.comparison import Comparison, compare_documents, disputed_by_position
from matching.flags import Flag, flags_of
from matching.hold_figures import terms_in_words
from matching.models import MatchResult, Resolution, SupplierInvoice, SupplierInvoiceLine
from matching.order_changes import asked_change
from matching.order_ranking import RankedOrder, ranked_orders
from matching.queries import HeldItem, QueueItem, lines_of
from matching.questions import HoldQuestion
from matching.results import Check
from matching.sentences import Evidence, evidence_for, header_sentences
from matching.together import equals_of
from procure.models import BusinessEvent, Membership
from procure.money import ZERO
from procure.queries import timeline
from purchasing.models import PurchaseOrderLine

TO_BE_LINKED = {Check.LINE_UNMATCHED.value, Check.NO_PO.value}
MOST_TARGETS = 60


@dataclass(slots=True)
class HeldPage:
    """Everything the comparison and the resolution pane show of one invoice."""

    item: HeldItem
    result: MatchResult | None
    comparison: Comparison
    sentences: list[tuple[str, str]]
    evidence: list[Evidence]
    flags: Sequence[Flag]
    choices: list[Choice]
    colleague: Colleague | None
    events: Sequence[BusinessEvent]
    ranked: Sequence[RankedOrder] = ()
    questions: Sequence[HoldQuestion] = ()
    equals: Sequence[QueueItem] = ()
    next_public_id: str = ""
    stray_lines: list[SupplierInvoiceLine] = field(default_factory=list)
    targets: list[tuple[str, str]] = field(default_factory=list)

    @property
    def invoice(self) -> SupplierInvoice:
        return self.item.invoice

    @property
    def differences(self) -> int:
        """How many lines differ, and what is wrong with the invoice as a whole."""
        wrong = [tone for tone, _ in self.sentences if tone == "bad"]
        return self.comparison.differences + len(wrong)

    @property
    def equals_amount(self) -> Decimal:
        """What is in dispute on the equal ones together."""
        return sum((item.at_stake for item in self.equals), ZERO)

    @property
    def equals_value(self) -> str:
        """The equal ones as the form sends them."""
        return ",".join(str(item.invoice.public_id) for item in self.equals)

    @property
    def discount_worth(self) -> Decimal | None:
        """What paying by the discount's day saves, while that day has not passed."""
        invoice = self.invoice
        until, percent = invoice.discount_until, invoice.early_discount_percent
        if until is None or not percent or until < timezone.localdate():
            return None
        worth: Decimal = invoice.total_amount * percent / 100
        return worth

    @property
    def days_of_discount(self) -> int:
        until = self.invoice.discount_until
        return 0 if until is None else (until - timezone.localdate()).days

    @property
    def look_again_on(self) -> Any:
        return suggested_day(self.comparison)


def held_page(item: HeldItem, membership: Membership, queue: Sequence[QueueItem]) -> HeldPage:
    """Reads one held invoice; about eight statements, whatever it holds."""
    invoice = item.invoice
    slug = membership.organization.slug
    result = MatchResult.objects.filter(invoice=invoice).first()
    lines = lines_of(invoice)
    checks = result.checks if result else []
    comparison = compare_documents(invoice, lines, item.holds, checks, disputed_by_position(result))
    colleague = colleague_for(item.holds, comparison)
    questions = _questions(item)
    is_lost = bool({hold.check_code for hold in item.holds} & TO_BE_LINKED)
    ranked = ranked_orders(invoice, lines) if is_lost and membership.may("invoices.write") else []
    page = HeldPage(
        item=item,
        result=result,
        comparison=comparison,
        sentences=header_sentences(invoice, item.holds),
        evidence=[
            *evidence_for(
                slug,
                invoice,
                lines,
                item.holds,
                comparison,
                may_see_limits=membership.may("settings.read"),
                may_add_factor=membership.may("unit_factors.write"),
                may_change_bank=membership.may("bank_accounts.write"),
            ),
            *(Evidence("calendar-days", words) for words in terms_in_words(checks)),
        ],
        flags=flags_of([invoice.pk]).get(invoice.pk, ()),
        choices=choices_for(
            invoice,
            item.holds,
            result,
            membership,
            colleague,
            comparison,
            asked_change(item.holds, lines),
            any(hold.outcome == "credit_requested" for hold in item.holds),
            ranked,
            question=next((one for one in questions if one.person_id == membership.user_id), None),
        )
        if result and item.decision is None
        else [],
        colleague=colleague,
        events=activity(invoice, comparison),
        ranked=ranked,
        questions=questions,
        equals=equals_of(item, queue),
        next_public_id=_next_of(item, queue),
    )
    _offer_links(page, lines, membership)
    return page


def _questions(item: HeldItem) -> list[HoldQuestion]:
    """Open questions, and the latest answers; read only where somebody was asked."""
    if not any(hold.assigned_to_id for hold in item.holds):
        return []
    rows = item.invoice.questions.select_related("asked_by", "person", "answered_by")
    return sorted(rows.order_by("-pk")[:3], key=lambda one: one.answered_at is not None)


def activity(invoice: SupplierInvoice, comparison: Comparison) -> list[BusinessEvent]:
    """What happened to the invoice, its orders and its receipts, newest first."""
    return timeline(
        {
            "matching.supplierinvoice": [invoice.pk],
            "purchasing.purchaseorder": [order.pk for order in comparison.orders],
            "purchasing.goodsreceipt": [receipt.pk for receipt in comparison.receipts],
        },
        limit=20,
        without=("purchase_order.edited",),
    )


def latest_decision(membership: Membership, decided: str) -> Resolution | None:
    """The member's own decision of this address, while it can still be undone."""
    try:
        public_id = uuid.UUID(decided)
    except ValueError:
        return None
    decision: Resolution | None = (
        Resolution.objects.filter(
            public_id=public_id,
            decided_by=membership.user_id,
            status=Resolution.Status.WAITING,
            effective_at__gt=timezone.now(),
        )
        .select_related("invoice")
        .first()
    )
    if decision is not None and decision.batch is not None:
        decision.others = Resolution.objects.filter(batch=decision.batch).count() - 1
    return decision


def _next_of(item: HeldItem, queue: Sequence[QueueItem]) -> str:
    """The one below in the queue, else the first of the others."""
    others = [each for each in queue if each.invoice.pk != item.invoice.pk]
    place = next((n for n, each in enumerate(queue) if each.invoice.pk == item.invoice.pk), -1)
    below = queue[place + 1 :] or others
    return str(below[0].invoice.public_id) if below else ""


def _offer_links(
    page: HeldPage, lines: Sequence[SupplierInvoiceLine], membership: Membership
) -> None:
    """Order lines of the supplier that a stray line may bill; read only where there is one."""
    codes = {hold.check_code for hold in page.item.holds}
    if not codes & TO_BE_LINKED or not membership.may("invoices.write"):
        return
    page.stray_lines = [line for line in lines if line.order_line is None and not line.charge_code]
    named = {order.pk for order in page.comparison.orders}
    found = PurchaseOrderLine.objects.filter(
        order__supplier=page.invoice.supplier_id, order__status="issued"
    ).select_related("order", "sku")
    rows = sorted(
        found.order_by("-order_id", "line_no")[:MOST_TARGETS],
        key=lambda line: line.order_id not in named,
    )
    page.targets = [
        (f"{line.order.public_id}/{line.line_no}", f"{line.order}, line {line.line_no}: {line.sku}")
        for line in rows
    ]


def total_at_stake(queue: Sequence[QueueItem]) -> tuple[Decimal | None, str]:
    """The sum of the queue where it is in one currency; None where it is in several."""
    currencies = {item.invoice.currency for item in queue}
    if len(currencies) != 1:
        return None, ""
    return sum((item.at_stake for item in queue), ZERO), currencies.pop()
