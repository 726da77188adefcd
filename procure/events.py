"""The event trail: audit and outbox in one.

An action calls `record` once, in its own transaction. A higher app subscribes in its
`reactions.py` with `@reacts_to`; each subscription of an event is a PendingEvent row in the same
transaction, so nothing is lost when the broker or the worker is down. Redis only carries a nudge.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from django.db import models, transaction
from django.db.models import F
from django.utils import timezone

from procure.models import BusinessEvent, PendingEvent, User
from procure.prepared import prepared
from procure.statistics import refresh_outgrown_statistics
from procure.tenancy import (
    current_organization_id,
    first_nudge_of_transaction,
    read_by_organization,
    tenant_atomic,
)
from procure.waking import wake_worker

Reaction = Callable[[Sequence[BusinessEvent]], None]
Sweep = Callable[[int], None]

BATCH = 50
RETRY_AFTER = timedelta(seconds=15)

RECORD = """
WITH recorded AS (
    INSERT INTO procure_businessevent
        (organization_id, kind, subject_type, subject_id, label, summary, payload, actor_id, at)
    SELECT %(organization)s::bigint, %(kind)s::text, %(subject_type)s::text, subject_id, label,
        summary, payload, %(actor)s::bigint, %(at)s::timestamptz
    FROM unnest(
        %(subject_ids)s::bigint[], %(labels)s::text[], %(summaries)s::text[], %(payloads)s::jsonb[]
    ) WITH ORDINALITY AS given(subject_id, label, summary, payload, place)
    ORDER BY place
    RETURNING id
)
INSERT INTO procure_pendingevent (organization_id, event_id, reaction, attempts, due_at)
SELECT %(organization)s::bigint, recorded.id, reaction, 0, %(at)s::timestamptz
FROM recorded CROSS JOIN unnest(%(reactions)s::text[]) AS reaction
ORDER BY recorded.id
"""

_reactions: dict[str, Reaction] = {}
_subscriptions: dict[str, list[str]] = {}
_sweeps: list[Sweep] = []


def reacts_to(*kinds: str) -> Callable[[Reaction], Reaction]:
    """Subscribes a reaction, which takes a batch of events and may run twice for each."""

    def subscribe(reaction: Reaction) -> Reaction:
        name = f"{reaction.__module__}.{reaction.__qualname__}"
        _reactions[name] = reaction
        for kind in kinds:
            _subscriptions.setdefault(kind, []).append(name)
        return reaction

    return subscribe


def sweeps(sweep: Sweep) -> Sweep:
    """Adds work that every sweep of an organization does after its reactions."""
    _sweeps.append(sweep)
    return sweep


def record(
    kind: str,
    subject: models.Model,
    *,
    actor: User | None,
    summary: str = "",
    **payload: Any,
) -> None:
    """Writes what happened to `subject`; `actor` None is the system. Payload values are JSON."""
    record_all(kind, [subject], actor=actor, summaries=[summary], payloads=[payload])


def record_all(
    kind: str,
    subjects: Sequence[models.Model],
    *,
    actor: User | None,
    summaries: Sequence[str],
    payloads: Sequence[dict[str, Any]],
) -> None:
    """The same for many rows of one kind, in one statement with what the reactions have to do."""
    if subjects:
        values = {
            "organization": current_organization_id(),
            "kind": kind,
            "actor": None if actor is None else actor.pk,
            "at": timezone.now(),
            "reactions": _subscriptions.get(kind, []),
            "subject_type": subjects[0]._meta.label_lower,
            "subject_ids": [subject.pk for subject in subjects],
            "labels": [str(subject)[:200] for subject in subjects],
            "summaries": [summary[:500] for summary in summaries],
            "payloads": [json.dumps(payload) for payload in payloads],
        }
        prepared(RECORD, values)
    nudge()


def nudge() -> None:
    """Wakes a worker for this organization after the commit; the sweeper needs no wake-up."""
    if first_nudge_of_transaction():
        organization_id = current_organization_id()
        transaction.on_commit(lambda: wake_worker(organization_id), robust=True)


def work_off(organization_id: int) -> None:
    """Runs every due reaction and sweep of an organization until nothing is due."""
    with read_by_organization(organization_id):
        while _work_off_batch(organization_id):
            pass
        for sweep in _sweeps:
            sweep(organization_id)


def _work_off_batch(organization_id: int) -> bool:
    """One reaction's batch. The attempt is counted in a transaction of its own, so that a
    reaction that fails is put off and cannot stop the ones behind it."""
    with tenant_atomic(organization_id):
        claimed = _claim()
        if len(claimed) == BATCH:  # much is happening at once
            refresh_outgrown_statistics()
    if not claimed:
        return False
    with tenant_atomic(organization_id, is_bulk=True):
        pending = list(
            PendingEvent.objects.filter(pk__in=[row.pk for row in claimed])
            .select_for_update(skip_locked=True, of=("self",))
            .select_related("event__actor")
            .order_by("pk")
        )
        if pending:
            _reactions[claimed[0].reaction]([row.event for row in pending])
            PendingEvent.objects.filter(pk__in=[row.pk for row in pending]).delete()
    return True


def _claim() -> list[PendingEvent]:
    due = (
        PendingEvent.objects.filter(due_at__lte=timezone.now(), reaction__in=list(_reactions))
        .select_for_update(skip_locked=True)
        .order_by("due_at", "pk")
    )
    first = due.first()
    if first is None:
        return []
    rows = list(due.filter(reaction=first.reaction)[:BATCH])
    PendingEvent.objects.filter(pk__in=[row.pk for row in rows]).update(
        attempts=F("attempts") + 1, due_at=timezone.now() + RETRY_AFTER
    )
    return rows
