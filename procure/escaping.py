"""Cells that a spreadsheet would run as a formula, made harmless and read back unharmed.

A text cell that begins with = + - @ or a control character gets a leading apostrophe when it is
written, and loses exactly one when it is read. Text that already begins with apostrophes before
such a character gets one more, so that reading gives back what was written.
"""

from __future__ import annotations

import re

_DANGEROUS = re.compile(r"'*[=+\-@\t\r\n\0]")
_PROTECTED = re.compile(r"'+[=+\-@\t\r\n\0]")


def protect(text: str) -> str:
    """The text as a file may carry it."""
    return f"'{text}" if _DANGEROUS.match(text) else text


def unprotect(text: str) -> str:
    """The text that `protect` was given; any other text stays as it is."""
    return text[1:] if _PROTECTED.match(text) else text
