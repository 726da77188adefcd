"""Changing an order that the supplier already has.

A proposal is a record of its own. The order stays as it is until the last approval; then the
change takes effect at once, as the order's next revision. `promised_on` never moves.

What asks for approval: another price, an added line, or a higher value than before. It asks the
route of the whole order at its new value, so that small steps cannot go round a rule. What only
takes away, moves an expected day, or moves quantity between lines at no higher value takes effect
at once: somebody else approved that much already. The approved list is asked again whenever the
change commits to more of anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from procure.documents import lock, require_status
from procure.errors import BusinessRuleError
from procure.events import record
from procure.figures import money
from procure.models import User
from procure.money import ZERO
from purchasing.allowances import AskedOrder
from purchasing.approving import decide_step, require_turn
from purchasing.change_content import awaited, change_hash, committed_value, in_words
from purchasing.change_lines import LineRevision, below_received, wanted_lines
from purchasing.content import line_amount
from purchasing.drafts import (
    OrderedLine,
    new_lines,
)
from purchasing.models import (
    Approval,
    OrderChange,
    OrderChangeLine,
    PurchaseOrder,
    PurchaseOrderLine,
)
from purchasing.off_list import ListCheck, check_binding, require_supplier_allowed, store_standing
from purchasing.ordering import (
    lock_lines,
    lock_order,
    require_revision,
    route_of,
    unapproved_exceptions,
)
from purchasing.queries import line_quantities
from purchasing.routing import RouteStep
from purchasing.writing import write_lines
from suppliers.rollups import StaleKey, mark_stale

Status = OrderChange.Status
CHANGED_FIELDS = [
    "ordered_quantity", "cancelled_quantity", "unit_price", "amount", "price_source",
    "price_reason", "expected_on",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Exemption:
    """Why a supplier off the approved list is kept, when the order did not say so before."""

    reason: str = ""
    explanation: str = ""


@transaction.atomic
def propose_order_change(
    order: PurchaseOrder,
    *,
    lines: Sequence[LineRevision],
    added: Sequence[OrderedLine] = (),
    reason: str,
    revision_shown: int | None = None,
    exemption: Exemption | None = None,
    actor: User,
) -> OrderChange:
    """Asks for a change of an issued order, or lets it take effect where nothing new is committed.

    Refused: no reason, nothing changed, another change waiting, less than was received, a price
    away from the agreement without a reason, a supplier that the approved list refuses.
    """
    order = lock_order(order)
    require_status(order, PurchaseOrder.Status.ISSUED)
    require_revision(order, revision_shown)
    if not reason.strip():
        raise BusinessRuleError("reason", "Say why the order changes.", "reason")
    if order.changes.filter(status=Status.WAITING).exists():
        raise BusinessRuleError("waiting", "Another change of this order waits for approval.")
    known = lock_lines(order)
    wanted = wanted_lines(order, known, lines, added)
    change = _new_change(order, known, wanted, reason, actor)
    check = _ask_list(order, known, wanted, exemption or Exemption())
    change.off_list_reason = order.off_list_reason
    change.off_list_explanation = order.off_list_explanation
    route = _route(order, change, wanted, check, actor)
    change.save(force_insert=True)
    OrderChangeLine.objects.bulk_create(wanted)
    if not route:
        return _take_effect(order, known, change, wanted, check, "No approval was needed.", actor)
    _ask_approvers(order, change, wanted, route, actor)
    asked = ", then ".join(str(step.approver or step.role_name) for step in route)
    _record("purchase_order.change_proposed", order, change, wanted, f"Asked {asked}.", actor)
    return change


@transaction.atomic
def approve_order_change(
    change: OrderChange, *, content_hash_shown: str, comment: str, actor: User
) -> OrderChange:
    """Gives the approval whose turn it is; with the last one the change takes effect.

    Refused: other content than was shown, one's own proposal or order, an order that is no longer
    issued or moved under the change, a supplier that the approved list refuses by now.
    """
    order, known, change, wanted = _locked(change)
    if change_hash(change, wanted) != content_hash_shown:
        require_revision(order, -1)
    approvals = approvals_of(change)
    approval = require_change_turn(order, change, approvals, actor)
    _require_fits(known, wanted)
    exemption = Exemption(change.off_list_reason, change.off_list_explanation)
    check = _ask_list(order, known, wanted, exemption)
    decide_step(approval, Approval.Status.APPROVED, content_hash_shown, comment, actor)
    if any(one.status == Approval.Status.WAITING for one in approvals):
        words = f"Step approved by the rule “{approval.rule_name}”. {comment}".strip()
        _record("purchase_order.change_step_approved", order, change, wanted, words, actor)
        return change
    words = f"Approved by the rule “{approval.rule_name}”. {comment}".strip()
    return _take_effect(order, known, change, wanted, check, words, actor)


@transaction.atomic
def refuse_order_change(change: OrderChange, *, comment: str, actor: User) -> OrderChange:
    """Says no to a proposal, by whoever's turn it is; the order stays as it is. Needs a comment."""
    if not comment.strip():
        raise BusinessRuleError("comment", "Say why not.", "comment")
    order, _, change, wanted = _locked(change)
    approval = require_change_turn(order, change, approvals_of(change), actor)
    decide_step(approval, Approval.Status.REJECTED, "", comment, actor)
    _close(change, Status.REFUSED, actor)
    _record("purchase_order.change_refused", order, change, wanted, comment.strip(), actor)
    return change


