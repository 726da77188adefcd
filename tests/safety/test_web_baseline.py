"""Property 20: every address keeps the browser's rules, and no unsafe method works without a token."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, get_resolver

from suppliers.models import Supplier
from tests.addresses import organization_addresses, role_with
from tests.world import World

POLICY = {
    "default-src 'self'",
    "script-src 'self'",
    "style-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "form-action 'self'",
}
LOOSE = ("unsafe-inline", "unsafe-eval", "*", "http:")
# Answered before anybody signs in; they show nobody's rows.
ACCOUNT_PAGES = [
    "/accounts/login/",
    "/accounts/password/forgotten/",
    "/accounts/password/sent/",
    "/accounts/password/new/x/y/",
    "/accounts/password/changed/",
    "/accounts/invitation/x/",
]
OWN_PAGES = ["/", "/accounts/preferences/", "/accounts/theme/", "/accounts/logout/"]
HEALTH = ["/healthz", "/readyz"]
A_FILE = b'--x\r\nContent-Disposition: form-data; name="f"; filename="a.xml"\r\n\r\n<a/>\r\n'
FORM = "application/x-www-form-urlencoded"


def clients_and_paths(world: World, **client: bool) -> Iterator[tuple[Client, str]]:
    """Every address, with a browser whose person may open it."""
    signed_in: dict[str, Client] = {}
    for address in organization_addresses():
        role = role_with(address.permission or "")
        if role not in signed_in:
            signed_in[role] = Client(**client)
            signed_in[role].force_login(world.people[role])
        yield signed_in[role], address.path(world.organization.slug)
    buyer = Client(**client)
    buyer.force_login(world.people["buyer"])
    for path in OWN_PAGES:
        yield buyer, path
    for path in ACCOUNT_PAGES:
        yield Client(**client), path


def defects_of(response: HttpResponse, *, is_private: bool) -> list[str]:
    headers = response.headers
    policy = headers.get("Content-Security-Policy", "")
    found = [f"no {part}" for part in sorted(POLICY - set(policy.split("; ")))]
    found += [f"{word} in the policy" for word in LOOSE if word in policy]
    for name, value in (
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        ("Referrer-Policy", "same-origin"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
    ):
        if headers.get(name) != value:
            found.append(f"{name} is {headers.get(name)}")
    if "HX-Request" not in headers.get("Vary", ""):
        found.append("Vary without HX-Request")
    if is_private and "no-store" not in headers.get("Cache-Control", ""):
        found.append("may be stored")
    return found


def test_every_address_answers_with_the_browsers_rules(world: World) -> None:
    found = []
    for client, path in clients_and_paths(world):
        response = client.get(path)
        is_private = path not in ACCOUNT_PAGES and path not in OWN_PAGES[-1:]
        found += [f"{path}: {defect}" for defect in defects_of(response, is_private=is_private)]
    assert found == []


def test_refusals_and_pages_that_are_not_there_keep_the_rules_too(world: World) -> None:
    auditor = world.client("auditor")
    for path in ("/nowhere/", "/globex/", world.url("orders/none-such/")):
        response = auditor.get(path)
        assert response.status_code == 404
        assert defects_of(response, is_private=True) == []
    refused = auditor.get(world.url("settings/people/invite/"))
    assert refused.status_code == 403
    assert defects_of(refused, is_private=True) == []


def without_token(world: World) -> Iterator[str]:
    """The unsafe requests that were answered otherwise than by 403."""
    for client, path in clients_and_paths(world, enforce_csrf_checks=True):
        for method in ("post", "put", "patch", "delete"):
            response = getattr(client, method)(path)
            if response.status_code != 403:
                yield f"{method} {path}: {response.status_code}"


def test_no_unsafe_method_works_without_a_token(world: World) -> None:
    assert list(without_token(world)) == []


def test_control_without_the_middleware_they_would_work(world: World) -> None:
    name = "django.middleware.csrf.CsrfViewMiddleware"
    place = settings.MIDDLEWARE.index(name)
    settings.MIDDLEWARE.remove(name)
    try:
        assert next(without_token(world), None) is not None
    finally:
        settings.MIDDLEWARE.insert(place, name)


def test_no_view_is_exempt_from_the_token() -> None:
    exempt = []

    def look(patterns: list[object], route: str) -> None:
        for pattern in patterns:
            below = f"{route}{pattern.pattern}"  # type: ignore[attr-defined]
            if isinstance(pattern, URLPattern):
                if getattr(pattern.callback, "csrf_exempt", False):
                    exempt.append(below)
            else:
                look(pattern.url_patterns, below)  # type: ignore[attr-defined]

    look(get_resolver().url_patterns, "")
    assert exempt == []


@pytest.mark.parametrize("path", HEALTH)
def test_health_says_nothing_about_anybody(path: str, db: None) -> None:
    response = Client().get(path)
    assert "nosniff" in response.headers["X-Content-Type-Options"]
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize(
    ("sent", "content_type", "status", "words"),
    [
        ("reason=" + "x" * 10_500_000, FORM, 413, "more than 10 MB of text at once"),
        ("&".join(f"f{n}=1" for n in range(10_001)), FORM, 413, "more than 10,000 fields"),
        (b"\xff\xfe\x00", f"{FORM}; charset=utf-16", 400, "not UTF-8 text"),
        ("reason=a%00b", FORM, 400, "damaged on its way"),
        (A_FILE * 101 + b"--x--", "multipart/form-data; boundary=x", 413, "more than 100 files"),
    ],
    ids=["too long", "too many fields", "another encoding", "a zero byte", "too many files"],
)
def test_what_cannot_be_read_is_refused_in_words_on_one_machine_too(
    world: World,
    settings: object,
    sent: str | bytes,
    content_type: str,
    status: int,
    words: str,
) -> None:
    settings.DEBUG = True  # type: ignore[attr-defined] - `manage.py start` shows tracebacks
    path = world.url(f"suppliers/{world.kestrel.public_id}/block/")
    client = world.client("sourcing_lead")
    body = sent if isinstance(sent, bytes) else sent.encode()
    answer = client.generic("POST", path, body, content_type)
    assert answer.status_code == status
    assert words in answer.content.decode()
    assert "Traceback" not in answer.content.decode()
    with world.inside():
        assert Supplier.objects.get(pk=world.kestrel.pk).status == "active"


def test_an_address_with_a_zero_byte_is_refused_in_words(world: World) -> None:
    answer = world.client("buyer").get(world.url("search/"), {"q": "a\0b"})
    assert answer.status_code == 400
    assert "damaged on its way" in answer.content.decode()
