"""A real browser for the tests that need one: Chromium, driven by Playwright, without the outside.

A browser is looked for, never fetched: `python3 manage.py test` gets one before it starts. Where
none can be had, these tests are skipped and say so.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from procure.system_packages import find_browser

DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
QUIET = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
]

SignIn = Callable[..., Page]
Way = tuple[int, str]
# A width and a theme. Crosswise, two ways show each width and each theme once.
EVERY_WAY: list[Way] = [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")]
CROSSWISE: list[list[Way]] = [
    [(1440, "light"), (390, "dark")],
    [(1440, "dark"), (390, "light")],
]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for the whole run."""
    path = find_browser()
    if path is None:
        pytest.skip("NO BROWSER: there is no Chromium, so nothing was seen on a screen.")
    # Playwright keeps an event loop in this thread, and Django would refuse the database beside it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def sign_in(chromium: Browser, live_server: Any) -> Iterator[SignIn]:
    """`sign_in(world.client("buyer"))`: a page of a browser in which that person is signed in."""
    contexts: list[BrowserContext] = []

    def signed_in(client: Client | None = None, **options: Any) -> Page:
        context = chromium.new_context(
            base_url=live_server.url, viewport=DESKTOP, reduced_motion="reduce", **options
        )
        contexts.append(context)
        if client is not None:
            value = client.cookies[settings.SESSION_COOKIE_NAME].value
            context.add_cookies(
                [{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}]
            )
        return context.new_page()

    yield signed_in
    for context in contexts:
        context.close()


def complaints(page: Page) -> list[str]:
    """What axe finds against WCAG 2.2 A and AA on the page as it stands; axe stays in the page."""
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(AXE_SCRIPT)
    options = {"runOnly": {"type": "tag", "values": WCAG}, "resultTypes": ["violations"]}
    found: list[dict[str, Any]] = page.evaluate(
        "options => axe.run(document, options).then(answer => answer.violations)", options
    )
    return [
        f"{violation['id']}: {node['html'][:160]}"
        for violation in found
        for node in violation["nodes"]
    ]


def runs_over(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    width: int = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return max(width, 0)


def sideways(page: Page) -> list[str]:
    """The tables that have to be pushed sideways to be read, but for records side by side."""
    names: list[str] = page.evaluate(
        """() => [...document.querySelectorAll(".pc-scroll")]
            .filter(one => one.querySelector("table") && one.scrollWidth > one.clientWidth + 1 && one.checkVisibility())
            .filter(one => !one.querySelector(".pc-side-by-side"))
            .map(one => one.getAttribute("aria-label") || one.textContent.trim().slice(0, 80))"""
    )
    return names


def seen(page: Page, ways: Sequence[Way]) -> list[str]:
    """Complaints of one loaded page in each of these ways; at both widths it must fit.

    On a phone its tables stand as cards: none is wider than the window.
    """
    found = []
    for size in (DESKTOP, PHONE):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        for theme in (theme for width, theme in ways if width == size["width"]):
            page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
            found += [f"{theme}, {size['width']}: {words}" for words in complaints(page)]
        if over := runs_over(page):
            found.append(f"{size['width']}: {over} pixels wider than the window")
        found += [f"{size['width']}: sideways: {words}" for words in sideways(page)]
    return found


def seen_in_both_themes_and_widths(page: Page) -> list[str]:
    """Complaints of one loaded page in light and dark, on a desktop and on a phone."""
    return seen(page, EVERY_WAY)
