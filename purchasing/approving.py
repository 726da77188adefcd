"""Approving exactly what was shown, by somebody else than the buyer."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.db import transaction
from django.utils import timezone

from procure.documents import require_status
from procure.errors import BusinessRuleError
from procure.events import record
from procure.models import Membership, User
from procure.permissions import Role
from procure.tenancy import current_organization_id
from purchasing.content import content_hash
from purchasing.models import Approval, PurchaseOrder, PurchaseOrderLine
from purchasing.ordering import (
    ask_list,
    lock_lines,
    lock_order,
    require_revision,
    void_approvals,
)

Status = PurchaseOrder.Status


@transaction.atomic
def approve_purchase_order(
    order: PurchaseOrder,
    *,
    revision_shown: int,
    content_hash_shown: str,
    comment: str,
    actor: User,
) -> PurchaseOrder:
    """Gives the approval whose turn it is; with the last one the order is approved.

    Refused: content other than what was shown, one's own order, a second step by the same
    person, a step that another role is asked for, a supplier that the list refuses by now.
    """
    order = lock_order(order)
    require_status(order, Status.SUBMITTED)
    lines = lock_lines(order)
    _require_shown(order, lines, revision_shown, content_hash_shown)
    approvals = current_approvals(order)
    approval = require_turn(order, approvals, actor)
    ask_list(order, lines)
    decide_step(approval, Approval.Status.APPROVED, content_hash_shown, comment, actor)
    is_last = sum(one.status == Approval.Status.WAITING for one in approvals) == 0
    if is_last:
        order.status, order.approved_at = Status.APPROVED, timezone.now()
        order.save(update_fields=["status", "approved_at"])
    record(
        "purchase_order.approved" if is_last else "purchase_order.step_approved",
        order,
        actor=actor,
        summary=f"Approved by the rule “{approval.rule_name}”. {comment}".strip(),
        order_id=order.pk,
        supplier_id=order.supplier_id,
        line_ids=[line.pk for line in lines],
        revision=order.revision,
        content_hash=content_hash_shown,
        step=approval.step,
    )
    return order


@transaction.atomic
def send_back_purchase_order(
    order: PurchaseOrder, *, revision_shown: int, comment: str, actor: User
) -> PurchaseOrder:
    """Returns the order to its buyer as a draft with the next revision; asks for a comment.

    The same people may do it who may approve the step whose turn it is.
    """
    if not comment.strip():
        raise BusinessRuleError("comment", "Say what has to change.", "comment")
    order = lock_order(order)
    require_status(order, Status.SUBMITTED)
    require_revision(order, revision_shown)
    approval = require_turn(order, current_approvals(order), actor)
    decide_step(approval, Approval.Status.REJECTED, "", comment, actor)
    _return_to_draft(order)
    record(
        "purchase_order.sent_back",
        order,
        actor=actor,
        summary=f"Sent back: {comment.strip()}",
        order_id=order.pk,
        supplier_id=order.supplier_id,
        revision=order.revision,
    )
    return order


@transaction.atomic
def withdraw_purchase_order(order: PurchaseOrder, *, actor: User) -> PurchaseOrder:
    """Takes a submitted or approved order back to draft, to change it; approvals are void."""
    order = lock_order(order)
    require_status(order, Status.SUBMITTED, Status.APPROVED)
    _return_to_draft(order)
    record(
        "purchase_order.withdrawn",
        order,
        actor=actor,
        summary="Taken back to draft.",
        order_id=order.pk,
        supplier_id=order.supplier_id,
        revision=order.revision,
    )
    return order


def current_approvals(order: PurchaseOrder) -> list[Approval]:
    """The steps of the order's present revision, in their order."""
    return list(
        Approval.objects.filter(order=order, revision=order.revision)
        .select_related("approver", "decided_by")
        .order_by("step")
    )


def require_turn(order: PurchaseOrder, approvals: Sequence[Approval], actor: User) -> Approval:
    """The waiting step that `actor` may decide; otherwise the reason why not."""
    return require_turn_of(order, approvals, actor, roles_of(actor))


def require_turn_of(
    order: PurchaseOrder, approvals: Sequence[Approval], actor: User, roles: Collection[str]
) -> Approval:
    """The same for somebody whose roles are known."""
    waiting = next((one for one in approvals if one.status == Approval.Status.WAITING), None)
    if waiting is None:
        raise BusinessRuleError("not_waiting", "No approval is waiting on this order.")
    if actor.pk in (order.created_by_id, order.submitted_by_id):
        raise BusinessRuleError("four_eyes", "You made this order; somebody else approves it.")
    if any(one.decided_by_id == actor.pk for one in approvals):
        raise BusinessRuleError(
            "four_eyes", "You approved a step already; somebody else takes the next."
        )
    if waiting.approver_id != actor.pk and waiting.role not in roles:
        asked = waiting.approver or Role(waiting.role).label
        raise BusinessRuleError(
            "not_asked", f"This step asks {asked}, by the rule “{waiting.rule_name}”."
        )
    return waiting


def roles_of(person: User) -> list[str]:
    """The person's roles in the current organization; none when they left."""
    membership = Membership.objects.filter(
        organization_id=current_organization_id(), user=person, is_active=True
    ).first()
    return membership.roles if membership else []


def _require_shown(
    order: PurchaseOrder,
    lines: Sequence[PurchaseOrderLine],
    revision_shown: int,
    content_hash_shown: str,
) -> None:
    require_revision(order, revision_shown)
    if content_hash(order, lines) != content_hash_shown:
        require_revision(order, -1)


def decide_step(
    approval: Approval, status: str, shown_hash: str, comment: str, actor: User
) -> None:
    """Writes one person's decision on a step."""
    approval.status = Approval.Status(status)
    approval.decided_by, approval.decided_at = actor, timezone.now()
    approval.comment = comment.strip()
    approval.content_hash = shown_hash or approval.content_hash
    approval.save(update_fields=["status", "decided_by", "decided_at", "comment", "content_hash"])


def _return_to_draft(order: PurchaseOrder) -> None:
    void_approvals(order)
    order.status, order.approved_at = Status.DRAFT, None
    order.revision += 1
    order.changed_at = timezone.now()
    order.save(update_fields=["status", "approved_at", "revision", "changed_at"])
