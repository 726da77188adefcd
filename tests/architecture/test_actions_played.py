"""Law 4 leaves out no action: each is played in one of the scenes."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Collection

from tests.architecture.test_actions import ACTIONS, SCENES, Scene, for_the_house


def played(scenes: Collection[Scene]) -> set[str]:
    """The actions that the scenes name, read from their source: a scene is told by its keys."""
    return {
        str(key.value)
        for scene in scenes
        for node in ast.walk(ast.parse(inspect.getsource(scene)))
        if isinstance(node, ast.Dict)
        for key in node.keys
        if isinstance(key, ast.Constant) and ".py:" in str(key.value)
    }


def unplayed(scenes: Collection[Scene]) -> set[str]:
    """The actions that no scene plays."""
    return {name for name in ACTIONS if name.split("/")[-1] not in played(scenes)}


def test_every_action_is_played() -> None:
    assert unplayed(SCENES) == set()


def test_control_without_a_scene_its_actions_are_missed() -> None:
    assert unplayed([scene for scene in SCENES if scene is not for_the_house]) == {
        "procure/attachments.py:attach_file",
        "procure/people.py:invite_person",
        "procure/people.py:change_membership",
        "procure/organizing.py:save_location",
        "procure/organizing.py:change_organization",
    }
