"""`python3 manage.py start`: everything on one machine, until Ctrl-C.

Services, migrations and (on the first run) the demo come first; then web, worker and
beat run as processes of their own, are started again when one falls over, and end
together.
"""

import hashlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from procure.bootstrap import ROOT, STATE, fingerprint, say
from procure.keeper import is_kept, keeper_folder, services_in_use
from procure.keeper import stop_when_unused as stop_services_when_unused
from procure.local import STARTERS, spawn_process, tail
from procure.system_packages import provide_pdf_libraries

DEMO_COMMAND = ROOT / "matching" / "management" / "commands" / "seed_demo.py"
DEMO_PEOPLE = {
    "admin": "admin",
    "buyer": "buyer",
    "approver": "approver",
    "receiver": "receiver",
    "AP clerk": "ap",
    "AP lead": "aplead",
    "sourcing lead": "sourcing",
    "operations lead": "ops",
    "auditor": "auditor",
}
READY_SECONDS = 60.0
STOP_SECONDS = 15.0
MOST_RESTARTS = 5  # of one process, within RESTART_WINDOW_SECONDS
RESTART_WINDOW_SECONDS = 60.0
LARGEST_LOG = 5_000_000


class StartError(Exception):
    """Something did not start; the text is a sentence for the person at the terminal."""


@dataclass
class Process:
    """Web, worker or beat: how it is started, and when it was."""

    name: str
    command: list[str]
    environment: dict[str, str]
    child: "subprocess.Popen[bytes] | None" = None
    started: list[float] = field(default_factory=list)

    @property
    def log(self) -> Path:
        """Where it writes."""
        return STATE / "logs" / f"{self.name}.log"

    def spawn(self) -> None:
        """Start it, or start it again; refused when it keeps falling over."""
        truncate_large_log(self.log)
        now = time.monotonic()
        recent = [at for at in self.started if now - at < RESTART_WINDOW_SECONDS]
        if len(recent) > MOST_RESTARTS:
            raise StartError(f"The {self.name} does not stay up:\n{tail(self.log)}")
        self.started = [*recent, now]
        self.child = spawn_process(
            self.command,
            self.log,
            folder=ROOT,
            environment=os.environ | self.environment,
            parent_death_signal=signal.SIGTERM,
        )

    def is_running(self) -> bool:
        """Tell whether it is alive."""
        return self.child is not None and self.child.poll() is None


def run(arguments: list[str]) -> int:
    """Start everything and stay until Ctrl-C; 0 after a clean end."""
    if arguments:
        say("start takes no arguments; choose a port with PORT=8001.")
        return 2
    # A shell that starts this in the background lets it ignore SIGINT; not so here.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    STATE.mkdir(exist_ok=True)
    try:
        refuse_taken_port(port())
        run_until_interrupted()
    except StartError as refusal:
        say(str(refusal))
        return 1
    except KeyboardInterrupt:
        return 0
    finally:
        ignore_further_interrupts()
        if STATE.exists():
            stop_services_when_unused()
        say("Everything is stopped.")
    return 0


def run_until_interrupted() -> None:
    """Bring everything up, say where, and keep it up."""
    provide_pdf_libraries()
    with services_in_use():
        embedded = [name for name in STARTERS if is_kept(keeper_folder(name, STATE))]
        os.environ.update(defaults())
        migrate_when_needed()
        make_demo_on_first_run()
        processes = all_processes()
        try:
            *needed, beat = processes
            for process in needed:
                process.spawn()
            wait_until_ready(needed)
            say(greeting())
            beat.spawn()  # nobody waits for it, and two cores have enough to do before
            supervise(processes, embedded)
        finally:
            ignore_further_interrupts()
            stop_all(processes)


# --- Before the processes --------------------------------------------------------------


def port() -> int:
    """The port of the web server."""
    named = os.environ.get("PORT") or "8000"
    if not named.isdigit() or not 0 < int(named) < 65536:
        raise StartError(f"PORT must be a number from 1 to 65535, not '{named}'.")
    return int(named)


