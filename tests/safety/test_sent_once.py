"""Property 9: a form that is sent eight times takes effect once."""

from __future__ import annotations

import uuid

import pytest

from procure import documents
from procure.models import Location
from tests.safety.crowd import at_once
from tests.world import World, make_world

CLIENTS = 8


def send(world: World, key: uuid.UUID, code: str = "SLC") -> tuple[int, str]:
    response = world.client("admin").post(
        world.url("settings/places/new/"),
        {"code": code, "name": "Salt Lake", "is_active": "on", "idempotency_key": str(key)},
    )
    return response.status_code, response.headers.get("Location", "")


@pytest.mark.django_db(transaction=True)
def test_eight_sends_make_one_place_and_eight_equal_answers() -> None:
    world, key = make_world(), uuid.uuid4()
    answers = at_once([lambda: send(world, key)] * CLIENTS)
    assert answers == [(302, world.url("settings/places/"))] * CLIENTS
    with world.inside():
        assert Location.objects.filter(code="SLC").count() == 1


@pytest.mark.django_db(transaction=True)
def test_control_without_the_key_only_the_first_is_answered_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(documents, "_sent_key", lambda request: None)
    world, key = make_world(), uuid.uuid4()
    answers = at_once([lambda: send(world, key)] * CLIENTS)
    assert sorted(answer[0] for answer in answers) == [200] * (CLIENTS - 1) + [302]


def test_the_same_key_with_other_content_is_refused(world: World) -> None:
    key = uuid.uuid4()
    assert send(world, key)[0] == 302
    assert send(world, key, code="OAK")[0] == 409
    with world.inside():
        assert not Location.objects.filter(code="OAK").exists()


def test_a_form_with_errors_leaves_its_key_unused(world: World) -> None:
    key = uuid.uuid4()
    assert send(world, key, code="")[0] == 200
    assert send(world, key, code="SLC")[0] == 302
