"""An order's way: drafted, submitted, issued, closed or cancelled. Approving is in `approving`,
changing a draft's cells in `drafting`, receiving in `receiving`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from procure.documents import gone, next_number, require_status
from procure.errors import BusinessRuleError
from procure.events import record
from procure.models import Location, User
from procure.money import ZERO, plain_decimal
from procure.prepared import locked_rows
from procure.tenancy import current_organization_id
from purchasing.agreed_terms import take_agreed_terms
from purchasing.allowances import AskedOrder
from purchasing.content import content_hash, order_total
from purchasing.drafts import OrderedLine, is_price_edited, new_lines
from purchasing.models import Approval, OrderChange, PurchaseOrder, PurchaseOrderLine
from purchasing.off_list import (
    WAY_BACK,
    ListCheck,
    check_binding,
    require_supplier_allowed,
    store_standing,
)
from purchasing.queries import line_quantities
from purchasing.routing import RouteStep, approval_route, in_organization_currency
from purchasing.writing import write_lines
from suppliers.decided import decisions_behind
from suppliers.merged_records import require_not_merged
from suppliers.models import Category, Supplier
from suppliers.rollups import StaleKey, mark_stale

__all__ = [
    "OrderedLine",
    "cancel_purchase_order",
    "close_line_short",
    "close_purchase_order",
    "draft_purchase_order",
    "issue_purchase_order",
    "lock_lines",
    "lock_order",
    "submit_purchase_order",
]

Status = PurchaseOrder.Status


def lock_order(order: PurchaseOrder) -> PurchaseOrder:
    """The fresh order, locked, with its supplier, category and organization at hand."""
    found = locked_rows(
        PurchaseOrder,
        "row.organization_id = %(organization)s::bigint AND row.id = %(id)s::bigint",
        {"organization": current_organization_id(), "id": order.pk},
        related=("supplier", "category", "organization"),
    )
    if not found:
        raise gone()
    return found[0]


def lock_lines(order: PurchaseOrder, *which: Q) -> list[PurchaseOrderLine]:
    """The order's fresh lines, or some of them, locked in the order of their ids."""
    if which:
        some = PurchaseOrderLine.objects.filter(*which, order=order).order_by("pk")
        return list(some.select_for_update(no_key=True, of=("self",)))
    return locked_rows(
        PurchaseOrderLine,
        "row.organization_id = %(organization)s::bigint AND row.order_id = %(order)s::bigint",
        {"organization": current_organization_id(), "order": order.pk},
    )


def require_revision(order: PurchaseOrder, revision_shown: int | None) -> None:
    """Refuses a step on an order that was changed since it was shown."""
    if revision_shown is not None and order.revision != revision_shown:
        raise BusinessRuleError(
            "changed_meanwhile",
            "This order was changed meanwhile. Look at it again before you go on.",
        )


@transaction.atomic
def draft_purchase_order(
    *,
    category: Category | None,
    ship_to: Location | None,
    needed_on: date | None,
    supplier: Supplier | None,
    cost_center: str,
    lines: Sequence[OrderedLine],
    currency: str = "",
    actor: User,
) -> PurchaseOrder:
    """Opens a draft, priced from the supplier's agreements where no price is given.

    A draft has no number and asks nobody. The currency is the supplier's; `currency` stands in
    while there is none. A quantity or price that cannot be kept is refused.
    """
    order = PurchaseOrder(
        category=category,
        ship_to=ship_to,
        needed_on=needed_on,
        supplier=supplier,
        cost_center=cost_center.strip(),
        currency=currency,
        created_by=actor,
    )
    take_terms_of(order, supplier)
    order.save(force_insert=True)
    PurchaseOrderLine.objects.bulk_create(new_lines(order, lines, first_line_no=1))
    record(
        "purchase_order.drafted",
        order,
        actor=actor,
        summary=_opened(len(lines)),
        order_id=order.pk,
        supplier_id=order.supplier_id,
    )
    return order


def _opened(lines: int) -> str:
    with_lines = f" with {lines} line{'' if lines == 1 else 's'}" if lines else ""
    return f"Draft opened{with_lines}."


def take_terms_of(order: PurchaseOrder, supplier: Supplier | None) -> None:
    """Currency, payment terms and incoterm follow the supplier; a merged record is refused."""
    require_not_merged(supplier)
    order.supplier = supplier
    if supplier:
        order.currency = supplier.currency
        order.payment_terms_days = supplier.payment_terms_days
        order.incoterm = supplier.incoterm
    elif not order.currency:
        order.currency = order.organization.currency


