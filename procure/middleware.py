"""Headers that keep an organization's pages private, and refusals said in words."""

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import (
    BadRequest,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

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
        return self.get_response(request)

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


def refusal(request: HttpRequest, words: str, status: int) -> HttpResponse:
    """The sentence on a page of its own, or as a toast where htmx asked."""
    if getattr(request, "htmx", False):
        response = render(request, "_pieces/refusal_toast.html", {"words": words}, status=422)
        response.headers["HX-Retarget"] = "#toasts"
        response.headers["HX-Reswap"] = "beforeend"
        return response
    return render(request, "refused.html", {"words": words}, status=status)
