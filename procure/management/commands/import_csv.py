"""`manage.py import_csv KIND FILE`: one table into one organization, all of it or none."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import Progress as ProgressBar

from procure.columns import Notation
from procure.events import work_off
from procure.imports import (
    ImportOptions,
    ImportResult,
    Progress,
    Remark,
    find_import_kind,
    import_kinds,
    run_import,
)
from procure.management.organizations import find_organization


class Command(BaseCommand):
    """Exits 0 when every row is in, 1 when any was refused."""

    help = "Import a CSV or XLSX table. All rows go in or none, unless --partial."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", choices=import_kinds())
        parser.add_argument("file", type=Path)
        parser.add_argument("--organization", required=True, metavar="SLUG")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen")
        parser.add_argument("--partial", action="store_true", help="leave refused rows out")
        parser.add_argument("--json", action="store_true", help="print one object")
        parser.add_argument("--date-format", default="", help="such as DD.MM.YYYY or %%d-%%b-%%y")
        parser.add_argument("--decimal-comma", action="store_true")
        parser.add_argument(
            "--scheme",
            choices=("cpv", "unspsc", "auto"),
            default="",
            help="a category without parent_code stands where its code says",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        organization = find_organization(options["organization"])
        file: Path = options["file"]
        try:
            content = file.read_bytes()
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
        with _progress_bar(options["kind"]) as progress:
            result = run_import(
                find_import_kind(options["kind"]).name,
                content,
                file_name=file.name,
                organization_id=organization.pk,
                options=ImportOptions(
                    notation=Notation(
                        options["date_format"], options["decimal_comma"], options["scheme"]
                    ),
                    partial=options["partial"],
                    dry_run=options["dry_run"],
                    progress=progress,
                ),
                actor=None,
            )
        if result.is_applied:
            started = time.monotonic()
            work_off(organization.pk)
            result.seconds += time.monotonic() - started
        self._tell(result, options)
        if result.refused:
            sys.exit(1)

    def _tell(self, result: ImportResult, options: dict[str, Any]) -> None:
        if options["json"]:
            self.stdout.write(json.dumps(result.as_json(), ensure_ascii=False))
            return
        for name, remarks in (("warning", result.warnings), ("refused", result.refused)):
            for one in remarks:
                self.stdout.write(f"{name}: {_sentence(one)}")
        would = "Would be: " if options["dry_run"] else ""
        self.stdout.write(
            f"{would}{result.rows} rows: {result.created} created, {result.updated} updated, "
            f"{result.unchanged} unchanged, {len(result.refused)} refused "
            f"in {result.seconds:.1f} s."
        )
        if result.refused and not options["partial"]:
            self.stdout.write("Nothing was changed.")


def _sentence(one: Remark) -> str:
    place = f"line {one.row}" + (f", {one.column}" if one.column else "")
    return f"{place}: {one.message}"


@contextlib.contextmanager
def _progress_bar(kind: str) -> Iterator[Progress | None]:
    """A bar on stderr when somebody looks at it; nothing in a script."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    with ProgressBar(console=console, transient=True) as bar:
        task = bar.add_task(f"Importing {kind}", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