@transaction.atomic
def submit_purchase_order(
    order: PurchaseOrder, *, revision_shown: int | None, actor: User
) -> PurchaseOrder:
    """Gives a draft its number and asks for approval; with no rule in the way it is approved.

    Refused: changed since shown, anything missing, a price away from the agreement without a
    reason, a blocked supplier, an off-list supplier without reason and explanation.
    """
    order = lock_order(order)
    require_status(order, Status.DRAFT)
    require_revision(order, revision_shown)
    lines = lock_lines(order)
    require_complete(order, lines)
    take_agreed_terms(order, lines)
    check = _ask_list(order, lines)
    route = route_of(order, order_total(lines), check, actor=actor)
    order.sourcing_decision_id = _decision_behind(order, lines)
    order.number = order.number or next_number("purchase_order", PurchaseOrder)
    order.submitted_by, order.submitted_at = actor, timezone.now()
    order.status = Status.SUBMITTED if route else Status.APPROVED
    order.approved_at = None if route else order.submitted_at
    order.changed_at = order.submitted_at
    order.save(
        update_fields=[
            *("number", "submitted_by", "submitted_at", "status", "approved_at", "changed_at"),
            *("sourcing_decision", "payment_terms_days", "incoterm"),
        ]
    )
    order.__dict__.pop("sourcing_decision_id")  # the database found it; read where asked for
    _ask_approvers(order, route, content_hash(order, lines), actor)
    record(
        "purchase_order.submitted",
        order,
        actor=actor,
        summary=_route_in_words(route),
        order_id=order.pk,
        supplier_id=order.supplier_id,
        line_ids=[line.pk for line in lines],
        revision=order.revision,
        off_list=check.is_off_list,
    )
    return order


def _decision_behind(order: PurchaseOrder, lines: Sequence[PurchaseOrderLine]) -> Any:
    """The sourcing decision in force that chose the order's supplier, for the order's own UPDATE."""
    assert order.supplier is not None
    assert order.category is not None
    skus = {line.sku_id for line in lines}
    rows = decisions_behind(order.supplier, order.category, skus, timezone.localdate())
    return Subquery(rows.values("pk")[:1])


def require_complete(order: PurchaseOrder, lines: Sequence[PurchaseOrderLine]) -> None:
    """Refuses an order with something missing, naming the first field."""
    problem = next(iter(what_is_missing(order, lines)), None)
    if problem:
        raise problem


def what_is_missing(
    order: PurchaseOrder, lines: Sequence[PurchaseOrderLine]
) -> list[BusinessRuleError]:
    """Everything that keeps an order from being submitted, in the order of the form."""
    missing = [
        BusinessRuleError("missing", sentence, field)
        for given, field, sentence in (
            (order.category_id, "category", "Choose a category."),
            (order.ship_to_id, "ship_to", "Choose where to ship to."),
            (order.needed_on, "needed_on", "Say by when it is needed."),
            (order.supplier_id, "supplier", "Choose a supplier."),
        )
        if not given
    ]
    if order.needed_on and order.needed_on < timezone.localdate():
        missing.append(
            BusinessRuleError("needed_on", "The needed-by date has passed.", "needed_on")
        )
    if not lines:
        missing.append(BusinessRuleError("lines", "Add at least one line.", "lines"))
    for line in lines:
        if not line.unit_price and not line.price_reason:
            missing.append(
                BusinessRuleError(
                    "unit_price",
                    f"Line {line.line_no} has no price. Enter one, or a reason for none.",
                    f"line-{line.line_no}-unit_price",
                )
            )
        elif is_price_edited(line) and not line.price_reason:
            missing.append(
                BusinessRuleError(
                    "price_reason",
                    f"Line {line.line_no}: the agreed price is "
                    f"{plain_decimal(line.agreed_price or ZERO)}. Give a reason for "
                    f"{plain_decimal(line.unit_price)}.",
                    f"line-{line.line_no}-price_reason",
                )
            )
    return missing


