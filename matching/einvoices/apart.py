"""Reading a stranger's file in a process of its own, which is killed when it takes too much."""

from __future__ import annotations

import json
import subprocess
import sys
from base64 import b64decode

from matching.einvoices.document import Outcome, Reading, from_json
from procure.bootstrap import ROOT

SECONDS = 20
# A killed processor limit, memory that is not there, or a crash of the parser: all are the file's.
TOO_MUCH = "The file takes more memory or time to read than any invoice. It is not opened."


def read_apart(content: bytes) -> Reading:
    """What the file comes to."""
    written = _run(content)
    if written is None:
        return Reading(Outcome.REFUSED, sentence=TOO_MUCH)
    return from_json(Reading, json.loads(written))


def draw_apart(content: bytes) -> list[bytes]:
    """Pictures of a PDF's first pages; none when it cannot be drawn, or takes too much."""
    written = _run(content, "pages")
    return [b64decode(line) for line in (written or b"").splitlines()]


def _run(content: bytes, *arguments: str) -> bytes | None:
    """What the process writes, or None; it knows no password and no address of ours."""
    try:
        finished = subprocess.run(
            [sys.executable, "-E", "-s", "-m", "matching.einvoices", *arguments],
            input=content,
            capture_output=True,
            timeout=SECONDS,
            cwd=ROOT,
            env={"PYTHONHASHSEED": "0"},
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    return finished.stdout if finished.returncode == 0 else None
