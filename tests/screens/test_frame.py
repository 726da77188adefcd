"""The frame: only what exists and is allowed, few statements, the reader's theme and locale."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.test import Client, RequestFactory
from pytest_django.fixtures import DjangoAssertNumQueries

from procure import screens
from procure.models import User
from tests.world import World


@pytest.fixture
def no_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screens, "_count_sources", {})


def test_the_navigation_shows_what_the_role_may_open(world: World) -> None:
    admin = world.client("admin").get(world.url())
    buyer = world.client("buyer").get(world.url())
    for page in (admin, buyer):
        assert f'href="{world.url()}" aria-current="page"' in page.content.decode()
    people = f'href="{world.url("settings/people/")}"'
    assert people in admin.content.decode()
    assert people not in buyer.content.decode()


def test_a_place_without_an_address_is_not_shown(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = screens.NavigationEntry("Moon", "moon", "procure:moon", "home.read")
    groups = (*screens.NAVIGATION, screens.NavigationGroup("Sky", (entry,)))
    monkeypatch.setattr(screens, "NAVIGATION", groups)
    page = world.client("buyer").get(world.url()).content.decode()
    assert "Moon" not in page
    assert "Sky" not in page


def test_the_place_under_which_a_page_lies_is_marked(world: World) -> None:
    page = world.client("admin").get(world.url("settings/places/")).content.decode()
    assert f'href="{world.url("settings/")}" aria-current="page"' in page
    assert page.count('aria-current="page"') == 1
    crumbs = page.split('aria-label="Breadcrumb"', 1)[1].split("</nav>", 1)[0]
    assert f'<a href="{world.url("settings/")}">Settings</a>' in crumbs


@pytest.mark.usefixtures("no_counts")
def test_counts_are_asked_once_and_only_the_exceptions_are_red(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[HttpRequest] = []

    def counts(request: HttpRequest) -> dict[str, int]:
        asked.append(request)
        return {"orders": 12, "exceptions": 7}

    daily = screens.NavigationGroup(
        "",
        (
            screens.NavigationEntry("Orders", "truck", "procure:home", "home.read", "orders"),
            screens.NavigationEntry("Held", "scale", "procure:search", "home.read", "exceptions"),
        ),
    )
    monkeypatch.setattr(screens, "NAVIGATION", (daily,))
    screens.register_counts({"orders", "exceptions"}, counts)
    page = world.client("buyer").get(world.url()).content.decode()
    assert '<span class="pc-nav__count">12</span>' in page
    assert '<span class="pc-nav__count pc-nav__count--hot">7</span>' in page
    assert len(asked) == 1


@pytest.mark.usefixtures("no_counts")
def test_a_fourth_source_of_counts_is_refused() -> None:
    def source() -> screens.CountSource:
        return lambda _request: {}

    for name in ("a", "b", "c"):
        screens.register_counts({name}, source())
    with pytest.raises(ImproperlyConfigured):
        screens.register_counts({"d"}, source())
    assert len(screens._count_sources) == 3


@pytest.mark.usefixtures("no_counts")
def test_the_frame_costs_one_statement_beside_the_counts(
    world: World, other_world: World, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    request: Any = RequestFactory().get(world.url())
    request.user = world.people["buyer"]
    membership = request.user.memberships.select_related("organization").get()
    request.membership, request.organization = membership, membership.organization
    with django_assert_num_queries(1):
        page = screens.render_screen(request, "search.html", {"items": [], "text": ""})
    assert other_world.organization.name not in page.content.decode()


def test_htmx_gets_the_piece_and_history_the_whole_page(world: World) -> None:
    class Htmx:
        history_restore_request = False
        boosted = False

    request: Any = RequestFactory().get(world.url())
    request.user = world.people["buyer"]
    request.htmx = Htmx()
    context = {"words": "No."}
    piece = screens.render_screen(
        request, "refused.html", context, piece="_pieces/refusal_toast.html"
    )
    assert b"<html" not in piece.content
    assert piece.headers["Vary"] == "HX-Request"
    request.htmx.history_restore_request = True
    whole = screens.render_screen(
        request, "refused.html", context, piece="_pieces/refusal_toast.html"
    )
    assert b"<html" in whole.content


def test_the_screen_speaks_the_readers_locale(world: World) -> None:
    user = world.people["buyer"]
    user.locale = "de_DE"
    user.save(update_fields=["locale"])
    user.memberships.update(acceptance_limit="1234.5")
    page = world.client("admin").get(world.url("settings/people/")).content.decode()
    assert "1,234.50" in page
    admin = world.people["admin"]
    admin.locale = "de_DE"
    admin.save(update_fields=["locale"])
    page = world.client("admin").get(world.url("settings/people/")).content.decode()
    assert "1.234,50" in page


def test_a_chosen_theme_is_in_the_first_byte_and_stays(world: World) -> None:
    client = world.client("buyer")
    assert b'<html lang="en" data-theme="system">' in client.get(world.url()).content
    answer = client.post("/accounts/theme/", {"theme": "dark", "next": world.url("search/")})
    assert answer.headers["Location"] == world.url("search/")
    assert b'<html lang="en" data-theme="dark">' in client.get(world.url()).content
    assert User.objects.get(pk=world.people["buyer"].pk).theme == "dark"


def test_a_theme_that_does_not_exist_is_the_devices(world: World) -> None:
    world.client("buyer").post("/accounts/theme/", {"theme": "neon"})
    assert User.objects.get(pk=world.people["buyer"].pk).theme == "system"


@pytest.mark.django_db
def test_before_signing_in_the_browser_keeps_the_theme() -> None:
    client = Client()
    answer = client.post("/accounts/theme/", {"theme": "dark", "next": "https://evil.example/"})
    assert answer.headers["Location"] == "/"
    assert b'data-theme="dark"' in client.get("/accounts/login/").content


def test_theme_is_not_changed_by_reading(client: Client) -> None:
    assert client.get("/accounts/theme/").status_code == 405
