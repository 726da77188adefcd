"""What people do about holds: accept, pay the supported part, void, link, ask, put aside; and undo.

A decision that pays or voids is held back for ten seconds. Until then it can be undone, and its
effect, the approval, has not happened; the sweep then lets it take effect, unless the world has
changed for the worse meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from matching.authority import membership_of, require_authority
from matching.capture import set_void
from matching.claiming import Claim, claimed_lines, expect_credit
from matching.expected_credits import ExpectedCredit
from matching.holds import STOPS_PAYMENT, Cause
from matching.models import (
    Hold,
    InvoiceNote,
    MatchResult,
    Resolution,
    SupplierInvoice,
    SupplierInvoiceLine,
)
from matching.rematching import lock_orders_of, mark_invoice_stale, match_invoices
from matching.results import Check
from matching.telling import tell_matched
from procure.documents import lock, lock_all, require_status
from procure.errors import BusinessRuleError
from procure.events import record
from procure.figures import long_date
from procure.models import Membership, User
from procure.money import ZERO
from procure.permissions import Role
from purchasing.models import PurchaseOrderLine

Kind = Resolution.Kind
Status = SupplierInvoice.Status
TIME_TO_UNDO = timedelta(seconds=10)
PAYERS = (Role.AP_CLERK, Role.AP_LEAD)


@transaction.atomic
def accept_variance(
    invoice: SupplierInvoice, *, reason: str, cause: str = "", actor: User
) -> Resolution:
    """Takes over every open hold of the invoice, so that it is approved in full.

    Refused: no reason, nothing held, a suspected duplicate (that is kept or voided), a person who
    neither owns the holds nor has the limit, who entered the invoice, or who received the goods.
    """
    invoice, holds = held_invoice(invoice)
    if any(hold.check_code == Check.DUPLICATE_SUSPECT for hold in holds):
        raise BusinessRuleError("duplicate", "Say first whether this is a duplicate.")
    require_authority(invoice, holds, membership_of(actor))
    return _decide(
        Kind.ACCEPT, invoice, holds, reason, actor, amount=invoice.total_amount, cause=cause
    )


@transaction.atomic
def keep_invoice(
    invoice: SupplierInvoice, *, reason: str, cause: str = "", actor: User
) -> Resolution:
    """Says that the invoice does not repeat the earlier one; it is then matched like any other.

    Refused: no reason, no suspicion, a person who entered it or does not own the hold.
    """
    invoice, holds = held_invoice(invoice, Check.DUPLICATE_SUSPECT)
    require_authority(invoice, holds, membership_of(actor))
    return _decide(
        Kind.KEEP, invoice, holds, reason, actor, amount=invoice.total_amount, cause=cause
    )


@transaction.atomic
def pay_supported(
    invoice: SupplierInvoice, *, reason: str, cause: str = "", actor: User
) -> Resolution:
    """Approves what order, receipts and agreement support, and claims the rest from the supplier.

    Refused: nobody but accounts payable, nothing held, nothing supported, a hold that stops every
    payment (a blocked supplier, bank details on their way, a sample nobody has looked at).
    """
    require_payer(actor)
    invoice, holds = held_invoice(invoice)
    if any(hold.check_code in STOPS_PAYMENT for hold in holds):
        raise BusinessRuleError("stopped", "Something stops every payment of this invoice.")
    result = MatchResult.objects.get(invoice=invoice)
    supported, disputed = result.supported_amount or ZERO, result.disputed_amount or ZERO
    if invoice.kind == SupplierInvoice.Kind.CREDIT or supported <= 0:
        raise BusinessRuleError("unsupported", "Nothing of this invoice is supported.")
    return _decide(
        Kind.PAY_SUPPORTED, invoice, holds, reason, actor, amount=supported, claimed=disputed,
        cause=cause,
    )  # fmt: skip


@transaction.atomic
def return_to_supplier(
    invoice: SupplierInvoice, *, reason: str, cause: str = "", actor: User
) -> Resolution:
    """Voids a held invoice, as a duplicate or as wrong; the supplier may bill under its number again.

    Refused: nobody but accounts payable, no reason, nothing held, a credit note that credits it.
    """
    require_payer(actor)
    invoice, holds = held_invoice(invoice)
    if invoice.credit_notes.exclude(status=Status.VOID).exists():
        raise BusinessRuleError("credited", "A credit note credits this invoice. Void that first.")
    return _decide(Kind.VOID, invoice, holds, reason, actor, amount=ZERO, cause=cause)


@transaction.atomic
def undo_resolution(resolution: Resolution, *, actor: User) -> Resolution:
    """Takes a decision back while it has not taken effect; the holds stay as they were.

    What was decided together is undone together, as far as it has not taken effect.
    """
    invoice = lock(resolution.invoice)
    resolution = lock(resolution)
    if resolution.status == Resolution.Status.UNDONE:
        raise BusinessRuleError("undone", "This was undone already.")
    if resolution.status != Resolution.Status.WAITING:
        raise BusinessRuleError("too_late", "This has taken effect and can be undone no longer.")
    _undo(resolution, invoice, actor)
    if resolution.batch is not None:
        others = Resolution.objects.filter(
            batch=resolution.batch, status=Resolution.Status.WAITING, decided_by=actor
        )
        for other in others.select_related("invoice").order_by("invoice_id"):
            invoice = lock(other.invoice)
            other = lock(other)
            if other.status == Resolution.Status.WAITING:
                _undo(other, invoice, actor)
    return resolution


def _undo(resolution: Resolution, invoice: SupplierInvoice, actor: User) -> None:
    _close(resolution, Resolution.Status.UNDONE)
    record("hold.decision_undone", invoice, actor=actor, summary=f"Undone: {resolution}.")


def apply_due_resolutions() -> int:
    """Lets the decisions take effect whose time to undo is over; each once."""
    due = Resolution.objects.filter(
        status=Resolution.Status.WAITING, effective_at__lte=timezone.now()
    ).select_related("invoice")
    waiting = list(due.order_by("pk"))
    for resolution in waiting:
        apply_resolution(resolution)
    return len(waiting)


@transaction.atomic
def apply_resolution(resolution: Resolution) -> Resolution:
    """Lets one decision take effect: overrides its holds, matches again, approves what is left.

    Overtaken when the invoice is no longer open. Holds that became worse are placed again.
    """
    lock_orders_of([resolution.invoice_id])
    invoice = lock(resolution.invoice)
    resolution = lock(resolution)
    if resolution.status != Resolution.Status.WAITING:
        return resolution
    if invoice.status != Status.OPEN:
        return _close(resolution, Resolution.Status.OVERTAKEN)
    if resolution.kind == Kind.VOID:
        set_void(invoice, resolution.reason, resolution.decided_by)
        return _close(resolution, Resolution.Status.APPLIED)
    if resolution.kind == Kind.REQUEST_CREDIT:
        return _await_credit(invoice, resolution)
    is_short = resolution.kind == Kind.PAY_SUPPORTED and resolution.claimed_amount > 0
    evidence = claimed_lines(invoice) if is_short else []
    _override(resolution)
    cause = Cause(f"the decision of {resolution.decided_by}")
    (matched,) = match_invoices([invoice.pk], cause)
    _close(resolution, Resolution.Status.APPLIED)
    if matched.is_changed:
        tell_matched([matched], cause, resolution.decided_by)
    else:
        record("hold.overridden", invoice, actor=resolution.decided_by, summary=f"{resolution}.")
    if is_short and matched.invoice.status == Status.APPROVED:
        matched.invoice.approved_amount = resolution.amount
        matched.invoice.save(update_fields=["approved_amount"])
        expect_credit(matched.invoice, _claim(ExpectedCredit.Kind.SHORT_PAID, resolution, evidence))
    return resolution


def _override(resolution: Resolution) -> None:
    resolution.holds.filter(status=Hold.Status.OPEN).update(
        status=Hold.Status.OVERRIDDEN,
        closed_at=timezone.now(),
        closed_by=resolution.decided_by,
        outcome=resolution.kind,
        reason=resolution.reason,
        closed_because=f"{resolution}"[:200],
    )


def _await_credit(invoice: SupplierInvoice, resolution: Resolution) -> Resolution:
    """The credit is asked for; the invoice waits at the end of the queue until it is due."""
    claim = _claim(ExpectedCredit.Kind.REQUESTED, resolution, claimed_lines(invoice))
    credit = expect_credit(invoice, claim)
    resolution.holds.filter(status=Hold.Status.OPEN).update(outcome="credit_requested")
    invoice.look_again_on = credit.due_on
    invoice.save(update_fields=["look_again_on"])
    return _close(resolution, Resolution.Status.APPLIED)


def _claim(kind: str, resolution: Resolution, evidence: Sequence[dict[str, str]]) -> Claim:
    return Claim(
        kind=kind,
        amount=resolution.claimed_amount,
        reason=resolution.reason,
        lines=evidence,
        asked_by=resolution.decided_by,
    )


@transaction.atomic
def link_line(
    invoice: SupplierInvoice, *, position: int, order_line: PurchaseOrderLine, actor: User
) -> SupplierInvoice:
    """Links an invoice line to an order line by hand and matches again; the figures stay as billed.

    Refused: nobody but accounts payable, an invoice that is not open, an order of another supplier.
    """
    require_payer(actor)
    invoice, line = _open_line(invoice, position, [order_line.order_id])
    if order_line.order.supplier_id != invoice.supplier_id:
        raise BusinessRuleError("supplier", "That order went to another supplier.", "order_line")
    if line.linked_by_hand and line.order_line == order_line:
        return invoice
    line.order_line, line.linked_by_hand = order_line, True
    line.save(update_fields=["order_line", "linked_by_hand"])
    words = f"line {position} linked to {order_line.order}, {order_line}"
    return _match_touched(invoice, words, actor)


@transaction.atomic
def code_as_charge(
    invoice: SupplierInvoice, *, position: int, charge_code: str, actor: User
) -> SupplierInvoice:
    """Reads a line as a charge such as freight and matches again.

    Refused: nobody but accounts payable, an invoice that is not open, no code.
    """
    require_payer(actor)
    code = charge_code.strip().lower()[:40]
    if not code:
        raise BusinessRuleError("charge_code", "Say what is charged.", "charge_code")
    invoice, line = _open_line(invoice, position)
    if line.charge_code == code:
        return invoice
    mark_invoice_stale(invoice)
    line.charge_code, line.order_line, line.linked_by_hand = code, None, False
    line.matched_quantity = line.matched_price = line.matched_amount = None
    line.save(
        update_fields=[
            "charge_code", "order_line", "linked_by_hand", "matched_quantity", "matched_price",
            "matched_amount",
        ]
    )  # fmt: skip
    return _match_touched(invoice, f"line {position} read as {code}", actor)


@transaction.atomic
def request_credit(
    invoice: SupplierInvoice, *, reason: str, cause: str = "", actor: User
) -> Resolution:
    """Asks the supplier for a credit of what is in dispute; the invoice stays held until it comes.

    Refused: no reason, nothing held, nothing in dispute, a credit that is asked for already.
    """
    invoice, holds = held_invoice(invoice)
    disputed = MatchResult.objects.get(invoice=invoice).disputed_amount or ZERO
    if disputed <= 0:
        raise BusinessRuleError("disputed", "No amount of this invoice is in dispute.")
    asked = invoice.expected_credits.filter(status=ExpectedCredit.Status.OPEN).first()
    if asked is not None:
        raise BusinessRuleError("asked", f"{asked} asks for a credit on this invoice already.")
    return _decide(
        Kind.REQUEST_CREDIT, invoice, holds, reason, actor, amount=ZERO, claimed=disputed,
        cause=cause,
    )  # fmt: skip


@transaction.atomic
def put_aside(invoice: SupplierInvoice, *, until: date, actor: User) -> SupplierInvoice:
    """Moves a held invoice to the end of the queue until a day; it stays held.

    Refused: a day that is not in the future, nothing held.
    """
    if until <= timezone.localdate():
        raise BusinessRuleError("until", "Choose a day in the future.", "until")
    invoice, _ = held_invoice(invoice)
    invoice.look_again_on = until
    invoice.save(update_fields=["look_again_on"])
    record("hold.put_aside", invoice, actor=actor, summary=f"Put aside until {long_date(until)}.")
    return invoice


@transaction.atomic
def add_note(invoice: SupplierInvoice, *, text: str, actor: User) -> InvoiceNote:
    """Writes a sentence beside the invoice; refused when empty."""
    require_text(text, "Write something first.", "text")
    note: InvoiceNote = InvoiceNote.objects.create(invoice=invoice, author=actor, text=text.strip())
    record("supplier_invoice.noted", invoice, actor=actor, summary=text.strip()[:500])
    return note


def held_invoice(
    invoice: SupplierInvoice, check: Check | None = None
) -> tuple[SupplierInvoice, list[Hold]]:
    """The locked invoice with its open holds; refused when there is nothing to decide."""
    invoice = lock(invoice)
    require_status(invoice, Status.OPEN)
    if invoice.resolutions.filter(status=Resolution.Status.WAITING).exists():
        raise BusinessRuleError("decided", "Somebody has just decided this. Open the next one.")
    holds = list(invoice.holds.filter(status=Hold.Status.OPEN).order_by("pk"))
    if not holds or (check is not None and check not in {hold.check_code for hold in holds}):
        raise BusinessRuleError("no_hold", "This is not held any more. Open the next one.")
    return invoice, holds


def _decide(
    kind: Kind,
    invoice: SupplierInvoice,
    holds: Sequence[Hold],
    reason: str,
    actor: User,
    *,
    amount: Decimal,
    claimed: Decimal = ZERO,
    cause: str = "",
) -> Resolution:
    """Writes a decision down, to take effect when the time to undo is over."""
    require_text(reason, "Say why, in a sentence.", "reason")
    now = timezone.now()
    resolution: Resolution = Resolution.objects.create(
        invoice=invoice,
        kind=kind,
        reason=reason.strip()[:300],
        amount=amount,
        claimed_amount=claimed,
        cause=cause,
        decided_by=actor,
        decided_at=now,
        effective_at=now + TIME_TO_UNDO,
    )
    Hold.objects.filter(pk__in=[hold.pk for hold in holds]).update(resolution=resolution)
    touch_invoice(invoice)
    record(
        "hold.decided",
        invoice,
        actor=actor,
        summary=f"{resolution}: {resolution.reason}",
        kind_of_decision=kind.value,
        amount=str(amount),
        claimed=str(claimed),
    )
    return resolution


def _close(resolution: Resolution, status: Resolution.Status) -> Resolution:
    resolution.status, resolution.closed_at = status, timezone.now()
    resolution.save(update_fields=["status", "closed_at"])
    if status != Resolution.Status.APPLIED:
        resolution.holds.filter(status=Hold.Status.OPEN).update(resolution=None)
    return resolution


def _open_line(
    invoice: SupplierInvoice, position: int, also: Sequence[int] = ()
) -> tuple[SupplierInvoice, SupplierInvoiceLine]:
    lock_orders_of([invoice.pk], also)
    invoice = lock(invoice)
    require_status(invoice, Status.OPEN)
    (line,) = lock_all(invoice.lines.filter(position=position))
    return invoice, line


def _match_touched(invoice: SupplierInvoice, words: str, actor: User) -> SupplierInvoice:
    """Matches again after a person changed a link, and says so."""
    touch_invoice(invoice)
    cause = Cause(words)
    (matched,) = match_invoices([invoice.pk], cause)
    if matched.is_changed:
        tell_matched([matched], cause, actor)
    else:
        record("supplier_invoice.linked", invoice, actor=actor, summary=f"{words}.".capitalize())
    return matched.invoice


def touch_invoice(invoice: SupplierInvoice) -> None:
    """A person had a hand in the locked invoice: it is not touchless, and not put aside any more."""
    if invoice.is_touchless or invoice.look_again_on is not None:
        invoice.is_touchless, invoice.look_again_on = False, None
        invoice.save(update_fields=["is_touchless", "look_again_on"])


def require_payer(actor: User) -> None:
    """Refuses everybody but accounts payable."""
    membership: Membership = membership_of(actor)
    if not set(membership.roles) & set(PAYERS):
        raise BusinessRuleError("role", "Only accounts payable does this. Ask them with a note.")


def require_text(text: str, sentence: str, field: str) -> None:
    """Refuses a text with nothing in it, with this sentence at its field."""
    if not text.strip():
        raise BusinessRuleError(field, sentence, field)
