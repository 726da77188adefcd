"""`python3 manage.py test`: every check, then every test.

With arguments only pytest runs, with those arguments.
"""

import os
import secrets
import subprocess
import sys
from dataclasses import dataclass, field

from procure.bootstrap import ROOT, say
from procure.local import LocalServiceError
from tests.services import test_services

PRODUCTION = {
    "DEBUG": "0",
    "SECRET_KEY": secrets.token_urlsafe(64),
    "ALLOWED_HOSTS": "procure.example",
}
PARALLEL = ["-n", "2", "--dist", "loadgroup"]


@dataclass(frozen=True)
class Check:
    """One thing that must hold before the tests run."""

    name: str
    arguments: list[str]
    environment: dict[str, str] = field(default_factory=dict)


CHECKS = [
    Check("format", ["-m", "ruff", "format", "--check", "--quiet"]),
    Check("lint", ["-m", "ruff", "check", "--quiet"]),
    Check("types", ["-m", "mypy"]),
    Check("Django's checks", ["-m", "django", "check"]),
    Check(
        "no missing migration",
        ["-m", "django", "makemigrations", "--check", "--dry-run"],
    ),
    Check(
        "production settings",
        ["-m", "django", "check", "--deploy", "--fail-level", "WARNING"],
        PRODUCTION,
    ),
]


def run(arguments: list[str]) -> int:
    """Run the checks and the tests; the exit code is 0 when all of it passed."""
    try:
        with test_services() as environment:
            os.environ.update(environment)
            os.environ["DJANGO_SETTINGS_MODULE"] = "procure.settings"
            if arguments:
                return pytest(arguments)
            failed = [check.name for check in CHECKS if not holds(check)]
            if failed:
                say(f"FAILED: {', '.join(failed)}. The tests run all the same.")
            return pytest(PARALLEL) or bool(failed)
    except LocalServiceError as refusal:
        sys.exit(str(refusal))


def holds(check: Check) -> bool:
    """Run one check; what it says is shown only when it fails."""
    done = subprocess.run(
        [sys.executable, *check.arguments],
        cwd=ROOT,
        env=os.environ | check.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    say(f"{'ok    ' if done.returncode == 0 else 'FAILED'} {check.name}")
    if done.returncode != 0:
        print(done.stdout, flush=True)
    return done.returncode == 0


def pytest(arguments: list[str]) -> int:
    """Run the suite; its summary line is the last that is printed."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", *arguments], cwd=ROOT, check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
