"""What came, what was refused at the door, what went back. A posted receipt is never edited: it is
reversed with a reason and written anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from procure.attachments import CheckedFile, keep_file
from procure.documents import lock, next_number, require_status
from procure.errors import BusinessRuleError
from procure.events import record
from procure.models import Organization, User
from procure.money import ZERO, plain_decimal, round_quantity
from purchasing.drafts import MOST_QUANTITY
from purchasing.models import (
    Approval,
    GoodsReceipt,
    GoodsReceiptLine,
    PurchaseOrder,
    PurchaseOrderLine,
)
from purchasing.ordering import lock_lines, lock_order
from purchasing.queries import LineQuantities, line_quantities
from suppliers.rollups import StaleKey, mark_stale

Status = PurchaseOrder.Status
OverReceipt = Organization.OverReceipt

MOST_PHOTOS = 10  # of one rejected line, at one receipt


@dataclass(frozen=True, slots=True)
class ReceivedLine:
    """What came of one line: good and rejected quantity, in the order line's unit.

    `reason` is one of GoodsReceiptLine.RejectReason, or words; needed when something is rejected.
    `photos` show what is wrong with the rejected goods.
    """

    line_no: int
    good: Decimal
    rejected: Decimal = ZERO
    reason: str = ""
    photos: tuple[CheckedFile, ...] = ()


@dataclass(frozen=True, slots=True)
class ReturnedLine:
    """What goes back of one line, in the order line's unit."""

    line_no: int
    quantity: Decimal


@transaction.atomic
def post_receipt(
    order: PurchaseOrder,
    *,
    lines: Sequence[ReceivedLine],
    received_on: date,
    delivery_note: str,
    note: str = "",
    actor: User,
) -> GoodsReceipt:
    """Writes down goods that came; lines with nothing are left out.

    Refused: an order that is not issued, a day in the future, nothing at all, a rejection
    without a reason, photos without a rejection, more than the organization's limit, goods of an
    order one approved oneself.
    """
    order = lock_order(order)
    require_status(order, Status.ISSUED)
    _require_past(received_on)
    require_other_than_approver(order, actor)
    known = {line.line_no: line for line in lock_lines(order)}
    came = _checked(lines, known)
    over = _over_limit(order, came, known)
    receipt = _number_and_save(
        GoodsReceipt(
            order=order,
            delivery_note=delivery_note.strip(),
            received_on=received_on,
            note=note.strip(),
            posted_by=actor,
        )
    )
    _write_lines(receipt, came, known, actor)
    touched = [known[line.line_no] for line in came]
    mark_results_stale(order, touched, [received_on])
    _record("goods_receipt.posted", receipt, order, touched, actor, _in_words(came, over))
    return receipt


@transaction.atomic
def post_return(
    order: PurchaseOrder,
    *,
    lines: Sequence[ReturnedLine],
    returned_on: date,
    reason: str,
    actor: User,
) -> GoodsReceipt:
    """Writes down goods that go back to the supplier; a credit is expected for them.

    Refused: more than is here, a day in the future, no reason.
    """
    order = lock_order(order)
    require_status(order, Status.ISSUED, Status.CLOSED)
    _require_past(returned_on)
    _require_reason(reason, "Say why the goods go back.")
    known = {line.line_no: line for line in lock_lines(order)}
    leaving = _checked([ReceivedLine(line.line_no, line.quantity) for line in lines], known)
    here = line_quantities([line.pk for line in known.values()])
    for line in leaving:
        left = here[known[line.line_no].pk].net_received
        if line.good > left:
            raise BusinessRuleError(
                "over_return",
                f"Line {line.line_no}: {plain_decimal(left)} can go back at most.",
                f"line-{line.line_no}-returned",
            )
    receipt = _number_and_save(
        GoodsReceipt(
            order=order,
            kind=GoodsReceipt.Kind.RETURN,
            received_on=returned_on,
            note=reason.strip(),
            posted_by=actor,
        )
    )
    GoodsReceiptLine.objects.bulk_create(
        GoodsReceiptLine(
            receipt=receipt,
            order_line=known[line.line_no],
            returned_quantity=line.good,
        )
        for line in leaving
    )
    touched = [known[line.line_no] for line in leaving]
    mark_results_stale(order, touched, [None])
    words = f"{receipt.number}: goods went back. {reason.strip()}"
    _record("goods_receipt.returned", receipt, order, touched, actor, words)
    return receipt


