"""Holds follow the match: placed, kept, cleared; what a person took over stays taken over.

A hold is one invoice line (or the header) x check x code. It is opened when the match finds it,
kept with fresh figures while it lasts, cleared when its cause is gone, and may come back. An
overridden one stays overridden while the figures are no worse than those the person accepted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils import timezone

from matching.feeding import Feed
from matching.models import Hold, SupplierInvoice
from matching.results import Check, CheckResult
from matching.writing import write_columns
from procure.money import ZERO, plain_decimal
from procure.permissions import Role

HoldKey = tuple[int | None, str, str]

OWNERS = {
    Check.DUPLICATE_SUSPECT: Role.AP_CLERK,
    Check.HEADER_BALANCE: Role.AP_CLERK,
    Check.NO_PO: Role.AP_CLERK,
    Check.PO_SUPPLIER: Role.BUYER,
    Check.PO_STATUS: Role.BUYER,
    Check.CURRENCY: Role.AP_CLERK,
    Check.LINE_UNMATCHED: Role.AP_CLERK,
    Check.UOM_UNKNOWN: Role.BUYER,
    Check.PRICE: Role.BUYER,
    Check.CONTRACT_PRICE: Role.BUYER,
    Check.QTY_ORDERED: Role.BUYER,
    Check.AWAITING_RECEIPT: Role.RECEIVER,
    Check.QTY_RECEIVED: Role.RECEIVER,
    Check.QUALITY: Role.RECEIVER,
    Check.LINE_AMOUNT: Role.BUYER,
    Check.CHARGE: Role.BUYER,
    Check.TAX: Role.AP_CLERK,
    Check.HEADER_CAP: Role.BUYER,
    Check.SUPPLIER_BLOCKED: Role.AP_LEAD,
    Check.BANK_CHANGED: Role.AP_LEAD,
    Check.SAMPLE: Role.AP_LEAD,
}
# Nobody accepts these: they end when the supplier is unblocked or the change is decided.
NOT_ACCEPTED = frozenset({Check.SUPPLIER_BLOCKED, Check.BANK_CHANGED})
# While one of these is open, no part of the invoice is paid.
STOPS_PAYMENT = NOT_ACCEPTED | {Check.SAMPLE}
RECEIPT_CHECKS = frozenset({Check.AWAITING_RECEIPT, Check.QTY_RECEIVED, Check.QUALITY})
UPDATED_FIELDS = [
    "order", "order_line", "expected", "actual", "difference", "percent", "rule",
    "amount_at_stake", "status", "outcome", "reason", "closed_because", "closed_at", "closed_by",
    "resolution",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cause:
    """What made invoices be matched again, in words; per order line where that is known."""

    text: str = ""
    by_order_line: Mapping[int, str] = field(default_factory=dict)

    @classmethod
    def because(
        cls, reasons: Iterable[str], by_order_line: Mapping[int, str] | None = None
    ) -> Cause:
        """Several reasons as a person says them: three, and how many more there are."""
        known = sorted(set(reasons))
        more = f" and {len(known) - 3} more" if len(known) > 3 else ""
        return cls((", ".join(known[:3]) + more)[:200], by_order_line or {})

    def of(self, hold: Hold) -> str:
        """The words for one hold: `receipt GR-0123`."""
        return self.by_order_line.get(hold.order_line_id or 0, self.text) or "a new match"


class InvoiceHolds:
    """The holds of one invoice, before and after a match."""

    def __init__(self, invoice: SupplierInvoice, stored: Iterable[Hold] = ()) -> None:
        self.invoice = invoice
        self.stored: dict[HoldKey, Hold] = {}
        self.overridden: dict[HoldKey, Hold] = {}
        for hold in stored:
            if hold.status == Hold.Status.OPEN:
                self.stored[_key_of(hold)] = hold
            elif hold.status == Hold.Status.OVERRIDDEN:
                self.overridden[_key_of(hold)] = hold  # the latest wins: they come by id
        self.opened: list[Hold] = []
        self.changed: list[Hold] = []
        self.cleared: list[Hold] = []

    @property
    def open(self) -> list[Hold]:
        """What keeps the invoice from being paid now."""
        return list(self.stored.values())

    def kept_duplicates(self) -> set[str]:
        """The earlier numbers that a person said this invoice does not repeat."""
        return {
            hold.expected
            for hold in self.overridden.values()
            if hold.check_code == Check.DUPLICATE_SUSPECT
        }

    def follow(self, feed: Feed, found: Sequence[CheckResult], cause: Cause) -> None:
        """Brings the holds in line with what the match found."""
        now = timezone.now()
        wanted = {_key_of(hold): hold for hold in self._wanted(feed, found)}
        for key, hold in list(self.stored.items()):
            if key not in wanted:
                del self.stored[key]
                if hold.pk is None:
                    self.opened.remove(hold)
                    continue
                hold.status, hold.closed_at = Hold.Status.CLEARED, now
                hold.closed_because = cause.of(hold)[:200]
                self.cleared.append(hold)
        for key, hold in wanted.items():
            accepted = self.overridden.get(key)
            known = self.stored.get(key)
            if known is not None:
                if known.resolution_id is not None and _is_worse(hold, known):
                    known.resolution = None  # it was decided on better figures
                if _copy_figures(hold, known) and known.pk is not None:
                    self.changed.append(known)
            elif accepted is None or _is_worse(hold, accepted):
                self.stored[key] = hold
                self.opened.append(hold)

    def _wanted(self, feed: Feed, found: Sequence[CheckResult]) -> list[Hold]:
        numbered = [r for r in found if r.invoice_line is None and r.order and not r.code]
        several = len({result.order for result in numbered}) > 1
        return [
            _new_hold(self.invoice, feed, result, several and result in numbered)
            for result in found
        ]


def stored_holds(invoices: Sequence[SupplierInvoice]) -> dict[int, list[Hold]]:
    """Open and overridden holds of the invoices, by id: one statement."""
    holds: dict[int, list[Hold]] = defaultdict(list)
    for hold in (
        Hold.objects.filter(
            invoice_id__in=[invoice.pk for invoice in invoices],
            status__in=[Hold.Status.OPEN, Hold.Status.OVERRIDDEN],
        )
        .select_related("invoice_line")
        .order_by("pk")
    ):
        holds[hold.invoice_id].append(hold)
    return holds


def write_holds(followed: Iterable[InvoiceHolds]) -> None:
    """Writes what changed: an insert and an update at most, however many holds."""
    opened: list[Hold] = []
    changed: list[Hold] = []
    for holds in followed:
        opened += holds.opened
        changed += [*holds.changed, *holds.cleared]
    if changed:
        write_columns(changed, UPDATED_FIELDS)
    if opened:
        Hold.objects.bulk_create(opened)


def in_words(value: Decimal | str | None) -> str:
    """A figure of a check as it is stored: a plain number or the text itself."""
    if value is None:
        return ""
    return (plain_decimal(value) if isinstance(value, Decimal) else value)[:120]


def _new_hold(invoice: SupplierInvoice, feed: Feed, result: CheckResult, by_order: bool) -> Hold:
    order = feed.numbers.get((result.order or "").upper())
    line = feed.order_line.get((result.order or "", result.line or ""))
    rule = ", ".join(filter(None, (result.limit, result.rule)))
    actual = in_words(result.actual)
    if result.check == Check.NO_PO and not actual:
        actual = invoice.order_reference[:120]
    return Hold(
        invoice=invoice,
        invoice_line=None
        if result.invoice_line is None
        else feed.line_at(invoice, result.invoice_line),
        order=order,
        order_line=line,
        check_code=result.check.value,
        code=(result.order or "")[:40] if by_order else (result.code or "")[:40],
        expected=in_words(result.expected),
        actual=actual,
        difference=in_words(result.difference),
        percent=in_words(result.percent),
        rule=rule[:200],
        amount_at_stake=max(result.at_stake, ZERO),
        owner_role=OWNERS[result.check],
    )


def _key_of(hold: Hold) -> HoldKey:
    position = None if hold.invoice_line is None else hold.invoice_line.position
    return position, hold.check_code, hold.code


def _copy_figures(fresh: Hold, known: Hold) -> bool:
    """Takes over the fresh figures; says whether any differed."""
    names = ("expected", "actual", "difference", "percent", "rule", "amount_at_stake")
    differs = (
        any(getattr(fresh, name) != getattr(known, name) for name in names)
        or fresh.order_line_id != known.order_line_id
    )
    if differs:
        for name in (*names, "order", "order_line"):
            setattr(known, name, getattr(fresh, name))
    return differs


def _is_worse(fresh: Hold, accepted: Hold) -> bool:
    """Whether a person's acceptance no longer covers the difference."""
    if fresh.difference and accepted.difference:
        return abs(Decimal(fresh.difference)) > abs(Decimal(accepted.difference))
    return (fresh.expected, fresh.actual) != (accepted.expected, accepted.actual)
