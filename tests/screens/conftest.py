"""The browser, for the screens."""

from tests.browser import chromium, sign_in

__all__ = ["chromium", "sign_in"]
