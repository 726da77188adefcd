"""What every answer tells the browser, and what only a signed-in person's does."""

import pytest
from django.contrib.auth import get_user_model
from django.http import HttpResponse

from procure.middleware import PrivacyHeadersMiddleware

pytestmark = pytest.mark.django_db

POLICY = {
    "default-src": "'self'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "object-src": "'none'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "form-action": "'self'",
}


@pytest.fixture
def login_page(client):
    return client.get("/accounts/login/")


def test_the_policy_lets_nothing_in_but_our_own_files(login_page):
    policy = login_page.headers["Content-Security-Policy"]
    assert dict(part.strip().split(" ", 1) for part in policy.split(";")) == POLICY
    assert "unsafe" not in policy


def test_every_page_forbids_sniffing_framing_and_sensors(login_page):
    headers = login_page.headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]


def test_a_piece_and_a_whole_page_are_never_mixed_up_by_a_cache(login_page):
    assert "HX-Request" in login_page.headers["Vary"]


def answer_to(rf, user, **headers):
    request = rf.get("/")
    request.user = user
    return PrivacyHeadersMiddleware(lambda _: HttpResponse("page", headers=headers))(request)


def test_a_signed_in_persons_page_is_stored_nowhere(rf):
    person = get_user_model()(email="ada@fernhill.example")
    assert answer_to(rf, person).headers["Cache-Control"] == "no-store"


def test_a_view_may_say_itself_how_long_its_answer_keeps(rf):
    person = get_user_model()(email="ada@fernhill.example")
    kept = answer_to(rf, person, **{"Cache-Control": "max-age=60"})
    assert kept.headers["Cache-Control"] == "max-age=60"


def test_a_strangers_page_may_be_stored(login_page, rf):
    """The control: it is the sign-in that forbids storing."""
    from django.contrib.auth.models import AnonymousUser

    assert "Cache-Control" not in answer_to(rf, AnonymousUser()).headers
