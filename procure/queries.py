"""What the ground's screens read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from procure.models import BusinessEvent, Invitation, Membership, Organization


def members(organization: Organization) -> QuerySet[Membership]:
    """Everybody who is or was a member, the active ones first, by name."""
    return (
        Membership.objects.filter(organization=organization)
        .select_related("user", "lead")
        .order_by("-is_active", "user__full_name")
    )


def open_invitations() -> QuerySet[Invitation]:
    """Invitations that can still be accepted."""
    return Invitation.objects.filter(
        accepted_at=None, expires_at__gt=timezone.now()
    ).select_related("invited_by")


def timeline(
    subjects: Mapping[str, Iterable[int] | QuerySet[Any]],
    limit: int = 50,
    without: Collection[str] = (),
) -> list[BusinessEvent]:
    """What happened to these rows, newest first, in one statement.

    `subjects` is ids by model label, as a list or as a query that the statement takes in;
    `without` names kinds of events that say too little here. Each label is read by its own index.
    """
    known = BusinessEvent.objects.exclude(kind__in=without).select_related("actor")
    parts = [
        known.filter(subject_type=label, subject_id__in=ids).order_by("-id")[:limit]
        for label, ids in subjects.items()
        if isinstance(ids, QuerySet) or ids
    ]
    if len(parts) < 2:
        return [event for part in parts for event in part]
    return list(parts[0].union(*parts[1:], all=True).order_by("-id")[:limit])
