"""How long the embedded servers live: as long as any command needs them, and a little longer.

Each server has a keeper, a small process that runs it as its direct child. Every command that
needs the server holds a shared lock for as long as it runs; when nobody has held it for
LINGER_SECONDS, the keeper stops the server and ends. So commands may overlap in any order, a
killed command leaves nothing locked, and no server outlives its last user for long.

A keeper that finds its folder in `.local/` gone stops its server at once: deleting `.local/`
means a fresh start.
"""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from procure.bootstrap import ROOT, STATE, say
from procure.local import (
    STARTERS,
    LocalServiceError,
    Place,
    database_url,
    find_place,
    stop_server,
    tail,
)
from procure.roles import OWNER, RUNTIME

LINGER_SECONDS = 20.0
POLL_SECONDS = 0.25
START_SECONDS = 120.0


# --- The side of a command -------------------------------------------------------------------


@contextlib.contextmanager
def services_in_use(state: Path = STATE) -> Iterator[None]:
    """Keep the servers up that the environment does not name, and put their addresses into it."""
    needed = [
        name
        for name, variable in (("postgres", "DATABASE_URL"), ("valkey", "REDIS_URL"))
        if not os.environ.get(variable)
    ]
    with contextlib.ExitStack() as held:
        try:
            places = [held.enter_context(server_in_use(name, state)) for name in needed]
            for name in needed:
                wait_until_kept(name, state)
        except LocalServiceError as refusal:
            sys.exit(str(refusal))
        if places:
            os.environ.update(addresses(needed, places[0]))
        yield


def addresses(needed: list[str], place: Place) -> dict[str, str]:
    """The environment that leads a process to the embedded servers."""
    environment: dict[str, str] = {}
    if "postgres" in needed:
        environment["DATABASE_URL"] = database_url(RUNTIME, place.sockets)
        environment["DATABASE_OWNER_URL"] = database_url(OWNER, place.sockets)
    if "valkey" in needed:
        environment["REDIS_URL"] = f"unix://{place.sockets / 'valkey.sock'}"
    return environment


@contextlib.contextmanager
def server_in_use(name: str, state: Path) -> Iterator[Place]:
    """Hold the shared lock that keeps a server alive, its keeper spawned when there is none."""
    place = find_place(state)
    folder = keeper_folder(name, state)
    with open(folder / "in-use", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)  # waits while a keeper is just stopping its server
        if not is_kept(folder):
            spawn_keeper(name, state)
        yield place


def keeper_folder(name: str, state: Path) -> Path:
    """The locks and the log of one server's keeper."""
    folder = state / f"{name}-keeper"
    folder.mkdir(exist_ok=True)
    return folder


def is_kept(folder: Path) -> bool:
    """Tell whether a keeper is alive: it holds its lock, whatever its process number."""
    with open(folder / "keeper", "a") as lock:
        return not try_lock(lock)


def try_lock(lock: IO[str]) -> bool:
    """Take an exclusive lock if nobody holds it."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def spawn_keeper(name: str, state: Path) -> None:
    """Start a keeper that outlives this command."""
    folder = keeper_folder(name, state)
    (folder / "refusal").unlink(missing_ok=True)
    with open(folder / "log", "ab") as log:
        subprocess.Popen(
            [sys.executable, "-m", "procure.keeper", name, str(state)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def wait_until_kept(name: str, state: Path) -> None:
    """Wait until the server answers, or raise with the sentence its keeper left."""
    folder = keeper_folder(name, state)
    began = time.monotonic()
    while not (is_kept(folder) and (folder / "ready").exists()):
        if (folder / "refusal").exists():
            raise LocalServiceError((folder / "refusal").read_text())
        if time.monotonic() - began > START_SECONDS:
            raise LocalServiceError(f"The embedded {name} did not start:\n{tail(folder / 'log')}")
        time.sleep(0.02)


def stop_when_unused(state: Path = STATE) -> None:
    """Ask the keepers to end without lingering, and wait until they have.

    A server that another command still uses stays until that command ends.
    """
    for name in STARTERS:
        folder = keeper_folder(name, state)
        if is_kept(folder):
            (folder / "stop").touch()
    for name in STARTERS:
        folder = keeper_folder(name, state)
        while is_kept(folder):
            if is_in_use(folder):
                say(f"The embedded {name} stays up for another command and ends with it.")
                break
            time.sleep(0.05)


def is_in_use(folder: Path) -> bool:
    """Tell whether a command holds the shared lock; the keeper that is stopping holds it alone."""
    with open(folder / "in-use", "a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        fcntl.flock(lock, fcntl.LOCK_UN)
        return not try_lock(lock)


# --- The side of the keeper ------------------------------------------------------------------


def keep(name: str, state: Path) -> None:
    """Run one server until nobody needs it; return at once when another keeper does already."""
    place = find_place(state)
    folder = keeper_folder(name, state)
    with open(folder / "keeper", "a") as own, open(folder / "in-use", "a") as in_use:
        if not try_lock(own):
            return
        for leftover in ("ready", "stop", "refusal"):
            (folder / leftover).unlink(missing_ok=True)
        try:
            server = STARTERS[name](place)
        except LocalServiceError as refusal:
            (folder / "refusal").write_text(str(refusal))
            return
        (folder / "ready").write_text(str(os.getpid()))
        try:
            watch(server, folder, own, in_use)
        finally:
            with contextlib.suppress(FileNotFoundError):
                (folder / "ready").unlink()
            stop_server(server, at_once=not is_same_file(own, folder / "keeper"))


def watch(server: "subprocess.Popen[bytes]", folder: Path, own: IO[str], in_use: IO[str]) -> None:
    """Return when the server ended, nobody needs it any more, or `.local/` was deleted."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    unused_since = None
    while server.poll() is None and is_same_file(own, folder / "keeper"):
        if not try_lock(in_use):
            unused_since = None
        else:
            unused_since = unused_since or time.monotonic()
            linger = 0.0 if (folder / "stop").exists() else LINGER_SECONDS
            if time.monotonic() - unused_since >= linger:
                return  # still holding the lock: a command that comes now waits and starts anew
            fcntl.flock(in_use, fcntl.LOCK_UN)
        time.sleep(POLL_SECONDS)


def is_same_file(opened: IO[str], path: Path) -> bool:
    """Tell whether the path still leads to the file that was opened."""
    with contextlib.suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(opened.fileno()), path.stat())
    return False


if __name__ == "__main__":
    keep(sys.argv[1], Path(sys.argv[2]))
