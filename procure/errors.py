"""The one error that business rules raise."""

from __future__ import annotations


class BusinessRuleError(Exception):
    """A rule refused the step; nothing was changed.

    `code` is stable and for programs, `message` is a sentence for the person at the screen,
    `field` names the form field or import column it belongs to, when there is one.
    """

    def __init__(self, code: str, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
