"""The organization a command is told to work in."""

from __future__ import annotations

from django.core.management.base import CommandError

from procure.models import Organization


def find_organization(slug: str) -> Organization:
    """The organization of that slug; an unknown one ends the command with a sentence."""
    organization = Organization.objects.filter(slug=slug).first()
    if organization is None:
        raise CommandError(f"There is no organization “{slug}”.")
    return organization
