"""The event trail as a table."""

from __future__ import annotations

import json
from collections.abc import Iterator

from procure.exports import Cells, ExportOptions, export_kind
from procure.models import BusinessEvent


@export_kind(
    "event_trail",
    *("event", "at", "kind", "subject_type", "subject_id", "label", "actor", "summary", "payload"),
    permission="trail.read",
)
def export_event_trail(_options: ExportOptions) -> Iterator[Cells]:
    """Everything that happened, oldest first; the actor is empty where the system acted."""
    for event in BusinessEvent.objects.select_related("actor").order_by("pk").iterator():
        yield (
            *(event.pk, event.at, event.kind, event.subject_type, event.subject_id, event.label),
            event.actor and event.actor.email,
            event.summary,
            json.dumps(event.payload, ensure_ascii=False, sort_keys=True),
        )