def _ask_list(order: PurchaseOrder, lines: Sequence[PurchaseOrderLine]) -> ListCheck:
    """Asks the approved list today, refuses what it refuses, stores its answer on the lines."""
    if order.supplier_id is None:
        raise BusinessRuleError("missing", "Choose a supplier.", "supplier")
    skus, asked = {line.sku_id for line in lines}, AskedOrder.of(order, lines)
    check = check_binding(
        order.supplier_id, skus, timezone.localdate(), asked, ship_to=order.ship_to_id
    )
    require_supplier_allowed(order, check)
    store_standing(lines, check)
    return check


ask_list = _ask_list


def route_of(
    order: PurchaseOrder, total: Decimal, check: ListCheck, *, actor: User
) -> list[RouteStep]:
    """The approvals this order needs as it stands now."""
    amount = in_organization_currency(
        total, order.currency, order.organization, timezone.localdate()
    )
    return approval_route(
        amount=amount,
        category=order.category,
        needs_off_list_approver=check.needs_approver,
        excluded={actor.pk, order.created_by_id or actor.pk},
    )


def _require_exception_approved(
    order: PurchaseOrder, lines: Sequence[PurchaseOrderLine], check: ListCheck, actor: User
) -> None:
    missing = unapproved_exceptions(
        order, order_total(lines), check, since_revision=order.revision, actor=actor
    )
    if missing:
        raise BusinessRuleError(
            "exception_unapproved",
            f"{order.supplier} is off the approved vendor list: {check.missing} The approval that "
            f"this needs now was not given: {', '.join(missing)}.{WAY_BACK}",
            "supplier",
        )


def unapproved_exceptions(
    order: PurchaseOrder, total: Decimal, check: ListCheck, *, since_revision: int, actor: User
) -> list[str]:
    """The rules, by name, that this order's exception asks for today and that nobody approved by
    since that revision."""
    if not check.needs_approver:
        return []
    given = Approval.objects.filter(
        order=order, revision__gte=since_revision, status=Approval.Status.APPROVED
    )
    names = set(given.values_list("rule_name", flat=True))
    route = route_of(order, total, check, actor=actor)
    return [
        step.rule_name for step in route if step.is_for_exception and step.rule_name not in names
    ]


def _ask_approvers(
    order: PurchaseOrder, route: Sequence[RouteStep], shown_hash: str, actor: User
) -> None:
    Approval.objects.bulk_create(
        Approval(
            order=order,
            revision=order.revision,
            step=step.step,
            rule_name=step.rule_name,
            role=step.role,
            approver=step.approver,
            content_hash=shown_hash,
            requested_by=actor,
        )
        for step in route
    )


def _route_in_words(route: Sequence[RouteStep]) -> str:
    if not route:
        return "Submitted. No rule asks for an approval, so it is approved."
    asked = [str(step.approver or step.role_name) for step in route]
    return f"Submitted to {', then '.join(asked)}."


@transaction.atomic
def issue_purchase_order(order: PurchaseOrder, *, actor: User) -> PurchaseOrder:
    """Makes an approved order binding; mail and PDF follow as a reaction after the commit.

    The approved list is asked again: a supplier blocked since stops it, and so does an exception
    that by now needs an approval nobody gave. The requested date becomes the promised one until
    the supplier confirms another.
    """
    order = lock_order(order)
    require_status(order, Status.APPROVED)
    lines = lock_lines(order)
    check = _ask_list(order, lines)
    _require_exception_approved(order, lines, check, actor)
    order.status = Status.ISSUED
    order.issued_by, order.issued_at = actor, timezone.now()
    order.issued_on = timezone.localdate()
    order.save(update_fields=["status", "issued_by", "issued_at", "issued_on"])
    PurchaseOrderLine.objects.filter(order=order).update(
        promised_on=Coalesce("promised_on", "requested_on"),
        expected_on=Coalesce("expected_on", "promised_on", "requested_on"),
    )
    mark_due_months(order, lines)
    record(
        "purchase_order.issued",
        order,
        actor=actor,
        summary=f"Sent to {order.supplier}.",
        order_id=order.pk,
        supplier_id=order.supplier_id,
        line_ids=[line.pk for line in lines],
        revision=order.revision,
    )
    return order


def mark_due_months(order: PurchaseOrder, lines: Sequence[PurchaseOrderLine]) -> None:
    """Marks the results of the lines' due months stale; imported lines may have no due date."""
    if order.supplier_id is None:
        return
    mark_stale(
        StaleKey(order.supplier_id, line.sku_id, line.promised_on or line.requested_on)
        for line in lines
    )


