"""Reading a stranger's file in a process of its own, which is killed when it takes too much."""

from __future__ import annotations

import json
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import Sequence

from matching.einvoices.document import Outcome, Reading, from_json
from matching.einvoices.rule_report import RuleReport
from procure.bootstrap import ROOT

SECONDS = 20
RULE_SECONDS = 20  # for all files of one process, on a busy machine; of the processor it has 10
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


def check_rules_apart(contents: Sequence[bytes]) -> list[RuleReport | None]:
    """A report per file in their order, None for one that cannot be checked.

    The list is shorter when the process came to its end before: the file that comes next is the one
    that took too much, or came too late for the time of all.
    """
    sent = b"".join(b64encode(content) + b"\n" for content in contents)
    try:
        written = _start("matching.einvoices.rules", sent, seconds=RULE_SECONDS).stdout
    except subprocess.TimeoutExpired as late:
        written = late.stdout or b""
    whole, _, _ = written.rpartition(b"\n")
    said = [json.loads(line) for line in whole.splitlines()]
    return [None if one is None else from_json(RuleReport, one) for one in said]


def _run(content: bytes, *arguments: str) -> bytes | None:
    """What the process writes, or None; it knows no password and no address of ours."""
    try:
        finished = _start("matching.einvoices", content, *arguments, seconds=SECONDS)
    except subprocess.TimeoutExpired:
        return None
    return finished.stdout if finished.returncode == 0 else None


def _start(
    module: str, content: bytes, *arguments: str, seconds: float
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-E", "-s", "-m", module, *arguments],
        input=content,
        capture_output=True,
        timeout=seconds,
        cwd=ROOT,
        env={"PYTHONHASHSEED": "0"},
        check=False,
    )
