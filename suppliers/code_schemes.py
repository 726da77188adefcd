"""Category codes that carry their own place in the tree: CPV and UNSPSC.

A CPV code such as 03111000-2 has eight digits and a check digit that says nothing about its
place; each digit after the second goes one level deeper. An UNSPSC code has eight digits too, and
goes deeper by two.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

CPV, UNSPSC, AUTO = "cpv", "unspsc", "auto"
DIGITS = 8

_LOOKS = {CPV: re.compile(r"(\d{8})-\d"), UNSPSC: re.compile(r"(\d{8})")}


def scheme_of(wanted: str, codes: Collection[str]) -> str:
    """The scheme asked for; for `auto` the one that every code looks like, "" when there is none."""
    if wanted != AUTO:
        return wanted
    return next(
        (name for name, looks in _LOOKS.items() if codes and all(map(looks.fullmatch, codes))), ""
    )


def digits_of(scheme: str, code: str) -> str:
    """The digits of a code that say its place; a CPV code may lack its check digit. "" for others."""
    for looks in (_LOOKS[scheme], _LOOKS[UNSPSC]):
        if found := looks.fullmatch(code.strip()):
            return found[1]
    return ""


def places_above(scheme: str, digits: str) -> Iterator[str]:
    """The digits of everything that could stand above, nearest first."""
    step = 1 if scheme == CPV else 2
    significant = max(len(digits.rstrip("0")), 2)
    level = significant - 1 if step == 1 else (significant - 1) // 2 * 2
    while level >= 2:
        yield digits[:level].ljust(DIGITS, "0")
        level -= step
