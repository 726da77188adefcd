"""What the tests of scorecards and SKU costs share."""

from __future__ import annotations

import pytest

from tests.browser import chromium, sign_in
from tests.results.trade import Trade
from tests.world import World

__all__ = ["chromium", "sign_in", "trade"]


@pytest.fixture
def trade(inside: World) -> Trade:
    """Documents of the world, inside its transaction."""
    return Trade(inside)
