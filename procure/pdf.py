"""PDFs from our own HTML, with nothing fetched from outside.

WeasyPrint is loaded with the first PDF, not with the process: it needs Pango, which the system
brings. Without it `render_pdf` says so and the caller offers the printable page instead.
"""

from __future__ import annotations

import logging
from functools import lru_cache
from importlib import import_module
from mimetypes import guess_type
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders

from procure.system_packages import can_make_pdfs

STATIC_SCHEME = "static:"


class PdfUnavailableError(RuntimeError):
    """The system lacks the libraries that make PDFs."""


def render_pdf(html: str) -> bytes:
    """The PDF of a whole HTML page; `static:order_document.css` is a static file of ours.

    Every other address but `data:` is refused, so that nothing in a document can make the server
    read a file or open a connection.
    """
    if not can_make_pdfs():
        raise PdfUnavailableError("Pango is not installed.")
    engine = _engine()
    document: bytes = engine.HTML(
        string=html, base_url="about:blank", url_fetcher=_fetcher()
    ).write_pdf()
    return document


@lru_cache(maxsize=1)
def _engine() -> Any:
    logging.getLogger("weasyprint").setLevel(logging.ERROR)  # it reports every unknown property
    return import_module("weasyprint")


def _fetcher() -> Any:
    """WeasyPrint's own fetcher, closed but for `data:` and our static files."""
    urls = import_module("weasyprint.urls")

    class OurFilesOnly(urls.URLFetcher):  # type: ignore[misc, name-defined]
        """Answers `data:` and `static:` addresses."""

        def fetch(self, url: str, headers: Any = None) -> Any:
            if url.startswith(STATIC_SCHEME):
                headers = {"Content-Type": guess_type(url)[0] or "application/octet-stream"}
                return urls.URLFetcherResponse(url, static_file(url), headers)
            return super().fetch(url, headers)

    return OurFilesOnly(allowed_protocols={"data"}, allow_redirects=False)


def static_file(url: str) -> bytes:
    """The content of `static:name`; a name outside the static folders is refused."""
    found = finders.find(url.removeprefix(STATIC_SCHEME).lstrip("/"))
    if not isinstance(found, str):
        raise ValueError(f"No static file: {url}")
    return Path(found).read_bytes()