@transaction.atomic
def withdraw_order_change(change: OrderChange, *, actor: User) -> OrderChange:
    """Takes a proposal back while it waits; its approvals are asked no longer."""
    order, _, change, wanted = _locked(change)
    _close(change, Status.WITHDRAWN, actor)
    _record("purchase_order.change_withdrawn", order, change, wanted, "Taken back.", actor)
    return change


def approvals_of(change: OrderChange) -> list[Approval]:
    """The steps that a change asks, in their order."""
    return list(
        Approval.objects.filter(order_id=change.order_id, revision=change.revision)
        .select_related("approver", "decided_by")
        .order_by("step")
    )


def require_change_turn(
    order: PurchaseOrder, change: OrderChange, approvals: Sequence[Approval], actor: User
) -> Approval:
    """The waiting step that `actor` may decide; otherwise the reason why not."""
    if actor.pk == change.proposed_by_id:
        raise BusinessRuleError("four_eyes", "You proposed this; somebody else approves it.")
    return require_turn(order, approvals, actor)


# --- Proposing -----------------------------------------------------------------------------------


def _new_change(
    order: PurchaseOrder,
    known: Sequence[PurchaseOrderLine],
    wanted: Sequence[OrderChangeLine],
    reason: str,
    actor: User,
) -> OrderChange:
    before = committed_value(order.currency, known)
    difference = ZERO
    for line in wanted:
        old = line.quantity_before or ZERO, line.unit_price_before or ZERO
        difference += line_amount(line.quantity_after, line.unit_price_after, order.currency)
        difference -= line_amount(*old, order.currency)
    last = order.changes.aggregate(last=Max("revision"))["last"] or 0
    change = OrderChange(
        order=order,
        revision=max(order.revision, last) + 1,
        reason=reason.strip()[:300],
        value_before=before,
        value_after=before + difference,
        proposed_by=actor,
    )
    for line in wanted:
        line.change = change
    return change


