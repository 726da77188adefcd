"""One test for a law that many files keep: every file is looked at, and all that break it are named.

As a test of its own per file it would cost more to be counted than to be checked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
Law = Callable[[Path], None]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def for_each(paths: Sequence[Path]) -> Callable[[Law], Callable[[], None]]:
    """The law asserts about one file; the test it becomes asserts about these."""

    def as_test(law: Law) -> Callable[[], None]:
        def test() -> None:
            assert paths
            assert broken(law, paths) == []

        test.__name__, test.__doc__ = law.__name__, law.__doc__
        return test

    return as_test


def broken(law: Law, paths: Sequence[Path]) -> list[str]:
    """Each file that breaks the law, with what is said of it."""
    found = []
    for path in paths:
        try:
            law(path)
        except AssertionError as error:
            found.append(f"{name_of(path)}: {str(error).partition(chr(10))[0]}")
    return found
