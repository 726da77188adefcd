"""Run matching case files through the engine, without a database."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from matching.case_files import run_case_file
from matching.case_reading import CaseFileError


class Command(BaseCommand):
    help = "Match the cases of a JSON file and print what became of each invoice."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            answer = run_case_file(file.read_text(encoding="utf-8-sig"))
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{file} cannot be read: {error}", returncode=2) from error
        except CaseFileError as error:
            raise CommandError(str(error), returncode=2) from error
        self.stdout.write(answer)
