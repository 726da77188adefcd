"""What the trail says about matches: one event per invoice for which something changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from matching.holds import Cause
from matching.models import SupplierInvoice
from matching.queries import in_words
from matching.rematching import Matched
from procure.events import record_all
from procure.models import User

Status = SupplierInvoice.Status


def tell_captured(matched: Sequence[Matched], actor: User | None) -> None:
    """Records that invoices were taken in, with what their first match found."""
    record_all(
        "supplier_invoice.captured",
        [each.invoice for each in matched],
        actor=actor,
        summaries=[_first_match(each) for each in matched],
        payloads=[_payload(each) for each in matched],
    )


def tell_matched(matched: Sequence[Matched], cause: Cause, actor: User | None) -> None:
    """Records approvals, new holds and releases; an invoice that did not change says nothing."""
    by_kind: dict[str, list[Matched]] = defaultdict(list)
    for each in matched:
        if each.is_changed:
            by_kind[_kind_of(each)].append(each)
    for kind, several in sorted(by_kind.items()):
        record_all(
            kind,
            [each.invoice for each in several],
            actor=actor,
            summaries=[_what_changed(each, cause) for each in several],
            payloads=[_payload(each) for each in several],
        )


def _kind_of(each: Matched) -> str:
    if each.is_approved_now:
        return "supplier_invoice.approved"
    return "supplier_invoice.held" if each.holds.opened else "hold.released"


def _first_match(each: Matched) -> str:
    count = len(each.lines)
    lines = f"{each.lines_matched} of {count} {'line' if count == 1 else 'lines'}"
    holds = len(each.holds.open)
    if not holds:
        return f"Matched {lines}, approved for payment."
    return f"Matched {lines}, placed {holds} {'hold' if holds == 1 else 'holds'}."


def _what_changed(each: Matched, cause: Cause) -> str:
    cleared = sorted({hold.closed_because for hold in each.holds.cleared}) or [cause.text]
    released = ", ".join(filter(None, cleared))
    if each.is_approved_now:
        return f"Approved, released by {released}." if released else "Approved."
    placed = in_words(sorted({hold.check_code for hold in each.holds.opened}))
    if each.holds.opened:
        taken_back = "Approval taken back" if each.was == Status.APPROVED else "Held"
        return f"{taken_back} after {cause.text or 'a new match'}: {placed}."
    count = len(each.holds.cleared)
    return f"{count} {'hold' if count == 1 else 'holds'} released by {released}."


def _payload(each: Matched) -> dict[str, object]:
    return {
        "status": each.invoice.status,
        "supplier_id": each.invoice.supplier_id,
        "holds": sorted({hold.check_code for hold in each.holds.open}),
        "line_ids": sorted({line.order_line_id for line in each.lines if line.order_line_id}),
    }
