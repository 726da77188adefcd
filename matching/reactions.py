"""What follows for invoices when goods move, orders or agreements change, or another invoice is paid.

Each takes a batch of events, may run twice, and matches only the invoices that are linked to what
changed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from django.db.models import Q

from matching import credit_reactions as credit_reactions
from matching import response_reactions as response_reactions
from matching import settlement_reactions as settlement_reactions
from matching import statement_reactions as statement_reactions
from matching.checking_rules import is_due
from matching.holds import Cause
from matching.models import Hold, SupplierInvoice
from matching.reading_files import read_waiting_files
from matching.reading_mail import read_mailbox
from matching.rematching import match_invoices, rematch_order_lines
from matching.resolution import apply_due_resolutions
from matching.results import Check
from matching.settling import orders_of_lines, settle_orders
from matching.telling import tell_matched
from matching.tolerances import ensure_default_tolerance
from procure.daily import every_day
from procure.events import reacts_to, sweeps
from procure.models import BusinessEvent
from procure.tenancy import tenant_atomic
from procure.waking import hand_over
from purchasing.models import PurchaseOrder, PurchaseOrderLine
from suppliers.models import PriceBreak

GOODS_IN_WORDS = {
    "goods_receipt.posted": "receipt",
    "goods_receipt.returned": "return",
    "goods_receipt.reversed": "reversal of",
}
TAKES_GOODS_AWAY = {"goods_receipt.returned", "goods_receipt.reversed"}
Status = SupplierInvoice.Status
Pair = tuple[int, int]  # supplier, SKU


@reacts_to("organization.founded")
def give_default_tolerance(events: Sequence[BusinessEvent]) -> None:
    """A new organization starts with limits that its people can read and change."""
    ensure_default_tolerance()


@reacts_to(*GOODS_IN_WORDS)
def match_after_goods(events: Sequence[BusinessEvent]) -> None:
    """Receipts release what waited for them; returns and reversals may take an approval back."""
    words: dict[int, str] = {}
    for event in events:
        for line_id in event.payload["line_ids"]:
            words[line_id] = f"{GOODS_IN_WORDS[event.kind]} {event.label}"
    cause = Cause.because(words.values(), words)
    goods_left = any(event.kind in TAKES_GOODS_AWAY for event in events)
    matched = rematch_order_lines(set(words), cause, approved_too=goods_left)
    tell_matched(matched, cause, None)


@reacts_to(
    "purchase_order.issued",
    "purchase_order.changed",
    "purchase_order.revised",
    "purchase_order.closed",
    "purchase_order.reopened",
    "purchase_order.cancelled",
)
def match_after_order_change(events: Sequence[BusinessEvent]) -> None:
    """An order that was issued or changed may be what its invoices waited for."""
    order_ids = {event.payload["order_id"] for event in events}
    cause = Cause.because(_order_words(event) for event in events)
    numbers = {event.label for event in events}
    ids = set(
        SupplierInvoice.objects.filter(
            Q(lines__order_line__order_id__in=order_ids)
            | Q(order_reference__in=numbers)
            | Q(found_reference__in=numbers)
            | Q(lines__order_number__in=numbers),
            status=Status.OPEN,
        ).values_list("pk", flat=True)
    )
    tell_matched(match_invoices(ids, cause), cause, None)


def _order_words(event: BusinessEvent) -> str:
    if event.kind == "purchase_order.revised":
        return f"order change {event.label}, revision {event.payload['revision']}"
    return f"order {event.label}"


@reacts_to("price_agreement.agreed", "price_agreement.changed", "price_agreement.prices_changed")
def match_after_agreement_change(events: Sequence[BusinessEvent]) -> None:
    """Agreed prices are read anew for the open invoices of what the agreements are about."""
    named = {event.subject_id: f"agreement {event.label}" for event in events}
    rows = PriceBreak.objects.filter(agreement_id__in=named).values_list(
        "agreement__supplier_id", "sku_id", "agreement_id"
    )
    by_pair = {(supplier, sku): named[agreement] for supplier, sku, agreement in rows}
    lines = _lines_under_open_invoices(by_pair)
    words = {line_id: by_pair[pair] for line_id, pair in lines.items()}
    cause = Cause.because(words.values(), words)
    tell_matched(rematch_order_lines(set(words), cause), cause, None)


@reacts_to("unit_factor.added")
def match_after_unit_factor(events: Sequence[BusinessEvent]) -> None:
    """Quantities and prices in another unit are converted anew on the open invoices of the SKU."""
    rows = PurchaseOrderLine.objects.filter(
        sku_id__in=[event.subject_id for event in events],
        invoice_lines__invoice__status=Status.OPEN,
    ).values_list("pk", "sku_id")
    of_sku = {event.subject_id: f"unit factor {event.payload['words']}" for event in events}
    words = {line_id: of_sku[sku_id] for line_id, sku_id in rows}
    cause = Cause.because(words.values(), words)
    tell_matched(rematch_order_lines(set(words), cause), cause, None)


@reacts_to("import.applied")
def match_after_import(events: Sequence[BusinessEvent]) -> None:
    """Imported orders, receipts and prices may be what the open invoices on them waited for."""
    named: dict[str, set[int]] = defaultdict(set)
    for event in events:
        for name in ("order_line_ids", "received_line_ids", "agreement_ids"):
            named[name].update(event.payload.get(name, ()))
    pairs = set(
        PriceBreak.objects.filter(agreement_id__in=named["agreement_ids"]).values_list(
            "agreement__supplier_id", "sku_id"
        )
    )
    line_ids = named["order_line_ids"] | named["received_line_ids"]
    line_ids |= set(_lines_under_open_invoices(pairs))
    numbers = PurchaseOrder.objects.filter(lines__in=named["order_line_ids"]).values("number")
    ids = set(
        SupplierInvoice.objects.filter(
            Q(lines__order_line_id__in=line_ids)
            | Q(order_reference__in=numbers)
            | Q(found_reference__in=numbers)
            | Q(lines__order_number__in=numbers),
            status=Status.OPEN,
        ).values_list("pk", flat=True)
    )
    cause = Cause.because(f"import of {event.label}" for event in events)
    tell_matched(match_invoices(ids, cause), cause, None)


def _lines_under_open_invoices(pairs: Collection[Pair]) -> dict[int, Pair]:
    """The order lines of these suppliers and SKUs, pair by pair, that open invoices bill."""
    rows = PurchaseOrderLine.objects.filter(
        order__supplier_id__in={supplier for supplier, _ in pairs},
        sku_id__in={sku for _, sku in pairs},
        invoice_lines__invoice__status=Status.OPEN,
    ).values_list("pk", "order__supplier_id", "sku_id")
    return {pk: (supplier, sku) for pk, supplier, sku in rows if (supplier, sku) in pairs}


@reacts_to("supplier_invoice.captured", "supplier_invoice.approved", "supplier_invoice.voided")
def match_beside_other_invoices(events: Sequence[BusinessEvent]) -> None:
    """What one invoice bills, or no longer bills, changes the room of the others on its lines."""
    line_ids: set[int] = set()
    for event in events:
        if event.payload.get("status") != Status.OPEN:
            line_ids.update(event.payload["line_ids"])
    cause = Cause.because(f"invoice {event.label}" for event in events)
    tell_matched(rematch_order_lines(line_ids, cause), cause, None)


@reacts_to(
    *GOODS_IN_WORDS,
    "supplier_invoice.captured",
    "supplier_invoice.approved",
    "supplier_invoice.voided",
    "supplier_invoice.held",
    "purchase_order.changed",
    "purchase_order.revised",
)
def settle_after_goods_and_bills(events: Sequence[BusinessEvent]) -> None:
    """An order of which all is received and billed closes by itself; it opens when that is undone.

    It looks after each of these, whichever comes last; the match's own answers come as events too.
    """
    line_ids = {line_id for event in events for line_id in event.payload["line_ids"]}
    cause = ", ".join(sorted({_settling_words(event) for event in events}))[:200]
    settle_orders(orders_of_lines(line_ids), cause)


def _settling_words(event: BusinessEvent) -> str:
    if event.kind in GOODS_IN_WORDS:
        return f"{GOODS_IN_WORDS[event.kind]} {event.label}"
    noun = "invoice" if event.kind.startswith("supplier_invoice") else "order"
    return f"{noun} {event.label}"


@every_day
def match_after_waiting_periods() -> None:
    """A change of bank details that was confirmed comes into force by the day alone."""
    held = Hold.objects.filter(check_code=Check.BANK_CHANGED, status=Hold.Status.OPEN)
    cause = Cause("bank details in force")
    ids = set(held.values_list("invoice_id", flat=True))
    tell_matched(match_invoices(ids, cause), cause, None)


@sweeps
def read_files(organization_id: int) -> None:
    """Files that came as invoices are read one by one, outside of any transaction."""
    read_waiting_files(organization_id)


@sweeps
def have_rules_checked(organization_id: int) -> None:
    """Files that were read are checked against their rules by a task that nothing waits for."""
    with tenant_atomic(organization_id):
        waits = is_due()
    if waits:
        hand_over("matching.tasks.check_rules", organization_id)


@sweeps
def read_mail(organization_id: int) -> None:
    """The organization's mailbox is asked for invoices, outside of any transaction."""
    read_mailbox(organization_id)


@sweeps
def let_decisions_take_effect(organization_id: int) -> None:
    """Decisions whose time to undo is over take effect with the next sweep."""
    with tenant_atomic(organization_id):
        apply_due_resolutions()
