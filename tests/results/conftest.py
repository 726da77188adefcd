"""What the tests of scorecards and SKU costs share."""

from __future__ import annotations

import pytest

from tests.results.trade import Trade
from tests.world import World

__all__ = ["trade"]


@pytest.fixture
def trade(inside: World) -> Trade:
    """Documents of the world, inside its transaction."""
    return Trade(inside)
