"""`manage.py bench`: the figures of the system as JSON, measured in servers of its own."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from procure.bootstrap import ROOT


class Command(BaseCommand):
    """Never touches anybody's database: the measured process starts a Postgres and a Valkey."""

    help = "Measure the document cycle, screens, import, freshness and matching; print JSON."

    def run_from_argv(self, argv: list[str]) -> None:
        """Hand every argument on; the bench has a parser of its own."""
        self.handle(*argv[2:])

    def handle(self, *args: Any, **options: Any) -> None:
        if not (ROOT / "tests" / "benchmarks").is_dir():
            raise CommandError("The bench comes with the sources, not with the image.")
        done = subprocess.run(
            [sys.executable, "-m", "tests.benchmarks", *args], cwd=ROOT, check=False
        )
        sys.exit(done.returncode)
