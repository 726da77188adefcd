"""A file on stdin becomes a reading on stdout: a process of its own, with nothing to lose.

Before the first byte is read it gives up memory, processor time, writing files, sockets and other
programs; on Linux also the network altogether where the kernel lets it. The parent kills it when
it takes too long all the same.
"""

import ctypes
import json
import resource
import sys

from matching.einvoices.document import to_json
from matching.einvoices.reading import read_einvoice

MEMORY = 512 * 1024 * 1024
CPU_SECONDS = 10
OPEN_FILES = 64
NEW_USER_AND_NETWORK = 0x10000000 | 0x40000000
FORBIDDEN = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.system")


def refuse_the_world(event: str, arguments: tuple[object, ...]) -> None:
    """An audit hook: an invoice has no business on the network, in other programs or on the disk."""
    if event.startswith(FORBIDDEN):
        raise PermissionError(event)
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        raise PermissionError("an invoice writes nothing")


def limit() -> None:
    """Take everything away that reading does not need."""
    for what, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
    ):
        resource.setrlimit(what, (most, most))
    if sys.platform == "linux":
        ctypes.CDLL(None).unshare(NEW_USER_AND_NETWORK)  # where it may not, the rest still holds
    sys.addaudithook(refuse_the_world)


def main() -> None:
    """Read, and say what it came to."""
    limit()
    reading = read_einvoice(sys.stdin.buffer.read())
    sys.stdout.write(json.dumps(to_json(reading)))


if __name__ == "__main__":
    main()
