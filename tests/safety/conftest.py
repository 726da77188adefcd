"""Each safety test tells the report what it played."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.safety.crowd import played


@pytest.fixture(autouse=True)
def told(record_property: Callable[[str, object], None]) -> Iterator[None]:
    """Rounds and whatever else a test counted become properties in the JUnit file."""
    played.clear()
    yield
    for name, count in played.items():
        record_property(name, count)
