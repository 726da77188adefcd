"""Work that waits, what moved and what is found, told by every app without the ground knowing it.

An app above registers a source in its `reactions.py`; home and search ask all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from procure.tenancy import OrganizationRequest


@dataclass(frozen=True, slots=True)
class WaitingWork:
    """One kind of work that waits: how much of it, why it matters, and where it is done.

    `tone` is ok, warn, bad or empty; sources come in the order of `urgency`, low first.
    """

    title: str
    count: int
    detail: str
    address: str
    icon: str
    tone: str = ""
    urgency: int = 50


@dataclass(frozen=True, slots=True)
class FoundItem:
    """A document or record that fits a search."""

    kind: str
    label: str
    detail: str
    address: str
    icon: str


@dataclass(frozen=True, slots=True)
class Movement:
    """One thing that moved: what it is, what it was, and the page with the documents behind it.

    `now` and `change` are written as people read them; `tone` is ok or bad.
    """

    title: str
    detail: str
    now: str
    change: str
    tone: str
    address: str


@dataclass(frozen=True, slots=True)
class Moved:
    """A short list on the home screen: the largest movements of one kind, and where all are."""

    title: str
    note: str
    rows: list[Movement]
    more: str
    address: str


@dataclass(frozen=True, slots=True)
class FirstStep:
    """A step that a new organization takes once; in the order of `place`.

    `address` is the form, filled in as far as is known; empty for those who may not take the step.
    """

    title: str
    detail: str
    address: str
    icon: str
    is_done: bool
    place: int


StepSource = Callable[[OrganizationRequest], list[FirstStep]]
WorkSource = Callable[[OrganizationRequest], list[WaitingWork]]
SearchSource = Callable[[OrganizationRequest, str], list[FoundItem]]
MovedSource = Callable[[OrganizationRequest], Moved]

_step_sources: list[StepSource] = []
_work_sources: list[WorkSource] = []
_search_sources: list[SearchSource] = []
_moved_sources: list[MovedSource] = []

SHORTEST_SEARCH = 2


def tells_first_steps(source: StepSource) -> StepSource:
    """Registers a source of first steps; one statement each."""
    _step_sources.append(source)
    return source


def tells_work(source: WorkSource) -> WorkSource:
    """Registers a source of waiting work: a few statements, the same however much there is."""
    _work_sources.append(source)
    return source


def answers_search(source: SearchSource) -> SearchSource:
    """Registers a source of search results: at most ten items, at most two statements."""
    _search_sources.append(source)
    return source


def tells_moved(source: MovedSource) -> MovedSource:
    """Registers a list of movements; one statement."""
    _moved_sources.append(source)
    return source


def waiting_work(request: OrganizationRequest) -> list[WaitingWork]:
    """All work that waits for this person, most urgent first; empty kinds are left out."""
    items = [item for source in _work_sources for item in source(request) if item.count]
    return sorted(items, key=lambda item: (item.urgency, item.title))


def what_moved(request: OrganizationRequest) -> list[Moved]:
    """What moved lately, whoever looks; lists without a row are left out."""
    return [moved for source in _moved_sources if (moved := source(request)).rows]


def first_steps(request: OrganizationRequest) -> list[FirstStep]:
    """What a new organization does first, or nothing once all of it is done."""
    steps = [step for source in _step_sources for step in source(request)]
    if all(step.is_done for step in steps):
        return []
    return sorted(steps, key=lambda step: step.place)


def found_items(request: OrganizationRequest, text: str) -> list[FoundItem]:
    """What fits the text, or nothing for a text too short to mean anything."""
    if len(text) < SHORTEST_SEARCH:
        return []
    return [item for source in _search_sources for item in source(request, text)]
