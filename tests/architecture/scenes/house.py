"""Law 4 played in the house: people, places, settings."""

from __future__ import annotations

from collections.abc import Callable

from django.core.files.uploadedfile import SimpleUploadedFile

from procure import organizing, people
from procure.attachments import attach_file
from procure.models import Location, Membership
from procure.money import ZERO
from tests.world import World

Step = Callable[[], object]


def for_the_house(world: World) -> dict[str, Step]:
    admin = world.people["admin"]
    buyer = Membership.objects.get(user=world.people["buyer"])
    return {
        "people.py:invite_person": lambda: people.invite_person(
            email="new@acme.test", roles=["buyer"], actor=admin
        ),
        "people.py:change_membership": lambda: people.change_membership(
            buyer, roles=["buyer"], acceptance_limit=ZERO, lead=None, is_active=True, actor=admin
        ),
        "attachments.py:attach_file": lambda: attach_file(
            world.northline, upload=SimpleUploadedFile("a.pdf", b"%PDF-1.7"), actor=admin
        ),
        "organizing.py:save_location": lambda: organizing.save_location(
            Location(code="SLC", name="Salt Lake"), actor=admin
        ),
        "organizing.py:change_organization": lambda: organizing.change_organization(
            world.organization, values={"name": "Acme Ltd"}, actor=admin
        ),
    }
