"""The idempotent match of many invoices: lock, read, compare in arrival order, write what changed.

    match_captured(invoices, lines, locked)   new invoices, in their capturing transaction
    match_invoices(ids, cause)                known ones, after something about them changed
    rematch_order_lines(line_ids, cause)      the open invoices linked to these order lines

An invoice without an open hold is approved; one with an open hold never is. An approved one is
looked at again only where goods went back or a receipt was reversed, and then only for what was
received; a paid one never.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from matching.duplicates import Duplicates
from matching.feeding import Feed, InvoiceLines, LockedOrders, lock_orders, references
from matching.holds import RECEIPT_CHECKS, Cause, InvoiceHolds, stored_holds, write_holds
from matching.ledger import Ledger
from matching.limits import Status as Verdict
from matching.models import Hold, MatchResult, SupplierInvoice, SupplierInvoiceLine
from matching.payables import is_on_its_way
from matching.results import Check, CheckResult, LineMatch, MatchOutcome
from matching.three_way import compare
from matching.writing import write_columns
from procure.money import ZERO, plain_decimal, round_half_up
from suppliers.rollups import StaleKey, mark_stale

Status = SupplierInvoice.Status
LINE_FIELDS = ["order_line", "matched_quantity", "matched_price", "matched_amount"]
INVOICE_FIELDS = ["status", "matched_at", "approved_at", "approved_amount"]
RESULT_FIELDS = [
    "outcome", "checks", "lines", "charges", "ordered_amount", "supported_amount",
    "disputed_amount", "accepted_amount", "released_by", "matched_at",
]  # fmt: skip
NO_CAUSE = Cause()


@dataclass(slots=True)
class Matched:
    """What a match made of one invoice."""

    invoice: SupplierInvoice
    was: str
    holds: InvoiceHolds
    outcome: MatchOutcome
    charges: dict[str, dict[str, str]]
    lines: Sequence[SupplierInvoiceLine]
    changed_lines: list[SupplierInvoiceLine]

    @property
    def is_approved_now(self) -> bool:
        return self.was == Status.OPEN and self.invoice.status == Status.APPROVED

    @property
    def is_changed(self) -> bool:
        """Whether people should hear of it: a hold came or went, or the invoice was approved."""
        return bool(self.was != self.invoice.status or self.holds.opened or self.holds.cleared)

    @property
    def lines_matched(self) -> int:
        """How many lines bill an order line without a difference."""
        if any(hold.check_code == Check.DUPLICATE_SUSPECT for hold in self.holds.open):
            return 0
        held = {hold.invoice_line.position for hold in self.holds.open if hold.invoice_line}
        return sum(
            line.position not in held and line.order_line_id is not None for line in self.lines
        )


class _Batch:
    """Invoices being compared in arrival order, each against what those before it left."""

    def __init__(
        self,
        invoices: Sequence[SupplierInvoice],
        lines: InvoiceLines,
        locked: LockedOrders,
        stored: Mapping[int, Iterable[Hold]],
        cause: Cause,
    ) -> None:
        self.cause = cause
        self.feed = Feed(invoices, lines, locked)
        self.ledger = Ledger(self.feed)
        self.holds = {i.pk: InvoiceHolds(i, stored.get(i.pk, ())) for i in invoices}
        kept = {pk: holds.kept_duplicates() for pk, holds in self.holds.items()}
        self.duplicates = Duplicates(self.feed, self.ledger, kept)
        self.matched: dict[int, Matched] = {}
        self._repeats: dict[int, str | None] = {}
        self._changed: dict[int, dict[int, SupplierInvoiceLine]] = defaultdict(dict)

    def run(self) -> list[Matched]:
        """Every invoice once; then those that a credit of this batch has helped."""
        for invoice in sorted(self.feed.invoices, key=lambda i: (i.received_on, i.pk)):
            self._match(invoice)
        for matched in list(self.matched.values()):
            if matched.invoice.status == Status.OPEN and self.ledger.has_credit_waiting(
                matched.invoice
            ):
                self._match(matched.invoice, was=matched.was)
        return list(self.matched.values())

    def _match(self, invoice: SupplierInvoice, was: str | None = None) -> None:
        orders = self.ledger.orders(invoice)
        policy = self.feed.header_policy(invoice, orders)
        terms = replace(
            self.feed.invoice_terms(invoice), creditable=self.ledger.creditable(invoice)
        )
        outcome = compare(terms, orders, policy)
        if was is None:
            was = invoice.status
            self._repeats[invoice.pk] = self.duplicates.earlier(invoice, outcome)
            self.ledger.remember(invoice, outcome)
        if earlier := self._repeats[invoice.pk]:
            held = compare(replace(terms, duplicate_of=earlier), orders, policy)
            outcome = replace(held, lines=tuple(_unsupported(line) for line in outcome.lines))
        holds = self.holds[invoice.pk]
        holds.follow(self.feed, _that_count(outcome, was), self.cause)
        _decide(invoice, holds)
        is_payable = invoice.status == Status.APPROVED
        if is_payable:
            self.ledger.bill(invoice, outcome)
        self.matched[invoice.pk] = Matched(
            invoice=invoice,
            was=was,
            holds=holds,
            outcome=outcome,
            charges=self.ledger.share_charges(
                invoice, terms, orders, outcome, is_payable=is_payable
            ),
            lines=self.feed.lines.get(invoice.pk, ()),
            changed_lines=self._link_lines(invoice, outcome),
        )

    def _link_lines(
        self, invoice: SupplierInvoice, outcome: MatchOutcome
    ) -> list[SupplierInvoiceLine]:
        """Writes links and normalised figures onto the lines; returns those that changed."""
        changed = self._changed[invoice.pk]
        for match in outcome.lines:
            line = self.feed.line_at(invoice, match.position)
            linked = self.feed.order_line.get((match.order or "", match.line or ""))
            fresh = (
                None if linked is None else linked.pk,
                match.quantity,
                match.unit_price,
                round_half_up(match.net_amount, 4) if linked is not None else None,
            )
            before = (
                line.order_line_id, line.matched_quantity, line.matched_price, line.matched_amount
            )  # fmt: skip
            if fresh != before:
                line.order_line = linked
                line.matched_quantity, line.matched_price, line.matched_amount = fresh[1:]
                changed[line.position] = line
        return list(changed.values())


def _unsupported(line: LineMatch) -> LineMatch:
    """The line of a suspected duplicate: linked, so that it can be compared, but not payable."""
    return replace(line, supported=ZERO, in_dispute=line.net_amount)


def _that_count(outcome: MatchOutcome, was: str) -> list[CheckResult]:
    """An approved invoice is held again only by goods that are no longer here."""
    if was == Status.APPROVED:
        return [hold for hold in outcome.holds if hold.check in RECEIPT_CHECKS]
    return list(outcome.holds)


def _decide(invoice: SupplierInvoice, holds: InvoiceHolds) -> None:
    """Approves what nothing holds, and takes an approval back that something holds now."""
    now = timezone.now()
    invoice.matched_at = now
    if holds.open:
        invoice.status, invoice.approved_at, invoice.approved_amount = Status.OPEN, None, None
    elif invoice.status == Status.OPEN:
        invoice.status, invoice.approved_at = Status.APPROVED, now
        invoice.approved_amount = invoice.total_amount


def match_captured(
    invoices: Sequence[SupplierInvoice], lines: InvoiceLines, locked: LockedOrders
) -> list[Matched]:
    """Matches invoices that this transaction has just inserted; `locked` are their orders.

    Their lines are not stored yet: they are inserted once, with their links.
    """
    return _match_locked(invoices, lines, locked, {}, NO_CAUSE)


@transaction.atomic
def match_invoices(
    invoice_ids: Collection[int],
    cause: Cause = NO_CAUSE,
    *,
    approved_too: bool = False,
) -> list[Matched]:
    """Matches known invoices again; running it twice changes nothing the second time.

    Orders, their lines and the invoices are locked in that order. Void and paid invoices are left
    alone, approved ones unless `approved_too`. Records nothing: whoever calls it says what happened.
    """
    if not invoice_ids:
        return []
    known = SupplierInvoice.objects.filter(pk__in=invoice_ids)
    locked = lock_orders_of(invoice_ids)
    allowed = (Status.OPEN, Status.APPROVED) if approved_too else (Status.OPEN,)
    invoices = [
        invoice
        for invoice in known.select_related("supplier")
        .select_for_update(no_key=True, of=("self",))
        .order_by("pk")
        if invoice.status in allowed
    ]
    invoices = _still_here(invoices)
    if not invoices:
        return []
    lines = _lines_of(invoices)
    return _match_locked(invoices, lines, locked, stored_holds(invoices), cause)


def _still_here(invoices: list[SupplierInvoice]) -> list[SupplierInvoice]:
    """Those whose money has not left: asked after the lock, so that no file is made meanwhile."""
    approved = [invoice.pk for invoice in invoices if invoice.status == Status.APPROVED]
    sent = is_on_its_way(approved) if approved else set()
    return [invoice for invoice in invoices if invoice.pk not in sent]


def lock_orders_of(invoice_ids: Collection[int], also: Collection[int] = ()) -> LockedOrders:
    """Locks every order that the invoices name, are linked to, or credit something of.

    `also` are orders that they are about to be linked to: later would be out of turn.
    """
    invoices = list(
        SupplierInvoice.objects.filter(pk__in=invoice_ids).only(
            "order_reference", "found_reference", "credits"
        )
    )
    credited = [invoice.credits_id for invoice in invoices if invoice.credits_id]
    names = {
        name
        for invoice in invoices
        for text in (invoice.order_reference, invoice.found_reference)
        for name in references(text)
    }
    linked = set(also)
    for order_number, order_id in SupplierInvoiceLine.objects.filter(
        invoice_id__in=[*invoice_ids, *credited]
    ).values_list("order_number", "order_line__order_id"):
        names.add(order_number)
        linked.add(order_id)
    return lock_orders(names - {""}, linked - {None})


def _lines_of(invoices: Sequence[SupplierInvoice]) -> dict[int, list[SupplierInvoiceLine]]:
    lines: dict[int, list[SupplierInvoiceLine]] = defaultdict(list)
    for line in SupplierInvoiceLine.objects.filter(invoice__in=invoices).order_by(
        "invoice_id", "position"
    ):
        lines[line.invoice_id].append(line)
    return lines


def _match_locked(
    invoices: Sequence[SupplierInvoice],
    lines: InvoiceLines,
    locked: LockedOrders,
    stored: Mapping[int, Iterable[Hold]],
    cause: Cause,
) -> list[Matched]:
    matched = _Batch(invoices, lines, locked, stored, cause).run()
    _write(matched)
    _mark_stale(matched, locked)
    return matched


def _write(matched: Sequence[Matched]) -> None:
    """Links, results, holds and decisions: a fixed number of statements for any batch."""
    new = [line for each in matched for line in each.lines if line.pk is None]
    known = [line for each in matched for line in each.changed_lines if line.pk is not None]
    if new:
        SupplierInvoiceLine.objects.bulk_create(new)
    write_columns(known, LINE_FIELDS)
    MatchResult.objects.bulk_create(
        (_result(each) for each in matched),
        update_conflicts=True,
        unique_fields=["organization", "invoice"],
        update_fields=RESULT_FIELDS,
    )
    write_holds(each.holds for each in matched)
    write_columns([each.invoice for each in matched], INVOICE_FIELDS)


def _result(each: Matched) -> MatchResult:
    amounts, prepaid = each.outcome.amounts, each.invoice.prepaid_amount
    # What was paid before is taken from what is supported first; the two parts make the total.
    supported = max(amounts.supported - prepaid, ZERO) if prepaid else amounts.supported
    released = sorted({hold.closed_because for hold in each.holds.cleared})
    return MatchResult(
        invoice=each.invoice,
        outcome="held" if each.holds.open else "matched",
        checks=[_plain(result) for result in sorted(each.outcome.results, key=_sort_key)],
        lines=[
            {
                "position": line.position,
                "linked_by": line.linked_by,
                "price_from_amount": line.price_from_amount,
                "supported": plain_decimal(line.supported),
                "in_dispute": plain_decimal(line.in_dispute),
            }
            for line in each.outcome.lines
        ],
        charges=each.charges,
        ordered_amount=amounts.ordered,
        supported_amount=supported,
        disputed_amount=amounts.invoiced - prepaid - supported,
        accepted_amount=each.outcome.accepted,
        released_by="" if each.holds.open else ", ".join(released)[:200],
        matched_at=each.invoice.matched_at or timezone.now(),
    )


def _sort_key(result: CheckResult) -> tuple[int, int, str, str, str]:
    return result.sort_key()


def _plain(result: CheckResult) -> dict[str, str | int]:
    """A check as it is kept: numbers as plain text, what is empty left out."""
    is_pass = result.status is Verdict.PASS
    figures = {
        "check": result.check.value,
        "status": result.status.value,
        "order": result.order,
        "line": result.line,
        "invoice_line": result.invoice_line,
        "code": result.code,
        "expected": result.expected,
        "actual": result.actual,
        "difference": result.difference or None,
        "percent": result.percent if result.difference else None,
        "amount": result.amount or None,
        "at_stake": result.at_stake or None,
        "rule": result.rule,
        "limit": None if is_pass else result.limit,
    }
    return {
        key: plain_decimal(value) if isinstance(value, Decimal) else value
        for key, value in figures.items()
        if value is not None
    }


def _mark_stale(matched: Sequence[Matched], locked: LockedOrders) -> None:
    """The supplier's invoices of the month, and the SKUs whose billed price may have changed."""
    order_lines = {line.pk: line for line in locked.all_lines}
    keys = set()
    for each in matched:
        if each.is_changed or each.changed_lines:
            keys.add(StaleKey(each.invoice.supplier_id, None, each.invoice.invoiced_on))
            for line in each.lines:
                linked = order_lines.get(line.order_line_id or 0)
                if linked is not None and linked.order.supplier_id is not None:
                    keys.add(StaleKey(linked.order.supplier_id, linked.sku_id, None))
    mark_stale(keys)


def mark_invoice_stale(invoice: SupplierInvoice) -> list[int]:
    """Marks what an invoice counts in, whatever happened to it; returns its order lines' ids."""
    linked = list(
        invoice.lines.filter(order_line__isnull=False).values_list(
            "order_line_id", "order_line__sku_id"
        )
    )
    keys = [StaleKey(invoice.supplier_id, None, invoice.invoiced_on)]
    mark_stale([*keys, *(StaleKey(invoice.supplier_id, sku_id) for _, sku_id in linked)])
    return [line_id for line_id, _ in linked]


def rematch_order_lines(
    order_line_ids: Collection[int], cause: Cause, *, approved_too: bool = False
) -> list[Matched]:
    """Matches the open invoices that are linked to these order lines, and no others."""
    statuses = [Status.OPEN, Status.APPROVED] if approved_too else [Status.OPEN]
    ids = SupplierInvoice.objects.filter(
        status__in=statuses, lines__order_line_id__in=order_line_ids
    ).values_list("pk", flat=True)
    return match_invoices(set(ids), cause, approved_too=approved_too)
