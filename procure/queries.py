"""What the ground's screens read."""

from __future__ import annotations

from collections.abc import Collection

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
    subjects: dict[str, list[int]], limit: int = 50, without: Collection[str] = ()
) -> list[BusinessEvent]:
    """What happened to these rows (model label to ids), newest first, in one statement; `without`
    names kinds of events that say too little here."""
    events = BusinessEvent.objects.none()
    for subject_type, subject_ids in subjects.items():
        if subject_ids:
            events = events | BusinessEvent.objects.filter(
                subject_type=subject_type, subject_id__in=subject_ids
            )
    events = events.exclude(kind__in=without)
    return list(events.select_related("actor").order_by("-id")[:limit])
