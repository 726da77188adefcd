"""Two records become one and two again; two others are told apart."""

from __future__ import annotations

from collections.abc import Callable

from suppliers import merging, possible_duplicates
from suppliers.models import SupplierMerge
from tests.world import World


def for_merging(world: World) -> dict[str, Callable[[], object]]:
    lead = world.people["sourcing_lead"]
    return {
        "possible_duplicates.py:tell_apart": lambda: possible_duplicates.tell_apart(
            world.kestrel, other=world.northline, actor=lead
        ),
        "merging.py:merge_suppliers": lambda: merging.merge_suppliers(
            world.kestrel, remaining=world.northline, reason="Same tax id", actor=lead
        ),
        "merging.py:undo_merge": lambda: merging.undo_merge(
            SupplierMerge.objects.get(), reason="Two plants", actor=lead
        ),
    }
