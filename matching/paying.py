"""Payment batches: made by one person, released by a second one, never with a held invoice.

Whatever may stop a payment is asked when an invoice is added, when the batch is proposed, when it
is released and when its file is made, each time with the suppliers and the invoices locked: a hold,
a void, a block or a change of bank details comes before or after, never in between.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from matching.authority import membership_of
from matching.models import PaymentBatch, PaymentBatchLine, SupplierInvoice
from matching.payables import discount_on, why_not_payable, with_open_amount, with_open_hold
from procure.constraints import refusing
from procure.documents import lock, lock_all, next_number, require_status
from procure.errors import BusinessRuleError
from procure.events import record
from procure.figures import money
from procure.models import User
from procure.money import ZERO
from suppliers.models import BankAccount, Supplier
from suppliers.payment_holds import payments_held

Status = PaymentBatch.Status
LineStatus = PaymentBatchLine.Status
MOST_REASONS = 5


@dataclass(slots=True)
class LockedBatch:
    """A batch with its live payments, whose invoices and suppliers nobody else can change now."""

    batch: PaymentBatch
    lines: list[PaymentBatchLine]
    invoices: dict[int, Any]

    @property
    def total(self) -> Decimal:
        return sum((line.amount for line in self.lines), ZERO)


@transaction.atomic
def make_payment_batch(
    *, invoices: Sequence[SupplierInvoice], pay_on: date, actor: User
) -> PaymentBatch:
    """Puts invoices of one currency into a new batch, with the discount of that day.

    Refused: none, several currencies, a day that is over, and whatever is held, void, settled, in
    another batch, or of a supplier that is blocked or whose bank details are changing.
    """
    _require_some(invoices)
    if pay_on < timezone.localdate():
        raise BusinessRuleError("pay_on", "Choose today or a later day.", "pay_on")
    currencies = {invoice.currency for invoice in invoices}
    if len(currencies) > 1:
        words = ", ".join(sorted(currencies))
        raise BusinessRuleError("currencies", f"One batch pays one currency, not {words}.")
    found = lock_invoices([invoice.pk for invoice in invoices])
    batch: PaymentBatch = PaymentBatch.objects.create(
        number=next_number("payment_batch", PaymentBatch),
        currency=currencies.pop(),
        pay_on=pay_on,
        made_by=actor,
    )
    total = _add(batch, list(found.values()))
    record(
        "payment_batch.made", batch, actor=actor,
        summary=f"{_counted('invoice', len(found))}, {money(total, batch.currency)} {batch.currency}.",
    )  # fmt: skip
    return batch


@transaction.atomic
def add_to_payment_batch(
    batch: PaymentBatch, *, invoices: Sequence[SupplierInvoice], actor: User
) -> PaymentBatch:
    """Puts more invoices into a draft. Refused like those of a new batch."""
    _require_some(invoices)
    found = lock_invoices([invoice.pk for invoice in invoices])
    batch = lock(batch)
    require_status(batch, Status.DRAFT)
    if any(invoice.currency != batch.currency for invoice in found.values()):
        raise BusinessRuleError("currencies", f"{batch} pays {batch.currency} only.")
    total = _add(batch, list(found.values()))
    _bump(batch)
    numbers = ", ".join(str(invoice) for invoice in found.values())
    record(
        "payment_batch.added", batch, actor=actor,
        summary=f"Added {numbers}: {money(total, batch.currency)} {batch.currency}.",
    )  # fmt: skip
    return batch


def _require_some(invoices: Sequence[SupplierInvoice]) -> None:
    if not invoices:
        raise BusinessRuleError("nothing", "Choose at least one invoice.")


@transaction.atomic
def take_out_payment(line: PaymentBatchLine, *, reason: str, actor: User) -> PaymentBatchLine:
    """Takes one payment out of a batch that has not left; its invoice can be paid by another.

    Refused: no reason, a batch that has left, a payment that is out already.
    """
    if not reason.strip():
        raise BusinessRuleError("reason", "Say why it is taken out.", "reason")
    batch = lock(line.batch)
    line = lock(line)
    require_status(batch, *PaymentBatch.OPEN)
    require_status(line, LineStatus.PLANNED)
    line.status, line.reason = LineStatus.TAKEN_OUT, reason.strip()[:300]
    line.save(update_fields=["status", "reason"])
    _bump(batch)
    record(
        "payment_batch.taken_out", batch, actor=actor,
        summary=f"{line.invoice} taken out: {line.reason}",
    )  # fmt: skip
    return line


@transaction.atomic
def propose_payment_batch(batch: PaymentBatch, *, actor: User) -> PaymentBatch:
    """Asks a second person to release a draft. Refused: nothing in it, or something not payable."""
    locked = lock_batch(batch)
    batch = locked.batch
    require_status(batch, Status.DRAFT)
    require_payable(locked)
    batch.status, batch.proposed_by, batch.proposed_at = Status.PROPOSED, actor, timezone.now()
    batch.save(update_fields=["status", "proposed_by", "proposed_at"])
    record("payment_batch.proposed", batch, actor=actor, summary=f"{_words(locked)} to release.")
    return batch


@transaction.atomic
def return_payment_batch(batch: PaymentBatch, *, reason: str, actor: User) -> PaymentBatch:
    """Makes a draft again of a batch that is not released. Refused: no reason."""
    if not reason.strip():
        raise BusinessRuleError("reason", "Say what should change.", "reason")
    batch = lock(batch)
    require_status(batch, Status.PROPOSED)
    batch.status, batch.proposed_by, batch.proposed_at = Status.DRAFT, None, None
    batch.save(update_fields=["status", "proposed_by", "proposed_at"])
    record("payment_batch.returned", batch, actor=actor, summary=f"Sent back: {reason.strip()}")
    return batch


@transaction.atomic
def release_payment_batch(batch: PaymentBatch, *, version: int, actor: User) -> PaymentBatch:
    """Lets a proposed batch go to the bank as the second person saw it.

    Refused: for whoever made or proposed it, when it changed since it was shown, when something in
    it is not payable, and for whoever entered or confirmed bank details that are paid for the
    first time.
    """
    locked = lock_batch(batch)
    batch = locked.batch
    require_status(batch, Status.PROPOSED)
    _require_second_person(batch, actor)
    if batch.version != version:
        raise BusinessRuleError("changed", "This batch changed meanwhile. Look at it again.")
    require_payable(locked)
    accounts = current_accounts({line.supplier_id for line in locked.lines})
    _require_other_person(accounts.values(), actor)
    for line in locked.lines:
        line.bank_account = accounts.get(line.supplier_id)
    PaymentBatchLine.objects.bulk_update(locked.lines, ["bank_account"])
    batch.status, batch.released_by, batch.released_at = Status.RELEASED, actor, timezone.now()
    batch.save(update_fields=["status", "released_by", "released_at"])
    record("payment_batch.released", batch, actor=actor, summary=f"{_words(locked)} released.")
    return batch


@transaction.atomic
def cancel_payment_batch(batch: PaymentBatch, *, reason: str, actor: User) -> PaymentBatch:
    """Gives up a batch that has not left; its invoices are free again. Refused: no reason."""
    if not reason.strip():
        raise BusinessRuleError("reason", "Say why it is given up.", "reason")
    batch = lock(batch)
    require_status(batch, *PaymentBatch.OPEN)
    why = reason.strip()[:300]
    batch.lines.filter(status=LineStatus.PLANNED).update(status=LineStatus.TAKEN_OUT, reason=why)
    batch.status, batch.cancel_reason = Status.CANCELLED, why
    batch.cancelled_by, batch.cancelled_at = actor, timezone.now()
    batch.save(update_fields=["status", "cancel_reason", "cancelled_by", "cancelled_at"])
    record("payment_batch.cancelled", batch, actor=actor, summary=f"Given up: {why}")
    return batch


def lock_invoices(invoice_ids: Collection[int]) -> dict[int, Any]:
    """These invoices with their open amount, their suppliers locked before them."""
    if not invoice_ids:
        return {}
    known = SupplierInvoice.objects.filter(pk__in=invoice_ids)
    lock_all(Supplier.objects.filter(pk__in=known.order_by().values("supplier_id")))
    lock_all(known)
    rows = with_open_amount().filter(pk__in=invoice_ids).select_related("supplier")
    return {row.pk: row for row in rows.order_by("pk")}


def lock_batch(batch: PaymentBatch) -> LockedBatch:
    """The batch with its live payments, everything locked in the house's order."""
    live = PaymentBatchLine.objects.filter(batch=batch.pk, status=LineStatus.PLANNED)
    invoice_ids = set(live.values_list("invoice_id", flat=True))
    invoices = lock_invoices(invoice_ids)
    batch = lock(batch)
    lines = list(live.order_by("pk"))
    if {line.invoice_id for line in lines} - invoices.keys():
        raise BusinessRuleError("changed", "This batch changed meanwhile. Look at it again.")
    return LockedBatch(batch, lines, invoices)