def _ask_list(
    order: PurchaseOrder,
    known: Sequence[PurchaseOrderLine],
    wanted: Sequence[OrderChangeLine],
    exemption: Exemption,
) -> ListCheck:
    """The approved list's answer today, refused where it refuses; not asked where the change
    commits to nothing more."""
    if exemption.reason:
        order.off_list_reason = exemption.reason
        order.off_list_explanation = exemption.explanation.strip()
        order.off_list_supplier = order.supplier
        order.off_list_given_at = timezone.now()
    if order.supplier_id is None or not any(line.is_raised for line in wanted):
        return ListCheck({})
    skus = {line.sku_id for line in known} | {line.sku_id for line in wanted}
    asked = AskedOrder(order.pk, order.currency, _amounts_after(order, known, wanted))
    check = check_binding(
        order.supplier_id, skus, timezone.localdate(), asked, ship_to=order.ship_to_id
    )
    require_supplier_allowed(order, check)
    store_standing(known, check)
    return check


def _amounts_after(
    order: PurchaseOrder, known: Sequence[PurchaseOrderLine], wanted: Sequence[OrderChangeLine]
) -> list[tuple[int, Decimal]]:
    """By SKU, what the order would come to with the change in it."""
    changed = {line.line_no for line in wanted}
    after = [
        (one.sku_id, line_amount(one.quantity_after, one.unit_price_after, order.currency))
        for one in wanted
    ]
    kept = [
        (one.sku_id, line_amount(awaited(one), one.unit_price, order.currency))
        for one in known
        if one.line_no not in changed
    ]
    return after + kept


def _route(
    order: PurchaseOrder,
    change: OrderChange,
    wanted: Sequence[OrderChangeLine],
    check: ListCheck,
    actor: User,
) -> list[RouteStep]:
    """Whom the change asks: nobody where nothing is committed that was not approved before."""
    touches_price = any(line.is_added or line.unit_price_after != line.unit_price_before
                        for line in wanted)  # fmt: skip
    is_covered = not unapproved_exceptions(
        order, change.value_after, check, since_revision=1, actor=actor
    )
    if is_covered and not touches_price and change.value_after <= change.value_before:
        return []
    return route_of(order, change.value_after, check, actor=actor)


def _ask_approvers(
    order: PurchaseOrder,
    change: OrderChange,
    wanted: Sequence[OrderChangeLine],
    route: Sequence[RouteStep],
    actor: User,
) -> None:
    fingerprint = change_hash(change, wanted)
    Approval.objects.bulk_create(
        Approval(
            order=order,
            revision=change.revision,
            step=step.step,
            rule_name=step.rule_name,
            role=step.role,
            approver=step.approver,
            content_hash=fingerprint,
            requested_by=actor,
        )
        for step in route
    )


# --- Deciding ------------------------------------------------------------------------------------


def _locked(
    change: OrderChange,
) -> tuple[PurchaseOrder, list[PurchaseOrderLine], OrderChange, list[OrderChangeLine]]:
    """Order, lines and change as they are now, locked in the house's order."""
    order = lock_order(PurchaseOrder(pk=change.order_id))
    known = lock_lines(order)
    change = lock(change)
    require_status(change, Status.WAITING)
    require_status(order, PurchaseOrder.Status.ISSUED)
    return order, known, change, list(change.lines.select_related("sku"))


def _require_fits(
    known: Sequence[PurchaseOrderLine], wanted: Sequence[OrderChangeLine]
) -> dict[int, Decimal]:
    """Refuses a change whose lines moved since it was proposed; what is received, by line id."""
    here = line_quantities([line.pk for line in known])
    by_number = {line.line_no: line for line in known}
    for changed in wanted:
        line = by_number.get(changed.line_no)
        if line is None:
            continue
        stands = (awaited(line), line.unit_price) == (
            changed.quantity_before, changed.unit_price_before,
        )  # fmt: skip
        if changed.is_added or not stands:
            raise BusinessRuleError(
                "changed_meanwhile",
                f"Line {line.line_no} was changed since this was proposed. Propose it anew.",
            )
        if not changed.cancels_rest and changed.quantity_after < here[line.pk].net_received:
            raise below_received(line, here[line.pk].net_received)
    return {pk: quantities.net_received for pk, quantities in here.items()}


