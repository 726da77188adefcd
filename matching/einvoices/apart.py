"""Reading a stranger's file in a process of its own, which is killed when it takes too much.

Loading the libraries takes ten times longer than reading an invoice. So one process loads them,
never sees a file, and forks a process for each; what ends with the file ends with that process.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import Sequence
from threading import Lock
from time import monotonic

from matching.einvoices.document import Outcome, Reading, from_json
from matching.einvoices.rule_report import RuleReport
from procure.bootstrap import ROOT

SECONDS = 20
RULE_SECONDS = 20  # for all files of one process, on a busy machine; of the processor it has 10
MOST_ANSWERED = 64 * 1024 * 1024
READ, DRAW = b"r", b"p"  # what is asked, before the file
STARTED = b"+"  # the first byte of an answer; then its length, then the answer
LENGTH_BYTES = 8
# It knows no password and no address of ours.
PYTHON = [sys.executable, "-E", "-s", "-m"]
ENVIRONMENT = {"PYTHONHASHSEED": "0"}
# A killed processor limit, memory that is not there, or a crash of the parser: all are the file's.
TOO_MUCH = "The file takes more memory or time to read than any invoice. It is not opened."


def read_apart(content: bytes) -> Reading:
    """What the file comes to."""
    written = _forks.ask(READ, content)
    if written is None:
        return Reading(Outcome.REFUSED, sentence=TOO_MUCH)
    return from_json(Reading, json.loads(written))


def draw_apart(content: bytes) -> list[bytes]:
    """Pictures of a PDF's first pages; none when it cannot be drawn, or takes too much."""
    written = _forks.ask(DRAW, content)
    return [b64decode(line) for line in (written or b"").splitlines()]


def check_rules_apart(contents: Sequence[bytes]) -> list[RuleReport | None]:
    """A report per file in their order, None for one that cannot be checked.

    The list is shorter when the process came to its end before: the file that comes next is the one
    that took too much, or came too late for the time of all.
    """
    try:
        written = subprocess.run(
            [*PYTHON, "matching.einvoices.rules"],
            input=b"".join(b64encode(content) + b"\n" for content in contents),
            capture_output=True,
            timeout=RULE_SECONDS,
            cwd=ROOT,
            env=ENVIRONMENT,
            check=False,
        ).stdout
    except subprocess.TimeoutExpired as late:
        written = late.stdout or b""
    whole, _, _ = written.rpartition(b"\n")
    said = [json.loads(line) for line in whole.splitlines()]
    return [None if one is None else from_json(RuleReport, one) for one in said]


class Forks:
    """The process that forks, started when it is first needed, and again when it is gone.

    It ends with us, when nobody holds the other end of its socket any more.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._control: socket.socket | None = None
        self.process: subprocess.Popen[bytes] | None = None

    def ask(self, what: bytes, content: bytes) -> bytes | None:
        """What the file's process answers; None when it came to its end before.

        Asked once more when nobody even began: then the process that forks was gone.
        """
        for _ in range(2):
            answer = _exchange(self._fork(), what, content)
            if answer.startswith(STARTED):
                return _whole(answer)
        return None

    def _fork(self) -> socket.socket:
        """Our end of a socket to a new process."""
        ours, theirs = socket.socketpair()
        with theirs, self._lock:
            try:
                _hand_over(self._control, theirs)
            except OSError:
                self._start()
                _hand_over(self._control, theirs)
        return ours

    def _start(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        self._control, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [*PYTHON, "matching.einvoices"],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=ROOT,
                env=ENVIRONMENT,
                start_new_session=True,  # it is not stopped with our terminal
            )


def _hand_over(control: socket.socket | None, theirs: socket.socket) -> None:
    if control is None:
        raise ConnectionError
    socket.send_fds(control, [STARTED], [theirs.fileno()])


def _exchange(ours: socket.socket, what: bytes, content: bytes) -> bytes:
    """Sends the file and reads until the other side closes; an answer cut short is as it is."""
    until = monotonic() + SECONDS
    answer = bytearray()
    with ours:
        try:
            ours.settimeout(SECONDS)
            ours.sendall(what + content)
            ours.shutdown(socket.SHUT_WR)
            while piece := ours.recv(65_536):
                answer += piece
                ours.settimeout(max(until - monotonic(), 0.001))
                if len(answer) > MOST_ANSWERED:
                    break
        except TimeoutError:
            return STARTED
        except OSError:  # it was killed while we spoke
            pass
    return bytes(answer)


def _whole(answer: bytes) -> bytes | None:
    """The answer without its head; None when it is not all there."""
    head = 1 + LENGTH_BYTES
    length = int.from_bytes(answer[1:head], "big")
    return answer[head:] if len(answer) == head + length and len(answer) >= head else None


_forks = Forks()