@transaction.atomic
def return_rejected(order: PurchaseOrder, *, line_no: int, actor: User) -> GoodsReceipt:
    """Sends back all rejected goods of a line that are still here; as much may then come anew.

    Refused: a line that is not on the order, nothing rejected that is still here.
    """
    order = lock_order(order)
    line = next((one for one in lock_lines(order) if one.line_no == line_no), None)
    if line is None:
        raise BusinessRuleError("line", f"Line {line_no} is not on this order.")
    rejected = line_quantities([line.pk])[line.pk].rejected_here
    if not rejected:
        raise BusinessRuleError(
            "nothing_rejected", f"Line {line_no}: no rejected goods are here any more."
        )
    return post_return(
        order,
        lines=[ReturnedLine(line_no, rejected)],
        returned_on=timezone.localdate(),
        reason=f"Rejected goods of line {line_no} go back.",
        actor=actor,
    )


@transaction.atomic
def reverse_receipt(receipt: GoodsReceipt, *, reason: str, actor: User) -> GoodsReceipt:
    """Takes a receipt or return back as if it had not been posted; its lines stay to be read.

    Refused: no reason, reversed already, a receipt whose goods were returned in part.
    """
    _require_reason(reason, "Say why the receipt is reversed.")
    order = lock_order(PurchaseOrder(pk=receipt.order_id))
    known = {line.pk: line for line in lock_lines(order)}
    receipt = lock(receipt)
    require_status(receipt, GoodsReceipt.Status.POSTED)
    taken_back = list(receipt.lines.all())
    here = line_quantities(list(known))
    for line in taken_back:
        if here[line.order_line_id].net_received < line.received_quantity:
            raise BusinessRuleError(
                "returned",
                f"Line {known[line.order_line_id].line_no} went back in part. "
                "Reverse the return first.",
            )
    receipt.status = GoodsReceipt.Status.REVERSED
    receipt.reversed_by, receipt.reversed_at = actor, timezone.now()
    receipt.reversal_reason = reason.strip()[:300]
    receipt.save(update_fields=["status", "reversed_by", "reversed_at", "reversal_reason"])
    touched = [known[line.order_line_id] for line in taken_back]
    is_return = receipt.kind == GoodsReceipt.Kind.RETURN
    mark_results_stale(order, touched, [None if is_return else receipt.received_on])
    words = f"{receipt.number} was reversed: {reason.strip()}"
    _record("goods_receipt.reversed", receipt, order, touched, actor, words)
    return receipt


def require_other_than_approver(order: PurchaseOrder, actor: User) -> None:
    """Who approved an order does not receive its goods."""
    if Approval.objects.filter(
        order=order, status=Approval.Status.APPROVED, decided_by=actor
    ).exists():
        raise BusinessRuleError(
            "separation_of_duties",
            "You approved this order; somebody else receives its goods.",
        )


def receipt_limit(line: PurchaseOrderLine, organization: Organization) -> Decimal | None:
    """How much of a line may be received in all, the boundary included; None without a limit."""
    if organization.over_receipt == OverReceipt.NONE:
        return None
    awaited: Decimal = line.ordered_quantity - line.cancelled_quantity
    allowed: Decimal = organization.over_receipt_percent
    return awaited + awaited * allowed / 100


def mark_results_stale(
    order: PurchaseOrder,
    lines: Iterable[PurchaseOrderLine],
    received: Sequence[date | None],
) -> None:
    """Marks the due month and the months of receipt; None is every month of supplier and SKU."""
    if order.supplier_id is None:
        return
    mark_stale(
        StaleKey(order.supplier_id, line.sku_id, month)
        for line in lines
        for month in {line.promised_on, line.requested_on, *received}
        if month or None in received
    )


def _require_past(day: date) -> None:
    if day > timezone.localdate():
        raise BusinessRuleError(
            "future", "The day lies in the future. Use the day the goods moved.", "received_on"
        )


def _require_reason(reason: str, sentence: str) -> None:
    if not reason.strip():
        raise BusinessRuleError("reason", sentence, "reason")


