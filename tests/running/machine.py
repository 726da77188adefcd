"""Helpers for tests that run real processes: conditions to wait for, never times to sleep."""

import contextlib
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request

import psutil

from procure.bootstrap import ROOT

PATIENCE_SECONDS = 90.0


def wait_for(condition, what, patience=PATIENCE_SECONDS):
    """Wait until a condition holds, or fail saying which."""
    deadline = time.monotonic() + patience
    while not (result := condition()):
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.02)
    return result


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environment_without_services(**more):
    """The environment of a person's own shell: the suite's servers are not in it."""
    named = {"DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "DATABASE_ROLE", "MEDIA_ROOT"}
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in named and not name.startswith(("PROCURE_TEST", "PYTEST"))
    }
    return kept | {name: str(value) for name, value in more.items()}


def descendants(pid):
    """Process numbers below this one that are alive."""
    return [child.pid for child in psutil.Process(pid).children(recursive=True)]


def processes_naming(text):
    """Process numbers whose command line contains a text."""
    return [process.pid for process in psutil.process_iter() if text in command_of(process)]


def command_of(process):
    with contextlib.suppress(psutil.Error):
        return " ".join(process.cmdline())
    return ""


def is_alive(pid):
    """Tell whether a process runs; a zombie that its parent has yet to fetch does not."""
    with contextlib.suppress(psutil.Error):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


def answer(url, headers=None):
    """The status and text of an address; 0 when nobody answers."""
    try:
        request = urllib.request.Request(url, headers=headers or {})
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


def start_procure(**environment):
    """Run `manage.py start` as a person would."""
    return subprocess.Popen(
        ["python3", "manage.py", "start"],
        cwd=ROOT,
        env=environment_without_services(**environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
