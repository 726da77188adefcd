"""Changing the organization itself: its rules, its places; and a person's own preferences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction

from procure.documents import lock
from procure.errors import BusinessRuleError
from procure.events import record
from procure.models import Location, Organization, User


@transaction.atomic
def change_organization(
    organization: Organization, *, values: Mapping[str, Any], actor: User
) -> Organization:
    """Sets name, delivery window and over-receipt limit; the trail keeps old and new."""
    organization = lock(organization)
    before = {name: str(getattr(organization, name)) for name in values}
    for name, value in values.items():
        setattr(organization, name, value)
    organization.save(update_fields=list(values))
    record(
        "organization.changed",
        organization,
        actor=actor,
        summary="Settings were changed.",
        before=before,
        after={name: str(value) for name, value in values.items()},
    )
    return organization


def save_location(location: Location, *, actor: User) -> Location:
    """Adds or changes a place; a code in use is refused."""
    is_new = location.pk is None
    try:
        with transaction.atomic():
            location.save()
            record(
                "location.added" if is_new else "location.changed",
                location,
                actor=actor,
                summary=f"{location.name} was {'added' if is_new else 'changed'}.",
            )
    except IntegrityError as error:
        raise BusinessRuleError(
            "code_taken",
            f"There is a place with the code “{location.code}” already.",
            "code",
        ) from error
    return location


def change_theme(user: User, theme: str) -> None:
    """Keeps a person's own light, dark or system; no organization's trail is told."""
    user.theme = theme
    user.save(update_fields=["theme"])
