"""Saying whose miss a late or short line was, against what its dates show."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from matching.cells import as_of_day
from matching.evidence import miss_of
from matching.misses import MissAttribution
from procure.documents import lock
from procure.errors import BusinessRuleError
from procure.events import record
from procure.models import User
from purchasing.models import PurchaseOrderLine
from suppliers.rollups import StaleKey, mark_stale


@transaction.atomic
def attribute_miss(
    line: PurchaseOrderLine, *, cause: str, reason: str, actor: User
) -> MissAttribution:
    """Puts a person's word in the place of what the documents show; said again it replaces itself.

    Refused: a line that was on time and in full or is not due yet, an unknown cause, no reason.
    The same word twice does nothing.
    """
    line = lock(line)
    order, reason = line.order, reason.strip()
    miss = miss_of(line.organization, line, as_of_day(line.organization))
    if miss is None:
        raise BusinessRuleError(
            "not_missed",
            f"Line {line.line_no} of {order.number} is neither late nor short: nothing to attribute.",
        )
    if cause not in MissAttribution.Cause.values:
        raise BusinessRuleError("cause", "Choose who caused it.", "cause")
    if not reason:
        raise BusinessRuleError("reason_missing", "Say why in a few words.", "reason")
    known: MissAttribution | None = MissAttribution.objects.filter(order_line=line).first()
    if known is not None and (known.cause, known.reason) == (cause, reason):
        return known
    said = known or MissAttribution(order_line=line)
    said.cause, said.reason, said.said_by, said.said_at = cause, reason, actor, timezone.now()
    said.save()
    before = MissAttribution.Cause(miss.cause).label
    record(
        "miss.attributed",
        order,
        actor=actor,
        summary=f"Line {line.line_no}, missed: {said}, was {before}. {reason}",
        line_no=line.line_no,
        before=miss.cause,
        after=cause,
    )
    mark_stale([StaleKey(order.supplier_id, line.sku_id, miss.due_on)])
    return said