def _take_effect(
    order: PurchaseOrder,
    known: Sequence[PurchaseOrderLine],
    change: OrderChange,
    wanted: Sequence[OrderChangeLine],
    check: ListCheck,
    words: str,
    actor: User,
) -> OrderChange:
    """Writes the change into the order as its next revision."""
    received = _require_fits(known, wanted)
    by_number = {line.line_no: line for line in known}
    touched = []
    for changed in wanted:
        if not changed.is_added:
            line = by_number[changed.line_no]
            _write_into(line, changed, received[line.pk], order.currency)
            touched.append(line)
    write_lines(touched, CHANGED_FIELDS)
    touched += _add_lines(order, wanted, check)
    order.revision, order.changed_at = change.revision, timezone.now()
    order.save(
        update_fields=[
            "revision", "changed_at", "off_list_reason", "off_list_explanation", "off_list_supplier", "off_list_given_at",
        ]
    )  # fmt: skip
    _close(change, Status.APPLIED, actor)
    mark_stale(StaleKey(order.supplier_id or 0, line.sku_id, None) for line in touched)
    _record("purchase_order.revised", order, change, wanted, words, actor, touched)
    return change


def _write_into(
    line: PurchaseOrderLine, changed: OrderChangeLine, received: Decimal, currency: str
) -> None:
    if changed.cancels_rest:
        line.cancelled_quantity = max(line.ordered_quantity - received, line.cancelled_quantity)
    else:
        line.ordered_quantity = changed.quantity_after + line.cancelled_quantity
    if line.unit_price != changed.unit_price_after:
        line.unit_price = changed.unit_price_after
        line.price_source = PurchaseOrderLine.PriceSource.ENTERED
        line.price_reason = changed.price_reason
    line.expected_on = changed.expected_after
    line.amount = line_amount(line.ordered_quantity, line.unit_price, currency)


def _add_lines(
    order: PurchaseOrder, wanted: Sequence[OrderChangeLine], check: ListCheck
) -> list[PurchaseOrderLine]:
    """The added lines, promised for the day they were asked for, at the price that was shown."""
    added = [line for line in wanted if line.is_added]
    if not added:
        return []
    ordered = [
        OrderedLine(
            line.sku, line.quantity_after, line.unit_price_after, line.price_reason,
            line.expected_after,
        )
        for line in added
    ]  # fmt: skip
    fresh = new_lines(order, ordered, first_line_no=added[0].line_no)
    for line in fresh:
        line.promised_on = line.expected_on = line.requested_on
    made = PurchaseOrderLine.objects.bulk_create(fresh)
    store_standing(made, check)
    return list(made)


def _close(change: OrderChange, status: Status, actor: User) -> None:
    change.status = status
    change.closed_by, change.closed_at = actor, timezone.now()
    change.save(update_fields=["status", "closed_by", "closed_at"])
    Approval.objects.filter(
        order_id=change.order_id, revision=change.revision, status=Approval.Status.WAITING
    ).update(status=Approval.Status.VOID)


def _record(
    kind: str,
    order: PurchaseOrder,
    change: OrderChange,
    wanted: Sequence[OrderChangeLine],
    words: str,
    actor: User,
    touched: Sequence[PurchaseOrderLine] = (),
) -> None:
    known: Mapping[int, int] = dict(order.lines.values_list("line_no", "pk"))
    value = ""
    if change.value_after != change.value_before:
        value = f" Now {money(change.value_after, order.currency)} {order.currency}."
    record(
        kind,
        order,
        actor=actor,
        summary=f"{in_words(wanted)}{value} {change.reason}. {words}",
        order_id=order.pk,
        supplier_id=order.supplier_id,
        line_ids=[known[line.line_no] for line in wanted if line.line_no in known],
        revision=change.revision,
        change_id=change.pk,
    )
