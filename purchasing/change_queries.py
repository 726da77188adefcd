"""What the screens show of order changes: those of one order, those that wait for a person."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from procure.errors import BusinessRuleError
from procure.models import User
from purchasing.approving import require_turn_of
from purchasing.change_content import change_hash
from purchasing.changing import approvals_of
from purchasing.models import Approval, OrderChange, OrderChangeLine, PurchaseOrder

_WAITING = OrderChange.Status.WAITING


@dataclass(frozen=True, slots=True)
class ShownChange:
    """A change with its lines old beside new; a waiting one with whom it asks."""

    change: OrderChange
    lines: list[OrderChangeLine]
    approvals: list[Approval] = field(default_factory=list)
    decides: bool = False

    @property
    def is_waiting(self) -> bool:
        return self.change.status == _WAITING

    @property
    def difference(self) -> Decimal:
        after: Decimal = self.change.value_after
        return after - Decimal(self.change.value_before)

    @property
    def content_hash(self) -> str:
        return change_hash(self.change, self.lines)


def shown_changes(order: PurchaseOrder, person: User, roles: Collection[str]) -> list[ShownChange]:
    """The order's changes, the latest first: one statement for none, three at most."""
    changes = list(order.changes.select_related("proposed_by", "closed_by").order_by("-pk")[:20])
    if not changes:
        return []
    lines: dict[int, list[OrderChangeLine]] = {change.pk: [] for change in changes}
    for line in OrderChangeLine.objects.filter(change__in=changes).select_related("sku"):
        lines[line.change_id].append(line)
    shown = []
    for change in changes:
        approvals = approvals_of(change) if change.status == _WAITING else []
        decides = bool(approvals) and _is_turn(order, change, approvals, person, roles)
        shown.append(ShownChange(change, lines[change.pk], approvals, decides))
    return shown


def _is_turn(
    order: PurchaseOrder,
    change: OrderChange,
    approvals: list[Approval],
    person: User,
    roles: Collection[str],
) -> bool:
    if person.pk == change.proposed_by_id:
        return False
    try:
        require_turn_of(order, approvals, person, roles)
    except BusinessRuleError:
        return False
    return True


def waiting_changes(person: User, roles: Collection[str]) -> QuerySet[OrderChange]:
    """Changes whose turn is this person's, the longest waiting first: one statement."""
    steps = Approval.objects.filter(order=OuterRef("order"), revision=OuterRef("revision"))
    waiting = steps.filter(status=Approval.Status.WAITING).order_by("step")
    changes: QuerySet[OrderChange] = OrderChange.objects.select_related(
        "order__supplier", "proposed_by"
    )
    return (
        changes.filter(
            ~Exists(steps.filter(decided_by=person)),
            status=_WAITING,
            order__status=PurchaseOrder.Status.ISSUED,
        )
        .exclude(proposed_by=person)
        .exclude(order__created_by=person)
        .exclude(order__submitted_by=person)
        .annotate(
            turn_role=Subquery(waiting.values("role")[:1]),
            turn_person=Subquery(waiting.values("approver")[:1]),
        )
        .filter(Q(turn_role__in=list(roles)) | Q(turn_person=person.pk))
        .order_by("proposed_at")
    )