def require_payable(locked: LockedBatch) -> None:
    """Refuses a batch with nothing in it, or with something that must not be paid, in words."""
    if not locked.lines:
        raise BusinessRuleError("nothing", "Nothing is in this batch.")
    if locked.batch.pay_on < timezone.localdate():
        raise BusinessRuleError("pay_on", "Its day is over. Give it up and make another one.")
    reasons = _reasons(locked)
    if reasons:
        more = f" And {len(reasons) - MOST_REASONS} more." if len(reasons) > MOST_REASONS else ""
        raise BusinessRuleError("not_payable", " ".join(reasons[:MOST_REASONS]) + more)


def reasons_by_line(locked: LockedBatch) -> dict[int, str]:
    """Per live payment that must not leave, why."""
    invoices = [locked.invoices[line.invoice_id] for line in locked.lines]
    held = payments_held({invoice.supplier_id for invoice in invoices})
    waits = why_not_payable(invoices, held, with_open_hold([one.pk for one in invoices]))
    found = {}
    for line in locked.lines:
        invoice = locked.invoices[line.invoice_id]
        if invoice.pk in waits:
            found[line.pk] = waits[invoice.pk]
        elif line.amount + line.discount_amount != invoice.open_amount:
            found[line.pk] = (
                f"{invoice.number} has {money(invoice.open_amount, invoice.currency)} open now. "
                "Take it out; another batch can pay it."
            )
    return found


