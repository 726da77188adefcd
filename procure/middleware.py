"""Headers that keep an organization's pages private, and refusals said in words."""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import (
    BadRequest,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme

from procure.errors import BusinessRuleError
from procure.tenancy import RETRIED_SQLSTATES

PERMISSIONS_POLICY = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
DAMAGED = "This form was damaged on its way, or is not UTF-8 text. Open the page again."


class PrivacyHeadersMiddleware:
    """No page of a signed-in person is stored by a browser or proxy; no page asks for sensors."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next layer."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer with the headers set; a view's own Cache-Control stays."""
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        patch_vary_headers(response, ["HX-Request"])
        user = getattr(request, "user", None)
        if user is not None and user.is_authenticated:
            response.headers.setdefault("Cache-Control", "no-store")
        return response


class RefusalMiddleware:
    """A rule that no form caught, a lock that stayed taken, or a form too large to be read, is a
    sentence and never a 500.

    The organization's transaction is rolled back by then: nothing was changed.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next layer."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Read what was sent, before anybody asks for it."""
        try:
            request.POST  # noqa: B018 - reading it is what may fail
        except (SuspiciousOperation, BadRequest) as error:
            return refusal(request, *_why_unreadable(error))
        if _has_zero_byte(request):
            return refusal(request, DAMAGED, 400)
        response = self.get_response(request)
        if isinstance(response, HttpResponseNotAllowed) and request.method == "GET":
            return _no_page(request, response.headers["Allow"])
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Say what refused, as 409; busy rows, as 503 with the time to try again."""
        if isinstance(error, BusinessRuleError):
            return refusal(request, error.message, 409)
        sqlstate = getattr(error.__cause__, "sqlstate", None)
        if isinstance(error, OperationalError) and sqlstate in RETRIED_SQLSTATES:
            words = "Somebody else is changing the same rows. Try again in a moment."
            response = refusal(request, words, 503)
            response.headers["Retry-After"] = "2"
            return response
        return None


def _has_zero_byte(request: HttpRequest) -> bool:
    """Whether a value holds the one character that no text of the database can hold."""
    given = (request.GET, request.POST)
    return any("\0" in value for sent in given for _, values in sent.lists() for value in values)


def _why_unreadable(error: Exception) -> tuple[str, int]:
    """What is wrong with a form that was not even read, and the status of that answer."""
    if isinstance(error, RequestDataTooBig):
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 1024**2
        return f"This is more than {most} MB of text at once. Send less of it.", 413
    if isinstance(error, TooManyFieldsSent):
        most = settings.DATA_UPLOAD_MAX_NUMBER_FIELDS
        return f"This form has more than {most:,} fields. Send fewer at once.", 413
    if isinstance(error, TooManyFilesSent):
        most = settings.DATA_UPLOAD_MAX_NUMBER_FILES
        return f"These are more than {most} files at once. Send fewer; none was taken in.", 413
    return DAMAGED, 400


def _no_page(request: HttpRequest, allowed: str) -> HttpResponse:
    """What is done with a button has no page of its own: whoever signed in again on the way there
    is told that it was not done."""
    words = "This is done with a button on a page. Open that page again."
    response = refusal(request, words, 405)
    response.headers["Allow"] = allowed
    return response


def _page_before(request: HttpRequest) -> str:
    """The page that the button stood on, else the start page; the address itself when it is read."""
    came_from = request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(came_from, {request.get_host()}):
        before = urlsplit(came_from)
        if before.path != request.path and not before.path.startswith(settings.LOGIN_URL):
            return f"{before.path}?{before.query}" if before.query else before.path
    return request.get_full_path() if request.method == "GET" else "/"


def refusal(request: HttpRequest, words: str, status: int) -> HttpResponse:
    """The sentence on a page of its own, or as a toast where htmx asked."""
    if getattr(request, "htmx", False):
        response = render(request, "_pieces/refusal_toast.html", {"words": words}, status=422)
        response.headers["HX-Retarget"] = "#toasts"
        response.headers["HX-Reswap"] = "beforeend"
        return response
    back_url = "/" if status == 405 else _page_before(request)
    context = {"words": words, "back_url": back_url}
    return render(request, "refused.html", context, status=status)
