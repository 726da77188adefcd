"""A file on stdin becomes a reading on stdout: a process of its own, with nothing to lose.

With the argument `pages` it becomes pictures of its pages instead, in base64, one a line.

Before the first byte is read it gives up memory, processor time, writing files, sockets and other
programs; on Linux also the network altogether where the kernel lets it. The parent kills it when
it takes too long all the same.
"""

import ctypes
import json
import resource
import sys
from base64 import b64encode

from matching.einvoices.document import to_json
from matching.einvoices.pictures import draw_pages
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
    content = sys.stdin.buffer.read()
    if sys.argv[1:] == ["pages"]:
        sys.stdout.writelines(b64encode(page).decode() + "\n" for page in draw_pages(content))
    else:
        sys.stdout.write(json.dumps(to_json(read_einvoice(content))))


if __name__ == "__main__":
    main()
