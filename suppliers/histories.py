"""What happened with a supplier, told by every app without this one knowing those above.

An app above registers a source in its `reactions.py`; the page of a supplier asks all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from procure.models import BusinessEvent, User
from procure.tenancy import OrganizationRequest
from suppliers.models import Supplier

MOMENTS_SHOWN = 30


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened, as a timeline shows it; `address` is the document it happened to."""

    kind: str
    summary: str
    at: datetime
    actor: User | None
    address: str


HistorySource = Callable[[OrganizationRequest, Supplier, int], list[Moment]]
_sources: list[HistorySource] = []


def tells_history(source: HistorySource) -> HistorySource:
    """Registers who tells the newest moments with a supplier, so many at most: one statement."""
    _sources.append(source)
    return source


def newest_first(
    request: OrganizationRequest, supplier: Supplier, events: list[BusinessEvent]
) -> list[BusinessEvent | Moment]:
    """The supplier's own events and what the other sources tell, the newest of all."""
    told = [one for source in _sources for one in source(request, supplier, MOMENTS_SHOWN)]
    everything: list[BusinessEvent | Moment] = [*events, *told]
    return sorted(everything, key=attrgetter("at"), reverse=True)[:MOMENTS_SHOWN]
