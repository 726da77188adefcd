"""One decision for several held invoices that differ in the same way: each on its own, one undo."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from matching.causes import likely_cause
from matching.models import Hold, Resolution, SupplierInvoice
from matching.queries import HeldItem, QueueItem, equal_items
from procure.errors import BusinessRuleError


@dataclass(slots=True)
class Together:
    """What became of each: decided, or refused in words with the others untouched by it."""

    decided: list[Resolution] = field(default_factory=list)
    refused: list[tuple[SupplierInvoice, str]] = field(default_factory=list)


def decide_each(
    first: Resolution,
    others: Iterable[SupplierInvoice],
    decide: Callable[[SupplierInvoice], Resolution],
) -> Together:
    """Decides about the others as about the first; a refusal concerns that one alone.

    What was decided is undone together.
    """
    found = Together([first])
    for invoice in others:
        try:
            found.decided.append(decide(invoice))
        except BusinessRuleError as error:
            found.refused.append((invoice, error.message))
    if len(found.decided) > 1:
        first.batch = uuid.uuid4()
        ids = [one.pk for one in found.decided]
        Resolution.objects.filter(pk__in=ids).update(batch=first.batch)
    return found


def equals_of(item: HeldItem, queue: Sequence[QueueItem]) -> list[QueueItem]:
    """The others of the queue with the same supplier, checks and likely cause: one statement, or
    none where nothing is alike."""
    alike = equal_items(item.invoice, {hold.check_code for hold in item.holds}, queue)
    if not alike or not item.holds:
        return []
    holds: dict[int, list[Hold]] = defaultdict(list)
    ids = [one.invoice.pk for one in alike]
    for hold in Hold.objects.filter(invoice__in=ids, status=Hold.Status.OPEN).order_by("pk"):
        holds[hold.invoice_id].append(hold)
    cause = likely_cause(item.holds)
    return [one for one in alike if likely_cause(holds[one.invoice.pk]) == cause]