def refuse_taken_port(number: int) -> None:
    """Refuse a port that somebody listens on, with the way out."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", number))
        except OSError as error:
            raise StartError(
                f"Port {number} is taken; choose another one: "
                f"PORT={number + 1} python3 manage.py start"
            ) from error


def defaults() -> dict[str, str]:
    """What one machine needs and the environment does not say."""
    (STATE / "logs").mkdir(exist_ok=True)
    # Three slashes before the path: what follows the third is taken as it stands.
    wanted = {"EMAIL_URL": f"filemail:///{STATE / 'mail'}"}
    if os.environ.get("DEBUG", "1").lower() in {"1", "true", "on", "yes"}:
        wanted["SECRET_KEY"] = remembered_secret("secret-key", 50)
    return {name: value for name, value in wanted.items() if name not in os.environ}


def remembered_secret(name: str, length: int) -> str:
    """A random text, made once and kept in `.local/`."""
    path = STATE / name
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(length))
    return path.read_text()


def demo_password() -> str:
    """The password that all people of the demo share."""
    return os.environ.get("DEMO_PASSWORD") or remembered_secret("demo-password", 9)


def run_command(*command: str, **environment: str) -> None:
    """Run a Django command; what it prints is shown only when it fails."""
    done = subprocess.run(
        [sys.executable, "-m", "django", *command],
        cwd=ROOT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "procure.settings"} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise StartError(f"'manage.py {command[0]}' failed:\n{done.stdout[-4000:]}")


def migrate_when_needed() -> None:
    """Migrate, unless this database already has the migrations of this very code."""
    marker = STATE / "migrated"
    wanted = f"{fingerprint()} {migrations_fingerprint()} {os.environ['DATABASE_URL']}"
    if marker.exists() and marker.read_text() == f"{wanted} {applied_migrations()}":
        return
    run_command("migrate", DATABASE_ROLE="owner")
    marker.write_text(f"{wanted} {applied_migrations()}")


def migrations_fingerprint() -> str:
    """What the schema of this code depends on, the packages' migrations left out."""
    digest = hashlib.sha256()
    for path in sorted(ROOT.glob("*/migrations/*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def applied_migrations() -> int:
    """How many migrations the database has; 0 when it is new."""
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        if connection.execute("SELECT to_regclass('django_migrations')").fetchone() == (None,):
            return 0
        counted = connection.execute("SELECT count(*) FROM django_migrations").fetchone()
    return int(counted[0]) if counted else 0


def wants_demo() -> bool:
    """DEMO=0 leaves the demo organizations out."""
    return os.environ.get("DEMO", "1") != "0" and DEMO_COMMAND.exists()


def make_demo_on_first_run() -> None:
    """Make the demo organizations in a database that has no organization yet."""
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        found = connection.execute("SELECT 1 FROM procure_organization LIMIT 1")
        is_empty = found.fetchone() is None
    if is_empty and wants_demo():
        say("Making the demo organizations (once, about a minute) …")
        run_command("seed_demo", DEMO_PASSWORD=demo_password())


# --- The processes ---------------------------------------------------------------------


def all_processes() -> list[Process]:
    """Web, worker and, last, beat, as they run on one machine."""
    python = sys.executable
    celery = [python, "-m", "celery", "-A", "procure.celery"]
    web = [python, "-m", "gunicorn", "--config", "python:procure.gunicorn", "procure.wsgi"]
    # Threads share one process's memory: 97 MB instead of 275 with two forks.
    worker = [*celery, "worker", "--pool", "threads", "--concurrency", "2"]
    worker += ["--without-gossip", "--without-mingle", "--loglevel", "WARNING"]
    # A process of its own, never `worker -B`, which leaves orphans behind.
    beat = [*celery, "beat", "--loglevel", "WARNING", "--pidfile", ""]
    beat += ["--schedule", str(STATE / "beat-schedule")]
    return [
        Process("web", web, {"PORT": str(port()), "BIND": "127.0.0.1"}),
        Process("worker", worker, {"BROKER_TIMEOUT_SECONDS": "3"}),
        Process("beat", beat, {"BROKER_TIMEOUT_SECONDS": "3"}),
    ]


def truncate_large_log(log: Path) -> None:
    """Begin a log anew when the last runs left a large one."""
    if log.exists() and log.stat().st_size > LARGEST_LOG:
        log.write_bytes(b"")


def wait_until_ready(processes: list[Process]) -> None:
    """Wait until a page can be served and work is worked off."""
    deadline = time.monotonic() + READY_SECONDS
    while not (answers("healthz") and answers("readyz")):
        for process in processes:
            if not process.is_running():
                log = tail(process.log)
                raise StartError(f"The {process.name} did not start:\n{log}")
        if time.monotonic() > deadline:
            raise StartError(f"Not ready after {READY_SECONDS:.0f} s: see .local/logs.")
        time.sleep(0.25)


def answers(page: str) -> bool:
    """Ask one of the two health pages."""
    try:
        address = f"http://127.0.0.1:{port()}/{page}"
        with urllib.request.urlopen(address, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def greeting() -> str:
    """Where it runs and how to sign in: one person per role, one password."""
    lines = [f"\nProcure runs at http://127.0.0.1:{port()}/  (Ctrl-C stops it)\n"]
    if wants_demo():
        lines += [f"  {role:<16} {name}@fernhill.example" for role, name in DEMO_PEOPLE.items()]
        lines += [f"\n  Password for all of them: {demo_password()}\n"]
    lines += ["  Mail goes to .local/mail, logs to .local/logs."]
    return "\n".join(lines)


def supervise(processes: list[Process], embedded: list[str]) -> None:
    """Start again what falls over; stop when an embedded server is gone."""
    while True:
        for process in processes:
            if not process.is_running():
                say(f"The {process.name} ended unexpectedly; starting it again.")
                process.spawn()
        for name in embedded:
            if not STATE.exists() or not is_kept(keeper_folder(name, STATE)):
                raise StartError(f"The embedded {name} is gone, so everything stops.")
        time.sleep(0.3)


def stop_all(processes: list[Process]) -> None:
    """Ask all to end, wait for them, and end the ones that do not."""
    running = [process for process in processes if process.is_running()]
    for process in running:
        if process.child:
            process.child.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for process in running:
        if process.child:
            try:
                process.child.wait(timeout=max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                say(f"The {process.name} did not end by itself and was stopped.")
                os.killpg(process.child.pid, signal.SIGKILL)
                process.child.wait()


def ignore_further_interrupts() -> None:
    """A second Ctrl-C must not interrupt the stopping."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