def _reasons(locked: LockedBatch) -> list[str]:
    """Why the batch cannot leave, the sentence of each once."""
    reasons = list(dict.fromkeys(reasons_by_line(locked).values()))
    sums: dict[int, Decimal] = defaultdict(lambda: ZERO)
    for line in locked.lines:
        sums[line.supplier_id] += line.amount
    overdrawn = {
        str(invoice.supplier)
        for invoice in locked.invoices.values()
        if sums[invoice.supplier_id] <= ZERO
    }
    uncovered = (
        f"The credits of {name} are not covered by its invoices." for name in sorted(overdrawn)
    )
    return [*reasons, *uncovered]


def current_accounts(supplier_ids: Collection[int]) -> dict[int, BankAccount]:
    """The bank account in force per supplier; those without one left out: one statement."""
    accounts = BankAccount.objects.filter(
        supplier__in=supplier_ids,
        status=BankAccount.Status.CONFIRMED,
        usable_from__lte=timezone.localdate(),
    ).order_by("supplier_id", "version")
    return {account.supplier_id: account for account in accounts}


def _add(batch: PaymentBatch, invoices: list[Any]) -> Decimal:
    """Adds locked invoices with the amounts of the batch's day; returns what they come to."""
    if not invoices:
        raise BusinessRuleError("nothing", "Choose at least one invoice.")
    held = payments_held({invoice.supplier_id for invoice in invoices})
    waits = why_not_payable(invoices, held, with_open_hold([one.pk for one in invoices]))
    if waits:
        raise BusinessRuleError("not_payable", " ".join(list(waits.values())[:MOST_REASONS]))
    lines = []
    for invoice in invoices:
        discount = discount_on(invoice, invoice.open_amount, batch.pay_on)
        lines.append(
            PaymentBatchLine(
                batch=batch,
                invoice=invoice,
                supplier_id=invoice.supplier_id,
                amount=invoice.open_amount - discount,
                discount_amount=discount,
            )
        )
    with refusing(_in_another_batch()):
        PaymentBatchLine.objects.bulk_create(lines)
    return sum((line.amount for line in lines), ZERO)


def _in_another_batch() -> dict[str, BusinessRuleError]:
    sentence = "One of these invoices is in another batch already."
    return {
        "matching_paymentbatchline_live_once": BusinessRuleError("in_batch", sentence),
    }


def _bump(batch: PaymentBatch) -> None:
    batch.version += 1
    batch.save(update_fields=["version"])


def _words(locked: LockedBatch) -> str:
    batch, payments = locked.batch, _counted("payment", len(locked.lines))
    return f"{payments}, {money(locked.total, batch.currency)} {batch.currency},"


def _counted(noun: str, count: int) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _require_second_person(batch: PaymentBatch, actor: User) -> None:
    if not membership_of(actor).may("payments.release"):
        raise BusinessRuleError("role", "Your role does not release payments.")
    if actor.pk in {batch.made_by_id, batch.proposed_by_id}:
        raise BusinessRuleError(
            "second_person", "You made this batch; a second person has to release it."
        )


def _require_other_person(accounts: Collection[BankAccount], actor: User) -> None:
    """Who had a hand in bank details does not release the first payment to them."""
    paid = set(
        PaymentBatchLine.objects.filter(
            bank_account__in=[account.pk for account in accounts],
            status__in=[LineStatus.PLANNED, LineStatus.PAID],
        ).values_list("bank_account_id", flat=True)
    )
    for account in accounts:
        hands = {account.proposed_by_id, account.called_by_id, account.confirmed_by_id}
        if account.pk not in paid and actor.pk in hands:
            raise BusinessRuleError(
                "bank_details",
                f"You took part in the bank details {account.masked} of {account.supplier}. Somebody "
                "else has to release the first payment to them.",
            )
