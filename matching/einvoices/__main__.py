"""Forks a process with nothing to lose for every file, which becomes a reading or pictures.

Its stdin is a socket over which come the ends of other sockets, one for each file. The forked
process alone reads the file: this one only waits, with all libraries loaded. Pictures are in
base64, one a line.

Before the first byte is read the process is confined; an alarm ends it when it takes too long all
the same.
"""

import gc
import json
import os
import signal
import socket
import sys
from base64 import b64encode
from contextlib import suppress

from matching.einvoices.apart import DRAW, LENGTH_BYTES, SECONDS, STARTED
from matching.einvoices.confined import limit
from matching.einvoices.document import to_json
from matching.einvoices.findings import load_schemas
from matching.einvoices.pictures import draw_pages
from matching.einvoices.reading import read_einvoice


def serve(control: socket.socket) -> None:
    """Fork for every socket that comes, until nobody is there to send one."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the processes
    load_schemas()
    gc.freeze()  # what is loaded stays shared
    while True:
        _, found, _, _ = socket.recv_fds(control, 1, 1)
        if not found:
            return
        if os.fork() == 0:
            control.close()
            # A death of any kind is told by the answer that is not whole.
            with suppress(BaseException):
                answer(found[0])
            os._exit(0)
        os.close(found[0])


def answer(asker: int) -> None:
    """Read the file, and say what it came to."""
    signal.alarm(SECONDS)
    os.write(asker, STARTED)
    limit()
    with open(asker, "rb", closefd=False) as sent:
        what, content = sent.read(1), sent.read()
    if what == DRAW:
        said = b"\n".join(b64encode(page) for page in draw_pages(content))
    else:
        said = json.dumps(to_json(read_einvoice(content))).encode()
    unsaid = memoryview(len(said).to_bytes(LENGTH_BYTES, "big") + said)
    while unsaid:
        unsaid = unsaid[os.write(asker, unsaid) :]


if __name__ == "__main__":
    serve(socket.socket(fileno=sys.stdin.fileno()))