def _checked(
    lines: Sequence[ReceivedLine], known: Mapping[int, PurchaseOrderLine]
) -> list[ReceivedLine]:
    """The lines with a quantity, each once, each of this order."""
    seen: set[int] = set()
    for line in lines:
        field = f"line-{line.line_no}-good"
        if line.line_no not in known or line.line_no in seen:
            raise BusinessRuleError(
                "line", f"Line {line.line_no} is not on this order once.", field
            )
        seen.add(line.line_no)
        for quantity in (line.good, line.rejected):
            kept = quantity.is_finite() and ZERO <= quantity < MOST_QUANTITY
            if not kept or round_quantity(quantity) != quantity:
                raise BusinessRuleError(
                    "quantity",
                    f"Line {line.line_no}: give a quantity of at most four decimals, not below zero.",
                    field,
                )
        _check_photos(line)
        if line.rejected and not line.reason.strip():
            raise BusinessRuleError(
                "reject_reason",
                f"Line {line.line_no}: say what is wrong with the rejected goods.",
                f"line-{line.line_no}-reason",
            )
    came = [line for line in lines if line.good or line.rejected]
    if not came:
        raise BusinessRuleError("nothing", "Enter a quantity on at least one line.", "lines")
    return came


def _check_photos(line: ReceivedLine) -> None:
    field = f"line-{line.line_no}-photos"
    if line.photos and not line.rejected:
        raise BusinessRuleError(
            "photos",
            f"Line {line.line_no}: photos show rejected goods; say how many are rejected.",
            f"line-{line.line_no}-rejected",
        )
    if len(line.photos) > MOST_PHOTOS:
        raise BusinessRuleError(
            "photos", f"Line {line.line_no}: {MOST_PHOTOS} photos at most.", field
        )


def _write_lines(
    receipt: GoodsReceipt,
    came: Sequence[ReceivedLine],
    known: Mapping[int, PurchaseOrderLine],
    actor: User,
) -> None:
    """The receipt's lines in one statement, then their photos."""
    written = GoodsReceiptLine.objects.bulk_create(
        GoodsReceiptLine(
            receipt=receipt,
            order_line=known[line.line_no],
            received_quantity=line.good + line.rejected,
            rejected_quantity=line.rejected,
            reject_reason=line.reason.strip() if line.rejected else "",
        )
        for line in came
    )
    for row, line in zip(written, came, strict=True):
        for photo in line.photos:
            keep_file(row, photo, uploaded_by=actor)


def _over_limit(
    order: PurchaseOrder,
    came: Sequence[ReceivedLine],
    known: Mapping[int, PurchaseOrderLine],
) -> list[PurchaseOrderLine]:
    """The lines that go above the limit, where the organization only warns; else it refuses."""
    here = line_quantities([line.pk for line in known.values()])
    over = []
    for line in came:
        of_order = known[line.line_no]
        limit = receipt_limit(of_order, order.organization)
        total = here[of_order.pk].net_received + line.good + line.rejected
        if limit is None or total <= limit:
            continue
        if order.organization.over_receipt == OverReceipt.REFUSE:
            raise BusinessRuleError(
                "over_receipt", _over_sentence(of_order, here[of_order.pk], limit),
                f"line-{line.line_no}-good",
            )  # fmt: skip
        over.append(of_order)
    return over


def _over_sentence(line: PurchaseOrderLine, here: LineQuantities, limit: Decimal) -> str:
    left = max(limit - here.net_received, ZERO)
    rejected = plain_decimal(here.rejected_here)
    replaced = f" Send the rejected {rejected} back first; as many can then replace them."
    return (
        f"Line {line.line_no}: {plain_decimal(left)} more can be received at most "
        f"(ordered {plain_decimal(line.ordered_quantity - line.cancelled_quantity)}, "
        f"here {plain_decimal(here.net_received)})." + (replaced if here.rejected_here else "")
    )


def _in_words(came: Sequence[ReceivedLine], over: Sequence[PurchaseOrderLine]) -> str:
    """What a receipt brought, for the trail and the person who posted it."""
    rejected = sum(1 for line in came if line.rejected)
    words = f"{len(came)} line{'s' if len(came) > 1 else ''} received"
    words += f", goods rejected on {rejected}." if rejected else "."
    if over:
        numbers = ", ".join(str(line.line_no) for line in over)
        words += f" More than the limit on line {numbers}."
    return words


def _number_and_save(receipt: GoodsReceipt) -> GoodsReceipt:
    receipt.number = next_number("goods_receipt", GoodsReceipt)
    receipt.recorded_on = timezone.localdate()
    receipt.save(force_insert=True)
    return receipt


def _record(
    kind: str,
    receipt: GoodsReceipt,
    order: PurchaseOrder,
    lines: Sequence[PurchaseOrderLine],
    actor: User,
    summary: str,
) -> None:
    record(
        kind,
        receipt,
        actor=actor,
        summary=summary,
        order_id=order.pk,
        supplier_id=order.supplier_id,
        line_ids=[line.pk for line in lines],
    )
