"""Bills whose right answer is known from how they were made: none held falsely, none missed.

`manage.py bench --only labelled` plays sets of 500 to 1,000 orders over several seeds.
"""

from __future__ import annotations

import pytest

from matching.duplicates import Duplicates
from tests.matching.labelled.playing import KINDS, confusion, made_set, play, stock_of
from tests.matching.labelled.stories import STORIES
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)


def test_every_kind_of_story_is_told() -> None:
    assert sorted(name for names in KINDS.values() for name in names) == sorted(STORIES)
    assert {name: len(names) >= 8 for name, names in KINDS.items()} == {
        "clean": True, "wrong": True, "repeated": True,
    }  # fmt: skip


def test_no_bill_is_held_falsely_and_none_is_missed(world: World) -> None:
    with world.inside():
        cases = made_set(stock_of(world), seed=20260504, orders=1)
    verdicts = play(world, cases)
    assert [str(one) for one in verdicts if not one.is_right] == []
    table = confusion(verdicts)
    assert table["let_through"] > 50
    assert table["held_for_that"] > 35


def test_without_the_search_for_duplicates_they_are_missed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Duplicates, "earlier", lambda *_: None)
    with world.inside():
        cases = made_set(stock_of(world), seed=20260504, orders=1, kinds=KINDS["repeated"])
    wrong = [one for one in play(world, cases) if not one.is_right]
    assert len(wrong) >= len(KINDS["repeated"]) - 1
