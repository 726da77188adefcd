"""The kinds of stories, by name: how often each is told is decided when a set is made."""

from __future__ import annotations

from collections.abc import Callable

from tests.matching.labelled.making import Case, Maker

Story = Callable[[Maker], Case]
STORIES: dict[str, Story] = {}


def story(tell: Story) -> Story:
    """Adds a kind of story under its function's name."""

    def named(make: Maker) -> Case:
        case = tell(make)
        case.kind = tell.__name__
        return case

    STORIES[tell.__name__] = named
    return named
