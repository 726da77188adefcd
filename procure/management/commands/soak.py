"""`manage.py soak`: the safety tests with their full counts, told as JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from django.core.management.base import BaseCommand, CommandError

from procure.bootstrap import ROOT, say

SAFETY = ROOT / "tests" / "safety"


class Command(BaseCommand):
    """Runs in servers of its own, as the tests do, and exits 1 when anything was violated.

    Arguments go on to pytest: `manage.py soak -k approve` soaks a part.
    """

    help = "Play every safety test in full (takes hours) and print a JSON summary."

    def run_from_argv(self, argv: list[str]) -> None:
        """Hand every argument on; pytest has a parser of its own."""
        self.handle(*argv[2:])

    def handle(self, *args: Any, **options: Any) -> None:
        if not SAFETY.is_dir():
            raise CommandError("The soak comes with the sources, not with the image.")
        named = [one for one in args if one.startswith("tests")]
        say("Soaking. Each test plays its scene as often as the specification asks.")
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder) / "report.xml"
            command = [sys.executable, "-m", "procure.verify", *args, "-p", "no:cacheprovider"]
            command += ["-o", "junit_family=xunit1"]  # the one that takes figures of tests
            command += [] if named else [str(SAFETY.relative_to(ROOT))]
            done = subprocess.run(
                [*command, f"--junitxml={report}"],
                cwd=ROOT,
                env=os.environ | {"PROCURE_SOAK": "1"},
                stdout=sys.stderr.fileno(),
                check=False,
            )
            summary = summary_of(report)
        summary["seconds"] = round(time.monotonic() - began, 1)
        summary["load"] = [round(one, 1) for one in os.getloadavg()]
        self.stdout.write(json.dumps(summary, indent=2, ensure_ascii=False))
        sys.exit(done.returncode)


def summary_of(report: Path) -> dict[str, Any]:
    """What pytest found: counts, and for each test its outcome, its seconds and what it counted."""
    if not report.exists():
        return {"passed": 0, "failed": 0, "skipped": 0, "tests": []}
    # The file is our own pytest's, not a stranger's.
    tests = [
        {
            "test": f"{case.get('classname', '').rpartition('.')[2]}.{case.get('name')}",
            "outcome": outcome_of(case),
            "seconds": round(float(case.get("time", "0")), 1),
            **counted_by(case),
        }
        for case in ElementTree.parse(report).iter("testcase")
    ]
    outcomes = [test["outcome"] for test in tests]
    return {name: outcomes.count(name) for name in ("passed", "failed", "skipped")} | {
        "tests": tests
    }


def counted_by(case: ElementTree.Element) -> dict[str, float]:
    """What a test counted itself: how often it played its scene, and figures of its own."""
    return {
        one.get("name", ""): float(value) if "." in (value := one.get("value", "0")) else int(value)
        for one in case.iter("property")
    }


def outcome_of(case: ElementTree.Element) -> str:
    """One word for a test case of the report."""
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    return "skipped" if case.find("skipped") is not None else "passed"