@transaction.atomic
def close_purchase_order(order: PurchaseOrder, *, reason: str, actor: User) -> PurchaseOrder:
    """Ends an issued order: nothing more is received or billed. What is open is cancelled, which
    asks for a reason."""
    order = lock_order(order)
    require_status(order, Status.ISSUED)
    lines = lock_lines(order)
    short = _cancel_open(lines, reason, "Something is still open. Say why it is not awaited.")
    order.status = Status.CLOSED
    order.closed_by, order.closed_at = actor, timezone.now()
    order.save(update_fields=["status", "closed_by", "closed_at"])
    mark_due_months(order, short)
    end_waiting_changes(order, actor)
    record(
        "purchase_order.closed",
        order,
        actor=actor,
        summary=reason.strip() or "Everything was received.",
        order_id=order.pk,
        supplier_id=order.supplier_id,
        line_ids=[line.pk for line in short],
    )
    return order


@transaction.atomic
def close_line_short(
    order: PurchaseOrder, *, line_no: int, reason: str, actor: User
) -> PurchaseOrder:
    """Stops waiting for the rest of a line; a line with nothing open is refused."""
    order = lock_order(order)
    require_status(order, Status.ISSUED)
    lines = [line for line in lock_lines(order) if line.line_no == line_no]
    short = _cancel_open(lines, reason, "Say why the rest is not awaited.")
    if not short:
        raise BusinessRuleError("nothing_open", "Nothing is open on this line.")
    mark_due_months(order, short)
    record(
        "purchase_order.changed",
        order,
        actor=actor,
        summary=f"Line {line_no} closed short: {reason.strip()}",
        order_id=order.pk,
        supplier_id=order.supplier_id,
        line_ids=[line.pk for line in short],
    )
    return order


def _cancel_open(
    lines: Sequence[PurchaseOrderLine], reason: str, asks: str
) -> list[PurchaseOrderLine]:
    """Cancels what was not received, in one statement; the lines it touched."""
    quantities = line_quantities([line.pk for line in lines])
    short = []
    for line in lines:
        open_quantity = (
            line.ordered_quantity - line.cancelled_quantity - quantities[line.pk].net_received
        )
        if open_quantity > ZERO:
            line.cancelled_quantity += open_quantity
            short.append(line)
    if short and not reason.strip():
        raise BusinessRuleError("reason", asks, "reason")
    write_lines(short, ["cancelled_quantity"])
    return short


@transaction.atomic
def cancel_purchase_order(order: PurchaseOrder, *, reason: str, actor: User) -> PurchaseOrder:
    """Calls an order off. Once something was received it is refused: close the order instead.
    Anything beyond a draft asks for a reason."""
    order = lock_order(order)
    require_status(order, Status.DRAFT, Status.SUBMITTED, Status.APPROVED, Status.ISSUED)
    if order.status != Status.DRAFT and not reason.strip():
        raise BusinessRuleError("reason", "Say why the order is cancelled.", "reason")
    lines = lock_lines(order)
    received = line_quantities([line.pk for line in lines]).values()
    if any(quantities.net_received > ZERO for quantities in received):
        raise BusinessRuleError("received", "Goods of this order were received. Close it instead.")
    was_issued = order.status == Status.ISSUED
    order.status = Status.CANCELLED
    order.cancelled_by, order.cancelled_at = actor, timezone.now()
    order.save(update_fields=["status", "cancelled_by", "cancelled_at"])
    PurchaseOrderLine.objects.filter(order=order).update(cancelled_quantity=F("ordered_quantity"))
    void_approvals(order)
    if was_issued:
        mark_due_months(order, lines)
        end_waiting_changes(order, actor)
    record(
        "purchase_order.cancelled",
        order,
        actor=actor,
        summary=reason.strip(),
        order_id=order.pk,
        supplier_id=order.supplier_id,
        line_ids=[line.pk for line in lines],
        was_issued=was_issued,
    )
    return order


def void_approvals(order: PurchaseOrder) -> None:
    """What was still waiting is waited for no more."""
    Approval.objects.filter(order=order, status=Approval.Status.WAITING).update(
        status=Approval.Status.VOID
    )


def end_waiting_changes(order: PurchaseOrder, actor: User) -> None:
    """A change proposed for an order that ended is not decided any more."""
    ended = order.changes.filter(status=OrderChange.Status.WAITING).update(
        status=OrderChange.Status.WITHDRAWN, closed_by=actor, closed_at=timezone.now()
    )
    if ended:
        void_approvals(order)
