"""`python3 manage.py test`: every check, then every test.

With arguments only pytest runs, with those arguments.
"""

import os
import secrets
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from procure.bootstrap import ROOT, say
from procure.local import LocalServiceError
from procure.system_packages import provide_browser, provide_pdf_libraries
from tests.services import test_services

PRODUCTION = {
    "DEBUG": "0",
    "SECRET_KEY": secrets.token_urlsafe(64),
    "ALLOWED_HOSTS": "procure.example",
}
# Two processes share the machine's cores; tests that start whole servers stay on one of them.
PARALLEL = ["-n", "2", "--dist", "loadgroup"]


@dataclass(frozen=True)
class Check:
    """One thing that must hold besides the tests."""

    name: str
    arguments: list[str]
    environment: dict[str, str] = field(default_factory=dict)


# These only read the sources: they run while the database of the tests is made.
SOURCE_CHECKS = [
    Check("types", ["-m", "mypy"]),
    Check("format", ["-m", "ruff", "format", "--check", "--quiet"]),
    Check("lint", ["-m", "ruff", "check", "--quiet"]),
]
CHECKS = [
    Check("Django's checks", ["-m", "django", "check"]),
    Check("no missing migration", ["-m", "django", "makemigrations", "--check", "--dry-run"]),
    Check(
        "production settings",
        ["-m", "django", "check", "--deploy", "--fail-level", "WARNING"],
        PRODUCTION,
    ),
]


def run(arguments: list[str]) -> int:
    """Run the checks and the tests; the exit code is 0 when all of it passed."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "procure.settings"
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    if arguments:
        os.execv(sys.executable, pytest_command(arguments))
    provide_pdf_libraries()
    if browser := provide_browser():
        os.environ["CHROMIUM"] = browser
    else:
        say("No Chromium can be had here: THE BROWSER TESTS ARE SKIPPED.")
    try:
        with ThreadPoolExecutor(max_workers=2) as pool:
            early = pool.map(holds, SOURCE_CHECKS)
            with test_services() as environment:
                os.environ.update(environment)
                results = [*early, *pool.map(holds, CHECKS)]
                tests = subprocess.run(pytest_command(PARALLEL), cwd=ROOT, check=False).returncode
    except LocalServiceError as refusal:
        sys.exit(str(refusal))
    except KeyboardInterrupt:
        sys.exit("The tests were stopped.")
    checks = [*SOURCE_CHECKS, *CHECKS]
    if failed := [check.name for check, held in zip(checks, results, strict=True) if not held]:
        # On standard error, so that pytest's summary stays the last line of the output.
        say(f"FAILED besides the tests: {', '.join(failed)}.")
    return tests or bool(failed)


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
    held = done.returncode == 0
    say(f"ok      {check.name}" if held else f"FAILED  {check.name}\n{done.stdout}")
    return held


def pytest_command(arguments: list[str]) -> list[str]:
    """The suite's command line; its summary line is the last that is printed."""
    return [sys.executable, "-m", "pytest", *arguments]


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
