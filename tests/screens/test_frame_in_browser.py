"""The frame in a real browser: keys, theme, the drawer of a phone, with and without JavaScript."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser import PHONE, SignIn
from tests.world import World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]

THEME = "document.documentElement.dataset.theme"


def test_keys_reach_the_search_the_help_and_back(world: World, sign_in: SignIn) -> None:
    page = sign_in(world.client("buyer"))
    page.goto(world.url())
    page.keyboard.press("Control+k")
    expect(page.get_by_label("Search or jump to")).to_be_focused()
    page.keyboard.press("?")
    keys = page.locator("#keyboard-help")
    expect(keys).to_be_hidden()
    expect(page.get_by_label("Search or jump to")).to_have_value("?")
    page.locator("h1").click()
    page.keyboard.press("?")
    expect(keys).to_be_visible()
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()


def test_letters_do_nothing_for_a_person_who_turned_them_off(world: World, sign_in: SignIn) -> None:
    buyer = world.people["buyer"]
    buyer.letter_keys = False
    buyer.save(update_fields=["letter_keys"])
    page = sign_in(world.client("buyer"))
    page.goto(world.url())
    page.keyboard.press("?")
    expect(page.locator("#keyboard-help")).to_be_hidden()


def test_the_first_tab_skips_to_the_content(world: World, sign_in: SignIn) -> None:
    page = sign_in(world.client("buyer"))
    page.goto(world.url())
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()


def test_a_theme_is_there_at_once_and_after_a_reload(world: World, sign_in: SignIn) -> None:
    page = sign_in(world.client("buyer"), color_scheme="dark")
    page.goto(world.url())
    assert page.evaluate(THEME) == "dark"
    page.get_by_label("Your menu").click()
    with page.expect_response("**/accounts/theme/"):
        page.get_by_role("button", name="Light").click()
    assert page.evaluate(THEME) == "light"
    page.reload()
    assert page.evaluate(THEME) == "light"


def test_a_phone_opens_the_navigation_without_javascript(world: World, sign_in: SignIn) -> None:
    page = sign_in(world.client("admin"), java_script_enabled=False)
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.goto(world.url())
    people = page.get_by_role("link", name="People")
    expect(people).to_be_hidden()
    page.get_by_role("button", name="Menu", exact=True).click()
    people.click()
    expect(page).to_have_url(re.compile(r"/settings/people/$"))


def test_a_theme_is_chosen_without_javascript(world: World, sign_in: SignIn) -> None:
    page = sign_in(world.client("buyer"), java_script_enabled=False)
    page.goto(world.url("search/"))
    page.get_by_label("Your menu").click()
    page.get_by_role("button", name="Dark").click()
    expect(page).to_have_url(re.compile(r"/search/$"))
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_the_summary_of_errors_takes_the_focus(sign_in: SignIn) -> None:
    page = sign_in()
    page.goto("/accounts/login/")
    page.get_by_label("E-mail address").fill("nobody@acme.test")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator(".pc-error-summary")).to_be_focused()
    expect(page.get_by_label("E-mail address")).to_have_value("nobody@acme.test")
