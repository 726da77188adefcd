"""What a process gives up before it opens a stranger's file: memory, time, writing, the network.

On Linux the network is given up altogether where the kernel lets it. The parent kills a process
that takes too long all the same.
"""

import ctypes
import resource
import sys

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


def limit(memory_of: int = resource.RLIMIT_AS, memory: int = MEMORY) -> None:
    """Take everything away that reading does not need; `memory` bytes are what it may use."""
    for what, most in (
        (memory_of, memory),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
    ):
        resource.setrlimit(what, (most, most))
    if sys.platform == "linux":
        ctypes.CDLL(None).unshare(NEW_USER_AND_NETWORK)  # where it may not, the rest still holds
    sys.addaudithook(refuse_the_world)
