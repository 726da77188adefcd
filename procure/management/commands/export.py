"""`manage.py export KIND`: a table of one organization as CSV or JSON."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from procure.errors import BusinessRuleError
from procure.events import work_off
from procure.exports import FORMATS, ExportOptions, export, export_kinds
from procure.management.organizations import find_organization
from procure.tenancy import tenant_atomic


class Command(BaseCommand):
    """Works off what waits to be recomputed, then writes to a file or to stdout."""

    help = "Export a table. Kinds that are imported too export exactly the import's columns."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", choices=[kind.name for kind in export_kinds()])
        parser.add_argument("--organization", required=True, metavar="SLUG")
        parser.add_argument("--format", choices=FORMATS, default="csv")
        parser.add_argument("--output", type=Path, metavar="FILE")
        parser.add_argument("--period", default="all", help="all, 365d, 90d, YYYY-Qn or YYYY-MM")
        parser.add_argument("--as-of", type=date.fromisoformat, metavar="DATE")

    def handle(self, *args: Any, **options: Any) -> None:
        organization = find_organization(options["organization"])
        work_off(organization.pk)
        try:
            with tenant_atomic(organization.pk):
                content = export(
                    options["kind"],
                    ExportOptions(options["period"], options["as_of"]),
                    options["format"],
                )
        except BusinessRuleError as error:
            raise CommandError(error.message) from error
        output: Path | None = options["output"]
        if output is None:
            self.stdout.write(content, ending="")
            return
        try:
            output.write_text(content, encoding="utf-8", newline="")
        except OSError as error:
            raise CommandError(f"{output} cannot be written: {error.strerror}.") from error
