"""From a bare Python to the environment that the commands need.

Standard library only, because this runs before anything is installed. It makes `.venv`, installs
the hashed lock into it, and runs the same command again inside; launcher.py goes on from there.

PROCURE_ENVIRONMENT=system says that the dependencies are installed already (the Docker image).
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
# Where everything of this machine is kept; tests and second copies name another folder.
STATE = Path(os.environ.get("PROCURE_STATE") or ROOT / ".local").resolve()
LOCK = ROOT / "requirements.lock"
STAMP = VENV / ".installed"
PYTHON_VERSION = "{}.{}".format(*sys.version_info)


def ensure_environment(argv: list[str]) -> None:
    """Make or refresh `.venv` and continue inside it; return at once when this already runs there."""
    if os.environ.get("PROCURE_ENVIRONMENT") == "system":
        return
    inside = Path(sys.prefix).resolve() == VENV.resolve()
    if inside and is_installed():
        return
    with only_one_installer():
        if not is_installed():
            install()
    python = str(venv_python())
    os.execv(python, [python, *argv])


def venv_python() -> Path:
    """The environment's interpreter."""
    return VENV / "bin" / "python"


def fingerprint() -> str:
    """What the installed environment depends on: the lock and this Python's version."""
    return hashlib.sha256(LOCK.read_bytes() + PYTHON_VERSION.encode()).hexdigest()


def is_installed() -> bool:
    """Tell whether `.venv` holds exactly what the lock asks for."""
    try:
        return STAMP.read_text() == fingerprint() and venv_python().exists()
    except OSError:
        return False


@contextlib.contextmanager
def only_one_installer() -> Iterator[None]:
    """Two commands started at once must not install into one environment side by side."""
    name = "procure-install-" + hashlib.sha256(str(ROOT).encode()).hexdigest()[:12]
    with open(Path(tempfile.gettempdir()) / f"{name}-{os.getuid()}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def install() -> None:
    """Make the environment and install the lock: with uv when it can be had, else with pip."""
    say("Installing the dependencies into .venv (once) …")
    if not venv_python().exists() or made_by_another_python():
        make_venv()
    STAMP.unlink(missing_ok=True)
    reason = install_with_uv()
    if reason:
        say(f"uv is not used ({reason}); installing with pip, which takes a little longer.")
        install_with_pip()
    STAMP.write_text(fingerprint())


def made_by_another_python() -> bool:
    """A `.venv` made by another minor version of Python cannot be refreshed, only replaced."""
    code = "import sys; print('{}.{}'.format(*sys.version_info))"
    found = subprocess.run([venv_python(), "-c", code], capture_output=True, text=True, check=False)
    return found.stdout.strip() != PYTHON_VERSION


def make_venv() -> None:
    """Create `.venv`, or say in one line which system package is missing."""
    shutil.rmtree(VENV, ignore_errors=True)
    base = getattr(sys, "_base_executable", sys.executable)
    made = subprocess.run([base, "-m", "venv", VENV], capture_output=True, text=True, check=False)
    if made.returncode == 0:
        return
    shutil.rmtree(VENV, ignore_errors=True)
    if sys.platform == "linux" and "ensurepip" in made.stdout + made.stderr:
        sys.exit(
            "Python cannot make an environment here. Install it with: apt-get install -y python3-venv"
        )
    sys.exit(f"Python could not make .venv:\n{made.stdout}{made.stderr}")


def install_with_uv() -> str:
    """Install the lock with uv; the answer is empty on success, else the reason why not."""
    uv = shutil.which("uv", path=str(VENV / "bin")) or shutil.which("uv")
    if uv is None:
        reason = install_uv()
        if reason:
            return reason
        uv = str(VENV / "bin" / "uv")
    command = [
        uv,
        "pip",
        "sync",
        "--quiet",
        "--require-hashes",
        "--python",
        str(venv_python()),
        str(LOCK),
    ]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if result.returncode == 0 else last_line(result.stderr)


def install_uv() -> str:
    """Install uv itself by its hash in the lock; the answer is empty on success."""
    block = lock_block("uv")
    if not block:
        return "the lock does not name it"
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as requirements:
        requirements.write(block)
        requirements.flush()
        result = subprocess.run(
            pip_install("--require-hashes", "-r", requirements.name),
            capture_output=True,
            text=True,
            check=False,
        )
    return "" if result.returncode == 0 else last_line(result.stderr)


def lock_block(package: str) -> str:
    """The lines of one package in the lock: its pin and its hashes."""
    block: list[str] = []
    for line in LOCK.read_text().splitlines():
        if line.startswith(f"{package}==") or (block and line.startswith("    --hash")):
            block.append(line)
        elif block:
            break
    return "\n".join(block) + "\n" if block else ""


def install_with_pip() -> None:
    """Install the lock with pip, hashes checked, or stop with pip's own last words."""
    result = subprocess.run(
        pip_install("--require-hashes", "-r", str(LOCK)),
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        sys.exit(f"The dependencies could not be installed:\n{result.stderr[-2000:]}")


def pip_install(*arguments: str) -> list[str]:
    """The command line of the environment's own pip."""
    return [
        str(venv_python()),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        *arguments,
    ]


def last_line(text: str) -> str:
    """The last line of a tool's complaint that says anything."""
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip() if lines else "no reason given"


def say(sentence: str) -> None:
    """Speak to the person; standard output belongs to the command."""
    print(sentence, file=sys.stderr, flush=True)
