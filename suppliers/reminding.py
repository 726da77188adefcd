"""Reminders of a last day, given once each: what is said, to whom, and by which mail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urljoin

from django.apps import apps
from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import Model
from django.urls import reverse

from procure.events import record_all
from procure.models import BusinessEvent, Membership, Organization, User
from procure.permissions import may
from procure.tenancy import current_organization_id

REMIND_DAYS_BEFORE = (7, 30)
"""Days before a last day on which is reminded; one who comes late is reminded of the nearest."""


@dataclass(frozen=True, slots=True)
class Ending:
    """Something with a last day, and the sentence about it."""

    subject: Model
    last_day: date
    sentence: str

    def payload(self, today: date) -> dict[str, object]:
        left = (self.last_day - today).days
        stage = next(days for days in REMIND_DAYS_BEFORE if left <= days)
        return {"last_day": self.last_day.isoformat(), "days_before": stage}


def remind_once(kind: str, endings: Sequence[Ending], today: date) -> None:
    """Records a reminder for each that was not given for this day and stage; the trail itself
    tells which were. The caller has locked the rows."""
    ids = [one.subject.pk for one in endings]
    told = BusinessEvent.objects.filter(kind=kind, subject_id__in=ids)
    given = {
        (subject_id, payload["last_day"], payload["days_before"])
        for subject_id, payload in told.values_list("subject_id", "payload")
    }
    fresh = [
        (one, payload)
        for one in endings
        if (one.subject.pk, *(payload := one.payload(today)).values()) not in given
    ]
    record_all(
        kind,
        [one.subject for one, _ in fresh],
        actor=None,
        summaries=[one.sentence for one, _ in fresh],
        payloads=[payload for _, payload in fresh],
    )


Owners = Callable[[Sequence[BusinessEvent]], dict[int, User]]


def mail_reminders(
    events: Sequence[BusinessEvent], url_name: str, owners: Owners, advice: str
) -> None:
    """Mails each reminder to the owner of its subject; where there is none any more, to those who
    decide on sourcing. It may run twice: the Message-ID comes from the event."""
    organization = Organization.objects.get(pk=current_organization_id())
    members = Membership.objects.filter(organization=organization, is_active=True)
    active = {one.user_id: one for one in members.select_related("user")}
    leads = [one.user for one in active.values() if may(one.roles, "sourcing.write")]
    found, owner_of = _subjects(events), owners(events)
    for event in events:
        owner, subject = owner_of.get(event.subject_id), found.get(event.subject_id)
        people = [owner] if owner is not None and owner.pk in active else leads
        if subject is None or not people:
            continue
        path = reverse(url_name, args=[organization.slug, subject.public_id])
        EmailMessage(
            subject=event.summary,
            body=f"{event.summary}\n\n{advice}\n{urljoin(settings.SITE_URL, path)}\n",
            to=sorted({one.email for one in people}),
            headers={"Message-ID": f"<event-{event.pk}@{organization.slug}.procure>"},
        ).send()


def _subjects(events: Sequence[BusinessEvent]) -> dict[int, Any]:
    model = apps.get_model(events[0].subject_type)
    found: dict[int, Any] = model._default_manager.in_bulk([one.subject_id for one in events])
    return found
